//! A tracker follows statements and table maps.

use super::*;
use crate::mysql::binlog::table_map::MapColumn;
use crate::mysql::binlog::wire::{code, wire};
use crate::mysql::ddl;
use crate::mysql::schema::{Column, declared};

const LATIN1: u16 = 8;
const UTF8MB4: u16 = 45;
const BINARY: u16 = 63;

fn orders() -> TableName {
    TableName::new("shop", "orders")
}

/// A column of INFORMATION_SCHEMA.
fn column(name: &str, declared: &str, charset: Option<&str>) -> Column {
    Column {
        name: name.into(),
        ty: declared::parse(declared, "", charset).expect(declared),
        nullable: false,
        declared: declared.into(),
        hidden: false,
        collation: charset.map(|charset| format!("{charset}_general_ci")),
    }
}

fn version(columns: Vec<Column>, primary_key: &[usize]) -> TableVersion {
    TableVersion { name: orders(), columns, primary_key: primary_key.to_vec(), unique_keys: Vec::new() }
}

/// A column of a table map.
fn told(type_number: u8, metadata: [u8; 2]) -> MapColumn {
    MapColumn {
        type_number,
        metadata,
        wire: wire(type_number, metadata).expect("a column of a server"),
        nullable: false,
        unsigned: None,
        collation: None,
        name: None,
        labels: None,
        geometry: None,
        visible: None,
    }
}

fn int() -> MapColumn {
    told(code::LONG, [0, 0])
}

fn varchar(bytes: u8, collation: u16) -> MapColumn {
    MapColumn { collation: Some(collation), ..told(code::VARCHAR, [bytes, 0]) }
}

fn map(columns: Vec<MapColumn>) -> TableMap {
    TableMap {
        table_id: 1,
        db: "shop".into(),
        table: "orders".into(),
        columns,
        primary_key: None,
        named: false,
    }
}

fn named(columns: Vec<(&str, MapColumn)>, key: &[usize]) -> TableMap {
    let columns = columns
        .into_iter()
        .map(|(name, column)| MapColumn {
            name: Some(name.into()),
            unsigned: column.unsigned.or(Some(false)),
            ..column
        })
        .collect();
    let key = key.iter().map(|&index| (index, 0)).collect();
    TableMap { named: true, primary_key: Some(key), ..map(columns) }
}

fn tracker_of(flavor: Flavor) -> Tracker {
    Tracker::new(Wording::of(flavor, (9, 7, 0)), TableNameCase::Sensitive)
}

/// Follows a statement in the database `shop`.
fn follow(tracker: &mut Tracker, sql: &str) -> Followed {
    let session = utf8();
    let statement = ddl::parse(sql.as_bytes(), "shop", &session, tracker.flavor);
    tracker.follow(&statement, &session, sql)
}

fn utf8() -> Session {
    let collation = Some(UTF8MB4);
    Session {
        sql_mode: Some(0),
        client_collation: collation,
        connection_collation: collation,
        server_collation: collation,
        explicit_timestamp: Some(true),
        ..Session::default()
    }
}

/// A tracker that follows `shop`, in which these tables are all.
fn following(flavor: Flavor, case: TableNameCase, tables: &[&str]) -> Tracker {
    let mut tracker = Tracker::new(Wording::of(flavor, (9, 7, 0)), case);
    tracker.follow_database("shop", "utf8mb4_general_ci", true);
    for sql in tables {
        let followed = follow(&mut tracker, sql);
        assert!(matches!(followed.tables.as_slice(), [TableChange { state: TableState::Proven { .. }, .. }]));
    }
    tracker
}

/// What followed from a statement: `orders a int, b int`, `orders suspect`, `orders gone`.
#[track_caller]
fn check_followed(tracker: &mut Tracker, sql: &str, expected: &[&str]) {
    let followed = follow(tracker, sql);
    let shown = followed.tables.iter().map(|change| match &change.state {
        TableState::Proven { columns, .. } => {
            format!("{} {}", change.table.table, shown(columns).join(", "))
        }
        TableState::Suspect { .. } => format!("{} suspect", change.table.table),
        TableState::Gone => format!("{} gone", change.table.table),
    });
    assert_eq!(shown.collect::<Vec<_>>(), expected, "{sql}");
}

