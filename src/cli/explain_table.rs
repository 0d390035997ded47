//! `syncc explain table DB.TABLE`: what becomes of a table, and which line says so.

use super::explain_json::{Answer, Document};
use super::form::Form;
use super::global::Global;
use super::output::{Failure, Output};
use super::{Exit, front};
use crate::plan::{Explanation, explain_table, merged_tables};
use crate::statement::unquote;

/// Prints what every pipeline does with a table. Exit code 1 when none sends it, or the files have errors.
pub(super) fn run(asked: &str, form: Form, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let Some((db, table)) = names(asked) else {
        return Err(Failure::usage(format!("\"{asked}\" is no table; it is written DB.TABLE")));
    };
    let Some(project) = front::planned(global, output)? else { return Ok(Exit::Findings) };
    let known = project.program.locked_tables(&db, &table);
    let explanations = explain_table(&project.plan, &project.origins, &project.files, &known, (&db, &table));
    let mut exit = Exit::Findings;
    let mut document = Document::new("table", asked);
    for explanation in &explanations {
        match explanation {
            Explanation::Sent { by, decisions, is_missing, .. } => {
                exit = Exit::Fine;
                if *is_missing {
                    document.message = explanation.to_string().lines().next().map(str::to_owned);
                }
                document.answers.push(Answer::new(by, decisions));
            }
            Explanation::Undecided { .. } | Explanation::NotSent { .. } => {
                document.message = Some(explanation.to_string().trim_end().to_owned());
            }
        }
    }
    match form {
        Form::Human => {
            let texts: Vec<String> = merged_tables(explanations).iter().map(ToString::to_string).collect();
            output.print(&texts.join("\n"))?;
        }
        Form::Json => output.print(&document.text())?,
    }
    Ok(exit)
}

/// Database and table; each may stand in backticks, and must where it holds a dot.
pub(super) fn names(asked: &str) -> Option<(String, String)> {
    let (db, rest) = segment(asked)?;
    let (table, rest) = match rest.strip_prefix('.')? {
        quoted if quoted.starts_with('`') => segment(quoted)?,
        plain => (plain.to_owned(), ""),
    };
    (rest.is_empty() && !db.is_empty() && !table.is_empty()).then_some((db, table))
}

fn segment(text: &str) -> Option<(String, &str)> {
    let Some(inner) = text.strip_prefix('`') else {
        let end = text.find('.')?;
        return Some((text[..end].to_owned(), &text[end..]));
    };
    let mut from = 0;
    loop {
        let quote = from + inner[from..].find('`')?;
        // A doubled backtick is one sign of the name.
        if !inner[quote + 1..].starts_with('`') {
            return Some((unquote(&text[..quote + 2]), &inner[quote + 1..]));
        }
        from = quote + 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_written_as_in_a_file_or_plainly() {
        let check = |asked, db: &str, table: &str| assert_eq!(names(asked), Some((db.into(), table.into())));
        check("shop.orders", "shop", "orders");
        check("shop.order notes", "shop", "order notes");
        check("`a.b`.`c``d`", "a.b", "c`d");
        check("shop.a.b", "shop", "a.b");
        for wrong in ["orders", "", ".", "shop.", ".orders", "`a", "`a`", "`a`b.c", "a.`b`c"] {
            assert_eq!(names(wrong), None, "{wrong}");
        }
    }
}
