//! Rules that no vector shows by itself, and tables that are out of date.

use super::*;
use crate::mysql::binlog::layout::RowLayout;
use crate::mysql::binlog::table_map::{MapColumn, TableMap};
use crate::mysql::binlog::wire::Wire;
use crate::mysql::column_type::ColumnType;
use crate::mysql::ddl::parse;
use crate::mysql::schema::TableVersion;
use proptest::prelude::*;

const WORDING: Wording = Wording { flavor: Flavor::MySql, widths: false, long_geometry: false };

fn session() -> Session {
    Session {
        client_collation: Some(45),
        server_collation: Some(45),
        explicit_timestamp: Some(true),
        ..Session::default()
    }
}

fn model(flavor: Flavor) -> Model {
    let mut model = Model::new(flavor, TableNameCase::Sensitive);
    model.set_database("v", "utf8mb4_general_ci", true);
    model
}

/// Runs statements, one a line; what changed, in words.
fn run(model: &mut Model, script: &str) -> Vec<String> {
    let flavor = model.flavor;
    let statements = script.lines().map(str::trim).filter(|line| !line.is_empty());
    let changes =
        statements.flat_map(|sql| model.apply(&parse(sql.as_bytes(), "v", &session(), flavor), &session()));
    let changes: Vec<Change> = changes.collect();
    let shown = changes.into_iter().map(|change| match change {
        Change::Defined(table) => {
            let columns =
                table.columns.iter().map(|column| format!("{} {}", column.name, column.declared(WORDING)));
            format!("{}({})", table.name, columns.collect::<Vec<_>>().join(", "))
        }
        Change::Dropped(name) => format!("-{name}"),
        Change::Doubted { db, table, doubt } => format!("?{db}.{}: {doubt}", table.as_deref().unwrap_or("*")),
        Change::Database { name, collation } => format!("{name}: {}", collation.as_deref().unwrap_or("-")),
    });
    shown.collect()
}

#[track_caller]
fn check(script: &str, expected: &[&str]) {
    assert_eq!(run(&mut model(Flavor::MySql), script), expected);
}

#[test]
fn one_doubted_table_leaves_the_others_known() {
    check(
        "create table a (x int)
         create table b (x int)
         alter table a frobnicate x
         alter table a add y int
         alter table b add y int
         create table a (z int)
         drop table if exists a
         create table a (z int)",
        &[
            "v.a(x int)",
            "v.b(x int)",
            "?v.a: the statement is not understood: `frobnicate` stands where an action of ALTER TABLE was expected",
            "?v.a: the table was not known before it",
            "v.b(x int, y int)",
            "v.a(z int)",
            "-v.a",
            "v.a(z int)",
        ],
    );
}

#[test]
fn what_may_have_touched_anything_doubts_the_databases_it_names() {
    let mut model = model(Flavor::MySql);
    model.set_database("w", "utf8mb4_bin", true);
    run(&mut model, "create table a (x int)\ncreate table w.a (x int)");
    assert_eq!(
        run(&mut model, "mystery table"),
        ["?v.*: the statement is not understood: `MYSTERY` begins no statement that is known"]
    );
    assert!(model.table(&TableName::new("v", "a")).is_none());
    assert!(model.table(&TableName::new("w", "a")).is_some());
    run(&mut model, "mystery w.a");
    assert!(model.table(&TableName::new("w", "a")).is_none());
}

#[test]
fn renames_go_one_after_another() {
    check(
        "create table a (x int)
         create table b (y int)
         rename table a to c, b to a, c to b
         alter table a rename to w.a, add z int
         create table b2 like b",
        &[
            "v.a(x int)",
            "v.b(y int)",
            "-v.a",
            "v.c(x int)",
            "-v.b",
            "v.a(y int)",
            "-v.c",
            "v.b(x int)",
            // `w` is not followed
            "-v.a",
            "v.b2(x int)",
        ],
    );
}

