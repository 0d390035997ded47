//! Whether the repairs of a statement mend it.
//!
//! What is wrong with signs hides what is wrong with words, so a repair of the one may uncover the other. It stays certain
//! only where the statement, with all its certain repairs applied, is whole; else it is offered and nothing more.

use super::binding::Values;
use super::placed::{self, Placed};
use super::statement::Reader;
use super::unquoted;
use crate::diagnostic::{Diagnostic, Safety, TextEdit};
use crate::statement::Place;
use crate::syntax::{self, Tree};
use crate::text::{FileId, Span};
use std::ops::Range;

/// Findings about the signs and words of one statement.
const OF_STATEMENTS: [&str; 7] = ["S0001", "S0004", "S0007", "S0008", "S0013", "S0014", "S0015"];

/// A repair may uncover another finding that has one too; so often is that followed.
const ROUNDS_MAX: usize = 5;

/// Takes the certainty from repairs of one file's findings that leave their statement wrong. Statements of the file itself
/// stand at `place`.
pub fn weigh_repairs(tree: &Tree, text: &str, place: Place, values: &Values, findings: &mut [Diagnostic]) {
    let mut repairs: Vec<(u32, usize)> = (findings.iter().enumerate())
        .filter(|(_, finding)| OF_STATEMENTS.contains(&finding.code.number))
        .filter_map(|(n, finding)| Some((certain(finding)?.iter().map(|edit| edit.span.start).min()?, n)))
        .collect();
    if repairs.is_empty() {
        return;
    }
    repairs.sort_unstable();
    placed::each(tree, text, place, &mut |statement| {
        let head = head(statement, tree, text);
        // A `{` on the line below, that its repair moves up.
        let end = tree.node(statement.id).end;
        let below = repairs.partition_point(|&(start, _)| start < end);
        let opens = |finding: &Diagnostic| {
            certain(finding).is_some_and(|edits| edits[0].span.start == end && edits[0].text == " {")
        };
        if let Some(&(_, n)) = repairs.get(below).filter(|&&(_, n)| opens(&findings[n])) {
            let words = &text[head.start as usize..end as usize];
            if !is_whole(words, true, statement, values) {
                doubt(&mut findings[n]);
            }
            return;
        }
        let from = repairs.partition_point(|&(start, _)| start < head.start);
        let of_head = |finding: &Diagnostic| {
            let within = |edit: &TextEdit| head.start <= edit.span.start && edit.span.end <= head.end;
            certain(finding).is_some_and(|edits| edits.iter().all(within))
        };
        let own: Vec<usize> = (repairs[from..].iter())
            .take_while(|&&(start, _)| start <= head.end)
            .filter_map(|&(_, n)| of_head(&findings[n]).then_some(n))
            .collect();
        if own.is_empty() {
            return;
        }
        let edits: Vec<TextEdit> =
            own.iter().filter_map(|&n| certain(&findings[n])).flatten().cloned().collect();
        let mended = with_edits(&text[head.start as usize..head.end as usize], head.start, edits);
        // A quote that is closed gives back the `{` that stood behind it.
        let opened = mended.trim_end().strip_suffix('{').map(str::trim_end);
        let words = opened.unwrap_or(&mended);
        if !is_whole(words, opened.is_some() || statement.block.is_some(), statement, values) {
            own.into_iter().for_each(|n| doubt(&mut findings[n]));
        }
    });
}

/// The edits of the repair of a finding that is certain.
fn certain(finding: &Diagnostic) -> Option<&[TextEdit]> {
    let fix = finding.fixes.iter().find(|fix| fix.safety == Safety::Machine)?;
    Some(&fix.edits)
}

fn doubt(finding: &mut Diagnostic) {
    finding.fixes.iter_mut().for_each(|fix| fix.safety = Safety::Choice);
}

/// From the first byte of a statement to the last of its line, or to its block.
fn head(statement: &Placed<'_>, tree: &Tree, text: &str) -> Range<u32> {
    let node = tree.node(statement.id);
    let end = match statement.block {
        Some(block) => tree.node(block).start,
        None => {
            let rest = &text.as_bytes()[node.end as usize..];
            let blanks = rest.iter().take_while(|&&sign| sign == b' ' || sign == b'\t').count();
            node.end + blanks as u32
        }
    };
    node.start..end
}

