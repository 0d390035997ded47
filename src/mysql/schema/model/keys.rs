//! Keys of a table as they are made, named, and follow its columns.

use super::Doubt;
use super::table::{Key, Part, Table};
use crate::mysql::ddl::ir::{Generated, KeyDef, KeyKind, KeyPart};
use crate::mysql::ident::same_column;
use crate::mysql::position::Flavor;

/// The name of every primary key.
pub(super) const PRIMARY: &str = "PRIMARY";

impl Table {
    /// Adds a key. Two of one name are the server's business.
    pub(super) fn add_key(&mut self, def: &KeyDef, flavor: Flavor) -> Result<(), Doubt> {
        if def.if_not_exists && def.name.as_deref().is_some_and(|name| self.has_key(name)) {
            return Ok(());
        }
        if def.kind == KeyKind::Primary && self.has_key(PRIMARY) {
            return if def.if_not_exists { Ok(()) } else { Err(Doubt::SecondPrimaryKey) };
        }
        let mut parts = Vec::with_capacity(def.parts.len());
        for part in &def.parts {
            let part = match part {
                KeyPart::Column { name, prefix } => match self.column(name) {
                    Some(column) => Part { column: Some(column.name.clone()), prefix: *prefix },
                    None => return Err(Doubt::UnknownColumn(name.clone())),
                },
                KeyPart::Expression => Part { column: None, prefix: None },
                KeyPart::Period => {
                    let Some((start, end)) = &self.period else {
                        return Err(Doubt::UnknownColumn("of a period".to_owned()));
                    };
                    parts.push(Part { column: Some(end.clone()), prefix: None });
                    Part { column: Some(start.clone()), prefix: None }
                }
            };
            parts.push(part);
        }
        let name = match (def.kind, &def.name) {
            (KeyKind::Primary, _) => PRIMARY.to_owned(),
            (_, Some(name)) => name.clone(),
            (_, None) => self.key_name(&parts),
        };
        // MySQL makes a tree where a hash is asked for
        let hash = def.hash && flavor == Flavor::MariaDb;
        self.keys.push(Key { name, kind: def.kind, parts, hash });
        Ok(())
    }

    pub(super) fn has_key(&self, name: &str) -> bool {
        self.keys.iter().any(|key| same_column(&key.name, name))
    }

    /// The name a server gives to a key without one. Source: `make_unique_key_name`, `sql_table.cc`.
    fn key_name(&self, parts: &[Part]) -> String {
        let column = parts.first().and_then(|part| part.column.as_deref());
        let base = column.unwrap_or("functional_index");
        // the key of a foreign key that this one serves will not be made
        let is_served = |key: &Key| {
            key.kind == KeyKind::Foreign
                && key.parts.len() <= parts.len()
                && key.parts.iter().zip(parts).all(|(one, by)| one.column == by.column && by.prefix.is_none())
        };
        let has_key =
            |name: &str| self.keys.iter().any(|key| same_column(&key.name, name) && !is_served(key));
        if !has_key(base) && !base.eq_ignore_ascii_case(PRIMARY) {
            return base.to_owned();
        }
        let mut names = (2..).map(|number| format!("{base}_{number}"));
        names.find(|name| !has_key(name)).expect("there is no end of numbers")
    }

    /// What holds for keys when all are there: parts of the primary key are NOT NULL, foreign keys need no key of their
    /// own where another serves, and all are in the order of `sorted`, if there is any.
    pub(super) fn finish_keys(&mut self, sorted: Option<Flavor>) {
        self.end_in_row_end();
        let keys = std::mem::take(&mut self.keys);
        let serves = |at: usize, other: usize| {
            let (key, by) = (&keys[at], &keys[other]);
            at != other
                && by.parts.len() >= key.parts.len()
                && key
                    .parts
                    .iter()
                    .zip(&by.parts)
                    .all(|(one, other)| one.column == other.column && other.prefix.is_none())
                && (by.kind != KeyKind::Foreign || by.parts.len() > key.parts.len() || other < at)
        };
        let kept: Vec<Key> = (0..keys.len())
            .filter(|&at| {
                keys[at].kind != KeyKind::Foreign || !(0..keys.len()).any(|other| serves(at, other))
            })
            .map(|at| keys[at].clone())
            .collect();
        self.keys = kept;
        // one after another: a key in front of the primary key still has columns that may be NULL
        let mut nullable = Vec::with_capacity(self.keys.len());
        for key in self.keys.clone() {
            if key.kind == KeyKind::Primary {
                key.parts
                    .iter()
                    .filter_map(|part| part.column.as_deref())
                    .for_each(|name| self.not_null(name));
            }
            nullable.push(self.may_be_null(&key));
        }
        if let Some(flavor) = sorted {
            self.sort_keys(&nullable, flavor);
        }
    }

    /// The key that identifies rows where there is no primary key: the first unique one that holds whole columns which are never
    /// NULL.
    pub(super) fn implicit_key(&self) -> Option<&Key> {
        if self.has_key(PRIMARY) {
            return None;
        }
        let whole = |key: &Key| key.parts.iter().all(|part| part.prefix.is_none());
        let serves = |key: &&Key| key.kind == KeyKind::Unique && whole(key) && !self.may_be_null(key);
        self.keys.iter().find(serves)
    }