fn proven(flavor: Flavor, version: TableVersion) -> (Tracker, Arc<TableVersion>) {
    let version = Arc::new(version);
    let mut tracker = tracker_of(flavor);
    tracker.prove(&orders(), version.clone(), None);
    (tracker, version)
}

fn shown(version: &TableVersion) -> Vec<String> {
    version.columns.iter().map(|column| format!("{} {}", column.name, column.declared)).collect()
}

#[test]
fn without_names_only_what_was_proven_is_known() {
    let map = map(vec![int(), int()]);
    let mut tracker = tracker_of(Flavor::MySql);
    assert_eq!(tracker.on_table_map(&map), Resolution::Unproven(Doubt::Unknown));
    let both = version(vec![column("a", "int", None), column("b", "int", None)], &[0]);
    let (mut tracker, both) = proven(Flavor::MySql, both);
    assert_eq!(tracker.on_table_map(&map), Resolution::Known(both.clone()));

    // columns of one type may have been swapped: that they fit proves nothing
    for sql in [
        "alter table orders drop c",
        "create or replace table Orders (a int)",
        "drop database shop",
        "alter table orders frobnicate",
    ] {
        tracker.prove(&orders(), both.clone(), None);
        follow(&mut tracker, sql);
        let resolution = tracker.on_table_map(&map);
        assert!(matches!(resolution, Resolution::Unproven(Doubt::Statement(_))), "{sql}: {resolution:?}");
    }
    tracker.prove(&orders(), both.clone(), None);
    for sql in ["truncate table orders", "drop table orders2", "drop database shop2", "flush tables"] {
        follow(&mut tracker, sql);
        assert_eq!(tracker.on_table_map(&map), Resolution::Known(both.clone()), "{sql}");
    }
}

#[test]
fn statements_are_followed_where_the_definition_is_known() {
    let two = "create table orders (a int not null, b int not null)";
    let mut tracker = following(Flavor::MySql, TableNameCase::Sensitive, &[two]);
    let both = map(vec![int(), int()]);
    let columns = |tracker: &mut Tracker, map: &TableMap| match tracker.on_table_map(map) {
        Resolution::Known(version) => shown(&version).join(", "),
        other => panic!("{other:?}"),
    };
    assert_eq!(columns(&mut tracker, &both), "a int, b int");
    // no table map shows that the two changed places
    check_followed(
        &mut tracker,
        "alter table orders change a b int not null, change b a int not null",
        &["orders b int, a int"],
    );
    assert_eq!(columns(&mut tracker, &both), "b int, a int");
    check_followed(&mut tracker, "create table if not exists orders (z int)", &[]);
    assert_eq!(columns(&mut tracker, &both), "b int, a int");
    // a copy takes the place of the original
    check_followed(&mut tracker, "create table _orders_gho like orders", &["_orders_gho b int, a int"]);
    check_followed(
        &mut tracker,
        "alter table _orders_gho add c int not null first",
        &["_orders_gho c int, b int, a int"],
    );
    check_followed(
        &mut tracker,
        "rename table orders to _orders_del, _orders_gho to orders",
        &["_orders_del b int, a int", "_orders_gho gone", "orders c int, b int, a int"],
    );
    assert_eq!(columns(&mut tracker, &map(vec![int(), int(), int()])), "c int, b int, a int");
    check_followed(&mut tracker, "drop table orders", &["orders gone"]);
    assert_eq!(tracker.on_table_map(&both), Resolution::Unproven(Doubt::Unknown));
}

