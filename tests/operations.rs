//! What an operator does to a running instance: over the control socket, by the commands a person types.

use std::process::Output;

use rustix::process::Signal;
use serde_json::Value;
use syncc::control::{Status, TaskState};

use crate::support::program::Running;
use crate::support::shop::{CANARY, SOON, Shop, event};
use crate::support::{Isolation, Kafka, Kind, MySql, wait};

/// A shop on the shared servers.
fn shop(name: &str) -> Shop<'static> {
    Shop::new(name, MySql::shared(Kind::MariaDb10_11), Kafka::shared())
}

/// Runs a command in the shop's project; its exit code and what it printed.
#[track_caller]
fn says(shop: &Shop<'_>, arguments: &[&str]) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } = shop.project.syncc(arguments);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it prints text");
    (status.code(), text(stdout) + &text(stderr))
}

fn wait_state(shop: &Shop<'_>, syncc: &mut Running, wanted: TaskState) -> Status {
    shop.wait_status(syncc, wanted.name(), |status| {
        status.tasks.len() == 1 && status.tasks[0].state == wanted
    })
}

#[test]
fn a_pause_survives_what_comes() {
    let mut shop = shop("pause");
    let mut syncc = shop.run();
    shop.wait_ids("items", &[1, 2, 3]);
    assert_eq!(says(&shop, &["pause", "shop"]), (Some(0), "shop.shop.bus  paused\n".to_owned()));
    shop.insert("items", &[4]);
    let paused = wait_state(&shop, &mut syncc, TaskState::Paused);
    let at = paused.tasks[0].position.clone();
    assert!(at.is_some());

    // killed, it stands still in its next life, without asking for the source
    syncc.kill();
    let mut syncc = shop.start(&[]);
    let status = wait_state(&shop, &mut syncc, TaskState::Paused);
    assert_eq!(status.tasks[0].position, at);
    assert!(event(&syncc.stderr(), "source.connected").is_none());
    shop.wait_status(&mut syncc, "what comes meanwhile waits", |status| status.tasks[0].lag_seconds > 0.0);

    // an edit is taken, and it still stands still
    shop.edit(|text| text.rules = "  retry for 2h\n".to_owned());
    shop.wait_status(&mut syncc, "the edit counts", |status| status.generation == 2);
    let status = wait_state(&shop, &mut syncc, TaskState::Paused);
    assert_eq!(status.tasks[0].position, at);
    assert_eq!(shop.ids("items"), [1, 2, 3]);
    shop.stop(&mut syncc);

    let mut syncc = shop.start(&[]);
    wait_state(&shop, &mut syncc, TaskState::Paused);
    assert_eq!(says(&shop, &["resume", "shop"]).0, Some(0));
    shop.wait_ids("items", &[1, 2, 3, 4]);
    assert!(event(&syncc.stderr(), "task.resumed").is_some());
    shop.stop(&mut syncc);

    // and stays so
    let mut syncc = shop.start(&[]);
    shop.wait_streaming(&mut syncc);
    shop.insert("items", &[5]);
    shop.wait_ids("items", &[1, 2, 3, 4, 5]);
    shop.stop(&mut syncc);
}

#[test]
fn what_cannot_be_done_is_said() {
    let mut shop = shop("refusals");
    shop.save();
    let none = says(&shop, &["pause", "shop"]);
    assert!(none.0 == Some(3) && none.1.contains("no syncc runs at"), "{none:?}");
    let mut syncc = shop.run();
    for (arguments, code, text) in [
        (&["pause", "shpo"][..], 2, "there is no pipeline `shpo`; declared: shop"),
        (&["tap", "shop", "items"], 2, "`items` is no table; write `database.table`"),
        (&["tap", "shop", "a.b"], 2, "pipeline `shop` does not send a.b"),
        (&["resnapshot", "shop", "a.b"], 2, "pipeline `shop` does not send a.b"),
    ] {
        let said = says(&shop, arguments);
        assert!(said.0 == Some(code) && said.1.contains(text), "{arguments:?}: {said:?}");
    }
    shop.edit(|text| text.rules = "  paused because \"a test\"\n".to_owned());
    let status = shop.wait_status(&mut syncc, "it stands still", |status| status.tasks.is_empty());
    assert_eq!(status.paused[0].because, "a test");
    let said = says(&shop, &["resume", "shop"]);
    assert!(said.0 == Some(3) && said.1.contains("is paused by the files (a test)"), "{said:?}");
    assert_eq!(says(&shop, &["stop"]), (Some(0), "stopped\n".to_owned()));
    assert_eq!(syncc.wait(SOON), Some(0));
}