#[test]
fn a_table_that_may_have_been_there() {
    let script = "create table if not exists a (x int)";
    for (flavor, complete, expected) in [
        (Flavor::MySql, true, "v.a(x int)"),
        (Flavor::MySql, false, "?v.a: it depends on whether the table was there, which is not known"),
        (Flavor::MariaDb, false, "v.a(x int)"),
    ] {
        let mut model = Model::new(flavor, TableNameCase::Sensitive);
        model.set_database("v", "utf8mb4_general_ci", complete);
        assert_eq!(run(&mut model, script), [expected]);
        assert_eq!(run(&mut model, script), Vec::<String>::new());
    }
    assert!(!model(Flavor::MySql).is_complete("w"));
}

#[test]
fn statements_that_contradict_what_is_known() {
    let unknown =
        |name: &str| format!("?v.t: it names a column `{name}`, which the known table does not have");
    for (alter, doubt) in [
        ("drop x", unknown("x")),
        ("add b int after x", unknown("x")),
        ("modify x int", unknown("x")),
        ("add key (x)", unknown("x")),
        ("add A int", "?v.t: it makes a column `a`, which the known table has already".to_owned()),
        ("drop key k", "?v.t: it names a key `k`, which the known table does not have".to_owned()),
        ("add b char(3) collate klingon_ci", "?v.t: the character set `klingon` is not known".to_owned()),
    ] {
        let mut model = model(Flavor::MySql);
        run(&mut model, "create table t (a int)");
        assert_eq!(run(&mut model, &format!("alter table t {alter}")), [doubt], "{alter}");
    }
}

#[test]
fn databases_have_defaults() {
    check(
        "create database w charset latin1
         create table w.t (a varchar(3))
         alter database w collate utf8mb4_bin
         drop database w",
        &["w: latin1_swedish_ci", "w.t(a varchar(3))", "w: utf8mb4_bin", "-w.t", "w: -"],
    );
}

#[test]
fn show_create_tells_a_table() {
    let text = "CREATE TABLE `t` (\n  `id` bigint unsigned NOT NULL AUTO_INCREMENT,\n  `e` enum('a','b') NOT NULL,\n  \
                `h` int DEFAULT NULL /*!80023 INVISIBLE */,\n  PRIMARY KEY (`id`),\n  UNIQUE KEY `u` (`e`)\n) \
                ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci";
    let name = TableName::new("v", "t");
    let table = Table::from_create(text, &name, &session(), Flavor::MySql).expect("a table");
    assert_eq!(table.primary_key(), ["id"]);
    assert_eq!(table.unique_keys(), [["e"]]);
    assert!(table.column("H").is_some_and(|column| column.invisible && column.nullable));
    assert_eq!(table.column("e").and_then(|column| column.charset()), Some("utf8mb4"));
    let stored = serde_json::to_string(&table).expect("data");
    assert_eq!(serde_json::from_str::<Table>(&stored).expect("a table"), table);
}

/// How a server describes a column in a table map, from what it can hold.
fn wire(ty: &ColumnType) -> Wire {
    match ty {
        ColumnType::TinyInt { .. } => Wire::Tiny,
        ColumnType::SmallInt { .. } => Wire::Short,
        ColumnType::MediumInt { .. } => Wire::Int24,
        ColumnType::Int { .. } => Wire::Long,
        ColumnType::BigInt { .. } => Wire::LongLong,
        ColumnType::Float => Wire::Float,
        ColumnType::Double => Wire::Double,
        ColumnType::Decimal { precision, scale } => Wire::Decimal { precision: *precision, scale: *scale },
        ColumnType::Bit { bits } => Wire::Bit { bits: *bits },
        ColumnType::Date => Wire::Date,
        ColumnType::Time { fsp } => Wire::Time2 { fsp: *fsp },
        ColumnType::DateTime { fsp } => Wire::DateTime2 { fsp: *fsp },
        ColumnType::Timestamp { fsp } => Wire::Timestamp2 { fsp: *fsp },
        ColumnType::Char(text) => Wire::Fixed { bytes: text.max_bytes as u16 },
        ColumnType::VarChar(text) => Wire::Variable { bytes: text.max_bytes as u16 },
        ColumnType::VarBinary { bytes } => Wire::Variable { bytes: *bytes as u16 },
        ColumnType::Text(text) => Wire::Blob { length_bytes: if text.max_bytes < 256 { 1 } else { 2 } },
        ColumnType::Blob { length_bytes } => Wire::Blob { length_bytes: *length_bytes },
        ColumnType::Enum(_) => Wire::Enum { bytes: 1 },
        ColumnType::Json => Wire::Json { length_bytes: 4 },
        other => panic!("{other:?} is not made here"),
    }
}

