//! S1101: a test speaks of a table or a column that its pipeline does not know.

use super::super::Rule;
use super::super::columns::Named;
use super::super::flow::{Flow, Project};
use super::super::index::exact_table;
use super::super::locked::listed;
use super::super::renaming::Renamed;
use super::expected::check_expected;
use super::value;
use crate::ast::{Expect, RowStep, Step, Test};
use crate::diagnostic::{Code, CodeDoc, Diagnostic, Fix};
use crate::hir::{LockedTable, Program, SourceId, SourceLock};
use crate::mysql::ddl::CreatedTable;
use crate::mysql::ident::same_column;
use crate::mysql::schema::TableName;
use crate::project::Schema;
use crate::statement::{FormatName, TemplatePart, closest, is_slip, name_text};
use crate::text::{Span, Spanned};

pub(super) const TEST_ROW_UNKNOWN: Code = Code::new("S1101", "test-row-unknown");

/// Members that the formats `json` and `avro` add to the columns of a row.
const ADDED: [&str; 3] = ["__op", "__ts_ms", "__deleted"];

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: TEST_ROW_UNKNOWN,
        what: "A row of a test is of a table that the pipeline does not send, or has a column that its table does not have, \
               or a value that this cannot hold; a message is expected in a topic that is misspelt, with a key of other columns, \
               with a column under another name than it has there or that is left out, without one that is sent, in a \
               partition that is not there, or with a header that is not asked for; the \
               file of `schema` is not there, or cannot be read. Tables and columns are those of the script that `schema` \
               names, else those of `schema.lock`.",
        why: "The test would show nothing about the pipeline: the row would not reach it, or would be no row of the server.",
        wrong: locked!(
            "  include shop.*\n",
            "  table shop.orders {\n    primary order_id\n    column order_id \"bigint unsigned not null\"\n    column status \"varchar(20)\"\n  }\n",
            "test shop \"rows are sent\" {\n  insert shop.orders {\n    order_id 91\n    state 'new'\n  }\n  expect \"shop.orders\" {\n    key order_id 91\n  }\n}\n"
        ),
        right: locked!(
            "  include shop.*\n",
            "  table shop.orders {\n    primary order_id\n    column order_id \"bigint unsigned not null\"\n    column status \"varchar(20)\"\n  }\n",
            "test shop \"rows are sent\" {\n  insert shop.orders {\n    order_id 91\n    status 'new'\n  }\n  expect \"shop.orders\" {\n    key order_id 91\n  }\n}\n"
        ),
    },
    run: check_test_rows,
};

fn check_test_rows(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    for test in &project.program.tests {
        let schema = schema(project.program, test, findings);
        let flow = project.flows.iter().find(|flow| flow.pipeline.name.value == test.pipeline.value);
        // An unknown pipeline is told elsewhere.
        // What could not be read may have changed its tables, or be the row of a message.
        if let Some(flow) = flow.filter(|_| !test.left_out.may_be(&["ddl", "schema"])) {
            let n_findings = findings.len();
            Rows { program: project.program, flow, schema: &schema, findings }.check(test);
            // Behind a row that is not known, what comes of it is not known either.
            let has_rows = !test.left_out.may_be(&["insert", "update", "delete"]);
            if findings.len() == n_findings && has_rows {
                check_expected(project.program, flow, test, findings);
            }
        }
    }
}

/// What a test knows of tables.
enum Known<'p> {
    /// Those of its script.
    Script(&'p Spanned<String>, &'p [CreatedTable]),
    /// Those of the lock file, if there is one.
    Lock,
    /// Nothing: the script cannot be read, which is told.
    Nothing,
}

fn schema<'p>(program: &'p Program, test: &'p Test, findings: &mut Vec<Diagnostic>) -> Known<'p> {
    let Some(path) = &test.schema else { return Known::Lock };
    let message = match program.schemas.get(&(path.span.file, path.value.clone())) {
        Some(Schema::Tables(tables)) if tables.is_empty() => {
            let is_lock = path.value.rsplit('/').next() == Some("schema.lock");
            let finding = Diagnostic::error(
                TEST_ROW_UNKNOWN,
                path.span,
                format!("`{}` holds no CREATE TABLE", path.value),
            );
            findings.push(match is_lock {
                true => {
                    finding.help("without `schema` the tables are those of `schema.lock`: remove the line")
                }
                false => finding.help("name a script of the statements that make the tables"),
            });
            return Known::Nothing;
        }
        Some(Schema::Tables(tables)) => return Known::Script(path, tables),
        Some(Schema::Missing) | None => format!("there is no file `{}`", path.value),
        Some(Schema::Outside) => format!("`{}` lies outside of the project root", path.value),
        Some(Schema::Unreadable(why)) => format!("`{}` cannot be read: {why}", path.value),
    };
    findings.push(
        Diagnostic::error(TEST_ROW_UNKNOWN, path.span, message)
            .help("the path is relative to the file of the test; without `schema` the tables are those of `schema.lock`"),
    );
    Known::Nothing
}