#[test]
fn a_statement_that_is_not_understood_puts_its_table_in_doubt_alone() {
    let tables = ["create table orders (a int not null)", "create table items (b int not null)"];
    let mut tracker = following(Flavor::MySql, TableNameCase::Sensitive, &tables);
    check_followed(&mut tracker, "alter table orders frobnicate the rows", &["orders suspect"]);
    let one = map(vec![int()]);
    let Resolution::Unproven(doubt) = tracker.on_table_map(&one) else { panic!("in doubt") };
    assert!(doubt.to_string().contains("alter table orders frobnicate the rows"), "{doubt}");
    let items = TableMap { table: "items".into(), ..one.clone() };
    assert!(matches!(tracker.on_table_map(&items), Resolution::Known(_)));
    // what follows on a table in doubt cannot be told, but for a definition from the ground up
    check_followed(&mut tracker, "alter table orders add z int", &["orders suspect"]);
    check_followed(&mut tracker, "create table if not exists orders (z int)", &[]);
    check_followed(&mut tracker, "drop table orders", &["orders gone"]);
    check_followed(&mut tracker, "create table orders (z int not null)", &["orders z int"]);
    assert!(matches!(tracker.on_table_map(&one), Resolution::Known(_)));
    // names in the log end a doubt
    follow(&mut tracker, "alter table orders frobnicate the rows");
    let event = named(vec![("z", int())], &[]);
    assert_eq!(tracker.on_table_map(&event), Resolution::NeedsRefresh);
    tracker.refresh(&event, None, None).expect("a complete event");
    assert!(matches!(tracker.on_table_map(&one), Resolution::Known(_)));
}

#[test]
fn names_are_compared_as_the_server_compares_them() {
    let made = "create table Orders (a int not null)";
    let mut lower = following(Flavor::MySql, TableNameCase::Lower, &[made]);
    check_followed(&mut lower, "alter table SHOP.ORDERS add b int not null", &["orders a int, b int"]);
    assert!(matches!(lower.on_table_map(&map(vec![int(), int()])), Resolution::Known(_)));
    let mut exact = following(Flavor::MySql, TableNameCase::Sensitive, &[made]);
    assert_eq!(exact.on_table_map(&map(vec![int()])), Resolution::Unproven(Doubt::Unknown));
    let event = TableMap { table: "Orders".into(), ..map(vec![int()]) };
    assert!(matches!(exact.on_table_map(&event), Resolution::Known(_)));
}

#[test]
fn counters_of_sequences_are_no_rows() {
    let mut tracker = following(Flavor::MariaDb, TableNameCase::Sensitive, &[]);
    follow(&mut tracker, "create sequence s");
    let event = TableMap { table: "s".into(), ..map(vec![int()]) };
    assert_eq!(tracker.on_table_map(&event), Resolution::NoTable);
}

#[test]
fn without_names_every_difference_that_shows_is_noticed() {
    let check = |columns: Vec<MapColumn>, message: &str| {
        let known = vec![column("a", "int", None), column("b", "varchar(10)", Some("latin1"))];
        let (mut tracker, _) = proven(Flavor::MySql, version(known, &[0]));
        let Resolution::Unproven(doubt) = tracker.on_table_map(&map(columns)) else { panic!("{message}") };
        assert_eq!(doubt.to_string(), message);
    };
    check(vec![int()], "the log has 1 columns, the known schema has 2");
    check(vec![int(), varchar(11, LATIN1)], "column 2, `b`: the log has another type or size");
    check(
        vec![MapColumn { nullable: true, ..int() }, varchar(10, LATIN1)],
        "column 1, `a`: the log differs in NULL or NOT NULL",
    );
    check(
        vec![MapColumn { unsigned: Some(true), ..int() }, varchar(10, LATIN1)],
        "column 1, `a`: the log differs in signed or unsigned",
    );
    check(vec![int(), varchar(10, 9)], "column 2, `b`: the log has another character set");
}

#[test]
fn names_in_the_event_decide() {
    let mut tracker = tracker_of(Flavor::MySql);
    let event = named(vec![("id", int()), ("name", varchar(40, UTF8MB4))], &[0]);
    assert_eq!(tracker.on_table_map(&event), Resolution::NeedsRefresh);
    // INFORMATION_SCHEMA is already further: another order, a column gone, another one new
    let found =
        version(vec![column("extra", "int", None), column("name", "varchar(10)", Some("utf8mb4"))], &[]);
    let first = tracker.refresh(&event, Some(&found), None).expect("a complete event");
    assert_eq!(shown(&first), ["id int", "name varchar(10)"]);
    assert_eq!(first.primary_key, [0]);
    assert_eq!(tracker.on_table_map(&event), Resolution::Known(first));

    // moved: nothing has to be asked
    let moved = named(vec![("name", varchar(40, UTF8MB4)), ("id", int())], &[1]);
    let Resolution::Changed(version) = tracker.on_table_map(&moved) else { panic!("another order") };
    assert_eq!(shown(&version), ["name varchar(10)", "id int"]);
    assert_eq!(version.primary_key, [1]);

    // a new column, and a statement: attributes are asked for
    let wider = named(vec![("name", varchar(40, UTF8MB4)), ("id", int()), ("n", int())], &[1]);
    assert_eq!(tracker.on_table_map(&wider), Resolution::NeedsRefresh);
    follow(&mut tracker, "alter table orders add z int");
    assert_eq!(tracker.on_table_map(&moved), Resolution::NeedsRefresh);
    let asked = tracker.refresh(&moved, None, None).expect("a complete event");
    assert_eq!(asked, version);
    assert_eq!(tracker.on_table_map(&moved), Resolution::Known(version));
}

