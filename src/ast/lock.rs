//! `schema.lock`: what the sources' tables look like.

use super::argument::{quantity, text};
use super::binding::NO_VALUES;
use super::file::reader;
use super::shape::Value;
use super::statement::{Reader, Stmt};
use super::unquoted;
use crate::diagnostic::{Diagnostic, Fix};
use crate::mysql::ident::TableNameCase;
use crate::mysql::schema::{ColumnText, TableName};
use crate::pattern::NamePattern;
use crate::statement as st;
use crate::syntax::Parse;
use crate::text::{Span, Spanned};

/// The lock file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LockFile {
    /// `lock source`, in the order of the file.
    pub locks: Vec<Lock>,
    /// Something was left out: what seems to be missing may be there.
    pub incomplete: bool,
}

/// `lock source NAME`.
#[derive(Debug, Clone, PartialEq)]
pub struct Lock {
    /// Which sources.
    pub sources: Spanned<NamePattern>,
    /// The line that begins it.
    pub head: Span,
    /// `server`.
    pub server: Option<String>,
    /// `lower-case-table-names`.
    pub case: TableNameCase,
    /// `binlog-expires`, ms.
    pub binlog_expires_ms: Option<u64>,
    /// `pulled`, `2026-09-20`.
    pub pulled: Option<String>,
    /// `table`.
    pub tables: Vec<LockedTable>,
    /// `view`.
    pub views: Vec<Spanned<TableName>>,
    /// A statement of it was left out.
    pub incomplete: bool,
}

/// `table DB.TABLE`.
#[derive(Debug, Clone, PartialEq)]
pub struct LockedTable {
    /// Its name.
    pub name: Spanned<TableName>,
    /// `rows`.
    pub rows: Option<u64>,
    /// `column`.
    pub columns: Vec<LockedColumn>,
    /// `primary`.
    pub primary: Option<LockedKey>,
    /// `unique`, in the order of the file.
    pub unique: Vec<LockedKey>,
    /// `index`, in the order of the file.
    pub index: Vec<LockedKey>,
    /// A statement of it was left out.
    pub incomplete: bool,
}

/// Names of a key's columns, in its order.
pub type LockedKey = Vec<Spanned<String>>;

/// `column NAME "TYPE"`.
#[derive(Debug, Clone, PartialEq)]
pub struct LockedColumn {
    /// Its name.
    pub name: Spanned<String>,
    /// What its text says.
    pub text: ColumnText,
}

/// Lowers the lock file. Statements with a syntax error are left out, as in [`lower`](super::lower).
pub fn lower_lock(parse: &Parse, text: &str) -> (LockFile, Vec<Diagnostic>) {
    let mut reader = match reader(parse, text, &NO_VALUES) {
        Ok(reader) => reader,
        Err(findings) => return (LockFile { incomplete: true, ..LockFile::default() }, findings),
    };
    let body = reader.body(parse.tree.root(), st::Place::LockFile);
    let mut file = LockFile { locks: Vec::new(), incomplete: !body.left_out.is_empty() || reader.opaque };
    for statement in &body.statements {
        match statement.spec.word {
            "lock" => match reader.lock(statement) {
                Some(lock) => file.locks.push(lock),
                None => file.incomplete = true,
            },
            other => debug_assert_eq!(other, "edition", "in the table, but not read in `schema.lock`"),
        }
    }
    unquoted::look(&parse.tree, text, st::Place::LockFile, &NO_VALUES, &mut reader.findings);
    (file, reader.findings)
}