#[test]
fn messages_are_shown_as_they_are_sent() {
    let mut shop = shop("tap");
    shop.table("other");
    shop.text.include = "DB.*".to_owned();
    shop.text.rules = "  table DB.items {\n    mask name with null\n  }\n".to_owned();
    let mut syncc = shop.run();
    let items = format!("{}.items", shop.db);
    let mut all = shop.project.start(&["tap", "shop", "--count", "3", "--format", "json"]);
    let mut one = shop.project.start(&["tap", "shop", &items, "--count", "2"]);
    // both look on once their first message is there; until then there are more
    let mut id = 3;
    while all.runs() || one.runs() {
        id += 1;
        shop.insert("other", &[id]);
        shop.insert("items", &[id]);
        let ids: Vec<i64> = (1..=id).collect();
        shop.wait_ids("items", &ids);
        shop.wait_ids("other", &ids);
    }
    let seen: Vec<Value> =
        all.stdout().lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(seen.len(), 3);
    let of = |table: &str| seen.iter().find(|message| message["topic"] == format!("{}.{table}", shop.prefix));
    let value = |message: &Value| message["value"].as_str().expect("text").to_owned();
    assert!(value(of("other").expect("a message")).contains(CANARY));
    let masked = value(of("items").expect("a message"));
    assert!(!masked.contains(CANARY) && masked.contains("\"name\":null"), "{masked}");
    let lines = one.stdout();
    assert_eq!(lines.lines().count(), 2, "{lines}");
    assert!(lines.lines().all(|line| line.starts_with(&format!("{}.items/", shop.prefix))), "{lines}");
    shop.stop(&mut syncc);
}

#[test]
fn who_looks_on_and_does_not_read_holds_nothing_up() {
    let shop = shop("deaf");
    let mut syncc = shop.run();
    let mut deaf = shop.project.start(&["tap", "shop", "--format", "json"]);
    let mut id = 3;
    while deaf.stdout().is_empty() {
        id += 1;
        shop.insert("items", &[id]);
        shop.wait_ids("items", &(1..=id).collect::<Vec<_>>());
    }
    deaf.signal(Signal::STOP);
    let text = "x".repeat(8 << 10);
    let rows: Vec<String> = (id + 1..=id + 1_000).map(|id| format!("({id}, '{text}')")).collect();
    shop.sql().run(&format!("insert into items values {}", rows.join(",")));
    shop.wait_ids("items", &(1..=id + 1_000).collect::<Vec<_>>());
    deaf.signal(Signal::CONT);
    id += 1_000;
    wait::until("what went by is counted", SOON, || {
        // one that comes before there is room again goes by like the others
        id += 1;
        shop.insert("items", &[id]);
        let seen = deaf.stdout();
        if seen.contains("\"missed\":") { Ok(()) } else { Err(format!("{} bytes", seen.len())) }
    });
    deaf.kill();
    shop.stop(&mut syncc);
}

#[test]
fn a_reload_tells_what_became_of_it() {
    let mut shop = shop("asked");
    shop.save();
    let mut syncc = shop.start(&["--watch", "off"]);
    shop.wait_streaming(&mut syncc);
    let no_effect = says(&shop, &["reload"]);
    assert_eq!(no_effect, (Some(0), "no effect; generation 1 stays active\n".to_owned()));

    shop.edit(|text| text.rules = "  retry for 2h\n".to_owned());
    let (code, said) = says(&shop, &["reload", "--wait"]);
    assert_eq!((code, said.as_str()), (Some(0), "generation 2 active: retry changed\n"));
    assert_eq!(shop.status().map(|status| status.generation), Some(2));

    let right = shop.file();
    shop.project.write("shop.sync", &right.replace("to bus {", "to buss {"));
    for _ in 0..2 {
        let (code, said) = says(&shop, &["reload", "--wait"]);
        assert_eq!(code, Some(1), "{said}");
        for part in ["did you mean `bus`?", "generation 3 is refused, 1 error; generation 2 stays active"] {
            assert!(said.contains(part), "`{part}` is missing:\n{said}");
        }
    }
    let refused = shop.status().and_then(|status| status.refused).expect("it is shown");
    assert!(refused.findings[0].contains("error[S0101]"), "{refused:?}");

    shop.edit(|text| text.topic = "PREFIX.else".to_owned());
    let (code, said) = says(&shop, &["reload", "--format", "json"]);
    let told: Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!((code, &told["outcome"]), (Some(4), &Value::from("refused")), "{told:#}");
    assert_eq!(told["report"]["diagnostics"][0]["code"], "P1007");
    shop.stop(&mut syncc);
}

