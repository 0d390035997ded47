//! Tables whose rows cannot be read wait, when the files say so, and the others go on.

use crate::support::program::Running;
use crate::support::shop::{Shop, event};
use crate::support::{Kafka, Kind, MySql};
use syncc::control::Status;

/// A row of columns that the log does not name and that no statement in it tells, gone again before anybody looks.
const UNREADABLE: &str = "set sql_log_bin = 0; alter table items add column extra int; set sql_log_bin = 1; \
                          insert into items values (4, 'c4n4ry', 1); alter table items drop column extra";

/// The same, of a table with one column more.
const UNREADABLE_FLAGGED: &str = "set sql_log_bin = 0; alter table items add column extra int; set sql_log_bin = 1; \
                                  insert into items values (7, 'c4n4ry', 1, 1); alter table items drop column extra";

#[track_caller]
fn parked(status: &Status) -> Vec<&str> {
    status.tasks.iter().flat_map(|task| &task.parked).map(|parked| parked.table.as_str()).collect()
}

#[test]
fn a_table_waits_and_the_others_go_on() {
    for (kind, option) in
        [(Kind::MariaDb10_11, "binlog-row-metadata=NO_LOG"), (Kind::MySql9_7, "binlog-row-metadata=MINIMAL")]
    {
        let server = MySql::start(kind, &[option]);
        let mut shop = Shop::new("parking", &server, Kafka::shared());
        shop.table("other");
        shop.text.include = "DB.*".to_owned();
        shop.text.rules = "  on-error park\n".to_owned();
        let items = format!("{}.items", shop.db);
        let mut syncc = shop.run();
        shop.wait_ids("other", &[1, 2, 3]);
        shop.stop(&mut syncc);

        shop.sql().run(UNREADABLE);
        shop.insert("items", &[5]);
        shop.insert("other", &[4]);
        let mut syncc = shop.start(&[]);
        shop.wait_ids("other", &[1, 2, 3, 4]);
        let status = shop.wait_status(&mut syncc, "the table waits", |status| parked(status) == [&items]);
        let reason = &status.tasks[0].parked[0].reason;
        assert!(reason.contains("are not proven") && reason.contains(&items), "{reason}");
        let told = event(&syncc.stderr(), "table.parked").expect("it is logged");
        assert_eq!(told["error"]["kind"], "data", "{told}");
        assert_eq!(shop.ids("items"), [1, 2, 3]);
        shop.stop(&mut syncc);

        // it waits in the next life, too
        shop.insert("items", &[6]);
        shop.insert("other", &[5]);
        let mut syncc = shop.start(&[]);
        shop.wait_ids("other", &[1, 2, 3, 4, 5]);
        shop.wait_status(&mut syncc, "the table still waits", |status| parked(status) == [&items]);
        assert_eq!(shop.ids("items"), [1, 2, 3]);

        // taken out and put back, it is loaded anew
        shop.edit(|text| text.include = "DB.other".to_owned());
        shop.wait_status(&mut syncc, "the table is out", |status| {
            status.generation == 2 && parked(status).is_empty()
        });
        shop.edit(|text| text.include = "DB.*".to_owned());
        shop.wait_ids("items", &[1, 1, 2, 2, 3, 3, 4, 5, 6]);
        shop.insert("items", &[7]);
        shop.wait_ids("items", &[1, 1, 2, 2, 3, 3, 4, 5, 6, 7]);
        shop.stop(&mut syncc);
    }
}

/// `syncc resume shop TABLE`: exit code and what it said.
fn resume(shop: &Shop<'_>, table: &str) -> (Option<i32>, String) {
    let output = shop.project.syncc(&["resume", "shop", table]);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it prints text");
    (output.status.code(), text(output.stdout) + &text(output.stderr))
}

/// The table waits, and nothing else does.
#[track_caller]
fn wait_parked(shop: &Shop<'_>, syncc: &mut Running, tables: &[&String]) {
    shop.wait_status(syncc, "what waits", |status| parked(status) == tables);
}