fn unsigned(ty: &ColumnType) -> Option<bool> {
    match ty {
        ColumnType::Int { unsigned } | ColumnType::BigInt { unsigned } => Some(*unsigned),
        _ => None,
    }
}

/// The table map of a table, without names.
fn map(version: &TableVersion) -> TableMap {
    let column = |column: &crate::mysql::schema::Column| MapColumn {
        type_number: 0,
        metadata: [0, 0],
        wire: wire(&column.ty),
        nullable: column.nullable,
        unsigned: unsigned(&column.ty),
        collation: None,
        name: None,
        labels: None,
        geometry: None,
        visible: None,
    };
    TableMap {
        table_id: 1,
        db: "v".into(),
        table: "t".into(),
        columns: version.columns.iter().map(column).collect(),
        primary_key: None,
        named: false,
    }
}

const TYPES: [&str; 20] = [
    "int",
    "int unsigned",
    "bigint",
    "bigint unsigned",
    "float",
    "double",
    "decimal(10,2)",
    "decimal(8,2)",
    "bit(3)",
    "date",
    "time",
    "datetime",
    "datetime(3)",
    "timestamp(2)",
    "char(5)",
    "varchar(10)",
    "varchar(20)",
    "tinytext",
    "blob",
    "json",
];

fn column_type() -> impl Strategy<Value = String> {
    (0..TYPES.len(), any::<bool>())
        .prop_map(|(at, null)| format!("{}{}", TYPES[at], if null { " null" } else { " not null" }))
}

fn action(columns: usize) -> impl Strategy<Value = String> {
    let at = 0..columns;
    prop_oneof![
        at.clone().prop_map(|at| format!("drop c{at}")),
        (column_type(), at.clone()).prop_map(|(ty, at)| format!("add n {ty} after c{at}")),
        column_type().prop_map(|ty| format!("add n {ty} first")),
        (column_type(), at.clone()).prop_map(|(ty, at)| format!("modify c{at} {ty}")),
        (column_type(), at.clone()).prop_map(|(ty, at)| format!("change c{at} n {ty} first")),
        at.prop_map(|at| format!("drop c{at}, add n int")),
    ]
}

proptest! {
    /// A table that is out of date is noticed wherever a table map shows anything of the change, and one that is not, never.
    #[test]
    fn stale_tables_do_not_fit(
        (types, action) in prop::collection::vec(column_type(), 2..6)
            .prop_flat_map(|types| (Just(types.clone()), action(types.len()))),
    ) {
        let columns = types.iter().enumerate().map(|(at, ty)| format!("c{at} {ty}")).collect::<Vec<_>>();
        let mut model = model(Flavor::MySql);
        run(&mut model, &format!("create table t ({})", columns.join(", ")));
        let name = TableName::new("v", "t");
        let version = |model: &Model| model.table(&name).expect("known").version(WORDING).expect("a table");
        let before = version(&model);
        let changes = run(&mut model, &format!("alter table t {action}"));
        prop_assert!(changes.iter().all(|change| !change.starts_with('?')), "{:?}", changes);
        let after = version(&model);
        let map = map(&after);
        prop_assert!(RowLayout::build(&map, &after).is_ok(), "{:?}", after);
        let shows = |version: &TableVersion| -> Vec<_> {
            version.columns.iter().map(|one| (wire(&one.ty), one.nullable, unsigned(&one.ty))).collect()
        };
        if shows(&before) != shows(&after) {
            prop_assert!(RowLayout::build(&map, &before).is_err(), "{} on {:?}", action, columns);
        }
    }
}

