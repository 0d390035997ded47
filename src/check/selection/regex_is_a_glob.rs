//! S0209: a regular expression that says no more than a glob.

use super::super::Rule;
use super::super::flow::Project;
use crate::diagnostic::{Code, CodeDoc, Diagnostic, Fix, Safety, TextEdit};
use crate::pattern::{NamePattern, TablePattern};
use crate::statement::Rename;
use crate::text::Span;

const REGEX_IS_A_GLOB: Code = Code::new("S0209", "regex-is-a-glob");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: REGEX_IS_A_GLOB,
        what: "A regular expression takes exactly the names that a glob takes.",
        why: "The glob is shorter and has no sign that means something else than it seems to.",
        wrong: pipeline!("  include shop./orders_.*/\n"),
        right: pipeline!("  include shop.orders_*\n"),
    },
    run: check_regex_is_a_glob,
};

fn check_regex_is_a_glob(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    for flow in &project.flows {
        let blocks = flow.blocks().map(|block| (&block.pattern.value, block.pattern.span));
        let selectors = flow.include.iter().chain(&flow.exclude).map(|one| (one.pattern, one.span));
        for (pattern, span) in selectors.chain(blocks) {
            findings.extend(in_table(pattern, span));
        }
        for renaming in &flow.renames {
            let parts = match renaming.rename {
                Rename::Database { from, .. } => vec![from],
                Rename::Table { from, .. } => vec![&from.db, &from.table],
                Rename::Column { table, column, .. } => vec![&table.db, &table.table, column],
            };
            if let Some((regex, glob)) = parts.into_iter().find_map(|part| Some((part, part.as_glob()?))) {
                findings.push(finding(renaming.span, &[(regex, &glob)]));
            }
        }
    }
}

fn in_table(pattern: &TablePattern, span: Span) -> Option<Diagnostic> {
    let globs = [(&pattern.db, pattern.db.as_glob()), (&pattern.table, pattern.table.as_glob())];
    let named: Vec<(&NamePattern, &NamePattern)> =
        globs.iter().filter_map(|(regex, glob)| Some((*regex, glob.as_ref()?))).collect();
    if named.is_empty() {
        return None;
    }
    // A regular expression stands in the text as it is printed: the first part at the begin, the last at the end.
    let written = |regex: &NamePattern| regex.to_string().len() as u32;
    let mut edits = Vec::new();
    if let Some(glob) = &globs[0].1 {
        let place = Span::new(span.file, span.start, span.start + written(&pattern.db));
        edits.push(TextEdit { span: place, text: glob.to_string() });
    }
    if let Some(glob) = &globs[1].1 {
        let place = Span::new(span.file, span.end - written(&pattern.table), span.end);
        edits.push(TextEdit { span: place, text: glob.to_string() });
    }
    let texts: Vec<&str> = edits.iter().map(|edit| edit.text.as_str()).collect();
    let title = format!("write `{}`", texts.join("` and `"));
    Some(finding(span, &named).fix(Fix { title, safety: Safety::Machine, edits }))
}

fn finding(span: Span, named: &[(&NamePattern, &NamePattern)]) -> Diagnostic {
    let said: Vec<String> = named.iter().map(|(regex, glob)| format!("`{regex}` is `{glob}`")).collect();
    Diagnostic::advice(REGEX_IS_A_GLOB, span, format!("a glob says the same: {}", said.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{check_diagnostics, check_repaired};

    #[test]
    fn only_what_is_proven_equal() {
        check_diagnostics(
            "include shop./orders_.*/  # advice[S0209]: a glob says the same: `/orders_.*/` is `orders_*`\n\
             include shop./items_(a|b)/\n",
        );
        check_repaired(
            "include /shop_./.orders, /crm.*/./orders_.*/\n",
            "include shop_?.orders, crm*.orders_*\n",
        );
    }

    #[test]
    fn in_renames() {
        check_diagnostics(
            "include shop.*\n\
             rename table shop./a.*/ to b  # advice[S0209]: a glob says the same: `/a.*/` is `a*`\n",
        );
    }
}