#[test]
fn tables_are_loaded_anew_while_the_log_is_followed() {
    let shop = shop("anew");
    let mut syncc = shop.run();
    shop.wait_ids("items", &[1, 2, 3]);
    let items = format!("{}.items", shop.db);
    assert_eq!(says(&shop, &["resnapshot", "shop", &items]).0, Some(0));
    shop.wait_ids("items", &[1, 1, 2, 2, 3, 3]);
    shop.insert("items", &[4]);
    shop.wait_ids("items", &[1, 1, 2, 2, 3, 3, 4]);
    shop.wait_streaming(&mut syncc);
    shop.stop(&mut syncc);
    let mut syncc = shop.start(&[]);
    shop.wait_streaming(&mut syncc);
    shop.insert("items", &[5]);
    shop.wait_ids("items", &[1, 1, 2, 2, 3, 3, 4, 5]);
    shop.stop(&mut syncc);
}

#[test]
fn lag_is_told_in_time_and_bytes_and_ends_when_the_source_is_read() {
    let shop = shop("lag");
    let mut syncc = shop.run();
    shop.insert("items", &[4]);
    let idle = shop.wait_status(&mut syncc, "nothing waits", |status| {
        let task = &status.tasks[0];
        task.lag_seconds == 0.0 && task.lag_bytes == Some(0) && task.counters.inserted == 1
    });
    assert_eq!((idle.tasks[0].counters.read, idle.version), (3, 1));
    assert_eq!(says(&shop, &["status", "--lag-over", "5s"]).0, Some(0));
    assert_eq!(says(&shop, &["status", "other"]).0, Some(2));
    let (code, said) = says(&shop, &["status", "shop", "--tables"]);
    assert_eq!(code, Some(0));
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines[1].starts_with("TASK           STATE      LAG    BEHIND  ROWS/S  LOAD"), "{said}");
    assert!(lines[2].starts_with("shop.shop.bus  streaming  0.0 s  0 B "), "{said}");
    assert!(said.contains(&format!("  {}.items  loaded, 3 rows", shop.db)), "{said}");

    // while it stands still, what comes waits
    assert_eq!(says(&shop, &["pause", "shop"]).0, Some(0));
    shop.insert("items", &(5..=60).collect::<Vec<_>>());
    let behind = shop.wait_status(&mut syncc, "the bytes are told", |status| {
        status.tasks[0].lag_bytes.is_some_and(|bytes| bytes > 1_000)
    });
    assert!(behind.tasks[0].lag_seconds > 0.0);
    assert_eq!(says(&shop, &["status", "--lag-over", "1h"]).0, Some(1), "it does not run");
    assert_eq!(says(&shop, &["resume", "shop"]).0, Some(0));
    shop.wait_ids("items", &(1..=60).collect::<Vec<_>>());
    shop.wait_status(&mut syncc, "nothing waits again", |status| {
        status.tasks[0].lag_seconds == 0.0 && status.tasks[0].lag_bytes == Some(0)
    });
    let mut watching = shop.project.start(&["status", "--watch", "--format", "json"]);
    wait::until("three statuses", SOON, || {
        let seen = watching.stdout();
        if seen.lines().count() >= 3 { Ok(()) } else { Err(seen) }
    });
    shop.stop(&mut syncc);
    assert_eq!(watching.wait(SOON), Some(3));
}

