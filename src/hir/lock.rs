//! The lock file against the sources: whose tables they are, and keys as columns.

use super::program::{Listed, SourceId};
use super::scope::{Scope, UNKNOWN_NAME};
use crate::ast::{self, given_twice};
use crate::diagnostic::Diagnostic;
use crate::mysql::ident::{TableNameCase, same_column};
use crate::mysql::schema::{ColumnText, TableName};
use crate::pattern::NamePattern;
use crate::statement::{closest, name_text, write_near};
use crate::text::{Span, Spanned};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What the sources' tables look like, as far as a lock file says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Lock {
    locks: Vec<SourceLock>,
    of: BTreeMap<SourceId, usize>,
}

/// `lock source`: tables of a source, or of several that have the same.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceLock {
    /// The line that begins it.
    pub head: Span,
    /// Version of the server.
    pub server: Option<String>,
    /// When it was pulled, `2026-09-20`.
    pub pulled: Option<String>,
    /// How names of databases and tables are compared.
    pub case: TableNameCase,
    /// How long the server keeps its log, ms.
    pub binlog_expires_ms: Option<u64>,
    /// Tables by name.
    pub tables: BTreeMap<TableName, LockedTable>,
    /// Names of tables that the server compares without case, and that have another form in which two spellings are equal:
    /// by that form.
    pub respelt: BTreeMap<TableName, TableName>,
    /// What has no rows of its own: views, sequences, histories.
    pub views: BTreeMap<TableName, Span>,
    /// Something was left out: a table that seems to be missing may be there.
    pub incomplete: bool,
}

/// A table. Its columns are complete unless it says otherwise.
#[derive(Debug, Clone, PartialEq)]
pub struct LockedTable {
    /// Its name, at its place.
    pub name: Spanned<TableName>,
    /// Number of rows, as a power of ten.
    pub rows: Option<u64>,
    /// Columns in table order.
    pub columns: Vec<LockedColumn>,
    /// Primary key: indexes of columns in key order; empty without one.
    pub primary_key: Vec<usize>,
    /// All unique keys but the primary, in the server's order.
    pub unique_keys: Vec<Vec<usize>>,
    /// Indexes that are not unique.
    pub indexes: Vec<Vec<usize>>,
    /// Something was left out: a column or key that seems to be missing may be there.
    pub incomplete: bool,
}

/// A column.
#[derive(Debug, Clone, PartialEq)]
pub struct LockedColumn {
    /// Its name as the server spells it, at its place.
    pub name: Spanned<String>,
    /// Type, collation, whether it may be NULL.
    pub text: ColumnText,
}

impl Lock {
    /// What is known of a source's tables.
    pub fn of(&self, source: SourceId) -> Option<&SourceLock> {
        self.of.get(&source).map(|&n| &self.locks[n])
    }

    /// The sources it speaks of, and what it says of each.
    pub fn sources(&self) -> impl Iterator<Item = (SourceId, &SourceLock)> {
        self.of.iter().map(|(&id, &n)| (id, &self.locks[n]))
    }

    /// The names of the sources it does not speak of.
    pub(super) fn free<'s>(&self, sources: &'s Scope) -> BTreeSet<&'s str> {
        let free = sources.names().filter(|&(_, id)| !self.of.contains_key(&SourceId(id)));
        free.map(|(name, _)| name).collect()
    }
}

impl SourceLock {
    /// What it says of a name; none where something was left out that may be it.
    pub(super) fn listed(&self, name: &TableName) -> Option<Listed<'_>> {
        if self.views.contains_key(name) {
            return Some(Listed::View);
        }
        match self.tables.get(name) {
            Some(table) => Some(Listed::Table(table)),
            None => (!self.incomplete).then_some(Listed::Nowhere),
        }
    }
}

impl LockedTable {
    /// The column of this name; MySQL compares names of columns without case.
    pub fn column(&self, name: &str) -> Option<&LockedColumn> {
        let exact = self.columns.iter().find(|column| column.name.value == name);
        exact.or_else(|| self.columns.iter().find(|column| same_column(&column.name.value, name)))
    }

    /// The columns that identify rows: the primary key, else the first unique key without nullable columns.
    pub fn row_key(&self) -> Option<&[usize]> {
        if !self.primary_key.is_empty() {
            return Some(&self.primary_key);
        }
        let never_null = |key: &&Vec<usize>| key.iter().all(|&at| !self.columns[at].text.nullable);
        self.unique_keys.iter().find(never_null).map(Vec::as_slice)
    }
}

