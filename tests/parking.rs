//! Tables whose rows cannot be read wait, when the files say so, and the others go on.

use crate::support::shop::{Shop, event};
use crate::support::{Kafka, Kind, MySql};
use syncc::control::Status;

/// A row of columns that the log does not name and that no statement in it tells, gone again before anybody looks.
const UNREADABLE: &str = "set sql_log_bin = 0; alter table items add column extra int; set sql_log_bin = 1; \
                          insert into items values (4, 'c4n4ry', 1); alter table items drop column extra";

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
