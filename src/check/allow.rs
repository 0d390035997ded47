//! `allow`: findings that are answered, and answers to nothing.

use crate::ast::Allow;
use crate::diagnostic::{Code, CodeDoc, Diagnostic, Fix, Severity};
use crate::hir::{self, Pipeline, Program};
use crate::statement::{self, WRONG_ARGUMENTS, closest};
use crate::text::Span;
use crate::{project, source, syntax, target};
use std::collections::HashMap;

/// An answer to nothing.
pub const ALLOW_UNUSED: Code = Code::new("S0110", "allow-unused");

pub(super) const PAGE: CodeDoc = CodeDoc {
    code: ALLOW_UNUSED,
    what: "An `allow` that answers nothing: its finding does not appear in the block, or it is an error, which is never allowed.",
    why: "Such a line hides the next finding of that code, which nobody has looked at.",
    wrong: pipeline!("  include shop.*\n  allow S0203 because \"shop.orders is listed for readers\"\n"),
    right: pipeline!(
        "  include shop.*\n  include shop.orders\n  allow S0203 because \"shop.orders is listed for readers\"\n"
    ),
};

/// Codes of warnings and advice that files alone never or not always show: the lock file does, where it lists the tables.
const NEEDS_LOCK: &[&str] = &[
    "S0212", "S0215", "S0218", "S0307", "S0309", "S0401", "S0406", "S0502", "S0504", "S0505", "S0506",
    "S0510", "S0603", "S0608", "S0703",
];

/// Those of them beside which others are missing: names that are mended may bring them.
const HIDES_OTHERS: &[&str] = &["S0212", "S0215", "S0401"];

/// Codes of warnings and advice that take a server, the environment or a running instance.
const NEEDS_MORE: &[&str] = &["S0306", "S0606", "S0809", "S0904"];

/// Codes that are errors wherever they appear, of findings that files alone do not always show.
const ERRORS_THAT_NEED_MORE: &[&str] = &[
    "S0213", "S0214", "S0216", "S0219", "S0305", "S0308", "S0403", "S0412", "S0501", "S0503", "S0507",
    "S0509", "S0604", "S0802", "S0804", "S0806", "S0811",
];

/// Takes away the findings that are answered, and tells of answers to nothing. `is_read`: every statement of the project could be
/// read; `later` are codes of stages to come.
pub(super) fn answer(program: &Program, is_read: bool, findings: &mut Vec<Diagnostic>, later: &[CodeDoc]) {
    if program.allows.is_empty() {
        return;
    }
    let known = known(later);
    let hides_others = |finding: &Diagnostic| {
        let number = finding.code.number;
        HIDES_OTHERS.contains(&number) || !NEEDS_LOCK.contains(&number)
    };
    let hidden = findings.iter().any(hides_others);
    let mut told = Vec::new();
    let mut idle = Vec::new();
    let mut before: HashMap<(Span, Code), Span> = HashMap::new();
    let mut answered = vec![false; findings.len()];
    for allow in &program.allows {
        let inside =
            |finding: &Diagnostic| finding.primary.as_ref().is_some_and(|label| allow.covers(label.span));
        if allow.code.value.is_empty() {
            for (n, finding) in findings.iter().enumerate() {
                answered[n] |= finding.severity != Severity::Error && inside(finding);
            }
            continue;
        }
        let Some(code) = known.iter().find(|code| code.number == allow.code.value) else {
            if allow.is_whole {
                let can_answer =
                    |finding: &&Diagnostic| finding.severity != Severity::Error && inside(finding);
                let found = findings.iter().filter(can_answer).map(|finding| finding.code);
                let meant = meant(allow, &known, found);
                for (n, finding) in findings.iter().enumerate() {
                    answered[n] |= Some(finding.code) == meant && can_answer(&finding);
                }
                told.push(unknown(allow, &known, meant));
            }
            continue;
        };
        let mut used = false;
        let mut refused = false;
        // What could not be read may be what the finding takes, wherever it stands.
        let mut damaged = !is_read;
        for (n, finding) in findings.iter().enumerate().filter(|(_, finding)| inside(finding)) {
            let is_error = finding.severity == Severity::Error;
            // Behind an error a finding may be missing that is there once it is mended.
            damaged |= is_error;
            if finding.code == *code {
                refused |= is_error;
                used |= !is_error;
                answered[n] |= !is_error;
            }
        }
        if !allow.is_whole {
            continue;
        }
        if let Some(first) = before.insert((allow.scope, *code), allow.head) {
            told.push(twice(allow, *code, first));
            continue;
        }
        let could_come = !code.number.starts_with('S')
            || NEEDS_MORE.contains(&code.number)
            || (NEEDS_LOCK.contains(&code.number) && (hidden || !lists_all(program, allow)));
        let message = match (used, refused) {
            (true, _) => continue,
            (false, true) => format!("{code} is an error here, and errors are never allowed"),
            (false, false) if ERRORS_THAT_NEED_MORE.contains(&code.number) => {
                format!(
                    "{code} ({}) is an error wherever it appears, and errors are never allowed",
                    code.name
                )
            }
            (false, false) if could_come || damaged => continue,
            (false, false) => format!("{code} ({}) does not appear in this block", code.name),
        };
        idle.push((allow, message));
    }
    let mut shown = Vec::new();
    for (allow, message) in idle {
        let is_open = |n: usize, finding: &Diagnostic| {
            let inside = finding.primary.as_ref().is_some_and(|label| allow.covers(label.span));
            inside && !answered[n] && finding.severity != Severity::Error
        };
        let open = || findings.iter().enumerate().filter(|(n, finding)| is_open(*n, finding));
        let near = closest(&allow.code.value, open().map(|(_, finding)| finding.code.number));
        let meant = open().find(|(_, finding)| Some(finding.code.number) == near);
        // It is told with the answer that has its code wrong.
        shown.extend(meant.map(|(n, _)| n));
        let finding = Diagnostic::warning(ALLOW_UNUSED, allow.head, message);
        told.push(match meant {
            Some((_, meant)) => wrong_code(finding, allow, meant),
            None => finding
                .help("remove the line: it would hide a finding that nobody has looked at")
                .fix(Fix::machine("remove the line", allow.cut, "")),
        });
    }
    shown.into_iter().for_each(|n| answered[n] = true);
    let mut answered = answered.into_iter();
    findings.retain(|_| answered.next() != Some(true));
    findings.extend(told);
}