#[test]
fn a_break_is_planned_accepted_and_marked() {
    let mut shop = shop("accept");
    let mut syncc = shop.run();
    shop.wait_ids("items", &[1, 2, 3]);
    shop.edit(|text| text.topic = "PREFIX.new.{table}".to_owned());
    shop.wait_refused(&mut syncc, Some("P1007"));
    let (code, said) = says(&shop, &["plan"]);
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains("1 refused") && said.contains("syncc reload --accept P1007"), "{said}");
    let (code, said) = says(&shop, &["reload", "--accept", "P1011"]);
    assert!(code == Some(2) && said.contains("`P1011` cannot be accepted"), "{said}");
    assert_eq!(says(&shop, &["reload", "--accept", "P1003"]).0, Some(4), "another code");
    let (code, said) = says(&shop, &["reload", "--wait", "--accept", "P1007"]);
    assert_eq!(code, Some(0), "{said}");
    shop.insert("items", &[4]);
    shop.wait_ids("new.items", &[4]);
    shop.stop(&mut syncc);
    // rows of the old plan, then one fence in every partition of the topic they went to
    let old = Kafka::shared().consume(&format!("{}.items", shop.prefix), Isolation::ReadCommitted);
    let fences: Vec<_> = old.iter().filter(|record| record.value.is_none()).collect();
    assert_eq!(old.len() - fences.len(), 3);
    assert!(!fences.is_empty() && fences.iter().all(|record| record.key.is_none()));
    // it holds in the next life, and what runs is what the files say
    let mut syncc = shop.start(&[]);
    shop.wait_streaming(&mut syncc);
    let (code, said) = says(&shop, &["plan", "--detailed-exitcode"]);
    assert_eq!(code, Some(0), "{said}");
    let position = shop.status().expect("a status").tasks[0].position.clone().expect("it has committed");
    assert!(
        said.contains(&format!("  goes on at {}", position.split(':').next().unwrap_or_default())),
        "{said}"
    );
    shop.stop(&mut syncc);

    // edited while nothing runs: compared with what is stored, refused, accepted
    let none = says(&shop, &["plan"]);
    assert!(none.0 == Some(3) && none.1.contains("--against state"), "{none:?}");
    shop.edit(|text| text.topic = "PREFIX.newer.{table}".to_owned());
    let (code, said) = says(&shop, &["plan", "--against", "state"]);
    assert!(code == Some(4) && said.contains("--accept P1007"), "{said}");
    let mut refused = shop.start(&[]);
    assert_eq!(refused.wait(SOON), Some(4));
    let mut syncc = shop.start(&["--accept", "P1007"]);
    shop.wait_streaming(&mut syncc);
    shop.insert("items", &[5]);
    shop.wait_ids("newer.items", &[5]);
    assert!(event(&syncc.stderr(), "config.accepted").is_some());
    shop.stop(&mut syncc);
    assert_eq!(says(&shop, &["plan", "--against", "state"]).0, Some(0));
}

/// A task that was refused at the start, while others run, begins once the change is accepted.
#[test]
fn a_break_is_accepted_for_a_task_that_had_failed() {
    let mut shop = shop("anew");
    shop.table("orders");
    let second = |topic: &str| {
        format!(
            "pipeline second from shop to bus {{\n  include DB.orders\n  topic \"PREFIX.{topic}{{table}}\"\n}}\n"
        )
    };
    shop.text.rest = second("");
    let mut syncc = shop.run();
    shop.wait_ids("orders", &[1, 2, 3]);
    shop.stop(&mut syncc);
    shop.edit(|text| text.rest = second("new."));
    let mut syncc = shop.start(&[]);
    let failed = |status: &Status| status.tasks.iter().any(|task| task.state == TaskState::Failed);
    shop.wait_status(&mut syncc, "the change is refused", failed);
    let (code, said) = says(&shop, &["reload"]);
    assert_eq!(code, Some(0), "{said}");
    shop.wait_status(&mut syncc, "it is refused again", failed);
    let (code, said) = says(&shop, &["reload", "--accept", "P1007"]);
    assert_eq!(code, Some(0), "{said}");
    shop.wait_streaming(&mut syncc);
    shop.insert("orders", &[4]);
    shop.wait_ids("new.orders", &[4]);
    shop.stop(&mut syncc);
}

