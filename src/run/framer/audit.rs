//! Columns that statements made of a table, held against what the server says once the stream has caught up.
//!
//! What a table map cannot show, a name or two columns of one type in other places, would go unnoticed if a statement were followed
//! wrongly. So after each statement the names are compared, once, as soon as nothing more is to be read.
//! Does not: ask the server, or delay rows.

use crate::mysql::ddl::DdlEffect;
use crate::mysql::position::BinlogPosition;
use crate::mysql::schema::{TableName, TableState, TableVersion};
use crate::source::mysql::io::Fenced;
use std::collections::BTreeSet;

/// Tables to be compared.
#[derive(Debug, Default)]
pub(super) struct Audit {
    /// Changed by a statement since the last time.
    due: BTreeSet<TableName>,
    /// Read, and to be compared where the stream has come to this place.
    read: Vec<(TableName, TableVersion, BinlogPosition)>,
}

impl Audit {
    /// A statement touched tables: what was read of them counts for nothing.
    pub(super) fn touched(&mut self, effect: &DdlEffect) {
        self.read.retain(|(table, ..)| !effect.may_touch(table));
    }

    /// The table has columns by a statement, and rows without names.
    pub(super) fn order(&mut self, table: &TableName) {
        self.due.insert(table.clone());
    }

    /// The tables to be read now.
    pub(super) fn due(&mut self) -> BTreeSet<TableName> {
        std::mem::take(&mut self.due)
    }

    /// A table was read. One that is gone has no columns to compare: the statement that took it follows.
    pub(super) fn read(&mut self, table: TableName, found: Fenced) {
        if let Some(facts) = found.table.filter(|facts| facts.kind.has_rows()) {
            self.read.push((table, facts.version, found.upto));
        }
    }

    /// Compares what was read up to `here`; `known` tells what the stream knows. The first table whose names differ, and what
    /// differs.
    pub(super) fn compare<'k>(
        &mut self,
        here: &BinlogPosition,
        known: impl Fn(&TableName) -> Option<&'k TableState>,
    ) -> Option<(TableName, String)> {
        if self.read.is_empty() {
            return None;
        }
        let (reached, waiting): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.read).into_iter().partition(|(.., upto)| upto <= here);
        self.read = waiting;
        reached.into_iter().find_map(|(table, found, _)| {
            let known = known(&table)?.proven()?;
            let (known, found) = (names(known), names(&found));
            (known != found).then(|| {
                let text = format!(
                    "the statements of the log make ({}) of it, the server has ({})",
                    known.join(", "),
                    found.join(", ")
                );
                (table, text)
            })
        })
    }
}

fn names(version: &TableVersion) -> Vec<&str> {
    version.columns.iter().map(|column| column.name.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Engine, TableFacts, TableKind};
    use crate::mysql::column_type::ColumnType;
    use crate::mysql::ddl::TableDdl;
    use crate::mysql::schema::Column;
    use std::sync::Arc;

    fn orders() -> TableName {
        TableName::new("shop", "orders")
    }

    fn version(names: &[&str]) -> TableVersion {
        let column = |name: &&str| Column {
            name: (*name).to_owned(),
            ty: ColumnType::Int { unsigned: false },
            nullable: false,
            declared: "int".into(),
            hidden: false,
            collation: None,
        };
        TableVersion {
            name: orders(),
            columns: names.iter().map(column).collect(),
            primary_key: Vec::new(),
            unique_keys: Vec::new(),
        }
    }

    fn at(offset: u64) -> BinlogPosition {
        BinlogPosition::new("b.000001", offset)
    }

    fn read(audit: &mut Audit, names: &[&str], upto: u64) {
        let table = TableFacts {
            version: version(names),
            kind: TableKind::Base,
            engine: Engine::Transactional,
            rows_estimate: 0,
            old_temporals: Vec::new(),
            generated: Vec::new(),
        };
        audit.read(orders(), Fenced { table: Some(table), definition: None, upto: at(upto) });
    }

    fn compare(audit: &mut Audit, names: &[&str], here: u64) -> Option<String> {
        let state = TableState::Proven { columns: Arc::new(version(names)), definition: None };
        audit.compare(&at(here), |_| Some(&state)).map(|(_, text)| text)
    }

    #[test]
    fn columns_in_other_places_are_noticed_where_the_reading_holds() {
        let mut audit = Audit::default();
        audit.order(&orders());
        assert_eq!(audit.due(), BTreeSet::from([orders()]));
        assert_eq!(audit.due(), BTreeSet::new(), "once");
        read(&mut audit, &["b", "a"], 100);
        assert_eq!(compare(&mut audit, &["a", "b"], 99), None, "not yet");
        let text = "the statements of the log make (a, b) of it, the server has (b, a)";
        assert_eq!(compare(&mut audit, &["a", "b"], 100).as_deref(), Some(text));
        read(&mut audit, &["a", "b"], 100);
        assert_eq!(compare(&mut audit, &["a", "b"], 200), None);
    }

    #[test]
    fn a_statement_in_between_ends_the_comparison() {
        let mut audit = Audit::default();
        read(&mut audit, &["b", "a"], 100);
        audit.touched(&DdlEffect::Tables { tables: vec![orders()], kind: TableDdl::Alter });
        assert_eq!(compare(&mut audit, &["a", "b"], 100), None);
    }
}
