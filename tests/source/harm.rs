//! What a source feels of us: how many connections, under which names, for how long, and that nothing is changed.

use super::stream::UUID;
use super::{each, plain, replica, session};
use crate::support::{Kafka, Kind, MySql, Sql, wait};
use crate::torture::run::Run;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use syncc::mysql::schema::TableName;
use syncc::source::mysql::io::{
    ChunkReader, ChunkRequest, Dump, DumpRequest, Session, sizes, start_position, tables,
};
use syncc::source::mysql::page::paging_key;

/// Statements that run on the server and hold `part`.
pub(super) fn running(sql: &mut Sql, part: &str) -> Vec<String> {
    let rows = sql.text("select info from information_schema.processlist where info is not null");
    let statements = rows.into_iter().flatten().flatten();
    statements.filter(|info| info.contains(part) && !info.contains("processlist")).collect()
}

#[test]
fn sessions_only_read() {
    each(|_, server| {
        let db = server.database("only_read");
        let mut sql = server.sql();
        sql.run(&format!("create table {db}.t (id int primary key)"));
        sql.run(&format!("create user {db} identified by 'sesame'"));
        sql.run(&format!("grant all on {db}.* to {db}"));
        let mut session = Session::open(&plain(server, &db, "sesame"), None).expect("it may log in");
        let failure = session.run(&format!("INSERT INTO {db}.t VALUES (1)")).expect_err("read only");
        assert_eq!(failure.code, Some(1792), "{failure}");
        assert_eq!(sql.one(&format!("select count(*) from {db}.t")), "0");
    });
}

#[test]
fn the_server_ends_what_takes_too_long() {
    for kind in Kind::EVERY {
        let mut session = session(MySql::shared(kind));
        let limit = if kind.is_mariadb() { "max_statement_time" } else { "max_execution_time" };
        let found = session.query(&format!("SELECT @@SESSION.{limit}")).expect("a setting");
        let seconds = if kind.is_mariadb() { 1.0 } else { 1e3 };
        assert_eq!(found[0].number::<f64>(0), Some(300.0 * seconds), "{kind:?}");
    }
}

#[test]
fn a_page_that_takes_too_long_gets_fewer_rows() {
    for kind in [Kind::MariaDb10_11, Kind::MySql9_7] {
        let server = MySql::shared(kind);
        let db = server.database("slow");
        let mut sql = server.sql();
        // reading a row takes about a millisecond
        sql.run(&format!(
            "create table {db}.t (id int primary key, a char(1), slow char(128) as (sha2(repeat(a, 500000), 512)) virtual)"
        ));
        let rows: Vec<String> = (0..256).map(|id| format!("({id}, 'x')")).collect();
        sql.run(&format!("insert into {db}.t (id, a) values {}", rows.join(", ")));
        let facts = tables(&mut session(server), |database, _| database == db).expect("tables");
        let table = Arc::new(facts[0].version.clone());
        let contains = start_position(&mut session(server)).expect("a position");
        let mut reader = ChunkReader::open(&replica(server), &contains.server).expect("a reader");
        let key = paging_key(&table).expect("a key").to_vec();
        let upto = reader.max_key(&table, &key, &contains).expect("a greatest key").expect("rows");
        reader.limit_pages(Duration::from_millis(100)).expect("a setting");
        let mut request =
            ChunkRequest { table, key, after: None, upto, limit: 5000, max_bytes: 1 << 30, contains };
        let mut pages = Vec::new();
        loop {
            let page = reader.read(&request).unwrap_or_else(|failure| panic!("{kind:?}: {failure}"));
            pages.push(page.rows.len());
            if page.done {
                break;
            }
            request.after = page.last;
        }
        assert_eq!(pages.iter().sum::<usize>(), 256, "{kind:?} {pages:?}");
        assert!(pages[0] > 0 && pages[0] < 256, "{kind:?} {pages:?}");
    }
}

#[test]
fn lists_of_the_server_name_the_task() {
    for kind in Kind::EVERY {
        let server = MySql::shared(kind);
        let mut sql = server.sql();
        let start = start_position(&mut session(server)).expect("a position");
        let request = DumpRequest {
            start: &start,
            server_id: NonZeroU32::new(77).expect("not zero"),
            uuid: &UUID.replace('6', "7"),
            heartbeat: Duration::from_secs(1),
            event_limit: 1 << 20,
            task: "shop.db.bus",
        };
        let dump = Dump::open(&replica(server), &request).expect("a dump");
        let list = if kind == Kind::MySql9_7 { "show replicas" } else { "show slave hosts" };
        let row = wait::until("we are among the replicas", 30, || {
            let rows = sql.text(list).into_iter();
            let row = rows.into_iter().find(|row| row[0].as_deref() == Some("77"));
            row.ok_or("we are not")
        });
        assert_eq!(row[1].as_deref(), Some("syncc/shop.db.bus"), "{kind:?}");
        drop(dump);

        let endpoint = replica(server).for_task("shop.db.bus */ drop");
        let mut session = Session::open(&endpoint, None).expect("may log in");
        let closer = session.closer();
        std::thread::scope(|scope| {
            let asked = scope.spawn(|| session.query("SELECT SLEEP(100)").map(drop));
            wait::until("the question is there", 30, || match &running(&mut sql, "SLEEP(100)")[..] {
                [] => Err("it is not"),
                [info, ..] => {
                    assert!(info.starts_with("/* syncc:shop.db.busdrop */ SELECT"), "{kind:?} {info}");
                    Ok(())
                }
            });
            closer.close();
            asked.join().expect("no panic").expect_err("closed");
        });
    }
}

