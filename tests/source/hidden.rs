//! Columns that MariaDB logs and does not list.

use super::session;
use super::stream::rows;
use crate::support::{Kind, MySql};
use syncc::source::mysql::io::{end_of_log, tables};

#[test]
fn tables_have_the_columns_of_the_log() {
    let server = MySql::shared(Kind::MariaDb10_11);
    let db = server.database("hidden");
    let mut sql = server.sql();
    for (table, definition, n_hidden) in [
        ("plain", "(id int primary key)", 0),
        ("long_key", "(id int primary key, t text unique)", 1),
        (
            "long_keys",
            "(id int primary key, t text not null unique, u varchar(9000), b blob, unique (u), unique (b))",
            3,
        ),
        ("memory", "(id int primary key, u varchar(20) unique) engine=memory", 0),
        ("implicit", "(id int primary key, a int) with system versioning", 2),
        ("both", "(id int primary key, t text unique) with system versioning", 3),
        (
            "explicit",
            "(id int primary key, s timestamp(6) generated always as row start, e timestamp(6) generated always as row \
             end, period for system_time (s, e)) with system versioning",
            0,
        ),
    ] {
        sql.run(&format!("create table `{db}`.{table} {definition}"));
        let facts = tables(&mut session(server), |found, name| found == db && name == table).expect("tables");
        let version = &facts[0].version;
        assert_eq!(version.columns.iter().filter(|column| column.hidden).count(), n_hidden, "{table}");
        let start = end_of_log(&mut session(server)).expect("may ask").expect("a log");
        sql.run(&format!("set sql_mode = ''; insert into `{db}`.{table} (id) values (1)"));
        let mut n_rows = 0;
        rows(server, &start, version, |row| {
            n_rows += 1;
            assert_eq!(row.len(), version.columns.len(), "{table}");
        });
        assert_eq!(n_rows, 1, "{table}");
    }
}
