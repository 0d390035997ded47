//! S0604: names that Avro does not take.

use super::super::Rule;
use super::super::columns::sent;
use super::super::flow::{Flow, Known, Project, sources};
use super::super::settings::{Setting, Subject};
use crate::diagnostic::{Code, CodeDoc, Diagnostic, Fix};
use crate::hir::Pipeline;
use crate::mysql::ident::same_column;
use crate::statement::{FormatName, Property, name_text};
use crate::text::Span;
use std::collections::BTreeMap;

const AVRO_NAME: Code = Code::new("S0604", "avro-name");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: AVRO_NAME,
        what: "With `format avro` or `debezium-avro` a database, table or column has a name, after `rename`, that Avro does not take: a \
               letter or `_`, then letters, digits and `_`, all of ASCII.",
        why: "The names become those of the record and its fields; the registry refuses the schema, and the task stops at the first row.",
        wrong: "edition 2026\n\nsource shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\ntarget bus kafka \"kafka1:9092\" {\n  registry \"https://registry.internal\"\n}\n\npipeline shop from shop to bus {\n  include shop.orders\n  format avro\n}\n\n# file: schema.lock\nedition 2026\n\nlock source shop {\n  table shop.orders {\n    primary id\n    column id \"bigint not null\"\n    column `order note` \"varchar(20)\"\n  }\n}\n",
        right: "edition 2026\n\nsource shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\ntarget bus kafka \"kafka1:9092\" {\n  registry \"https://registry.internal\"\n}\n\npipeline shop from shop to bus {\n  include shop.orders\n  rename column shop.orders.`order note` to order_note\n  format avro\n}\n\n# file: schema.lock\nedition 2026\n\nlock source shop {\n  table shop.orders {\n    primary id\n    column id \"bigint not null\"\n    column `order note` \"varchar(20)\"\n  }\n}\n",
    },
    run: check_avro_name,
};

/// A name that is refused.
struct Refused {
    name: String,
    /// The statement that would give it another one.
    rename: Option<String>,
    /// Where it is selected, when it keeps its name.
    selected: Option<Span>,
}

fn check_avro_name(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    for flow in &project.flows {
        // By what is named and where; a table of several targets or sources is told once.
        let mut found: BTreeMap<(String, Span), Refused> = BTreeMap::new();
        for (n, lane) in flow.lanes.iter().enumerate() {
            for (m, source) in sources(project.program, flow.pipeline).enumerate() {
                for placed in flow.placed(n, m) {
                    let format = lane.setting((Subject::One(placed.known), Property::Format), |settings| {
                        settings.format.as_ref()
                    });
                    let is_avro = matches!(
                        format,
                        Setting::Given(format, _) if matches!(format.value, FormatName::Avro | FormatName::DebeziumAvro)
                    );
                    if !is_avro || flow.locks.table(m, &placed.known.db, &placed.known.table).is_none() {
                        continue;
                    }
                    let known = placed.known;
                    note_table(
                        flow,
                        known,
                        (&placed.name.db, &placed.name.table),
                        placed.name.lines,
                        &mut found,
                    );
                    let columns = flow
                        .locks
                        .table(m, &known.db, &known.table)
                        .and_then(|table| sent(lane, known, table));
                    let columns: Vec<&str> =
                        columns.unwrap_or_default().iter().map(|column| column.name.value.as_str()).collect();
                    for column in &columns {
                        note_column(flow, source, known, column, &columns, &mut found);
                    }
                }
            }
        }
        findings.extend(
            found.into_iter().map(|((what, span), refused)| finding(flow.pipeline, &what, span, refused)),
        );
    }
}

type Found = BTreeMap<(String, Span), Refused>;

fn note_table(
    flow: &Flow<'_>,
    known: &Known,
    (db, table): (&str, &str),
    lines: (Option<usize>, Option<usize>),
    found: &mut Found,
) {
    let Known { db: own_db, table: own, .. } = known;
    let span = flow.included_at(known);
    for (kind, own, name, line, path) in [
        ("database", own_db, db, lines.0, name_text(own_db)),
        ("table", own, table, lines.1, format!("{}.{}", name_text(own_db), name_text(own))),
    ] {
        if is_taken(name) {
            continue;
        }
        let line = line.map(|line| flow.renames[line].span);
        let mended = mended(own).filter(|_| line.is_none());
        let rename = mended.map(|new| format!("rename {kind} {path} to {new}"));
        let selected = line.is_none().then_some(span);
        let refused = Refused { name: name.to_owned(), rename, selected };
        found.entry((format!("{kind} `{path}`").replace("``", "`"), line.unwrap_or(span))).or_insert(refused);
    }
}