/// A label in digits has bytes of the column's character set, whoever decides about it.
#[test]
fn labels_in_digits_are_of_the_character_set_of_their_column() {
    let labels = |columns: &str, flavor| {
        let name = TableName::new("v", "t");
        let text = format!("create table t ({columns}) charset latin1");
        let table = Table::from_create(&text, &name, &session(), flavor)?;
        Ok::<_, Doubt>(table.columns[0].ty.labels.clone())
    };
    let check = |columns: &str, expected: &[&str]| {
        for flavor in [Flavor::MySql, Flavor::MariaDb] {
            assert_eq!(
                labels(columns, flavor).as_deref(),
                Ok(&expected.iter().map(|one| one.to_string()).collect::<Vec<_>>()[..]),
                "{columns}"
            );
        }
    };
    check("a enum(x'E4', 0xF6, b'11100100', 0b1100001)", &["ä", "ö", "ä", "a"]);
    check("a set(x'C3A4', 'b') charset utf8mb4", &["ä", "b"]);
    check("a enum(x'61', 0x0062) charset ucs2", &["a", "b"]);
    check("a enum(x'61') charset utf16le", &["\u{6100}"]);
    check("a enum(x'6120', 0x420)", &["a", "\u{4}"]);
    check("a enum('\u{65e5}x')", &["?x"]);
    let broken = labels("a enum(x'FF') charset utf8mb4", Flavor::MySql);
    assert_eq!(broken, Err(Doubt::Label("utf8mb4".to_owned())));
    let odd = labels("a enum(x'F')", Flavor::MySql);
    assert!(matches!(odd, Err(Doubt::Statement(_))), "{odd:?}");
}

#[test]
fn a_binary_column_stays_binary_behind_convert() {
    let mut model = model(Flavor::MySql);
    run(
        &mut model,
        "create table a (x char)\nalter table a change x y char(9) binary, convert to character set gbk",
    );
    let table = model.table(&TableName::new("v", "a")).expect("it is known");
    assert_eq!(table.columns[0].collation.as_deref(), Some("gbk_bin"));
}

#[test]
fn labels_behind_convert_are_the_bytes_they_were() {
    let behind = |columns: &str, convert: &str| {
        let mut model = model(Flavor::MySql);
        let changes = run(
            &mut model,
            &format!("create table a ({columns})\nalter table a convert to character set {convert}"),
        );
        changes[1].clone()
    };
    let check = |columns: &str, convert: &str, expected: &str| {
        assert_eq!(behind(columns, convert), expected, "{columns} to {convert}");
    };
    check("x enum('a','ä')", "latin1", "v.a(x enum('a','Ã¤'))");
    check("x set('ä') charset utf8mb3", "utf8mb4", "v.a(x set('ä'))");
    check("x enum('Ã¤') charset latin1", "utf8mb4", "v.a(x enum('ä'))");
    check("x enum('ab cd') charset sjis", "latin1", "v.a(x enum('ab cd'))");
    check("x enum('ab')", "ucs2", "v.a(x enum('慢'))");
    // what has no meaning in the other character set, what cannot be told, and what a server may have lost
    let doubt =
        |charset: &str| format!("?v.a: a label has bytes that mean nothing in the character set `{charset}`");
    check("x enum('ä') charset latin1", "utf8mb4", &doubt("utf8mb4"));
    check("x enum('a')", "utf16", &doubt("utf16"));
    check("x enum('a') charset ucs2", "latin1", &doubt("ucs2"));
    check("x enum('a~') charset sjis", "latin1", &doubt("sjis"));
    check("x enum('?')", "latin1", &doubt("latin1"));
}