/// Resolves the lock file of a project. A member of a range that has a block of its own has only that. Also the names of the blocks
/// whose source is missing, and is `told` of elsewhere.
pub(super) fn resolve_lock<'p>(
    file: ast::LockFile,
    sources: &Scope,
    told: impl Iterator<Item = &'p NamePattern>,
    may_know: impl Fn(&str) -> bool,
    findings: &mut Vec<Diagnostic>,
) -> (Lock, Vec<Spanned<String>>) {
    let told: Vec<_> = told.filter_map(|pattern| pattern.compile().ok()).collect();
    let mut lock = Lock::default();
    let mut orphans: Vec<(Spanned<String>, bool)> = Vec::new();
    let mut ranges: BTreeMap<SourceId, (usize, Span)> = BTreeMap::new();
    let mut own: BTreeMap<SourceId, (usize, Span)> = BTreeMap::new();
    for block in file.locks {
        let place = Spanned::new(lock.locks.len(), block.sources.span);
        let by = match block.sources.value {
            NamePattern::Exact(_) => &mut own,
            NamePattern::Glob(_) | NamePattern::Regex(_) => &mut ranges,
        };
        let members = block.sources.value.members().unwrap_or_default();
        let mut missing = Vec::new();
        for member in members {
            match sources.id(&member.name).map(SourceId) {
                Some(id) => match by.get(&id) {
                    Some(&(_, first)) => {
                        findings.push(given_twice(
                            &format!("lock source {}", member.name),
                            place.span,
                            first,
                        ));
                        break;
                    }
                    None => {
                        by.insert(id, (place.value, place.span));
                    }
                },
                None if may_know(&member.name) => {}
                None => missing.push(member.name),
            }
        }
        if let Some(first) = missing.into_iter().next() {
            let is_exact = matches!(block.sources.value, NamePattern::Exact(_));
            orphans.push((Spanned::new(first, place.span), is_exact));
        }
        lock.locks.push(source_lock(block, file.incomplete, findings));
    }
    ranges.extend(own);
    lock.of = ranges.into_iter().map(|(id, (n, _))| (id, n)).collect();
    let free = lock.free(sources);
    let mut told_elsewhere = Vec::new();
    for (name, is_exact) in orphans {
        if told.iter().any(|told| told.matches(&name.value)) {
            told_elsewhere.push(name);
            continue;
        }
        findings.push(match is_exact {
            true => sources.unknown_owner(&name, &free),
            false => sources.not_declared(&name),
        });
    }
    (lock, told_elsewhere)
}

fn source_lock(block: ast::Lock, incomplete: bool, findings: &mut Vec<Diagnostic>) -> SourceLock {
    let mut lock = SourceLock {
        head: block.head,
        server: block.server,
        pulled: block.pulled,
        case: block.case,
        binlog_expires_ms: block.binlog_expires_ms,
        tables: BTreeMap::new(),
        respelt: BTreeMap::new(),
        views: BTreeMap::new(),
        incomplete: block.incomplete || incomplete,
    };
    // What a name is and where it stands, in the form in which two spellings of it are equal.
    let mut seen: HashMap<(String, String), Span> = HashMap::new();
    let mut is_new = |name: &Spanned<TableName>, findings: &mut Vec<Diagnostic>| {
        let TableName { db, table } = &name.value;
        let folded = (block.case.fold(db).into_owned(), block.case.fold(table).into_owned());
        match seen.get(&folded) {
            Some(&first) => {
                findings.push(given_twice(&format!("{db}.{table}"), name.span, first));
                false
            }
            None => {
                seen.insert(folded, name.span);
                true
            }
        }
    };
    for table in block.tables {
        if is_new(&table.name, findings) {
            let table = locked_table(table, findings);
            let name = table.name.value.clone();
            let folded = TableName::new(block.case.fold(&name.db), block.case.fold(&name.table));
            if folded != name {
                lock.respelt.insert(folded, name.clone());
            }
            lock.tables.insert(name, table);
        }
    }
    for view in block.views {
        if is_new(&view, findings) {
            lock.views.insert(view.value, view.span);
        }
    }
    lock
}

