//! `*.test.sync`: rows in, expected messages out.

use super::argument::{own_name, quantity, text, texts, words};
use super::binding::{Uses, Values};
use super::file::reader;
use super::left_out::LeftOut;
use super::literal::literal;
use super::shape::{Item, Value};
use super::statement::{Reader, Stmt};
use super::token::Token;
use super::unplaced::given_twice;
use super::unquoted;
use super::value::exact_column;
use crate::diagnostic::Diagnostic;
use crate::mysql::ident::same_column;
use crate::mysql::schema::TableName;
use crate::statement::{self as st, Literal, Place};
use crate::syntax::{NodeId, NodeKind, Parse};
use crate::text::Spanned;

/// A file with tests.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TestFile {
    /// `test`.
    pub tests: Vec<Test>,
    /// What was noted about parameters.
    pub noted: Uses,
}

/// `test PIPELINE "…"`.
#[derive(Debug, Clone, PartialEq)]
pub struct Test {
    /// The pipeline it is about.
    pub pipeline: Spanned<String>,
    /// What it shows.
    pub title: String,
    /// `schema`: a script that makes the tables, relative to the file.
    pub schema: Option<Spanned<String>>,
    /// What happens, and what must come of it, in order.
    pub steps: Vec<Step>,
    /// What could not be read of it.
    pub left_out: LeftOut,
}

/// A statement of a test.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// `insert`, `update`, `delete`.
    Row(RowStep),
    /// `ddl`.
    Ddl(Spanned<String>),
    /// `expect`.
    Expect(Expect),
}

/// What happens to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowOp {
    /// It comes.
    Insert,
    /// It changes.
    Update,
    /// It goes.
    Delete,
}

/// A column and its value.
pub type Field = (Spanned<String>, Literal);

/// A change of a row.
#[derive(Debug, Clone, PartialEq)]
pub struct RowStep {
    /// Which change.
    pub op: RowOp,
    /// Its table.
    pub table: Spanned<TableName>,
    /// `in SOURCE`.
    pub source: Option<Spanned<String>>,
    /// The columns it gives, each once.
    pub fields: Vec<Field>,
}

/// What must come.
#[derive(Debug, Clone, PartialEq)]
pub enum Expect {
    /// A message.
    Message(Box<ExpectedMessage>),
    /// Nothing more.
    NothingElse,
    /// The messages that a file holds, relative to that of the test.
    File(Spanned<String>),
}

/// A message, as far as a test says something about it.
#[derive(Debug, Clone, PartialEq)]
pub struct ExpectedMessage {
    /// Its topic.
    pub topic: Spanned<String>,
    /// `key`.
    pub key: Option<ExpectedKey>,
    /// `op`.
    pub op: Option<RowOp>,
    /// `before`: columns of the old row.
    pub before: Vec<Field>,
    /// `after`: columns of the new row.
    pub after: Vec<Field>,
    /// `absent`: columns that it does not hold.
    pub absent: Vec<Spanned<String>>,
    /// `partition`.
    pub partition: Option<Spanned<u64>>,
    /// `header`: name and value.
    pub headers: Vec<(Spanned<String>, String)>,
}

/// The key of a message.
#[derive(Debug, Clone, PartialEq)]
pub enum ExpectedKey {
    /// It has none.
    None,
    /// Columns, behind the name of their origin where that is a part of it.
    Columns {
        /// `SOURCE.DB.TABLE`.
        origin: Option<String>,
        /// The columns.
        fields: Vec<Field>,
    },
}

/// Lowers a file with tests. Statements with a syntax error are left out, as in [`lower`](super::lower).
pub fn lower_tests(parse: &Parse, text: &str, values: &Values) -> (TestFile, Vec<Diagnostic>) {
    let mut reader = match reader(parse, text, values) {
        Ok(reader) => reader,
        Err(findings) => return (TestFile::default(), findings),
    };
    let body = reader.body(parse.tree.root(), Place::TestFile);
    let mut file = TestFile::default();
    for statement in &body.statements {
        match statement.spec.word {
            "test" => file.tests.extend(reader.test(statement)),
            other => debug_assert_eq!(other, "edition", "in the table, but not read in a file with tests"),
        }
    }
    file.noted = reader.noted;
    unquoted::look(&parse.tree, text, Place::TestFile, values, &mut reader.findings);
    (file, reader.findings)
}

/// The paths of the `schema` statements of a file with tests. Findings about them are those of [`lower_tests`].
pub fn schemas(parse: &Parse, text: &str) -> Vec<String> {
    let (file, _) = lower_tests(parse, text, &Values::default());
    file.tests.into_iter().filter_map(|test| test.schema).map(|schema| schema.value).collect()
}

