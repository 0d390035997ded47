//! A table version as its records show it: which columns, by what names, which of them masked, and what the key is.

use super::columns::{ColumnNames, named_columns, sent_columns};
use super::error::RouteError;
use super::mask::{Salts, is_lossy, masks_of};
use super::partition::Hashed;
use crate::format::{OutputColumn, OutputTable};
use crate::mysql::schema::TableVersion;
use crate::plan::{KeyRule, TableDecision, TaskId};
use crate::transform::{Mask, RowMask};
use std::sync::Arc;

/// A table version on its way, before anything is encoded.
pub(super) struct Shown<'d> {
    names: ColumnNames<'d>,
    masks: Vec<(usize, Mask)>,
    /// Columns that are sent.
    pub(super) columns: Vec<OutputColumn>,
    /// None where no column is masked.
    pub(super) mask: Option<RowMask>,
    /// What is behind the masks sees another table: its masked columns are of other types.
    seen: Arc<TableVersion>,
    /// None: no key.
    pub(super) key: Option<KeyColumns>,
}

impl<'d> Shown<'d> {
    /// # Errors
    /// When the rules do not fit the table.
    pub(super) fn new(
        decision: &'d TableDecision,
        version: &Arc<TableVersion>,
        task: &TaskId,
        salts: &Salts,
    ) -> Result<Shown<'d>, RouteError> {
        let names = ColumnNames::new(decision)?;
        let columns = sent_columns(decision, version, &names)?;
        let masks = masks_of(&decision.masks, version, &columns, salts)?;
        let (mask, seen) = match masks.as_slice() {
            [] => (None, version.clone()),
            masks => {
                let (mask, seen) = RowMask::build(version, masks)?;
                (Some(mask), Arc::new(seen))
            }
        };
        let told = Told { columns: &columns, masks: &masks };
        let key = key_columns(decision, &seen, told, &names, task)?;
        Ok(Shown { names, masks, columns, mask, seen, key })
    }

    /// The table as formats want it.
    pub(super) fn table<'t>(&'t self, decision: &'t TableDecision, task: &'t TaskId) -> OutputTable<'t> {
        OutputTable {
            source: &task.source,
            db: &decision.db,
            table: &decision.table,
            version: &self.seen,
            columns: &self.columns,
        }
    }

    /// Columns of the primary key that are sent, which are `pkNames` to Canal, whatever the key of records is; none for a table
    /// without.
    pub(super) fn primary_key(&self) -> Option<KeyColumns> {
        let sent = |index: &usize| self.columns.iter().find(|sent| sent.index == *index).cloned();
        let columns: Vec<OutputColumn> = self.seen.primary_key.iter().filter_map(sent).collect();
        (!columns.is_empty()).then_some(KeyColumns { columns, origin: None })
    }

    /// Columns that `statement` names, which tell one row from another.
    ///
    /// # Errors
    /// When one does not exist, is not sent, or loses its value to a mask.
    pub(super) fn named(
        &self,
        statement: &'static str,
        wanted: &[String],
    ) -> Result<Vec<OutputColumn>, RouteError> {
        let columns = named_columns(statement, wanted, &self.seen, &self.names)?;
        let told = Told { columns: &self.columns, masks: &self.masks };
        told.check(statement, &columns, &self.seen)?;
        Ok(columns)
    }
}

/// What of a table is told: the columns that are sent, and which of them are masked.
#[derive(Clone, Copy)]
struct Told<'t> {
    columns: &'t [OutputColumn],
    masks: &'t [(usize, Mask)],
}

impl Told<'_> {
    /// Columns of a key or of a partition's hash are sent, and still tell one row from another.
    fn check(
        self,
        statement: &'static str,
        columns: &[OutputColumn],
        version: &TableVersion,
    ) -> Result<(), RouteError> {
        for OutputColumn { index, .. } in columns {
            let column = || version.columns[*index].name.clone();
            if !self.columns.iter().any(|sent| sent.index == *index) {
                return Err(RouteError::NotSent { statement, column: column() });
            }
            if self.masks.iter().any(|(masked, mask)| masked == index && is_lossy(mask)) {
                return Err(RouteError::Masked { statement, column: column() });
            }
        }
        Ok(())
    }
}

/// What the key of a table is made of.
pub(super) struct KeyColumns {
    columns: Vec<OutputColumn>,
    origin: Option<String>,
}

impl KeyColumns {
    /// The columns as formats and hashes want them.
    pub(super) fn hashed<'t>(&'t self, table: OutputTable<'t>) -> Hashed<'t> {
        Hashed { table: OutputTable { columns: &self.columns, ..table }, origin: self.origin.as_deref() }
    }
}

fn key_columns(
    decision: &TableDecision,
    version: &TableVersion,
    told: Told<'_>,
    names: &ColumnNames<'_>,
    task: &TaskId,
) -> Result<Option<KeyColumns>, RouteError> {
    let (columns, origin) = match &decision.key {
        KeyRule::None => return Ok(None),
        KeyRule::Primary => {
            let visible = |key: &&[usize]| key.iter().all(|index| !version.columns[*index].hidden);
            let primary = [version.primary_key.as_slice()];
            let unique = version.unique_keys.iter().map(Vec::as_slice);
            let candidates = primary.into_iter().chain(unique);
            let Some(key) = candidates.filter(|key| !key.is_empty()).find(visible) else {
                return Ok(None);
            };
            let column = |index: &usize| {
                Ok(OutputColumn { index: *index, name: names.of(&version.columns[*index].name)? })
            };
            (key.iter().map(column).collect::<Result<Vec<_>, RouteError>>()?, None)
        }
        KeyRule::Columns { origin, columns } => {
            let origin = origin.then(|| format!("{}.{}", task.source, version.name));
            (named_columns("key", columns, version, names)?, origin)
        }
    };
    told.check("key", &columns, version)?;
    Ok(Some(KeyColumns { columns, origin }))
}
