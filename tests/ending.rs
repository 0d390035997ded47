//! Runs that end by themselves, and starts on files with errors.

use serde_json::Value;

use crate::support::shop::{CANARY, SOON, Shop, event, finished};
use crate::support::{Isolation, Kafka, Kind, MySql, wait};

const KINDS: [Kind; 2] = [Kind::MySql9_7, Kind::MariaDb10_11];

fn shop(name: &str, kind: Kind) -> Shop<'static> {
    Shop::new(name, MySql::shared(kind), Kafka::shared())
}

/// Where the log ends, as `--until` takes it: GTIDs, then file and offset.
fn here(shop: &Shop<'_>) -> [String; 2] {
    let mut sql = shop.sql();
    let (gtids, status) = match shop.mysql.kind() {
        Kind::MySql9_7 => ("select @@global.gtid_executed", "show binary log status"),
        _ => ("select @@global.gtid_binlog_pos", "show master status"),
    };
    let gtids = sql.one(gtids).replace('\n', "");
    let row = sql.text(status).pop().expect("it writes a log");
    let place = row.into_iter().flatten().take(2).collect::<Vec<_>>().join(":");
    [gtids, place]
}

#[test]
fn a_run_ends_at_a_place() {
    for kind in KINDS {
        let shop = shop("until", kind);
        // the load, and what is in the log now
        let said = shop.ends(&["--until", "now"], 0);
        assert!(said.contains("ends when it has come to"), "{said}");
        shop.wait_ids("items", &[1, 2, 3]);
        shop.insert("items", &[4]);
        let [gtids, _] = here(&shop);
        shop.insert("items", &[5]);
        shop.ends(&["--until", &gtids], 0);
        let seen = shop.ids("items");
        assert!(seen.starts_with(&[1, 2, 3, 4]), "{kind:?}: {seen:?}");
        let [_, place] = here(&shop);
        shop.ends(&["--until", &place], 0);
        shop.wait_ids("items", &[1, 2, 3, 4, 5]);
        // it has come there already
        shop.ends(&["--until", &place], 0);
        shop.insert("items", &[6]);
        shop.ends(&["--until", "now"], 0);
        shop.wait_ids("items", &[1, 2, 3, 4, 5, 6]);
        let said = shop.ends(&["--until", "2999-01-01T00:00:00Z"], 20);
        assert!(said.contains("--until") && said.contains("has yet to come"), "{said}");
        let refused = shop.project.syncc(&["run", "--until", "soon"]);
        assert_eq!(refused.status.code(), Some(2));
    }
}

#[test]
fn what_ran_last_goes_on_where_the_files_are_broken() {
    let mut shop = shop("lastgood", Kind::MariaDb10_11);
    shop.save();
    let right = shop.file();
    let broken = right.replace("from shop to bus", "from shop to buss");
    shop.project.write("shop.sync", &broken);
    // nothing ran before
    let mut syncc = shop.start(&["--last-good"]);
    let said = finished(&mut syncc, 1);
    assert!(said.contains("keeps no plan of a former run"), "{said}");
    assert!(said.contains(".syncc") && said.contains("name it with --state"), "{said}");
    let mut syncc = shop.run();
    shop.wait_ids("items", &[1, 2, 3]);
    shop.stop(&mut syncc);
    shop.insert("items", &[4]);

    shop.project.write("shop.sync", &broken);
    let mut syncc = shop.start(&[]);
    finished(&mut syncc, 1);
    // with the directory of somebody else nothing is known
    let mut syncc = shop.start(&["--last-good", "--state", "fresh"]);
    let said = finished(&mut syncc, 1);
    assert!(said.contains("fresh keeps no plan of a former run"), "{said}");
    let mut syncc = shop.start(&["--last-good"]);
    shop.wait_ids("items", &[1, 2, 3, 4]);
    let status = shop.wait_refused(&mut syncc, Some("S0101"));
    assert_eq!(status.tasks.len(), 1);
    assert!(event(&syncc.stderr(), "config.stale").is_some(), "{}", syncc.stderr());
    // the files are right again, and change something
    shop.text.rules = "  label team \"payments\"\n".to_owned();
    shop.save();
    shop.wait_refused(&mut syncc, None);
    shop.insert("items", &[5]);
    shop.wait_ids("items", &[1, 2, 3, 4, 5]);
    shop.stop(&mut syncc);

    // a file that cannot be read at all
    std::fs::remove_file(shop.project.folder().join("shop.sync")).expect("it is there");
    let mut syncc = shop.start(&["--last-good"]);
    shop.insert("items", &[6]);
    shop.wait_ids("items", &[1, 2, 3, 4, 5, 6]);
    shop.stop(&mut syncc);
}

/// Maxwell keeps where it stopped in a table of its own: syncc goes on there, and no row is missing or comes twice.
#[test]
fn maxwell_is_taken_over_at_its_position() {
    for kind in KINDS {
        let mut shop = shop("maxwell", kind);
        let topic = format!("{}.items", shop.prefix);
        // The rows that Maxwell has sent, and the place that it has stored behind them. The table is that of Maxwell 1.45.
        let [gtids, place] = here(&shop);
        let (file, offset) = place.rsplit_once(':').expect("a place");
        let mut sql = shop.sql();
        sql.run(&format!(
            "create table positions (
               server_id int unsigned not null, binlog_file varchar(255), binlog_position int unsigned default 0,
               gtid_set varchar(4096), client_id varchar(255) character set latin1 not null default 'maxwell',
               heartbeat_at bigint, last_heartbeat_read bigint, primary key (server_id, client_id));
             insert into positions values (1, '{file}', {offset}, '{gtids}', 'maxwell', 1709605231000, 1709605230000)"
        ));
        shop.insert("items", &[4]);
        sql.run(&format!(
            "update items set name = '{CANARY} new' where id = 2; delete from items where id = 1"
        ));
        let row = sql
            .text("select binlog_file, binlog_position, gtid_set from positions where client_id = 'maxwell'");
        let row: Vec<String> = row.into_iter().flatten().flatten().collect();
        let [file, offset, gtids] = row.as_slice() else { panic!("{row:?}") };
        for (prefix, start) in
            [("file", format!("at binlog \"{file}:{offset}\"")), ("gtid", format!("at gtid \"{gtids}\""))]
        {
            // a first start
            let _ = std::fs::remove_dir_all(shop.project.folder().join(".syncc"));
            shop.prefix = format!("{}{prefix}", topic.replace(".items", ""));
            shop.text.rules = format!("  format maxwell-json\n  start {start}\n");
            let mut syncc = shop.run();
            let topic = format!("{}.items", shop.prefix);
            let told = wait::until("what came behind the place", SOON, || {
                let records = shop.kafka.consume(&topic, Isolation::ReadCommitted);
                let told: Vec<Value> =
                    records.iter().map(|one| serde_json::from_str(&one.text()).expect("JSON")).collect();
                assert!(told.len() <= 3, "{told:?}");
                if told.len() == 3 { Ok(told) } else { Err(format!("{told:?}")) }
            });
            let mut told: Vec<(&str, i64)> = told
                .iter()
                .map(|one| {
                    (one["type"].as_str().expect("a type"), one["data"]["id"].as_i64().expect("an id"))
                })
                .collect();
            told.sort_unstable();
            assert_eq!(told, [("delete", 1), ("insert", 4), ("update", 2)], "{start}");
            shop.stop(&mut syncc);
        }
    }
}