fn note_column(flow: &Flow<'_>, source: &str, known: &Known, own: &str, columns: &[&str], found: &mut Found) {
    let Some(new) = flow.column_name(source, known, own).filter(|new| !is_taken(&new.name)) else { return };
    let span = flow.included_at(known);
    let path = format!("{}.{}.{}", name_text(&known.db), name_text(&known.table), name_text(own));
    let line = new.line.map(|line| line.span);
    // A name that another column has, or would be given, is no repair.
    let is_free = |new: &String| {
        let others = columns.iter().filter(|other| **other != own);
        let mut names = others
            .flat_map(|other| [flow.column_name(source, known, other).map(|name| name.name), mended(other)]);
        !names.any(|name| name.is_some_and(|name| same_column(&name, new)))
    };
    let mended = mended(own).filter(|new| line.is_none() && is_free(new));
    let rename = mended.map(|new| format!("rename column {path} to {new}"));
    let selected = line.is_none().then_some(span);
    let refused = Refused { name: new.name, rename, selected };
    found
        .entry((format!("column `{own}` of `{}.{}`", known.db, known.table), line.unwrap_or(span)))
        .or_insert(refused);
}

fn finding(pipeline: &Pipeline, what: &str, span: Span, refused: Refused) -> Diagnostic {
    let message = format!("{what} would be called `{}`, which is no name to Avro", refused.name);
    let finding = Diagnostic::error(AVRO_NAME, span, message);
    let Some(rename) = refused.rename else {
        return finding
            .help("give it a name by `rename`: a letter or `_`, then letters, digits and `_`, all of ASCII");
    };
    let finding = finding.help(format!("write `{rename}`"));
    // A line of its own behind that of the include, where that has one.
    let line = refused
        .selected
        .and_then(|selected| Some(pipeline.cuts.get(&selected)?.own))
        .filter(|cut| cut.start < span.start && cut.end > span.end);
    match line {
        Some(line) => {
            let at = Span::new(line.file, line.end, line.end);
            finding.fix(Fix::machine(format!("add `{rename}`"), at, format!("  {rename}\n")))
        }
        None => finding,
    }
}

/// Whether Avro takes a name.
fn is_taken(name: &str) -> bool {
    let is_word = |sign: char| sign.is_ascii_alphanumeric() || sign == '_';
    name.chars().all(is_word) && name.starts_with(|sign: char| !sign.is_ascii_digit())
}

/// The name with `_` in place of what Avro does not take; none where a letter would be lost, and its meaning with it.
fn mended(name: &str) -> Option<String> {
    if name.chars().any(|sign| sign.is_alphanumeric() && !sign.is_ascii()) {
        return None;
    }
    let text: String =
        name.chars().map(|sign| if sign.is_ascii_alphanumeric() { sign } else { '_' }).collect();
    Some(if is_taken(&text) { text } else { format!("_{text}") })
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check_files;
    use super::mended;
    use crate::plan::compile_files;
    use crate::text::FileSet;

    /// A pipeline with these lines to a cluster with a registry.
    #[track_caller]
    fn check(lines: &str, tables: &str) {
        let head = "edition 2026\nsource shop mysql \"db1\" {\npassword env P\n}\n\
            target bus kafka \"kafka1\" {\nregistry \"https://r\"\n}\npipeline p from shop to bus {\n";
        let (text, lock) =
            (format!("{head}{lines}}}\n"), format!("edition 2026\nlock source shop {{\n{tables}}}\n"));
        check_files(&[("a.sync", &text), ("schema.lock", &lock)]);
    }

    #[test]
    fn tables_columns_and_renames() {
        let tables = "table shop.orders {\nprimary id\ncolumn id \"int not null\"\ncolumn `2nd` \"int\"\n}\n";
        check(
            "include shop.orders  # error[S0604]: column `2nd` of `shop.orders` would be called `2nd`, which is no name to Avro\n\
             format avro\n",
            tables,
        );
        check(
            "include shop.orders\nrename column shop.orders.`2nd` to second\n\
             rename table shop.orders to \"orders-{source}\"  # error[S0604]: table `shop.orders` would be called `orders-shop`, which is no name to Avro\n\
             format debezium-avro {\nsubject record\n}\n",
            tables,
        );
        check("include shop.orders\nformat json\nkey id as avro\n", tables);
        check("include shop.orders\ncolumns id\nformat avro\n", tables);
    }

    #[test]
    fn a_name_that_is_taken_or_loses_letters_is_no_repair() {
        assert_eq!(mended("order note").as_deref(), Some("order_note"));
        assert_eq!(mended("内容"), None);
        let head = "edition 2026\nsource shop mysql \"db1\" {\npassword env P\n}\n\
            target bus kafka \"kafka1\" {\nregistry \"https://r\"\n}\npipeline p from shop to bus {\n";
        let table = "table shop.orders {\nprimary id\ncolumn id \"int not null\"\ncolumn `order-id` \"int\"\n\
            column order_id \"int\"\n}\n";
        let mut files = FileSet::new();
        files.add("a.sync", format!("{head}include shop.orders\nformat avro\n}}\n"));
        files.add("schema.lock", format!("edition 2026\nlock source shop {{\n{table}}}\n"));
        let findings = compile_files(&files).findings;
        let offered: Vec<bool> = findings.iter().map(|finding| !finding.fixes.is_empty()).collect();
        assert_eq!(offered, [false], "`order-id`, which would become `order_id`");
    }
}