struct Rows<'a, 'p> {
    program: &'p Program,
    flow: &'a Flow<'p>,
    schema: &'a Known<'p>,
    findings: &'a mut Vec<Diagnostic>,
}

impl<'p> Rows<'_, 'p> {
    fn check(&mut self, test: &'p Test) {
        // Names of all columns that messages may hold, as long as they are known.
        let mut names: Option<Vec<Named>> = Some(Vec::new());
        for step in &test.steps {
            match step {
                Step::Row(row) => {
                    let columns = self.row(row);
                    names = names.zip(columns).map(|(mut names, columns)| {
                        names.extend(columns);
                        names
                    });
                }
                // What it makes of the tables is not known here.
                Step::Ddl(_) => return,
                Step::Expect(Expect::Message(message)) => {
                    let Some(columns) = names.as_ref().filter(|columns| !columns.is_empty()) else {
                        continue;
                    };
                    let key = match &message.key {
                        Some(crate::ast::ExpectedKey::Columns { fields, .. }) => fields.as_slice(),
                        Some(crate::ast::ExpectedKey::None) | None => &[],
                    };
                    let fields = key.iter().chain(&message.before).chain(&message.after);
                    for (column, _) in fields {
                        self.expected_column(column, columns);
                    }
                    for column in &message.absent {
                        self.absent_column(column, columns);
                    }
                }
                Step::Expect(Expect::NothingElse | Expect::File(_)) => {}
            }
        }
    }

    /// Looks at one row. The columns of its table, if they are known.
    fn row(&mut self, row: &'p RowStep) -> Option<Vec<Named>> {
        let TableName { db, table } = &row.table.value;
        let source = self.source(row);
        if !self.flow.selects(db, table) {
            if !self.flow.pipeline.left_out.may_be(&["from", "include"]) && !self.is_told(&row.table.value) {
                self.not_sent(&row.table);
            }
            return None;
        }
        let columns = match self.schema {
            Known::Script(path, tables) => self.of_script(&row.table, path, tables)?,
            Known::Lock => {
                let locked = self.of_lock(&row.table, source?)?;
                self.values(row, locked);
                locked.columns.iter().map(|column| column.name.value.clone()).collect()
            }
            Known::Nothing => return None,
        };
        let shown = format!("`{}`", shown(&row.table.value));
        for (column, _) in &row.fields {
            self.column(column, &columns, &shown);
        }
        let source = source.map_or("", |source| self.program.source(source).name.value.as_str());
        self.flow.named_columns(source, &row.table.value, &columns)
    }

    /// True when a `table` block names the table, too, which is told there: an `include` is missing.
    fn is_told(&self, table: &TableName) -> bool {
        let mut blocks = self.flow.blocks().map(|block| &block.pattern.value);
        blocks.any(|block| exact_table(block) == Some((&table.db, &table.table)))
    }

    /// Looks at the values of a row.
    fn values(&mut self, row: &RowStep, table: &LockedTable) {
        for (name, value) in &row.fields {
            let Some(why) = table.column(&name.value).and_then(|column| value::misfit(column, value)) else {
                continue;
            };
            self.findings.push(
                Diagnostic::error(TEST_ROW_UNKNOWN, name.span, why)
                    .label(format!("in `{}`", shown(&table.name.value)))
                    .help("the server would not hold such a row; where the column has changed, `syncc schema pull` tells"),
            );
        }
    }

    /// A column of a message, by its name there.
    fn expected_column(&mut self, column: &Spanned<String>, columns: &[Named]) {
        let is_new = |known: &Named| same_column(&known.new, &column.value);
        if columns.iter().any(is_new) {
            return;
        }
        if self.is_added(&column.value) || self.is_renamed_to(&column.value) {
            return;
        }
        match columns.iter().find(|known| same_column(&known.old, &column.value)) {
            Some(renamed) => {
                let message = format!("`{}` is called `{}` in messages", column.value, renamed.new);
                let finding = Diagnostic::error(TEST_ROW_UNKNOWN, column.span, message);
                self.findings
                    .push(meant(finding, (&renamed.new, true), column.span).help("the pipeline renames it"));
            }
            // A line that could not be read may have given it that name.
            None if self.flow.pipeline.left_out.may_be(&["rename"]) => {}
            None => {
                let names: Vec<String> = columns.iter().map(|known| known.new.clone()).collect();
                self.column(column, &names, "a table of this test");
            }
        }
    }

    /// A column that messages are not to hold: it is one of the tables, under the one name or the other.
    fn absent_column(&mut self, column: &Spanned<String>, columns: &[Named]) {
        let is_old = |known: &Named| same_column(&known.old, &column.value);
        if !columns.iter().any(is_old) {
            self.expected_column(column, columns);
        }
    }

    /// True for what the flat formats add to the columns of a row.
    fn is_added(&self, column: &str) -> bool {
        let mut blocks = self.flow.lanes.iter().flat_map(|lane| lane.blocks());
        ADDED.contains(&column)
            && blocks.any(|(settings, _)| {
                let format = settings.format.as_ref().map(|format| format.value);
                matches!(format, Some(FormatName::Json | FormatName::Avro))
            })
    }

    /// True for a name that a line gives to a column: which it is for is told there.
    fn is_renamed_to(&self, column: &str) -> bool {
        let of_columns = self.flow.renames.iter().filter(|line| line.kind() == Renamed::Column);
        of_columns.map(|line| line.to().parts.as_slice()).any(|parts| match parts {
            [TemplatePart::Text(name)] => same_column(name, column),
            _ => false,
        })
    }

    /// The source of a row: the one it names, else the only one of the pipeline.
    fn source(&mut self, row: &'p RowStep) -> Option<SourceId> {
        let pipeline = self.flow.pipeline;
        let name_of = |id: SourceId| self.program.source(id).name.value.as_str();
        let Some(named) = &row.source else {
            return match pipeline.from.as_slice() {
                [only] => Some(only.value),
                _ => None,
            };
        };
        let found = pipeline.from.iter().find(|from| name_of(from.value) == named.value);
        if found.is_none() && !pipeline.left_out.may_be(&["from"]) && !self.program.may_know(&named.value) {
            let names: Vec<&str> = pipeline.from.iter().map(|from| name_of(from.value)).collect();
            let message = format!("`{}` reads from no source `{}`", pipeline.name.value, named.value);
            let finding = Diagnostic::error(TEST_ROW_UNKNOWN, named.span, message);
            self.findings.push(match closest(&named.value, names.iter().copied()) {
                Some(near) => meant(finding, (near, is_slip(&named.value, near)), named.span),
                None => finding.help(format!("it reads from {}", listed(&names))),
            });
        }
        found.map(|from| from.value)
    }

    fn not_sent(&mut self, table: &Spanned<TableName>) {
        let pipeline = &self.flow.pipeline.name.value;
        let message = format!("`{pipeline}` does not send `{}`", shown(&table.value));
        let finding = Diagnostic::error(TEST_ROW_UNKNOWN, table.span, message);
        let known: Vec<String> =
            self.flow.known.iter().map(|one| shown(&TableName::new(&*one.db, &*one.table))).collect();
        self.findings.push(match closest(&shown(&table.value), known.iter().map(String::as_str)) {
            Some(near) => meant(finding, (near, is_slip(&shown(&table.value), near)), table.span),
            None => finding.help("no `include` of the pipeline takes it, or an `exclude` does"),
        });
    }

    fn of_script(
        &mut self,
        table: &Spanned<TableName>,
        path: &Spanned<String>,
        tables: &[CreatedTable],
    ) -> Option<Vec<String>> {
        // A dump of one database does not say its name.
        let fits = |one: &&CreatedTable| {
            one.table == table.value.table && (one.db.is_empty() || one.db == table.value.db)
        };
        if let Some(found) = tables.iter().find(fits) {
            return found.columns.clone();
        }
        let message = format!("`{}` makes no table `{}`", path.value, shown(&table.value));
        let finding = Diagnostic::error(TEST_ROW_UNKNOWN, table.span, message);
        let names: Vec<&str> = tables.iter().map(|one| one.table.as_str()).collect();
        let finding = finding.beside(path.span, "its tables");
        self.findings.push(match closest(&table.value.table, names.iter().copied()) {
            Some(near) => {
                let near = TableName { db: table.value.db.clone(), table: near.to_owned() };
                finding.help(format!("did you mean `{}`?", shown(&near)))
            }
            None => finding.help(format!("it makes {}", listed(&names))),
        });
        None
    }

    fn of_lock(&mut self, table: &Spanned<TableName>, source: SourceId) -> Option<&'p LockedTable> {
        let lock: &'p SourceLock = self.program.lock.of(source)?;
        let Some(found) = lock.tables.get(&table.value) else {
            // A table that the lock file does not list is told at the `include`, or was made since; unless one is called nearly so.
            let known: Vec<String> = lock.tables.keys().map(shown).collect();
            if let Some(near) = closest(&shown(&table.value), known.iter().map(String::as_str)) {
                let message = format!("`schema.lock` lists no table `{}`", shown(&table.value));
                let finding = Diagnostic::error(TEST_ROW_UNKNOWN, table.span, message);
                let is_sure = is_slip(&shown(&table.value), near);
                self.findings.push(meant(finding, (near, is_sure), table.span));
            }
            return None;
        };
        (!found.incomplete).then_some(found)
    }

    fn column(&mut self, column: &Spanned<String>, columns: &[String], of: &str) {
        if columns.iter().any(|known| same_column(known, &column.value)) {
            return;
        }
        let message = format!("{of} has no column `{}`", column.value);
        let finding = Diagnostic::error(TEST_ROW_UNKNOWN, column.span, message);
        self.findings.push(match closest(&column.value, columns.iter().map(String::as_str)) {
            Some(near) => meant(finding, (near, is_slip(&column.value, near)), column.span),
            None => {
                let names: Vec<&str> = columns.iter().map(String::as_str).collect();
                finding.help(format!("it has {}", listed(&names)))
            }
        });
    }
}

