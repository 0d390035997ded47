//! Which columns the rows of a table have, at the place of the log where a stream stands.
//!
//! Guarantees: columns are given out only when the event names them, or when they were proven and no
//! statement since may have touched them. That a table map fits known columns proves no names: columns of one
//! type may have been renamed or swapped.
//! Does not: follow statements column by column, ask the server, or know tasks.

use super::from_map::{self, FromMapError};
use super::{TableChange, TableName, TableState, TableVersion};
use crate::mysql::binlog::layout::{LayoutError, RowLayout};
use crate::mysql::binlog::table_map::TableMap;
use crate::mysql::charset::collation;
use crate::mysql::ddl::DdlEffect;
use crate::mysql::position::Flavor;
use std::collections::HashMap;
use std::sync::Arc;

/// What one stream knows of tables.
#[derive(Debug)]
pub struct Tracker {
    flavor: Flavor,
    tables: HashMap<TableName, TableState>,
}

/// What a table map means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolution {
    /// The columns that are known.
    Known(Arc<TableVersion>),
    /// Other columns, as the event names them.
    Changed(Arc<TableVersion>),
    /// The event names the columns; attributes such as the declared type are to be asked for, then
    /// [`Tracker::refresh`].
    NeedsRefresh,
    /// The columns are not proven: they are to be read again at a place the stream has not passed, then
    /// [`Tracker::prove`].
    Unproven(Doubt),
}

/// Why columns are not proven.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    /// The table was never seen.
    #[error("nothing is known of its columns at this place of the log")]
    Unknown,
    /// A statement may have changed it, and the log does not name columns.
    #[error("a statement may have changed it, and the log does not name its columns")]
    Statement,
    /// The known columns are not those of the log.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// The known columns have another character set than those of the log.
    #[error("column {number}, `{name}`: the log has another character set")]
    Charset {
        /// Number from 1.
        number: usize,
        /// Name by the known columns.
        name: String,
    },
}

impl Tracker {
    /// A tracker that knows no table.
    pub fn new(flavor: Flavor) -> Tracker {
        Tracker { flavor, tables: HashMap::new() }
    }

    /// Takes columns as proven at the place of the stream: from a state record, or read again without a
    /// statement in between.
    pub fn prove(&mut self, table: &TableName, columns: Arc<TableVersion>) {
        self.know(table, TableState::Proven { columns });
    }

    /// Takes what is known of a table at the place of the stream.
    pub fn know(&mut self, table: &TableName, state: TableState) {
        self.tables.insert(table.clone(), state);
    }

    /// The columns known of a table, proven or not.
    pub fn known(&self, table: &TableName) -> Option<&Arc<TableVersion>> {
        self.tables.get(table)?.last()
    }

    /// Follows a statement: the tables it may have defined anew are suspect from now on.
    pub fn on_ddl(&mut self, effect: &DdlEffect) -> Vec<TableChange> {
        if !effect.defines() {
            return Vec::new();
        }
        let touched = self.tables.iter_mut().filter(|(table, _)| effect.may_touch(table));
        let mut changes: Vec<TableChange> = touched
            .map(|(table, state)| {
                let before = state.last().cloned();
                *state = TableState::Suspect { reason: String::new(), before };
                TableChange { table: table.clone(), state: state.clone() }
            })
            .collect();
        changes.sort_by(|a, b| a.table.cmp(&b.table));
        changes
    }

    /// Tells the columns behind a table map.
    pub fn on_table_map(&mut self, map: &TableMap) -> Resolution {
        let known = self.tables.get_mut(&TableName::new(&map.db, &map.table));
        if !map.named {
            return match known {
                None | Some(TableState::Gone) => Resolution::Unproven(Doubt::Unknown),
                Some(TableState::Suspect { .. }) => Resolution::Unproven(Doubt::Statement),
                Some(TableState::Proven { columns }) => match verify(map, columns, self.flavor) {
                    Ok(()) => Resolution::Known(columns.clone()),
                    Err(doubt) => Resolution::Unproven(doubt),
                },
            };
        }
        let Some(TableState::Proven { columns }) = known else { return Resolution::NeedsRefresh };
        match from_map::build(map, self.flavor, &[columns]) {
            Ok(built) if built.version == **columns => Resolution::Known(columns.clone()),
            Ok(built) if built.complete => {
                *columns = Arc::new(built.version);
                Resolution::Changed(columns.clone())
            }
            // what is wrong with the event is told by the refresh
            Ok(_) | Err(_) => Resolution::NeedsRefresh,
        }
    }

