//! Statements with other names.

use super::*;
use crate::mysql::binlog::query::{MODE_ANSI_QUOTES, Session};
use crate::mysql::ddl::parse;
use proptest::prelude::*;

/// Messages in which `shop` is `s2`, `shop.orders` is `s2.o``2`, its column `a` is `x`, `day` is `d`, `hid` is left out and
/// `secret` masked; `shop.other` is not selected.
struct Told(Vec<usize>);

impl Names for Told {
    fn home(&self) -> &str {
        "s2"
    }

    fn table(&self, table: &TableName) -> TableName {
        let db = self.database(&table.db);
        let name = if table.table == "orders" { "o`2" } else { &table.table };
        TableName::new(db, name)
    }

    fn database(&self, db: &str) -> String {
        if db == "shop" { "s2".to_owned() } else { db.to_owned() }
    }

    fn keeps(&self, number: usize) -> bool {
        self.0.contains(&number)
    }

    fn has_column(&self, column: &str) -> bool {
        ["a", "b", "hid", "secret", "day"].iter().any(|one| one.eq_ignore_ascii_case(column))
    }

    fn column(&self, column: &str) -> ColumnName {
        let name = match column.to_ascii_lowercase().as_str() {
            "hid" => return ColumnName::LeftOut,
            "a" => "x".to_owned(),
            "day" => "d".to_owned(),
            _ => column.to_owned(),
        };
        ColumnName::Sent { name, masked: column == "secret" }
    }

    fn foreign_column(&self, table: &TableName, column: &str) -> ColumnName {
        let name = if table.table == "other" { format!("{column}_") } else { column.to_owned() };
        ColumnName::Sent { name, masked: false }
    }
}

fn session() -> Session {
    Session { sql_mode: Some(0), client_collation: Some(45), ..Session::default() }
}

fn written(sql: &str) -> Option<Result<Option<Written>, Unclear>> {
    let told = |table: &TableName| table.db == "shop" && table.table != "other";
    let kept = match parse(sql.as_bytes(), "shop", &session(), Flavor::MariaDb) {
        Statement::DropTables(tables) => tables.iter().map(told).collect::<Vec<bool>>(),
        Statement::RenameTables(pairs) => {
            pairs.iter().map(|pair| told(&pair.from) || told(&pair.to)).collect()
        }
        _ => Vec::new(),
    };
    let kept = (0..kept.len()).filter(|&n| kept[n]).collect();
    Some(Outline::read(sql.as_bytes(), "shop", &session(), Flavor::MariaDb)?.written(&Told(kept)))
}

#[track_caller]
fn check(sql: &str, expected: &str) {
    let shown = match written(sql) {
        None => "not understood".to_owned(),
        Some(Ok(None)) => "nothing".to_owned(),
        Some(Ok(Some(written))) => written.sql,
        Some(Err(unclear)) => format!("unclear: {unclear}"),
    };
    assert_eq!(shown, expected, "{sql}");
}

#[test]
fn names_of_tables_and_databases() {
    check("DROP TABLE items", "DROP TABLE items");
    check("truncate table `orders`;", "truncate table `o``2`;");
    check("alter table shop.items comment 'shop.orders'", "alter table `s2`.`items` comment 'shop.orders'");
    check("create table orders like crm.items", "create table `o``2` like crm.items");
    check("create table crm.x like items", "create table crm.x like items");
    check(
        "alter table items add foreign key (b) references orders (id), add c int references shop.other (id)",
        "alter table items add foreign key (b) references `o``2` (id), add c int references `s2`.`other` (`id_`)",
    );
    check("rename table items to orders", "rename table items to `o``2`");
    check(
        "alter table items exchange partition p with table orders",
        "alter table items exchange partition p with table `o``2`",
    );
    check("create database if not exists shop", "create database if not exists `s2`");
    check("drop schema `shop`", "drop schema `s2`");
    check("alter database shop character set latin1", "alter database `s2` character set latin1");
    check("create database other", "create database other");
}

#[test]
fn names_of_columns() {
    check(
        "ALTER TABLE items ADD COLUMN A int after b, drop a, change a b int, modify `a` int first, rename column b to a",
        "ALTER TABLE items ADD COLUMN `x` int after b, drop `x`, change `x` b int, modify `x` int first, rename column b to `x`",
    );
    check(
        "alter table items add index a (a(10) desc, b), add check (a > `b` and abs(a) < a + 1), order by a",
        "alter table items add index a (`x`(10) desc, b), add check (`x` > `b` and abs(`x`) < `x` + 1), order by `x`",
    );
    check("create index a on items (a, (a + b))", "create index a on items (`x`, (`x` + b))");
    check(
        "create table items (a int default 7 comment 'a', b int as (a * 2) stored, primary key (a)) partition by range (a) (partition a values less than (5))",
        "create table items (`x` int default 7 comment 'a', b int as (`x` * 2) stored, primary key (`x`)) partition by range (`x`) (partition a values less than (5))",
    );
    check(
        "alter table items alter column a set default (b + a)",
        "alter table items alter column `x` set default (b + `x`)",
    );
    check("alter table items partition by key (a, b)", "alter table items partition by key (`x`, b)");
    check("alter table items add day int", "alter table items add `d` int");
}