#[test]
fn attributes_are_taken_only_where_they_fit() {
    let check = |event: MapColumn, declared: &str, charset: Option<&str>, shown_as: &str| {
        let found = version(vec![column("a", declared, charset)], &[]);
        let map = named(vec![("a", event)], &[]);
        let version = tracker_of(Flavor::MySql).refresh(&map, Some(&found), None).expect("a complete event");
        assert_eq!(shown(&version), [format!("a {shown_as}")]);
    };
    let unsigned = |column| MapColumn { unsigned: Some(true), ..column };
    check(int(), "int(11)", None, "int(11)");
    check(unsigned(int()), "int(11)", None, "int unsigned");
    check(told(code::TINY, [0, 0]), "tinyint(1)", None, "tinyint(1)");
    check(told(code::TINY, [0, 0]), "int", None, "tinyint");
    check(unsigned(told(code::NEWDECIMAL, [10, 2])), "decimal(10,2)", None, "decimal(10,2) unsigned");
    check(told(code::NEWDECIMAL, [10, 2]), "decimal(10,2)", None, "decimal(10,2)");
    check(varchar(40, UTF8MB4), "varchar(10)", Some("utf8mb4"), "varchar(10)");
    // the same bytes, but of another character set
    check(varchar(40, LATIN1), "varchar(10)", Some("utf8mb4"), "varchar(40)");
    check(varchar(40, BINARY), "varchar(40)", Some("latin1"), "varbinary(40)");
    check(varchar(40, LATIN1), "varbinary(40)", None, "varchar(40)");
    let uuid = || MapColumn { collation: Some(BINARY), ..told(code::STRING, [0xfe, 16]) };
    check(uuid(), "uuid", None, "uuid");
    check(uuid(), "int", None, "binary(16)");
    let point = MapColumn { geometry: Some(1), ..told(code::GEOMETRY, [4, 0]) };
    check(point.clone(), "point", None, "point");
    check(point, "int", None, "point");
}

#[test]
fn labels_are_those_of_the_event() {
    let labels = |labels: &[&[u8]]| Some(labels.iter().map(|label| label.to_vec()).collect());
    let event = MapColumn {
        collation: Some(UTF8MB4),
        labels: labels(&["😀".as_bytes(), b"b"]),
        ..told(code::STRING, [code::ENUM, 1])
    };
    let mut tracker = tracker_of(Flavor::MySql);
    let map = named(vec![("a", event)], &[]);
    // INFORMATION_SCHEMA loses four-byte characters of labels
    let found = version(vec![column("a", "enum('?','b')", Some("utf8mb4"))], &[]);
    let first = tracker.refresh(&map, Some(&found), None).expect("a complete event");
    assert_eq!(shown(&first), ["a enum('😀','b')"]);
    assert_eq!(tracker.on_table_map(&map), Resolution::Known(first));

    let latin1 = MapColumn {
        collation: Some(LATIN1),
        labels: labels(&[b"\xe0"]),
        ..told(code::STRING, [code::SET, 1])
    };
    let map = named(vec![("a", latin1)], &[]);
    let version = tracker.refresh(&map, None, None).expect("a complete event");
    assert_eq!(shown(&version), ["a set('à')"]);
}