/// An answer to what the same block answers before.
fn twice(allow: &Allow, code: Code, first: Span) -> Diagnostic {
    Diagnostic::warning(ALLOW_UNUSED, allow.head, format!("{code} is allowed in this block already"))
        .beside(first, "here")
        .help("one line says it; a second one only says why again")
        .fix(Fix::machine("remove the line", allow.cut, ""))
}

/// Adds to an answer to nothing the finding that it was probably meant for.
fn wrong_code(finding: Diagnostic, allow: &Allow, meant: &Diagnostic) -> Diagnostic {
    let code = meant.code;
    let finding = match &meant.primary {
        Some(label) => finding.beside(label.span, format!("{code}: {}", meant.message)),
        None => finding,
    };
    finding
        .help(format!("{code} ({}) does: look at it before it is allowed", code.name))
        .fix(Fix::choice(format!("write `{code}`"), allow.code.span, code.number))
        .fix(Fix::choice("remove the line", allow.cut, ""))
}

/// True when the lock file lists the tables of every source that is read by a pipeline of which an answer speaks: the one in
/// whose block it stands, else any.
fn lists_all(program: &Program, allow: &Allow) -> bool {
    let begins = |place: Span| (place.file, place.start);
    let around = |pipeline: &&Pipeline| begins(pipeline.head) == begins(allow.top);
    let is_in_one = program.pipelines.iter().any(|pipeline| around(&pipeline));
    let about = program.pipelines.iter().filter(|pipeline| !is_in_one || around(pipeline));
    let mut sources = about.flat_map(|pipeline| &pipeline.from);
    sources.all(|source| program.lock.of(source.value).is_some_and(|lock| !lock.incomplete))
}

/// Every code that a finding can have.
fn known(later: &[CodeDoc]) -> Vec<Code> {
    let pages = [
        syntax::codes::DOCS,
        statement::PAGES,
        hir::PAGES,
        project::PAGES,
        source::mysql::requirement::CODES,
        target::kafka::requirement::CODES,
        target::registry::requirement::CODES,
        later,
    ];
    let of_rules = super::pages().map(|page| page.code);
    pages.into_iter().flatten().map(|page| page.code).chain(of_rules).collect()
}

/// The code that one which is none was to be: the one of that name, or a near one among those found in the block.
fn meant(allow: &Allow, known: &[Code], found: impl Iterator<Item = Code>) -> Option<Code> {
    let written = allow.code.value.as_str();
    known.iter().find(|code| is_for(code, written)).copied().or_else(|| {
        let found: Vec<Code> = found.collect();
        let near = closest(written, found.iter().map(|code| code.number))?;
        found.into_iter().find(|code| code.number == near)
    })
}

/// True where a text is the name of a code, or its number in small letters.
fn is_for(code: &Code, text: &str) -> bool {
    code.name == text || code.number.eq_ignore_ascii_case(text)
}