#[test]
fn a_table_that_waits_goes_on_when_its_cause_is_mended() {
    for (kind, option) in
        [(Kind::MariaDb10_11, "binlog-row-metadata=NO_LOG"), (Kind::MySql9_7, "binlog-row-metadata=MINIMAL")]
    {
        let server = MySql::start(kind, &[option]);
        let mut shop = Shop::new("healing", &server, Kafka::shared());
        shop.table("other");
        shop.text.include = "DB.*".to_owned();
        shop.text.rules = "  on-error park\n  table DB.items {\n    where flag > 0\n  }\n".to_owned();
        shop.sql().run("alter table items add column flag int not null default 1");
        let (items, other) = (format!("{}.items", shop.db), format!("{}.other", shop.db));
        let mut syncc = shop.run();
        shop.wait_ids("items", &[1, 2, 3]);

        // what the rule looks at is gone
        shop.sql().run("alter table items drop column flag; insert into items values (4, 'c4n4ry')");
        shop.insert("other", &[4]);
        wait_parked(&shop, &mut syncc, &[&items]);
        let (code, said) = resume(&shop, &items);
        assert!(code == Some(3) && said.contains("still waits") && said.contains("flag"), "{code:?} {said}");
        let (code, said) = resume(&shop, &other);
        assert!(code == Some(2) && said.contains("does not wait"), "{code:?} {said}");
        let output = shop.project.syncc(&["resnapshot", "shop", &items]);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        wait_parked(&shop, &mut syncc, &[&items]);

        // mended; a crash before it is stored changes nothing
        shop.sql()
            .run("delete from items where id = 2; alter table items add column flag int not null default 1");
        // rows from before that cannot be sent yet
        shop.insert("other", &[5]);
        shop.wait_ids("other", &[1, 2, 3, 4, 5]);
        shop.stop(&mut syncc);
        for (point, waits) in [("heal.storing", true), ("heal.stored", false)] {
            let variables = [("FAILPOINTS", format!("{point}=return"))];
            let variables = variables.each_ref().map(|(name, value)| (*name, value.as_str()));
            let mut syncc = shop.project.start_with(&["run", "--log", "json"], &variables);
            wait_parked(&shop, &mut syncc, &[&items]);
            assert_ne!(resume(&shop, &items).0, Some(0), "it ended while it was asked");
            assert!(syncc.wait(60).is_none_or(|code| code != 0));
            if waits {
                let mut syncc = shop.start(&[]);
                wait_parked(&shop, &mut syncc, &[&items]);
                shop.stop(&mut syncc);
            }
        }
        // from then on it holds: the table is loaded, once
        let mut syncc = shop.start(&[]);
        shop.wait_ids("items", &[1, 1, 2, 3, 3, 4]);
        shop.wait_streaming(&mut syncc);
        wait_parked(&shop, &mut syncc, &[]);
        shop.sql().run("insert into items values (5, 'c4n4ry', 1), (6, 'c4n4ry', 0)");
        shop.wait_ids("items", &[1, 1, 2, 3, 3, 4, 5]);

        // columns that no statement tells of are read again, while the others go on; who is awake might read them between
        shop.stop(&mut syncc);
        shop.sql().run(UNREADABLE_FLAGGED);
        let mut syncc = shop.start(&[]);
        wait_parked(&shop, &mut syncc, &[&items]);
        shop.insert("other", &[6]);
        shop.wait_ids("other", &[1, 2, 3, 4, 5, 6]);
        let (code, said) = resume(&shop, &items);
        assert_eq!(code, Some(0), "{said}");
        shop.wait_ids("items", &[1, 1, 1, 2, 3, 3, 3, 4, 4, 5, 5, 7]);
        shop.sql().run("insert into items values (8, 'c4n4ry', 1)");
        shop.wait_ids("items", &[1, 1, 1, 2, 3, 3, 3, 4, 4, 5, 5, 7, 8]);
        shop.wait_ids("other", &[1, 2, 3, 4, 5, 6]);
        assert!(event(&syncc.stderr(), "table.resumed").is_some());
        shop.stop(&mut syncc);
    }
}
