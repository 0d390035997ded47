//! Findings that follow from others: whoever mends the cause has mended them, so they are not told beside it.
//!
//! Only an error hides anything, and what is hidden is looked at again once the error is mended.

use crate::diagnostic::{Diagnostic, Severity};
use crate::hir::Program;
use crate::text::Span;
use std::collections::HashSet;

/// Idle, wrong or colliding statements of a pipeline that takes no table at all, because of what is wrong with its `include`s.
const OF_NO_TABLE: &[&str] = &["S0204", "S0205", "S0401", "S0501", "S0504"];

/// An `include` that takes nothing.
const TAKES_NOTHING: &[&str] = &["S0202", "S0212"];

/// What hides what, anywhere in the project: each a list of causes and one of consequences.
const ANYWHERE: [(&[&str], &[&str]); 8] = [
    (&["S0102", "S0202", "S0212", "S0308"], &["S1101"]),
    // A table that two pipelines send to one topic is in it in the formats of both.
    (&["S0214"], &["S0408"]),
    // Topics of tables that no `include` takes are written by nobody.
    (&["S0202", "S0212"], &["S0904"]),
    (&["S0903"], &["S0103"]),
    // A format goes to a cluster without a registry: the registry of another is that which was meant.
    (&["S0601"], &["S0605"]),
    // A name that is misspelt, or a copy that kept the name of its original: the block that is not read uses what it names.
    (&["S0101", "S0102"], &["S0104", "S0904"]),
    // A profile that nothing takes is that of the columns which nothing masks.
    (&["S0308"], &["S0104"]),
    // A copy that goes to its own cluster was meant for the one that nothing goes to.
    (&["S0902"], &["S0103"]),
];

/// What hides what at one statement.
const AT_ONE_PLACE: [(&[&str], &[&str]); 3] = [
    // The column is not there, so it does not matter how its rows would move.
    (&["S0501"], &["S0505", "S0506"]),
    // Tables that are no parts of one: telling their rows apart makes them none.
    (&["S0503"], &["S0504"]),
    // Another topic will be written.
    (&["S0008", "S0404", "S0405", "S0407", "S0410"], &["S0702"]),
];

/// Takes away what follows from something else.
pub(super) fn hide(program: &Program, findings: &mut Vec<Diagnostic>) {
    let place = |finding: &Diagnostic| finding.primary.as_ref().map(|label| label.span);
    let errors = || findings.iter().filter(|finding| finding.severity == Severity::Error);
    let causes: HashSet<&str> = errors().map(|finding| finding.code.number).collect();
    let take_nothing = || errors().filter(|finding| TAKES_NOTHING.contains(&finding.code.number));
    let places = |finding: &Diagnostic| -> Vec<Span> {
        finding.primary.iter().chain(&finding.labels).map(|label| label.span).collect()
    };
    let idle: HashSet<Span> = take_nothing().flat_map(places).collect();
    let at_one_place = followed_at_one_place(findings);
    // Two projects that are read as one: what both declare is told, and not each setting of their `defaults` as well.
    let joins_directories = |finding: &&Diagnostic| {
        let is_shared = |span: Span| program.shared.contains(&span.file);
        let first = finding.related.first().map(|related| is_shared(related.span));
        first.zip(place(finding)).is_some_and(|(first, place)| first != is_shared(place))
    };
    let are_joined =
        errors().filter(|finding| finding.code.number == "S0102").any(|one| joins_directories(&one));
    // Heads of the pipelines, and whether none of their `include`s takes anything.
    let mut pipelines: Vec<(Span, bool)> = (program.pipelines.iter())
        .map(|pipeline| {
            let own = pipeline.own.values().flat_map(|own| &own.include);
            let mut includes = pipeline.include.iter().chain(own).peekable();
            let is_empty = includes.peek().is_some() && includes.all(|include| idle.contains(&include.span));
            (pipeline.head, is_empty)
        })
        .collect();
    pipelines.sort();
    // True for what lies in, or behind, a pipeline that takes nothing.
    let of_no_table = |finding: &Diagnostic| {
        let Some(place) = place(finding) else { return false };
        let before =
            pipelines.partition_point(|(head, _)| (head.file, head.start) <= (place.file, place.start));
        pipelines[..before].last().is_some_and(|(head, is_empty)| *is_empty && head.file == place.file)
    };
    let mut followed = at_one_place.into_iter();
    findings.retain(|finding| {
        if followed.next() == Some(true) {
            return false;
        }
        let code = &finding.code.number;
        if are_joined && *code == "S0016" && joins_directories(&finding) {
            return false;
        }
        let follows = ANYWHERE
            .iter()
            .any(|(of, hidden)| hidden.contains(code) && of.iter().any(|cause| causes.contains(cause)));
        !(follows || OF_NO_TABLE.contains(code) && of_no_table(finding))
    });
}

/// Of each finding, whether it follows from another one at the same statement.
fn followed_at_one_place(findings: &[Diagnostic]) -> Vec<bool> {
    let follows = |finding: &Diagnostic| {
        let Some(place) = finding.primary.as_ref().map(|label| label.span) else { return false };
        let of_code = AT_ONE_PLACE.iter().filter(|(_, hidden)| hidden.contains(&finding.code.number));
        let mut causes = of_code.flat_map(|(causes, _)| *causes).peekable();
        if causes.peek().is_none() {
            return false;
        }
        let causes: Vec<&str> = causes.copied().collect();
        findings.iter().filter(|other| causes.contains(&other.code.number)).any(|other| {
            other.primary.as_ref().is_some_and(|label| {
                label.span.file == place.file && label.span.start < place.end && place.start < label.span.end
            })
        })
    };
    findings.iter().map(follows).collect()
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{check_files, check_locked, check_project};

    #[test]
    fn what_is_about_tables_that_were_meant_follows_from_their_include() {
        check_locked(
            "include shop.*  # error[S0202]: `shop.*` can take no table: `exclude` wins over it\nexclude shop.*\n\
             rename table shop.a to b\ntable shop.c {\nkey id\n}\n",
            "table shop.a {\ncolumn id \"bigint\"\n}\n",
        );
    }

    #[test]
    fn a_name_without_use_follows_from_one_without_declaration() {
        check_project(&[
            "edition 2026\nprofile bulk {\nbatch 2MiB\n}\nsource s mysql \"db\" {\npassword env P\n}\n\
             target k kafka \"k\"\npipeline p {\nfrom s\ninclude a.*\nto kk {  # error[S0101]: there is no target `kk`\n\
             with bulk\n}\n}\n",
        ]);
    }

    #[test]
    fn two_projects_that_are_read_as_one_are_told_by_their_names() {
        let ends = "source s mysql \"db\" {\npassword env P\n}\n";
        let told = ends.replacen('\n', "  # error[S0102]: there are two sources called `s`\n", 1);
        check_files(&[
            (
                "0.sync",
                &format!(
                    "edition 2026\n{told}target k kafka \"k\"\ndefaults {{\nretry for 1h\n}}\npipeline p from s to k {{\ninclude a.b\n}}\n"
                ),
            ),
            ("../prod/a.sync", &format!("edition 2026\n{ends}defaults {{\nretry for 2h\n}}\n")),
        ]);
    }

    #[test]
    fn an_answer_that_is_broken_is_an_answer() {
        check_project(&["edition 2026\nsource s mysql \"db\" {\npassword env P\n}\ntarget k kafka \"k\"\n\
             pipeline p from s to k {\ninclude a.*\ntopic \"x\"\n\
             allow S0406 becuse \"one topic\"  # error[S0015]: `allow` takes `because` here, not `becuse`\n}\n"]);
    }
}
