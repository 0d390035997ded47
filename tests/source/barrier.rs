//! Whole tables at one place of the log.

use super::{each, plain, session};
use std::sync::Arc;
use syncc::source::mysql::io::{Barrier, end_of_log, tables};

#[test]
fn rows_and_position_belong_together() {
    each(|kind, server| {
        let db = server.database("barrier");
        let mut sql = server.sql();
        sql.run("create user locker identified by 'sesame'");
        sql.run("grant select, lock tables, replication client on *.* to locker");
        for (name, engine) in [("inno", "innodb"), ("isam", "myisam")] {
            sql.run(&format!("create table `{db}`.{name} (a int, b varchar(20)) engine={engine}"));
            sql.run(&format!("insert into `{db}`.{name} values (1, 'x'), (1, 'x'), (2, null)"));
        }
        let facts = tables(&mut session(server), |database, _| database == db).expect("tables");
        assert_eq!(facts.len(), 2);
        let before = end_of_log(&mut session(server)).expect("may ask").expect("a log");
        for facts in &facts {
            let one = std::slice::from_ref(facts);
            let mut barrier =
                Barrier::open(&plain(server, "locker", "sesame"), &before.server, one, &before.file)
                    .expect("a barrier");
            assert!(barrier.position().file >= before.file, "{kind:?}");
            let name = &facts.version.name;
            if name.table == "inno" {
                // no lock is left, and the view stays as it was
                sql.run(&format!("insert into `{db}`.inno values (3, 'later')"));
                sql.run(&format!("delete from `{db}`.inno where a = 3"));
            }
            barrier.start(Arc::new(facts.version.clone())).expect("a table");
            let mut sizes = Vec::new();
            while let Some(rows) = barrier.next(2, 1 << 20).expect("rows") {
                sizes.push(rows.len());
            }
            assert_eq!(sizes, [2, 1], "{kind:?} {name}");
            assert_eq!(barrier.next(2, 1 << 20).expect("nothing more").map(|rows| rows.len()), None);
        }
    });
}