fn unknown(allow: &Allow, known: &[Code], meant: Option<Code>) -> Diagnostic {
    let written = allow.code.value.as_str();
    let finding = match meant.filter(|code| is_for(code, written)) {
        Some(code) => {
            let message = format!("`allow` takes the number of a finding, {code} for `{written}`");
            Diagnostic::error(WRONG_ARGUMENTS, allow.code.span, message)
        }
        None => Diagnostic::error(WRONG_ARGUMENTS, allow.code.span, format!("there is no code `{written}`"))
            .help("findings are printed with their code; `syncc explain` lists all"),
    };
    let write = |code: &str| format!("write `{code}`");
    match (meant, closest(written, known.iter().map(|code| code.number))) {
        (Some(Code { number, .. }), _) => finding.fix(Fix::machine(write(number), allow.code.span, number)),
        (None, Some(near)) => finding.fix(Fix::choice(write(near), allow.code.span, near)),
        (None, None) => finding,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check_diagnostics, check_project, check_repaired};

    #[test]
    fn a_warning_of_the_block_is_answered() {
        check_diagnostics("include shop.*, shop.a\nallow S0203 because \"x\"\n");
        check_diagnostics("include shop.*\ntable crm.x {\nkey none\nallow S0205 because \"x\"\n}\n");
        // The block itself is drawn.
        check_diagnostics("include shop.*\ntable crm.x {\nallow S0205 because \"x\"\n}\n");
        // Another block is not.
        check_diagnostics(
            "include shop.*, shop.a  # warning[S0203]: `shop.a` is included by `shop.*` already\n\
             table shop.b {\nallow S0203 because \"x\"  # warning[S0110]: S0203 (include-covered) does not appear in this block\n}\n",
        );
    }

    #[test]
    fn an_answer_to_nothing() {
        check_diagnostics(
            "include shop.*\nallow S0203 because \"x\"  # warning[S0110]: S0203 (include-covered) does not appear in this block\n",
        );
        check_repaired("include shop.*\nallow S0203 because \"x\"\n", "include shop.*\n");
        check_diagnostics(
            "include shop.*\nkey id  # error[S0501]: `id` is part of the key and is left out\ncolumns except id\n\
             allow S0501 because \"x\"  # warning[S0110]: S0501 is an error here, and errors are never allowed\n",
        );
        check_diagnostics(
            "include shop.*\nallow S0403 because \"x\"  \
             # warning[S0110]: S0403 (names-collide) is an error wherever it appears, and errors are never allowed\n",
        );
        // Only a server can tell.
        check_diagnostics(
            "include shop.*\nallow S0502 because \"x\"\nallow L0115 because \"x\"\nallow P1004 because \"x\"\n",
        );
    }

    #[test]
    fn codes_are_numbers_of_findings() {
        check_diagnostics(
            "include shop.*\nallow S9999 because \"x\"  # error[S0015]: there is no code `S9999`\n\
             allow include-covered because \"x\"  # error[S0015]: `allow` takes the number of a finding, S0203 for `include-covered`\n",
        );
        check_repaired(
            "include shop.*\nallow no-primary-key because \"x\"\n",
            "include shop.*\nallow S0502 because \"x\"\n",
        );
    }

    #[test]
    fn an_answer_with_the_code_of_another_finding() {
        check_diagnostics(
            "include shop.*, shop.a\n\
             allow S0204 because \"x\"  # warning[S0110]: S0204 (exclude-idle) does not appear in this block\n",
        );
    }

    #[test]
    fn an_answer_that_is_there_already() {
        check_diagnostics(
            "include shop.*, shop.a\nallow S0203 because \"x\"\n\
             allow S0203 because \"y\"  # warning[S0110]: S0203 is allowed in this block already\n",
        );
        check_repaired(
            "include shop.*, shop.a\nallow S0203 because \"x\"\nallow S0203 because \"y\"\n",
            "include shop.*, shop.a\nallow S0203 because \"x\"\n",
        );
    }

    #[test]
    fn a_misspelt_code_answers_what_it_was_to_answer() {
        let text =
            "include shop.*, shop.a\nallow S0230 because \"x\"  # error[S0015]: there is no code `S0230`\n";
        check_diagnostics(text);
        check_repaired(
            "include shop.*, shop.a\nallow S0230 because \"x\"\n",
            "include shop.*, shop.a\nallow S0203 because \"x\"\n",
        );
        check_diagnostics(
            "include shop.*, shop.a\nallow include-covered because \"x\"  \
             # error[S0015]: `allow` takes the number of a finding, S0203 for `include-covered`\n",
        );
    }

    #[test]
    fn a_reason_is_wanted() {
        check_diagnostics(
            "include shop.*, shop.a\nallow S0203  # error[S0111]: `allow S0203` gives no reason\n",
        );
        check_diagnostics(
            "include shop.*, shop.a\nallow S0203 because \" \"  # error[S0111]: `allow S0203` gives no reason\n",
        );
    }

    #[test]
    fn in_every_block() {
        check_project(&[
            "edition 2026\nsource shop mysql \"db1\" {\npassword env P\ntls off\nallow S0303 because \"tunnel\"\n}\n\
             target out stdout\npipeline p from shop to out {\ninclude shop.*\n}\n",
        ]);
    }
}