impl Reader<'_> {
    fn lock(&mut self, statement: &Stmt) -> Option<Lock> {
        let sources = statement.args.last()?;
        let pattern = match &sources.value {
            Value::Name(name) => NamePattern::Exact(name.clone()),
            Value::Names(pattern) => pattern.clone(),
            _ => return None,
        };
        let mut lock = Lock {
            sources: Spanned::new(pattern, sources.span),
            head: statement.head,
            server: None,
            case: TableNameCase::Sensitive,
            binlog_expires_ms: None,
            pulled: None,
            tables: Vec::new(),
            views: Vec::new(),
            incomplete: !statement.body.left_out.is_empty(),
        };
        for inner in &statement.body.statements {
            match inner.spec.word {
                "server" => lock.server = text(inner).map(|text| text.value),
                "lower-case-table-names" => lock.case = case(inner),
                "binlog-expires" => lock.binlog_expires_ms = quantity(inner).map(|ms| ms.value),
                "pulled" => lock.pulled = text(inner).map(|day| day.value),
                "table" => match self.locked_table(inner) {
                    Some(table) => lock.tables.push(table),
                    None => lock.incomplete = true,
                },
                "view" => match one_table(inner) {
                    Some(view) => lock.views.push(view),
                    None => lock.incomplete = true,
                },
                other => debug_assert!(false, "`{other}` is in the table, but not read in `lock source`"),
            }
        }
        Some(lock)
    }

    fn locked_table(&mut self, statement: &Stmt) -> Option<LockedTable> {
        let mut table = LockedTable {
            name: one_table(statement)?,
            rows: None,
            columns: Vec::new(),
            primary: None,
            unique: Vec::new(),
            index: Vec::new(),
            incomplete: !statement.body.left_out.is_empty(),
        };
        for inner in &statement.body.statements {
            match inner.spec.word {
                "rows" => table.rows = quantity(inner).map(|rows| rows.value),
                "primary" => table.primary = Some(columns(inner)),
                "unique" => table.unique.push(columns(inner)),
                "index" => table.index.push(columns(inner)),
                "column" => match self.locked_column(inner) {
                    Some(column) => table.columns.push(column),
                    None => table.incomplete = true,
                },
                other => debug_assert!(false, "`{other}` is in the table, but not read in a locked table"),
            }
        }
        Some(table)
    }

    fn locked_column(&mut self, statement: &Stmt) -> Option<LockedColumn> {
        let name = columns(statement).into_iter().next()?;
        let written = statement.args.iter().find_map(|item| match &item.value {
            Value::Text(text) => Some((text, item.span)),
            _ => None,
        });
        let (written, span) = written?;
        match ColumnText::parse(written) {
            Ok(text) => Some(LockedColumn { name, text }),
            Err(error) => {
                let message = format!("\"{written}\" is no type of a column: {error}");
                let mut finding = Diagnostic::error(st::WRONG_ARGUMENTS, span, message)
                    .help("write it as SHOW CREATE TABLE does, or let `syncc schema pull` write it");
                if let Some(mended) = mended(written) {
                    finding = finding.fix(Fix::choice(
                        format!("write \"{mended}\""),
                        span,
                        format!("\"{mended}\""),
                    ));
                }
                self.findings.push(finding);
                None
            }
        }
    }
}

/// The text with the known type that its first word was probably meant to be.
fn mended(written: &str) -> Option<String> {
    let end = written.find(|sign: char| !sign.is_ascii_alphanumeric()).unwrap_or(written.len());
    let near = st::closest(&written[..end], TYPES.iter().copied())?;
    let mended = format!("{near}{}", &written[end..]);
    (!mended.contains(['"', '\\', '{', '}']) && ColumnText::parse(&mended).is_ok()).then_some(mended)
}

/// Types that people misspell.
const TYPES: &[&str] = &[
    "bigint",
    "binary",
    "bit",
    "blob",
    "char",
    "date",
    "datetime",
    "decimal",
    "double",
    "enum",
    "float",
    "int",
    "json",
    "longblob",
    "longtext",
    "mediumblob",
    "mediumint",
    "mediumtext",
    "set",
    "smallint",
    "text",
    "time",
    "timestamp",
    "tinyint",
    "varbinary",
    "varchar",
    "year",
];

fn case(statement: &Stmt) -> TableNameCase {
    match quantity(statement).map(|number| number.value) {
        Some(1) => TableNameCase::Lower,
        Some(2) => TableNameCase::Insensitive,
        // The table lets nothing else through.
        _ => TableNameCase::Sensitive,
    }
}

fn one_table(statement: &Stmt) -> Option<Spanned<TableName>> {
    statement.args.iter().find_map(|item| match &item.value {
        Value::ExactTable(db, table) => Some(Spanned::new(TableName::new(db, table), item.span)),
        _ => None,
    })
}

fn columns(statement: &Stmt) -> LockedKey {
    let named = statement.args.iter().filter_map(|item| match &item.value {
        Value::Column(name) => Some(Spanned::new(name.clone(), item.span)),
        _ => None,
    });
    named.collect()
}