    /// Whether a key has a part that may be NULL.
    fn may_be_null(&self, key: &Key) -> bool {
        let column = |part: &Part| part.column.as_deref().and_then(|name| self.column(name));
        key.parts.iter().any(|part| column(part).is_none_or(|column| column.nullable))
    }

    /// Makes a column NOT NULL.
    pub(super) fn not_null(&mut self, name: &str) {
        if let Some(column) = self.columns.iter_mut().find(|column| same_column(&column.name, name)) {
            column.nullable = false;
        }
    }

    /// Columns have other names from here on, or are gone; all at once, since two may change names with each other.
    pub(super) fn follow_columns(&mut self, fates: &[(String, Option<String>)]) {
        if fates.is_empty() {
            return;
        }
        let fate = |part: &Part| {
            let column = part.column.as_deref()?;
            fates.iter().find(|(old, _)| same_column(old, column))
        };
        let period = self.period.as_ref().map(|(start, end)| [end, start].map(String::as_str));
        for key in &mut self.keys {
            let n_parts = key.parts.len();
            key.parts.retain(|part| fate(part).is_none_or(|(_, new)| new.is_some()));
            // A server gives up no column of a key of several, but the only one beside a period: with it goes the key.
            // (Observed on MariaDB 10.11.)
            let left: Vec<&str> = key.parts.iter().filter_map(|part| part.column.as_deref()).collect();
            let is_unique = matches!(key.kind, KeyKind::Primary | KeyKind::Unique);
            if is_unique && key.parts.len() < n_parts && period.is_some_and(|period| left == period) {
                key.parts.clear();
            }
            for part in &mut key.parts {
                if let Some((_, new)) = fate(part) {
                    part.column.clone_from(new);
                }
            }
        }
        self.keys.retain(|key| !key.parts.is_empty());
        if let Some((start, end)) = &mut self.period {
            for column in [start, end] {
                let fate = fates.iter().find(|(old, _)| same_column(old, column));
                if let Some((_, Some(new))) = fate {
                    column.clone_from(new);
                }
            }
        }
    }

    /// Parts of keys are whole columns from here on where a column became a type that has no first characters.
    pub(super) fn forget_prefixes(&mut self) {
        let columns = &self.columns;
        let whole = |name: &str| {
            let column = columns.iter().find(|column| same_column(&column.name, name));
            column.is_some_and(|column| !column.has_prefixes())
        };
        for part in self.keys.iter_mut().flat_map(|key| &mut key.parts) {
            if part.column.as_deref().is_some_and(whole) {
                part.prefix = None;
            }
        }
    }

    /// No key is kept as a hash from here on because it was asked for, or because it holds shapes, of which it now holds the
    /// beginning: MariaDB forgets both when a table is altered or copied. (Observed on 10.11 and 11.8.)
    pub(super) fn forget_hashes(&mut self) {
        /// What stands in front of a shape's coordinates.
        const HEAD_BYTES: u32 = 8;
        let columns = &self.columns;
        let is_shape =
            |name: &str| columns.iter().any(|column| same_column(&column.name, name) && column.is_shape());
        for key in &mut self.keys {
            key.hash = false;
            for part in &mut key.parts {
                if part.column.as_deref().is_some_and(is_shape) {
                    part.prefix.get_or_insert(HEAD_BYTES);
                }
            }
        }
    }

    /// Drops a key by name.
    pub(super) fn drop_key(&mut self, name: &str, if_exists: bool) -> Result<(), Doubt> {
        let before = self.keys.len();
        self.keys.retain(|key| !same_column(&key.name, name));
        if self.keys.len() < before || if_exists { Ok(()) } else { Err(Doubt::UnknownKey(name.to_owned())) }
    }

    /// Gives a key another name.
    pub(super) fn rename_key(&mut self, old: &str, new: &str, if_exists: bool) -> Result<(), Doubt> {
        match self.keys.iter_mut().find(|key| same_column(&key.name, old)) {
            Some(key) => {
                new.clone_into(&mut key.name);
                Ok(())
            }
            None if if_exists => Ok(()),
            None => Err(Doubt::UnknownKey(old.to_owned())),
        }
    }

    /// Keys of a table that shows the life of its rows (MariaDB) tell old rows from new ones: unless they hold a column of it, its
    /// end is their last part. (Observed on 10.11 and 11.8.)
    fn end_in_row_end(&mut self) {
        let of = |kind| self.columns.iter().find(|column| column.generated == Some(kind));
        let (Some(start), Some(end)) = (of(Generated::RowStart), of(Generated::RowEnd)) else { return };
        let life = [start.name.clone(), end.name.clone()];
        let holds = |part: &Part| part.column.as_ref().is_some_and(|name| life.contains(name));
        let unique = |key: &&mut Key| matches!(key.kind, KeyKind::Primary | KeyKind::Unique);
        for key in self.keys.iter_mut().filter(unique).filter(|key| !key.parts.iter().any(holds)) {
            key.parts.push(Part { column: Some(life[1].clone()), prefix: None });
        }
    }
}
