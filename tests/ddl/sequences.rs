//! Sequences whose meaning is not in their words: what is logged of them, and what becomes of hidden columns and the order of keys,
//! depends on the server. What a server refuses is passed over.

use super::follower::Follower;
use crate::support::Sql;

/// What a sequence is about, and its statements.
const SEQUENCES: [(&str, &[&str]); 5] = [
    (
        "temporary tables that stand before others",
        &[
            "create table t (a int primary key, b int)",
            "create table w (a int primary key, b varchar(3))",
            "create temporary table t (x int)",
            "alter table t add y int first",
            "create index i on t (x)",
            "alter table t rename to s",
            "alter table s rename to w",
            "alter table w add c int",
            "truncate table w",
            "drop temporary table if exists s, t, w",
            "create temporary table t select 1 as q",
            "alter table t change q z varchar(3)",
            "optimize table t",
            "drop temporary table if exists t",
            "create temporary table v like w",
            "drop table if exists v, v2",
            "rename table w to w2",
            "alter table w2 drop b, add d int first",
            "alter table t drop b",
        ],
    ),
    (
        "tables from rows in the mode ORACLE",
        &[
            "create table o1 (a int unsigned primary key, b varchar(9) character set latin1, c datetime(3), d text, e decimal(9,2), \
             f timestamp null, g blob, h date, i char(4), j bigint, k double, l enum('x','y'), m mediumint, n time(2), o bit(3))",
            "set sql_mode = 'ORACLE'",
            "create table o2 as select * from o1",
            "create table o3 as select a + 1 as n, concat(b, 'x') as s, d, cast(a as char(9)) as t, now() as u, \
             cast('2024-01-01' as date) as v, e * 2 as w from o1",
            "create table o4 (z number(5), y date, primary key (z)) as select 1 as z, g, h from o1",
            "create or replace table o2 as select h, d, \"c\" from o1",
            "create table o5 like o1",
            "alter table o2 add d2 date, add r raw(4)",
            "set sql_mode = ''",
            "alter table o2 add d3 date first",
            "alter table o4 add d4 date",
        ],
    ),
    (
        "hashes that are made anew",
        &[
            "create table h (a int, b text, c varchar(9), unique using hash (a), unique (b))",
            "alter table h add d int first",
            "optimize table h",
            "alter table h force",
            "alter table h engine = innodb",
            "alter table h add unique u4 (d, c), algorithm = copy",
            "alter table h rename column d to e",
            "alter table h modify b varchar(20)",
            "create table h2 like h",
            "alter table h2 add unique (b)",
            "rename table h2 to h3",
            "optimize table h3",
            "alter table h drop b",
            "alter table h drop a, add f longtext, add unique (f)",
            "truncate table h",
            "alter table h add g int after e",
        ],
    ),
    (
        "keys whose columns go and come again",
        &[
            "create table r (a int primary key, b int, c int, unique u (b, c))",
            "alter table r drop column a, add column a tinyint",
            "alter table r drop b, add b bigint first",
            "alter table r add unique v (c)",
            "alter table r drop c, add d int, add c int after b",
            "alter table r drop a, add a int after b",
        ],
    ),
    (
        "keys in the order of the server",
        &[
            "create table k (a int, b int not null, c int not null, d text, unique u1 (a), unique u2 (b), unique u3 (c), key i (a, b))",
            "alter table k drop key u2, add unique u4 (b)",
            "alter table k modify a int not null",
            "alter table k add primary key (c)",
            "alter table k drop primary key, add unique u5 (d(5))",
            "alter table k add unique u6 (d)",
            "alter table k modify b int null",
            "optimize table k",
            "alter table k rename key u1 to z1",
            "alter table k drop key u3",
            "create unique index u7 on k (c, a)",
            "alter table k force",
            "alter table k add unique u8 (a, c)",
            "alter table k modify b int not null first, drop key u6",
            "alter table k add unique u0 (b)",
            "drop index z1 on k",
        ],
    ),
];

/// Runs all sequences. Returns what is known otherwise than the server shows it; such a sequence ends there.
pub(super) fn sequences(follower: &mut Follower<'_>) -> Vec<String> {
    let server = follower.server();
    let kind = server.kind();
    let (mut taken, mut refused, mut found) = (0, 0, Vec::new());
    for (about, statements) in SEQUENCES {
        let db = server.database("sequence");
        let (mut sql, mut other) = (server.sql(), server.sql());
        for session in [&mut sql, &mut other] {
            session.run(&format!("use `{db}`; set names utf8mb4; set sql_mode = ''"));
        }
        follower.begin(&db);
        let mut done = Vec::new();
        for &statement in statements {
            if let Err(error) = sql.try_run(statement) {
                println!("refused: {statement}: {error}");
                refused += 1;
                continue;
            }
            taken += 1;
            done.push(statement);
            give_rows(&mut other, &db);
            let mut wrong = follower.catch_up(&db);
            wrong.extend(follower.differences(&db));
            if !wrong.is_empty() {
                found.push(format!("{kind:?}, {about}:\n{}\nbehind\n{}", wrong.join("\n"), done.join(";\n")));
                break;
            }
        }
    }
    println!("ddl sequences on {kind:?}: {taken} statements, {refused} refused");
    found
}

/// A row of each table, which shows that the columns are those of the log. The session has no temporary table.
fn give_rows(sql: &mut Sql, db: &str) {
    let tables = format!("select table_name from information_schema.tables where table_schema = '{db}'");
    for table in sql.text(&tables).into_iter().flatten().flatten() {
        if sql.try_run(&format!("insert into `{table}` () values ()")).is_ok() {
            sql.run(&format!("delete from `{table}`"));
        }
    }
}