impl Reader<'_> {
    fn test(&mut self, statement: &Stmt) -> Option<Test> {
        let pipeline = statement.args.first().and_then(own_name)?;
        let left_out = statement.body.left_out.clone();
        let title = text(statement)?.value;
        let mut test = Test { pipeline, title, schema: None, steps: Vec::new(), left_out };
        for inner in &statement.body.statements {
            match inner.spec.word {
                "schema" => test.schema = in_quotes(inner),
                "ddl" => test.steps.extend(in_quotes(inner).map(Step::Ddl)),
                "insert" => test.steps.extend(self.row(RowOp::Insert, inner).map(Step::Row)),
                "update" => test.steps.extend(self.row(RowOp::Update, inner).map(Step::Row)),
                "delete" => test.steps.extend(self.row(RowOp::Delete, inner).map(Step::Row)),
                other => {
                    debug_assert_eq!(other, "expect", "in the table, but not read in a test");
                    test.steps.extend(self.expect(inner).map(Step::Expect));
                }
            }
        }
        Some(test)
    }

    fn row(&mut self, op: RowOp, statement: &Stmt) -> Option<RowStep> {
        let table = statement.args.iter().find_map(|item| match &item.value {
            Value::ExactTable(db, table) => {
                let name = TableName { db: db.clone(), table: table.clone() };
                Some(Spanned::new(name, item.span))
            }
            _ => None,
        })?;
        let source = statement.args.iter().find_map(own_name);
        let fields = statement.block.map(|block| self.fields(block)).unwrap_or_default();
        Some(RowStep { op, table, source, fields })
    }

    /// The lines of a block that gives values to columns.
    fn fields(&mut self, block: NodeId) -> Vec<Field> {
        let tree = self.tree;
        let mut fields: Vec<Field> = Vec::new();
        let lines: Vec<NodeId> = tree
            .children(block)
            .filter(|&child| tree.kind(child) == NodeKind::Statement && !tree.has_error(child))
            .collect();
        for line in lines {
            let parts = tree.children(line).filter(|&part| tree.kind(part) != NodeKind::Ws);
            let tokens: Vec<Token<'_>> = parts.map(|part| Token::new(tree, self.text, part)).collect();
            let field = match tokens.as_slice() {
                [name, value] => exact_column(name).zip(literal(value)),
                _ => None,
            };
            let span = tokens.first().zip(tokens.last()).map_or(tree.span(line), |(a, b)| a.span.to(b.span));
            match field {
                Some((Ok(Value::Column(name)), value)) => {
                    let name = Spanned::new(name, tokens[0].span);
                    match fields.iter().find(|(known, _)| same_column(&known.value, &name.value)) {
                        Some((first, _)) => {
                            self.findings.push(given_twice(&name.value, name.span, first.span));
                        }
                        None => fields.push((name, value)),
                    }
                }
                Some((Err(finding), _)) => self.findings.push(*finding),
                Some((Ok(_), _)) | None => self.findings.push(
                    Diagnostic::error(st::WRONG_ARGUMENTS, span, "a line of a row is a column and its value")
                        .help("it is written `COLUMN VALUE`: a number, 'text', true, false, null or a time"),
                ),
            }
        }
        fields
    }

    fn expect(&mut self, statement: &Stmt) -> Option<Expect> {
        let said = words(statement);
        let has_block = statement.block.is_some();
        if let (Some(word), true) = (said.first(), has_block) {
            let message = format!("`expect {word} …` takes no block");
            self.findings.push(
                Diagnostic::error(st::WRONG_ARGUMENTS, statement.head, message)
                    .help("a block says what a message holds: `expect \"TOPIC\" { … }`"),
            );
            return None;
        }
        match said.as_slice() {
            ["nothing", ..] => return Some(Expect::NothingElse),
            ["file"] => return in_quotes(statement).map(Expect::File),
            _ => {}
        }
        let mut message = ExpectedMessage {
            topic: in_quotes(statement)?,
            key: None,
            op: None,
            before: Vec::new(),
            after: Vec::new(),
            absent: Vec::new(),
            partition: None,
            headers: Vec::new(),
        };
        for inner in &statement.body.statements {
            match inner.spec.word {
                "key" => message.key = Some(key(inner)),
                "op" => {
                    message.op = words(inner).first().map(|word| match *word {
                        "insert" => RowOp::Insert,
                        "update" => RowOp::Update,
                        _ => RowOp::Delete,
                    });
                }
                "before" => message.before.extend(self.once(&message.before, given(inner))),
                "after" => message.after.extend(self.once(&message.after, given(inner))),
                "absent" => message.absent.extend(inner.args.iter().filter_map(|item| match &item.value {
                    Value::Column(name) => Some(Spanned::new(name.clone(), item.span)),
                    _ => None,
                })),
                "partition" => message.partition = quantity(inner),
                other => {
                    debug_assert_eq!(other, "header", "in the table, but not read in an expect");
                    message.headers.extend(header(inner));
                }
            }
        }
        Some(Expect::Message(Box::new(message)))
    }

    /// Those of `new` that nothing is said about yet.
    fn once(&mut self, known: &[Field], new: Vec<Field>) -> Vec<Field> {
        let mut taken: Vec<Field> = Vec::new();
        for field in new {
            let first = known.iter().chain(&taken).find(|(name, _)| same_column(&name.value, &field.0.value));
            match first {
                Some((first, _)) => self.findings.push(given_twice(&field.0.value, field.0.span, first.span)),
                None => taken.push(field),
            }
        }
        taken
    }
}

/// The first text in quotes, with its own place.
fn in_quotes(statement: &Stmt) -> Option<Spanned<String>> {
    texts(statement).into_iter().next()
}

fn given(statement: &Stmt) -> Vec<Field> {
    let field = |item: &Item| match &item.value {
        Value::Field(name, literal) => Some((name.clone(), literal.clone())),
        _ => None,
    };
    statement.args.iter().filter_map(field).collect()
}

fn key(statement: &Stmt) -> ExpectedKey {
    match words(statement).first() {
        Some(&"none") => ExpectedKey::None,
        _ => ExpectedKey::Columns {
            origin: in_quotes(statement).map(|origin| origin.value),
            fields: given(statement),
        },
    }
}

fn header(statement: &Stmt) -> Option<(Spanned<String>, String)> {
    let name = statement.args.iter().find_map(own_name);
    let mut texts = texts(statement).into_iter();
    let name = match name {
        Some(name) => name,
        None => texts.next()?,
    };
    Some((name, texts.next()?.value))
}