#[test]
fn labels_that_mysql_5_7_damages() {
    let script = "create table a (x enum('a','b') charset ucs2, y set('a','b') charset utf16)";
    let shared = "?v.a: the labels of `y` are those of another column, too, and MySQL 5.7 damages them when it writes a table \
                  with such";
    check(script, &[shared]);
    check("create table a (x enum('a') charset ucs2, y enum('a'))", &["v.a(x enum('a'), y enum('a'))"]);
    let run_in = |flavor: Flavor, session: &Session| {
        let mut model = model(flavor);
        let changes = model.apply(&parse(script.as_bytes(), "v", session, flavor), session);
        matches!(changes.as_slice(), [Change::Defined(_)])
    };
    assert!(run_in(Flavor::MariaDb, &session()));
    assert!(run_in(Flavor::MySql, &Session { utf8mb4_collation: Some(45), ..session() }));
}

#[test]
fn mariadb_forgets_that_a_hash_was_asked_for() {
    let hidden = |script: &str| {
        let mut model = model(Flavor::MariaDb);
        run(&mut model, "create table a (x int, y text, unique using hash (x))");
        run(&mut model, script);
        let name = TableName::new("v", if script.contains(" b") { "b" } else { "a" });
        let table = model.table(&name).expect("the table is known");
        let version =
            table.version(Wording { flavor: Flavor::MariaDb, ..WORDING }).expect("a table of a server");
        version.columns.iter().filter(|column| column.hidden).count()
    };
    for kept in [
        "",
        "alter table a rename to b",
        "alter table a disable keys, algorithm=copy, lock=shared",
        "alter table a add column if not exists x int, drop key if exists k",
        "create index if not exists x on a (x)",
    ] {
        assert_eq!(hidden(kept), 1, "{kept}");
    }
    for forgotten in [
        "alter table a comment 'c'",
        "alter table a rename to b, force",
        "alter table a alter x set default 1",
        "alter table a add check (x > 1)",
        "alter table a add z int",
        "create index k on a (x)",
        "create table b like a",
    ] {
        assert_eq!(hidden(forgotten), 0, "{forgotten}");
    }
    // one over shapes is kept as a hash until then
    assert_eq!(hidden("alter table a add unique (s), add s geometry"), 1);
    assert_eq!(hidden("alter table a add unique (s), add s geometry\nalter table a add z int"), 0);
    // one that is needed stays
    assert_eq!(hidden("alter table a add unique (y)"), 1);
}

#[test]
fn a_character_set_behind_a_collation() {
    let of = |sql: &str, flavor: Flavor, session: &Session| {
        let mut model = model(flavor);
        let make = if sql.starts_with("alter") { "create table a (x char) charset latin1" } else { "do 1" };
        model.apply(&parse(make.as_bytes(), "v", session, flavor), session);
        model.apply(&parse(sql.as_bytes(), "v", session, flavor), session);
        model.table(&TableName::new("v", "a")).map(|table| table.collation.clone())
    };
    let of_8 = Session { utf8mb4_collation: Some(45), ..session() };
    for sql in [
        "create table a (x char) collate latin1_bin charset latin1",
        "create table a (x char) charset latin1 collate latin1_bin charset latin1",
        "alter table a collate latin1_bin, comment 'c', charset latin1",
        "alter table a convert to charset latin1 collate latin1_bin, charset latin1",
    ] {
        assert_eq!(of(sql, Flavor::MySql, &session()).as_deref(), Some("latin1_swedish_ci"), "{sql}");
        assert_eq!(of(sql, Flavor::MySql, &of_8).as_deref(), Some("latin1_bin"), "{sql}");
        let kept = if sql.contains("convert") { "latin1_swedish_ci" } else { "latin1_bin" };
        assert_eq!(of(sql, Flavor::MariaDb, &session()).as_deref(), Some(kept), "{sql}");
    }
    let default = "create table a (x char) collate latin1_bin character set default";
    assert_eq!(of(default, Flavor::MySql, &of_8).as_deref(), Some("utf8mb4_general_ci"));
    let collation = "create table a (x char) character set default collate latin1_bin";
    assert_eq!(of(collation, Flavor::MySql, &session()).as_deref(), Some("latin1_bin"));
}