fn locked_table(written: ast::LockedTable, findings: &mut Vec<Diagnostic>) -> LockedTable {
    let mut table = LockedTable {
        name: written.name,
        rows: written.rows,
        columns: Vec::with_capacity(written.columns.len()),
        primary_key: Vec::new(),
        unique_keys: Vec::new(),
        indexes: Vec::new(),
        incomplete: written.incomplete,
    };
    let mut seen: HashMap<String, Span> = HashMap::new();
    for ast::LockedColumn { name, text } in written.columns {
        let folded = TableNameCase::Insensitive.fold(&name.value).into_owned();
        match seen.get(&folded) {
            Some(&first) => findings.push(given_twice(&format!("column {}", name.value), name.span, first)),
            None => {
                seen.insert(folded, name.span);
                table.columns.push(LockedColumn { name, text });
            }
        }
    }
    let mut keys = |written: &[Vec<Spanned<String>>]| -> Vec<Vec<usize>> {
        written.iter().filter_map(|key| key_columns(&mut table, key, findings)).collect()
    };
    let primary = keys(written.primary.as_slice()).pop();
    let (unique_keys, indexes) = (keys(&written.unique), keys(&written.index));
    LockedTable { primary_key: primary.unwrap_or_default(), unique_keys, indexes, ..table }
}

/// A key as indexes of columns; none when one of them is not there.
fn key_columns(
    table: &mut LockedTable,
    key: &[Spanned<String>],
    findings: &mut Vec<Diagnostic>,
) -> Option<Vec<usize>> {
    let mut columns: Vec<usize> = Vec::with_capacity(key.len());
    for name in key {
        let at = table.columns.iter().position(|column| same_column(&column.name.value, &name.value));
        match at {
            Some(at) => match columns.iter().position(|&other| other == at) {
                Some(nth) => {
                    findings.push(given_twice(&name.value, name.span, key[nth].span));
                    return None;
                }
                None => columns.push(at),
            },
            // Its column may be one that was left out.
            None => {
                if !table.incomplete {
                    findings.push(no_column(table, name));
                }
                table.incomplete = true;
                return None;
            }
        }
    }
    Some(columns)
}