#[test]
fn lists_are_cut() {
    check("drop table other, items, crm.t, shop.orders", "drop table items, `s2`.`o``2`");
    check(
        "drop table if exists items, other /* generated by server */",
        "drop table if exists items /* generated by server */",
    );
    check("drop table other, crm.t", "nothing");
    check("rename table crm.a to crm.b, items to new, other to crm.c", "rename table items to new");
    // a pair of which one name is selected
    check("rename table other to items, items to crm.x", "rename table other to items, items to crm.x");
    let kept = |sql: &str| written(sql).expect("understood").expect("clear").expect("something").kept;
    assert_eq!(kept("drop table other, items, crm.t, orders"), [1, 3]);
}

#[test]
fn what_an_alter_does() {
    let list = |sql: &str| written(sql).expect("understood").expect("clear").expect("something").list;
    assert_eq!(
        list("alter table orders add hid int, add c int after a, drop b;"),
        "add c int after `x`, drop b"
    );
    assert_eq!(list("truncate table orders"), "");
}

#[test]
fn columns_that_are_not_sent() {
    check("alter table items add hid int", "nothing");
    check("alter table items add c int, add hid int, drop b", "alter table items add c int, drop b");
    check(
        "alter table items drop hid, add index (hid, b), add c int after hid",
        "alter table items add c int",
    );
    check("alter table items add (hid int, c int)", "alter table items add (c int)");
    check("alter table items add (hid int), add c int", "alter table items add c int");
    check(
        "create table items (hid int, a int, key (hid), key k (b), hid int)",
        "create table items (`x` int, key k (b))",
    );
    check(
        "alter table items add c int as (hid + 1)",
        "unclear: an expression needs the column `hid`, which is not sent",
    );
    check(
        "alter table items change hid c int",
        "unclear: a column is renamed, and only one of its two names is sent: `hid`",
    );
    check("create index i on items (hid)", "nothing");
    check(
        "create table items (a int /*!50000 , hid int */)",
        "unclear: what is left out of it begins or ends inside of a comment that holds code",
    );
    check(
        "create table items (/*!50000 hid int, */ b int)",
        "unclear: what is left out of it begins or ends inside of a comment that holds code",
    );
}

#[test]
fn defaults_of_masked_columns() {
    check(
        "alter table items add secret varchar(9) not null default 'told' comment 'c', add c int default 3",
        "alter table items add secret varchar(9) not null  comment 'c', add c int default 3",
    );
    check("alter table items alter secret set default 'told'", "nothing");
    check(
        "alter table items alter secret drop default, drop b",
        "alter table items alter secret drop default, drop b",
    );
}

#[test]
fn what_is_not_certain_is_not_written() {
    check(
        "alter table items add check (b > now() - interval 1 day)",
        "unclear: `day` may be a renamed column or a word of SQL; quote it in the statement",
    );
    check("alter table items add check (b > `day`)", "alter table items add check (b > `d`)");
    check(
        "alter table orders add orders.c int",
        "unclear: a column stands with its table in front, which has another name in messages",
    );
    check("create table items select 1 as a", "unclear: its columns come from a query");
    for sql in [
        "alter table items do something",
        "grant all on shop.* to a",
        "create view v as select 1",
        "insert into t values (1)",
    ] {
        check(sql, "not understood");
    }
}

#[test]
fn comments_and_prefixes() {
    check(
        "/* orders */ alter /*!50000 table */ orders -- orders\n drop a",
        "/* orders */ alter /*!50000 table */ `o``2` -- orders\n drop `x`",
    );
    check("set statement max_statement_time=1 for drop table orders", "drop table `o``2`");
}

#[test]
fn double_quotes_of_names() {
    let session = Session { sql_mode: Some(MODE_ANSI_QUOTES), ..session() };
    let outline =
        Outline::read(b"alter table \"orders\" add \"a\" int default 'a'", "shop", &session, Flavor::MySql);
    let written = outline.expect("understood").written(&Told(Vec::new())).expect("clear").expect("something");
    assert_eq!(written.sql, "alter table `o``2` add `x` int default 'a'");
}

#[test]
fn what_actions_do() {
    let check = |sql: &str, expected: &[Action]| {
        let outline = Outline::read(sql.as_bytes(), "shop", &session(), Flavor::MariaDb).expect(sql);
        assert_eq!(outline.actions().concat(), expected, "{sql}");
    };
    use Action::*;
    check(
        "alter table t add a int, drop column b, drop primary key, add primary key (id)",
        &[AddColumn, DropColumn, OtherKey, AddKey],
    );
    check(
        "alter table t add unique (a), drop index i, drop constraint c, add foreign key (a) references u (b)",
        &[AddKey, DropKey, DropKey, OtherKey],
    );
    check(
        "alter table t change a a int, change a b int, modify c int, rename column d to e",
        &[ChangeColumn, RenameColumn, ChangeColumn, RenameColumn],
    );
    check("alter table t comment 'x' engine = innodb, rename to u", &[Other, Other, Rename]);
    check("alter table t engine=innodb", &[Other]);
    check("alter table t add partition partitions 1", &[Partitions]);
    check("alter table t truncate partition p", &[Partitions]);
    check("alter table t partition by hash (a)", &[Partitions]);
    check(
        "alter table t convert to character set utf8mb4, alter a set default 1, algorithm=inplace",
        &[ChangeColumn, ChangeColumn, Other],
    );
    check("create unique index i on t (a)", &[AddKey]);
    check("drop index i on t", &[DropKey]);
    check("create table t (a int, key (a))", &[]);
    check("drop table t", &[]);
}

proptest! {
    /// Whatever is understood is written, and read again it names what messages name.
    #[test]
    fn no_text_panics(tail in "[a-z `(),.'/*!0-9=;-]{0,40}", head in "(alter table orders|create table orders|drop table|rename table) ") {
        let _ = written(&format!("{head}{tail}"));
    }
}