#[test]
fn attributes_of_a_connection_name_the_task() {
    for kind in [Kind::MariaDb10_11, Kind::MySql5_7] {
        let server = MySql::start(kind, &["performance-schema=ON"]);
        let endpoint = replica(&server).for_task("shop.db.bus");
        let session = Session::open(&endpoint, None).expect("may log in");
        let reader = ChunkReader::open(&endpoint, session.identity()).expect("may log in");
        let attributes = server.sql().text(
            "select distinct attr_name, attr_value from performance_schema.session_connect_attrs
             where attr_name in ('program_name', '_client_name') and attr_value like 'syncc%' order by 1",
        );
        let expected = [("_client_name", "syncc"), ("program_name", "syncc:shop.db.bus")]
            .map(|(name, value)| vec![Some(name.to_owned()), Some(value.to_owned())]);
        assert_eq!(attributes, expected, "{kind:?}");
        let both = server.sql().one(
            "select count(*) from performance_schema.session_connect_attrs where attr_value = 'syncc:shop.db.bus'",
        );
        assert_eq!(both, "2", "{kind:?}");
        drop((session, reader));
    }
}

#[test]
fn sizes_are_estimated() {
    for kind in Kind::EVERY {
        let server = MySql::shared(kind);
        let db = server.database("sizes");
        let mut sql = server.sql();
        sql.run(&format!("create table {db}.t (id int primary key, v varchar(1000))"));
        sql.run(&format!("create table {db}.other (id int primary key)"));
        let rows: Vec<String> = (0..2000).map(|id| format!("({id}, repeat('x', 1000))")).collect();
        sql.run(&format!("insert into {db}.t values {}", rows.join(", ")));
        sql.text(&format!("analyze table {db}.t"));
        let names = [TableName::new(&db, "t"), TableName::new(&db, "gone")];
        let found = sizes(&mut session(server), &names).expect("estimates");
        let [size] = &found[..] else { panic!("{kind:?} {found:?}") };
        assert_eq!(size.name, names[0], "{kind:?}");
        assert!((1000..4000).contains(&size.rows), "{kind:?} {size:?}");
        assert!((1_000_000..8_000_000).contains(&size.bytes), "{kind:?} {size:?}");
    }
}

/// Most connections of one task: the log, the pages, and what is asked in between; a table without a key takes two more on MySQL.
#[test]
fn connections_are_few_during_a_load() {
    for (kind, most) in [(Kind::MariaDb10_11, 3), (Kind::MySql8_0, 4)] {
        let server = MySql::start(kind, &[]);
        let kafka = Kafka::shared();
        let db = server.database("few");
        let mut sql = server.sql();
        for table in ["a", "b", "c"] {
            sql.run(&format!("create table {db}.{table} (id int primary key)"));
            let rows: Vec<String> = (0..500).map(|id| format!("({id})")).collect();
            sql.run(&format!("insert into {db}.{table} values {}", rows.join(", ")));
        }
        sql.run(&format!("create table {db}.keyless (id int null)"));
        sql.run(&format!("insert into {db}.keyless values (1), (2)"));
        sql.run(&format!("grant lock tables on `{db}`.* to {}@localhost", MySql::USER));
        let count =
            format!("select count(*) from information_schema.processlist where user = '{}'", MySql::USER);
        let over = AtomicBool::new(false);
        let peak = std::thread::scope(|scope| {
            let watch = scope.spawn(|| {
                let mut sql = server.sql();
                let mut peak = 0;
                while !over.load(Ordering::Relaxed) {
                    peak = peak.max(sql.one(&count).parse::<usize>().expect("a number"));
                }
                peak
            });
            let mut run = Run::start(&server, kafka, &db, "start snapshot {\n    chunk 20 rows\n  }");
            run.messages("all rows", |messages| match messages.len() {
                1502 => Ok(()),
                n => Err(format!("{n} rows")),
            });
            over.store(true, Ordering::Relaxed);
            // the load is over: the log alone is left
            wait::until("one connection is left", 30, || match sql.one(&count).as_str() {
                "1" => Ok(()),
                n => Err(format!("{n} connections")),
            });
            run.stop();
            watch.join().expect("no panic")
        });
        assert!((2..=most).contains(&peak), "{kind:?}: {peak} connections at once");
    }
}