fn meant(finding: Diagnostic, (near, is_sure): (&str, bool), span: Span) -> Diagnostic {
    let written = match near.contains('.') {
        // Already as it is written.
        true => near.to_owned(),
        false => name_text(near),
    };
    finding.label(format!("did you mean `{near}`?")).fix(Fix::sure_if(
        is_sure,
        format!("write `{written}`"),
        span,
        written,
    ))
}

/// A table as it is written in a file.
fn shown(table: &TableName) -> String {
    format!("{}.{}", name_text(&table.db), name_text(&table.table))
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check_files;

    const ENDS: &str = "edition 2026\nsource shop mysql \"db1\" {\npassword env P\n}\ntarget bus kafka \"k\"\n\
        pipeline shop from shop to bus {\ninclude shop.*\nexclude shop.tmp_*\n}\n";
    const LOCK: &str = "edition 2026\nlock source shop {\ntable shop.orders {\nprimary order_id\n\
        column order_id \"bigint not null\"\ncolumn status \"varchar(20)\"\n}\n}\n";

    #[track_caller]
    fn check(test: &str, lock: &str) {
        let test = format!("edition 2026\n{test}");
        check_files(&[("a.sync", ENDS), ("a.test.sync", &test), ("schema.lock", lock)]);
    }

    #[test]
    fn a_table_that_the_lock_file_calls_otherwise() {
        check_files(&[
            ("a.sync", ENDS),
            ("schema.lock", LOCK),
            (
                "a.test.sync",
                "edition 2026\ntest shop \"x\" {\ninsert shop.order {  # error[S1101]: `schema.lock` lists no table `shop.order`\n\
                 order_id 1\n}\ninsert shop.made_since {\nid 1\n}\nexpect \"shop.orders\" {\nkey order_id 1\n}\n}\n",
            ),
        ]);
    }

    #[test]
    fn tables_that_are_sent() {
        let nothing = "edition 2026\n";
        check("test shop \"x\" {\ninsert shop.orders {\norder_id 1\n}\nexpect nothing else\n}\n", nothing);
        check(
            "test shop \"x\" {\n\
             insert shop.tmp_a {  # error[S1101]: `shop` does not send `shop.tmp_a`\norder_id 1\n}\n\
             delete crm.orders in shop {  # error[S1101]: `shop` does not send `crm.orders`\norder_id 1\n}\n\
             update shop.a in crm {  # error[S1101]: `shop` reads from no source `crm`\nid 1\n}\n}\n\
             test shpo \"y\" {  # error[S0101]: there is no pipeline `shpo`\ninsert crm.a {\nid 1\n}\n}\n",
            nothing,
        );
    }

    #[test]
    fn columns_of_the_lock_file() {
        check(
            "test shop \"x\" {\ninsert shop.orders in shop {\nORDER_ID 1\n\
             state 'new'  # error[S1101]: `shop.orders` has no column `state`\n}\n\
             expect \"shop.orders\" {\nkey order_id 1\n\
             after statu 'new'  # error[S1101]: a table of this test has no column `statu`\n}\n\
             ddl \"ALTER TABLE shop.orders ADD COLUMN note text\"\nupdate shop.orders {\norder_id 1\nnote 'x'\n}\n}\n",
            LOCK,
        );
    }

    #[test]
    fn values_that_no_row_has() {
        let columns = "column id \"int unsigned not null\"\ncolumn size \"tinyint\"\ncolumn kind \"enum('a','b')\"\n\
            column price \"decimal(5,2)\"\ncolumn at \"datetime\"\ncolumn flags \"set('x','y')\"\ncolumn note \"text\"\n";
        let lock =
            format!("edition 2026\nlock source shop {{\ntable shop.t {{\nprimary id\n{columns}}}\n}}\n");
        check(
            "test shop \"x\" {\ninsert shop.t {\n\
             id -1  # error[S1101]: `id` is int unsigned, which cannot be -1\n\
             size 300  # error[S1101]: `size` is tinyint, which cannot be 300\n\
             kind 'c'  # error[S1101]: `kind` is enum('a','b'), which cannot be 'c'\n\
             price 1000  # error[S1101]: `price` is decimal(5,2), which cannot be 1000\n\
             at 'now'  # error[S1101]: `at` is datetime, which cannot be 'now'\n\
             flags 'x,z'  # error[S1101]: `flags` is set('x','y'), which cannot be 'x,z'\n}\n\
             insert shop.t {\nid null  # error[S1101]: `id` is never null\n\
             size 'big'  # error[S1101]: `size` is tinyint, which cannot be 'big'\n}\n\
             insert shop.t {\nid '7'\nsize -128\nkind 'B'\nprice -999.99\nat 2026-09-01T10:00:00Z\nflags ''\nnote null\n}\n\
             insert shop.t {\nid 8\nsize true\nkind 1\nprice null\nat '2026/9/1 10:00'\nflags 'y,x'\nnote 5\n}\n}\n",
            &lock,
        );
    }

    #[test]
    fn messages_have_new_names() {
        let ends = ENDS.replace("exclude shop.tmp_*", "rename column shop.orders.status to state");
        check_files(&[
            ("a.sync", &ends),
            ("schema.lock", LOCK),
            (
                "a.test.sync",
                "edition 2026\ntest shop \"x\" {\ninsert shop.orders {\norder_id 1\nstatus 'new'\n}\n\
                 expect \"shop.orders\" {\nkey order_id 1\nafter state 'new'\n\
                 before status 'old'  # error[S1101]: `status` is called `state` in messages\n\
                 after stae 'new'  # error[S1101]: a table of this test has no column `stae`\n}\n}\n",
            ),
        ]);
    }

    #[test]
    fn a_missing_include_is_told_once() {
        let ends = ENDS.replace("include shop.*", "include shop.a\ntable shop.orders {  # warning[S0205]: no table that is sent fits `shop.orders`\nkey order_id\n}");
        check_files(&[
            ("a.sync", &ends.replace("exclude shop.tmp_*\n", "")),
            ("a.test.sync", "edition 2026\ntest shop \"x\" {\ninsert shop.orders {\norder_id 1\n}\n}\n"),
        ]);
    }

    #[test]
    fn a_script_that_is_not_there() {
        check(
            "test shop \"x\" {\nschema \"no.sql\"  # error[S1101]: there is no file `no.sql`\n\
             insert shop.orders {\nwhatever 1\n}\n}\n",
            LOCK,
        );
    }

    #[test]
    fn shapes() {
        check(
            "test shop \"x\" {\ninsert shop.* {  # error[S0015]: `shop.*` is a pattern; one table is wanted here\nid 1\n}\n\
             insert shop.a {\nid 1\nid 2  # error[S0016]: `id` is given twice\n\
             a  # error[S0015]: a line of a row is a column and its value\n\
             b = 1  # error[S0015]: a line of a row is a column and its value\n\
             c -1.50\n`where` null\nd 2026-09-01T10:00:00Z\n}\n\
             expect \"t\" {\nop upsert  # error[S0015]: `op` takes `insert`, `update` or `delete` here, not `upsert`\n\
             key origin \"shop.shop.a\", id 1\nheader op \"c\"\nabsent x, y\npartition 3\n}\n\
             expect nothing else {  # error[S0015]: `expect nothing …` takes no block\n}\n}\n\
             pipeline q from shop to bus {  # error[S0014]: `pipeline` does not belong in the top level of a file `*.test.sync`\n}\n",
            "edition 2026\n",
        );
    }
}