/// A text that begins at `from` in its file, with edits of that file. Of edits that meet the first counts.
fn with_edits(text: &str, from: u32, mut edits: Vec<TextEdit>) -> String {
    edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
    let mut mended = String::with_capacity(text.len() + 8);
    let mut at = from;
    for edit in edits {
        if edit.span.start < at {
            continue;
        }
        mended.push_str(&text[(at - from) as usize..(edit.span.start - from) as usize]);
        mended.push_str(&edit.text);
        at = edit.span.end;
    }
    mended.push_str(&text[(at - from) as usize..]);
    mended
}

/// True when nothing is wrong with the head of a statement, after further certain repairs where it has such.
fn is_whole(head: &str, has_block: bool, at: &Placed<'_>, values: &Values) -> bool {
    let mut now = head.to_owned();
    for _ in 0..ROUNDS_MAX {
        let text = if has_block { format!("{now} {{}}") } else { now.clone() };
        let findings = findings_of(&text, at, values);
        if findings.is_empty() {
            return true;
        }
        let edits: Vec<TextEdit> = findings.iter().filter_map(certain).flatten().cloned().collect();
        let is_inside = |span: Span| span.end as usize <= now.len();
        if findings.iter().any(|finding| certain(finding).is_none())
            || !edits.iter().all(|edit| is_inside(edit.span))
        {
            return false;
        }
        now = with_edits(&now, 0, edits);
    }
    false
}

/// What is wrong with a statement that stands in no file, at the place of another.
fn findings_of(text: &str, at: &Placed<'_>, values: &Values) -> Vec<Diagnostic> {
    let parse = syntax::parse(FileId(0), text);
    let mut findings = syntax::errors(&parse, text);
    let Some(place) = at.place.filter(|_| !parse.unreadable()) else { return findings };
    unquoted::look(&parse.tree, text, place, values, &mut findings);
    let mut reader = Reader::new(&parse, text, values);
    reader.format = at.format;
    for capture in at.captures {
        reader.bindings.bind(capture.clone(), None);
    }
    reader.body(parse.tree.root(), place);
    findings.append(&mut reader.findings);
    findings
}

#[cfg(test)]
mod tests {
    use super::super::lower;
    use super::*;

    /// Whether the repairs of the findings about a line of a pipeline are certain.
    #[track_caller]
    fn check(line: &str, expected: &[bool]) {
        let text = format!("edition 2026\npipeline p from s to t {{\n{line}\n}}\n");
        let parse = syntax::parse(FileId(0), &text);
        let values = Values::default();
        let mut found = syntax::errors(&parse, &text);
        found.extend(lower(&parse, &text, &values).1);
        weigh_repairs(&parse.tree, &text, Place::File, &values, &mut found);
        let sure: Vec<bool> = found.iter().map(|finding| certain(finding).is_some()).collect();
        assert_eq!(sure, expected, "{found:?}");
    }

    #[test]
    fn repairs_that_leave_nothing_wrong_are_certain() {
        check("topic: \"x\"", &[true]);
        check("topic: shop.orders;", &[true, true]);
        check("include: [a.b, a.c]", &[true, true]);
        // The second repair is that of the finding which the first uncovers.
        check("partition: key", &[true]);
        check("include \"a\".\"b c\"", &[true]);
        check("to x\n{\n  linger 5ms\n}", &[true]);
    }

    #[test]
    fn repairs_that_uncover_something_else_are_not() {
        check("table: x", &[false]);
        check("table: a.b", &[false]);
        check("- include: a.b", &[false]);
        check("\"tables\": [\"a.b\"],", &[false]);
        check("name: shop", &[false]);
        check("include a.b\n{\n  linger 5ms\n}", &[false]);
        check("include a.b\n{\"op\": \"c\", \"after\": {\"id\": 1}}", &[false]);
    }
}