fn no_column(table: &LockedTable, name: &Spanned<String>) -> Diagnostic {
    let TableName { db, table: own } = &table.name.value;
    let message = format!("`{db}.{own}` has no column `{}`", name.value);
    let finding = Diagnostic::error(UNKNOWN_NAME, name.span, message);
    match closest(&name.value, table.columns.iter().map(|column| column.name.value.as_str())) {
        Some(near) => write_near(finding, (&name.value, near), name.span, name_text(near)),
        None => finding.help("a key is made of columns that the table lists"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::short;
    use crate::project::Project;
    use crate::text::FileSet;

    const SOURCES: &str = "edition 2026\nsource shop mysql \"db1\"\nsource s_0 mysql \"db2\"\nsource s_1 mysql \"db3\"\n\
        source s_2 mysql \"db4\"\n";

    /// The lock of a file with these lines, and what is found in it.
    fn lock(lines: &str) -> (Lock, Vec<String>) {
        let mut files = FileSet::new();
        files.add("a.sync", SOURCES);
        files.add("schema.lock", format!("edition 2026\n{lines}"));
        let (program, findings) = crate::hir::program(&Project::of(files.clone()));
        (program.lock, findings.iter().map(|finding| short::line(finding, &files)).collect())
    }

    #[track_caller]
    fn check(lines: &str, expected: &[&str]) {
        assert_eq!(lock(lines).1, expected, "{lines}");
    }

    /// A table with these lines.
    #[track_caller]
    fn check_table(lines: &str, expected: &[&str]) {
        check(&format!("lock source shop {{\ntable d.t {{\n{lines}}}\n}}\n"), expected);
    }

    #[test]
    fn the_file_of_the_manual_says_what_it_says() {
        let mut files = FileSet::new();
        files.add("a.sync", SOURCES);
        files.add("schema.lock", include_str!("../../tests/corpus/lock/schema.lock"));
        let (program, findings) = crate::hir::program(&Project::of(files.clone()));
        assert_eq!(findings, []);
        let shop = program.lock.of(SourceId(0)).expect("a lock");
        assert_eq!((shop.case, shop.binlog_expires_ms), (TableNameCase::Sensitive, Some(7 * 86_400_000)));
        let orders = &shop.tables[&TableName::new("shop", "orders")];
        assert_eq!(
            (orders.rows, orders.row_key(), &orders.indexes),
            (Some(10_000_000), Some(&[0][..]), &vec![vec![1]])
        );
        assert_eq!(orders.column("DELETED_AT").map(|column| column.text.nullable), Some(true));
        let audit_log = &shop.tables[&TableName::new("shop", "audit_log")];
        assert_eq!(audit_log.row_key(), None);
        assert_eq!(program.lock.of(SourceId(1)), None);
    }

    #[test]
    fn a_key_without_nullable_columns_identifies_rows() {
        let (lock, found) = lock(
            "lock source shop {\ntable d.`order notes` {\nunique A\nunique b, a\nunique b\n\
             column a \"int\"\ncolumn `b` \"int not null\"\n}\nview d.v\n}\n",
        );
        assert_eq!(found, [""; 0]);
        let shop = lock.of(SourceId(0)).expect("a lock");
        let table = &shop.tables[&TableName::new("d", "order notes")];
        assert_eq!(table.unique_keys, [vec![0], vec![1, 0], vec![1]]);
        assert_eq!(table.row_key(), Some(&[1][..]));
        assert!(shop.views.contains_key(&TableName::new("d", "v")));
    }

    #[test]
    fn a_member_that_differs_has_a_block_of_its_own() {
        let (lock, found) =
            lock("lock source s_1 {\nview d.own\n}\nlock source s_[0..2] {\nview d.common\n}\n");
        assert_eq!(found, [""; 0]);
        let views = |n| {
            lock.of(SourceId(n)).map(|lock| lock.views.keys().map(ToString::to_string).collect::<Vec<_>>())
        };
        assert_eq!(
            [views(1), views(2), views(3)].map(Option::unwrap_or_default),
            [["d.common"], ["d.own"], ["d.common"]]
        );
    }

    #[test]
    fn blocks_name_sources_once() {
        check(
            "lock source shp {\n}\n",
            &["schema.lock:2:13: error[S0101]: there is no source `shp`; did you mean `shop`?"],
        );
        check("lock source s_[1..3] {\n}\n", &["schema.lock:2:13: error[S0101]: there is no source `s_3`"]);
        check(
            "lock source shop {\n}\nlock source shop {\n}\n",
            &["schema.lock:4:13: error[S0016]: `lock source shop` is given twice"],
        );
        check(
            "lock source s_[0..1] {\n}\nlock source s_[1..2] {\n}\n",
            &["schema.lock:4:13: error[S0016]: `lock source s_1` is given twice"],
        );
        check(
            "lock source s_* {\n}\n",
            &[
                "schema.lock:2:13: error[S0015]: `s_*` takes more names than can be listed; a range such as `[00..15]` is wanted",
            ],
        );
    }

    #[test]
    fn tables_columns_and_keys_fit_together() {
        check_table(
            "column a \"int\"\ncolumn A \"int\"\n",
            &["schema.lock:5:8: error[S0016]: `column A` is given twice"],
        );
        check_table(
            "primary id, no\ncolumn id \"int not null\"\n",
            &["schema.lock:4:13: error[S0101]: `d.t` has no column `no`"],
        );
        check_table(
            "index custmer\ncolumn customer \"int\"\n",
            &["schema.lock:4:7: error[S0101]: `d.t` has no column `custmer`; did you mean `customer`?"],
        );
        check_table(
            "unique a, a\ncolumn a \"int\"\n",
            &["schema.lock:4:11: error[S0016]: `a` is given twice"],
        );
        check_table(
            "primary a\ncolumn a \"itn not null\"\n",
            &[
                "schema.lock:5:10: error[S0015]: \"itn not null\" is no type of a column: the type `itn` is not known",
            ],
        );
        check(
            "lock source shop {\nlower-case-table-names 1\nview d.t\ntable D.T {\n}\n}\n",
            &["schema.lock:4:6: error[S0016]: `d.t` is given twice"],
        );
        check("lock source shop {\nview d.T\ntable d.t {\n}\n}\n", &[]);
        check(
            "lock source shop {\nview d.*\npulled 2026-13-01\n}\n",
            &[
                "schema.lock:3:6: error[S0015]: `d.*` is a pattern; one table is wanted here",
                "schema.lock:4:8: error[S0018]: `2026-13-01` is no day of the calendar",
            ],
        );
    }

    #[test]
    fn statements_of_a_lock_stand_in_the_lock_file_only() {
        check(
            "target bus stdout\nlock source shop {\ninclude d.t\n}\n",
            &[
                "schema.lock:2:1: error[S0014]: `target` does not belong in the top level of `schema.lock`",
                "schema.lock:4:1: error[S0014]: `include` does not belong in a `lock source`",
            ],
        );
        let mut files = FileSet::new();
        files.add("a.sync", "edition 2026\nlock source shop {\n  view d.t\n}\n");
        let (_, findings) = crate::hir::program(&Project::of(files.clone()));
        let found: Vec<String> = findings.iter().map(|finding| short::line(finding, &files)).collect();
        assert_eq!(found, ["a.sync:2:1: error[S0014]: `lock` does not belong in the top level of a file"]);
    }
}