/// Files are looked at now and then where no events of the system are wanted.
#[test]
fn edits_are_found_by_looking_alone_and_by_events_alone() {
    for (name, arguments) in
        [("poll", &["--watch", "poll", "--poll", "1s"][..]), ("native", &["--watch", "native"])]
    {
        let mut shop = shop(name);
        shop.save();
        let mut syncc = shop.start(arguments);
        shop.wait_streaming(&mut syncc);
        shop.edit(|text| text.rules = "  retry for 2h\n".to_owned());
        shop.wait_status(&mut syncc, "the edit counts", |status| status.generation == 2);
        shop.stop(&mut syncc);
    }
    let shop = shop("often");
    shop.save();
    let (code, said) = says(&shop, &["run", "--watch", "poll", "--poll", "10ms"]);
    assert!(code == Some(2) && said.contains("the least is 1s"), "{said}");
}

/// A break that is accepted while a task stands still has its fences, however it was accepted, once the task goes on.
#[test]
fn a_break_that_is_accepted_in_a_pause_is_marked() {
    let mut shop = shop("standing");
    let mut syncc = shop.run();
    shop.wait_ids("items", &[1, 2, 3]);
    assert_eq!(says(&shop, &["pause", "shop"]).0, Some(0));
    wait_state(&shop, &mut syncc, TaskState::Paused);
    shop.stop(&mut syncc);
    let fences = |shop: &Shop<'_>, topic: &str| {
        let records = Kafka::shared().consume(&format!("{}.{topic}", shop.prefix), Isolation::ReadCommitted);
        records.into_iter().filter(|record| record.header("syncc-marker") == "fence").count()
    };
    let goes_on = |shop: &Shop<'_>, syncc: &mut Running, id: i64, topic: &str| {
        let (code, said) = says(shop, &["resume", "shop"]);
        assert_eq!(code, Some(0), "{said}{}", syncc.stderr());
        shop.wait_streaming(syncc);
        shop.insert("items", &[id]);
        wait::until("the new topic has rows", SOON, || {
            assert!(syncc.runs(), "{}", syncc.stderr());
            let found = shop.ids(topic);
            if found == [id] { Ok(()) } else { Err(format!("{found:?}")) }
        });
    };

    // by the flag of a start
    shop.edit(|text| text.topic = "PREFIX.new.{table}".to_owned());
    let mut syncc = shop.start(&["--accept", "P1007"]);
    wait_state(&shop, &mut syncc, TaskState::Paused);
    assert_eq!(fences(&shop, "items"), 0, "what stands still sends nothing");
    goes_on(&shop, &mut syncc, 4, "new.items");
    assert!(fences(&shop, "items") > 0, "{}", syncc.stderr());

    // by a reload
    assert_eq!(says(&shop, &["pause", "shop"]).0, Some(0));
    wait_state(&shop, &mut syncc, TaskState::Paused);
    shop.stop(&mut syncc);
    let mut syncc = shop.start(&[]);
    wait_state(&shop, &mut syncc, TaskState::Paused);
    shop.edit(|text| text.topic = "PREFIX.newer.{table}".to_owned());
    shop.wait_refused(&mut syncc, Some("P1007"));
    let (code, said) = says(&shop, &["reload", "--wait", "--accept", "P1007"]);
    assert_eq!(code, Some(0), "{said}");
    goes_on(&shop, &mut syncc, 5, "newer.items");
    assert!(fences(&shop, "new.items") > 0, "{}", syncc.stderr());
    shop.stop(&mut syncc);
}

#[test]
fn a_plan_tells_where_a_first_start_begins() {
    let mut shop = shop("begins");
    let told = |shop: &Shop<'_>| {
        shop.save();
        let (code, said) = says(shop, &["plan", "--against", "state"]);
        assert_eq!(code, Some(0), "{said}");
        said.lines()
            .find(|line| line.starts_with("  begins at "))
            .unwrap_or_else(|| panic!("{said}"))
            .to_owned()
    };
    assert_eq!(told(&shop), "  begins at the end of the log, and loads existing rows");
    shop.text.rules = "  start now\n".to_owned();
    assert_eq!(told(&shop), "  begins at the end of the log");
    let first = shop.sql().text("show binary logs")[0][0].clone().expect("a file");
    shop.text.rules = format!("  start at binlog \"{first}:4\"\n");
    assert!(told(&shop).starts_with(&format!("  begins at {first}:4")), "{}", told(&shop));
    shop.text.rules = "  start at binlog \"nowhere.000001:4\"\n".to_owned();
    assert!(
        told(&shop).contains("no place: `start at binlog`: the server has no log file"),
        "{}",
        told(&shop)
    );
}