    /// The columns a table map names, with attributes from `found`, which was read from the server just now,
    /// or else from what was known. None of it can put a value under a wrong name.
    ///
    /// # Errors
    /// When the event lacks a name, a character set or labels, or has a character set that is not known.
    pub fn refresh(
        &mut self,
        map: &TableMap,
        found: Option<&TableVersion>,
    ) -> Result<Arc<TableVersion>, FromMapError> {
        let name = TableName::new(&map.db, &map.table);
        let before = self.known(&name).cloned();
        let sources: Vec<&TableVersion> = found.into_iter().chain(before.as_deref()).collect();
        let version = from_map::build(map, self.flavor, &sources)?.version;
        let version = match before {
            Some(before) if *before == version => before,
            Some(_) | None => Arc::new(version),
        };
        self.prove(&name, version.clone());
        Ok(version)
    }
}

/// Checks known columns against a table map without names: number, types, sizes, nullability, and sign and
/// character set where the event tells them.
fn verify(map: &TableMap, version: &TableVersion, flavor: Flavor) -> Result<(), Doubt> {
    RowLayout::build(map, version)?;
    for (index, (told, known)) in map.columns.iter().zip(&version.columns).enumerate() {
        let told = told.collation.and_then(|id| collation(id, flavor).ok());
        if let (Some(told), Some(text)) = (told, known.ty.as_text())
            && told.charset.name() != text.charset
        {
            return Err(Doubt::Charset { number: index + 1, name: known.name.clone() });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mysql::binlog::table_map::MapColumn;
    use crate::mysql::binlog::wire::{code, wire};
    use crate::mysql::ddl::TableDdl;
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

    fn ddl(kind: TableDdl, table: &str) -> DdlEffect {
        DdlEffect::Tables { tables: vec![TableName::new("shop", table)], kind }
    }

    fn proven(flavor: Flavor, version: TableVersion) -> (Tracker, Arc<TableVersion>) {
        let version = Arc::new(version);
        let mut tracker = Tracker::new(flavor);
        tracker.prove(&orders(), version.clone());
        (tracker, version)
    }

    fn shown(version: &TableVersion) -> Vec<String> {
        version.columns.iter().map(|column| format!("{} {}", column.name, column.declared)).collect()
    }

    #[test]
    fn without_names_only_what_was_proven_is_known() {
        let map = map(vec![int(), int()]);
        let mut tracker = Tracker::new(Flavor::MySql);
        assert_eq!(tracker.on_table_map(&map), Resolution::Unproven(Doubt::Unknown));
        let both = version(vec![column("a", "int", None), column("b", "int", None)], &[0]);
        let (mut tracker, both) = proven(Flavor::MySql, both);
        assert_eq!(tracker.on_table_map(&map), Resolution::Known(both.clone()));

        // columns of one type may have been swapped: that they fit proves nothing
        for effect in [
            ddl(TableDdl::Alter, "orders"),
            ddl(TableDdl::Create, "Orders"),
            DdlEffect::Database("shop".into()),
            DdlEffect::Unknown,
        ] {
            tracker.prove(&orders(), both.clone());
            tracker.on_ddl(&effect);
            assert_eq!(tracker.on_table_map(&map), Resolution::Unproven(Doubt::Statement), "{effect:?}");
        }
        tracker.prove(&orders(), both.clone());
        for effect in [
            ddl(TableDdl::Truncate, "orders"),
            ddl(TableDdl::Drop, "orders2"),
            DdlEffect::Database("shop2".into()),
            DdlEffect::Nothing,
        ] {
            tracker.on_ddl(&effect);
            assert_eq!(tracker.on_table_map(&map), Resolution::Known(both.clone()), "{effect:?}");
        }
    }

    #[test]
    fn without_names_every_difference_that_shows_is_noticed() {
        let check = |columns: Vec<MapColumn>, message: &str| {
            let known = vec![column("a", "int", None), column("b", "varchar(10)", Some("latin1"))];
            let (mut tracker, _) = proven(Flavor::MySql, version(known, &[0]));
            let Resolution::Unproven(doubt) = tracker.on_table_map(&map(columns)) else {
                panic!("{message}")
            };
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
        let mut tracker = Tracker::new(Flavor::MySql);
        let event = named(vec![("id", int()), ("name", varchar(40, UTF8MB4))], &[0]);
        assert_eq!(tracker.on_table_map(&event), Resolution::NeedsRefresh);
        // INFORMATION_SCHEMA is already further: another order, a column gone, another one new
        let found =
            version(vec![column("extra", "int", None), column("name", "varchar(10)", Some("utf8mb4"))], &[]);
        let first = tracker.refresh(&event, Some(&found)).expect("a complete event");
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
        tracker.on_ddl(&ddl(TableDdl::Alter, "orders"));
        assert_eq!(tracker.on_table_map(&moved), Resolution::NeedsRefresh);
        let asked = tracker.refresh(&moved, None).expect("a complete event");
        assert_eq!(asked, version);
        assert_eq!(tracker.on_table_map(&moved), Resolution::Known(version));
    }

    #[test]
    fn attributes_are_taken_only_where_they_fit() {
        let check = |event: MapColumn, declared: &str, charset: Option<&str>, shown_as: &str| {
            let found = version(vec![column("a", declared, charset)], &[]);
            let map = named(vec![("a", event)], &[]);
            let version = Tracker::new(Flavor::MySql).refresh(&map, Some(&found)).expect("a complete event");
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
        let mut tracker = Tracker::new(Flavor::MySql);
        let map = named(vec![("a", event)], &[]);
        // INFORMATION_SCHEMA loses four-byte characters of labels
        let found = version(vec![column("a", "enum('?','b')", Some("utf8mb4"))], &[]);
        let first = tracker.refresh(&map, Some(&found)).expect("a complete event");
        assert_eq!(shown(&first), ["a enum('😀','b')"]);
        assert_eq!(tracker.on_table_map(&map), Resolution::Known(first));

        let latin1 = MapColumn {
            collation: Some(LATIN1),
            labels: labels(&[b"\xe0"]),
            ..told(code::STRING, [code::SET, 1])
        };
        let map = named(vec![("a", latin1)], &[]);
        let version = tracker.refresh(&map, None).expect("a complete event");
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
            let version = Tracker::new(flavor).refresh(&map, Some(found)).expect("a complete event");
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
        let version = Tracker::new(Flavor::MySql).refresh(&map, Some(&found)).expect("a complete event");
        assert!(version.primary_key.is_empty());
        assert_eq!(version.unique_keys, unique(&[&[1], &[0]]));
        assert_eq!(version.row_key(), Some(&[1][..]));

        // columns of a key that became nullable identify nothing
        let nullable = MapColumn { nullable: true, ..int() };
        let map = named(vec![("b", nullable), ("a", int())], &[]);
        let version = Tracker::new(Flavor::MySql).refresh(&map, Some(&found)).expect("a complete event");
        assert_eq!(version.unique_keys, unique(&[&[1]]));
    }

    #[test]
    fn an_event_that_does_not_tell_enough_is_refused() {
        let refused = |column: MapColumn| {
            let map = named(vec![("a", column)], &[]);
            Tracker::new(Flavor::MySql).refresh(&map, None).expect_err("not enough").to_string()
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
                Tracker::new(Flavor::MySql).refresh(&map, found.as_ref()).expect("a complete event");
            version.columns[0].collation.clone()
        };
        assert_eq!(collation(Some("utf8_general_ci"), 33).as_deref(), Some("utf8_general_ci"));
        assert_eq!(collation(Some("utf8_general_ci"), 83).as_deref(), Some("utf8mb3_bin"));
        assert_eq!(collation(None, 33).as_deref(), Some("utf8mb3_general_ci"));
    }
}