#[test]
fn hidden_columns_of_mariadb() {
    let row_end = || told(code::TIMESTAMP2, [6, 0]);
    let hash = MapColumn { unsigned: Some(true), nullable: true, ..told(code::LONGLONG, [0, 0]) };
    let columns =
        vec![("id", int()), ("row_start", row_end()), ("row_end", row_end()), ("DB_ROW_HASH_1", hash)];
    let map = named(columns, &[0, 2]);
    let hidden = |flavor, found: &TableVersion| -> Vec<bool> {
        let version = tracker_of(flavor).refresh(&map, Some(found), None).expect("a complete event");
        assert_eq!(version.primary_key.contains(&2), !version.columns[2].hidden);
        version.columns.iter().map(|column| column.hidden).collect()
    };
    let implicit = version(vec![column("id", "int", None)], &[]);
    assert_eq!(hidden(Flavor::MariaDb, &implicit), [false, true, true, true]);
    assert_eq!(hidden(Flavor::MySql, &implicit), [false; 4]);
    let end = |name| column(name, "timestamp(6)", None);
    let explicit = version(vec![column("id", "int", None), end("row_start"), end("row_end")], &[]);
    assert_eq!(hidden(Flavor::MariaDb, &explicit), [false, false, false, true]);
}

#[test]
fn a_unique_key_that_serves_as_primary_key_stays_one() {
    let unique = |keys: &[&[usize]]| keys.iter().map(|key| key.to_vec()).collect::<Vec<_>>();
    let found = TableVersion {
        unique_keys: unique(&[&[1], &[0]]),
        ..version(vec![column("a", "int", None), column("b", "int", None)], &[])
    };
    let map = named(vec![("b", int()), ("a", int())], &[1]);
    let version = tracker_of(Flavor::MySql).refresh(&map, Some(&found), None).expect("a complete event");
    assert!(version.primary_key.is_empty());
    assert_eq!(version.unique_keys, unique(&[&[1], &[0]]));
    assert_eq!(version.row_key(), Some(&[1][..]));

    // keys of the same columns stay as many as they are, also beside a primary key
    let same = TableVersion { unique_keys: unique(&[&[0], &[0]]), ..found.clone() };
    let mut tracker = tracker_of(Flavor::MySql);
    for (told, primary_key) in [(0, Vec::new()), (0, vec![0])] {
        let known = Arc::new(TableVersion { primary_key, ..same.clone() });
        tracker.prove(&orders(), known.clone(), None);
        let map = named(vec![("a", int()), ("b", int())], &[told]);
        assert_eq!(tracker.on_table_map(&map), Resolution::Known(known));
    }

    // columns of a key that became nullable identify nothing
    let nullable = MapColumn { nullable: true, ..int() };
    let map = named(vec![("b", nullable), ("a", int())], &[]);
    let version = tracker_of(Flavor::MySql).refresh(&map, Some(&found), None).expect("a complete event");
    assert_eq!(version.unique_keys, unique(&[&[1]]));
}

#[test]
fn an_event_that_does_not_tell_enough_is_refused() {
    let refused = |column: MapColumn| {
        let map = named(vec![("a", column)], &[]);
        tracker_of(Flavor::MySql).refresh(&map, None, None).expect_err("not enough").to_string()
    };
    assert_eq!(refused(varchar(4, 500)), "column `a`: collation 500 is not known");
    let nothing = "column `a`: the log does not tell its character set or labels";
    assert_eq!(refused(told(code::VARCHAR, [4, 0])), nothing);
    assert_eq!(refused(told(code::STRING, [code::ENUM, 1])), nothing);
}

#[test]
fn collations_are_those_of_the_event_in_the_words_of_the_server() {
    let collation = |known: Option<&str>, told: u16| {
        let found = known.map(|known| {
            let known =
                Column { collation: Some(known.into()), ..column("a", "varchar(10)", Some("utf8mb3")) };
            version(vec![known], &[])
        });
        let map = named(vec![("a", varchar(30, told))], &[]);
        let version =
            tracker_of(Flavor::MySql).refresh(&map, found.as_ref(), None).expect("a complete event");
        version.columns[0].collation.clone()
    };
    assert_eq!(collation(Some("utf8_general_ci"), 33).as_deref(), Some("utf8_general_ci"));
    assert_eq!(collation(Some("utf8_general_ci"), 83).as_deref(), Some("utf8mb3_bin"));
    assert_eq!(collation(None, 33).as_deref(), Some("utf8mb3_general_ci"));
}
