//! Findings that follow from others: whoever mends the cause has mended them, so they are not told beside it.
//!
//! Only an error hides anything, and what is hidden is looked at again once the error is mended.

use crate::diagnostic::{Diagnostic, Severity};
use crate::hir::Program;
use crate::text::Span;
use std::collections::HashSet;

/// Where a cause hides its consequences.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Within {
    /// In the same pipeline.
    Pipeline,
    /// Anywhere.
    Project,
}

/// What hides what.
struct Consequence {
    causes: &'static [&'static str],
    hidden: &'static [&'static str],
    within: Within,
}

const CONSEQUENCES: [Consequence; 3] = [
    // A pipeline that takes other tables than were meant: what is about the others finds nothing.
    Consequence {
        causes: &["S0202", "S0212"],
        hidden: &["S0204", "S0205", "S0401", "S0501", "S0504"],
        within: Within::Pipeline,
    },
    Consequence { causes: &["S0102", "S0202", "S0212"], hidden: &["S1101"], within: Within::Project },
    // A name that is misspelt, or a copy that kept the name of its original: the other name has no use.
    Consequence {
        causes: &["S0101", "S0102", "S0903"],
        hidden: &["S0103", "S0104", "S0904"],
        within: Within::Project,
    },
];

/// Takes away what follows from something else.
pub(super) fn hide(program: &Program, findings: &mut Vec<Diagnostic>) {
    let mut heads: Vec<Span> = program.pipelines.iter().map(|pipeline| pipeline.head).collect();
    heads.sort();
    // The pipeline that the place of a finding lies in or behind.
    let pipeline = |finding: &Diagnostic| {
        let place = finding.primary.as_ref()?.span;
        let before = heads.partition_point(|head| (head.file, head.start) <= (place.file, place.start));
        heads[..before].last().filter(|head| head.file == place.file).copied()
    };
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error);
    let causes: HashSet<(&str, Option<Span>)> =
        errors.map(|finding| (finding.code.number, pipeline(finding))).collect();
    let anywhere: HashSet<&str> = causes.iter().map(|(code, _)| *code).collect();
    findings.retain(|finding| {
        let follows = |consequence: &Consequence| {
            consequence.hidden.contains(&finding.code.number)
                && consequence.causes.iter().any(|cause| match consequence.within {
                    Within::Project => anywhere.contains(cause),
                    Within::Pipeline => {
                        pipeline(finding).is_some_and(|own| causes.contains(&(*cause, Some(own))))
                    }
                })
        };
        !CONSEQUENCES.iter().any(follows)
    });
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{check_locked, check_project};

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
    fn an_answer_that_is_broken_is_an_answer() {
        check_project(&["edition 2026\nsource s mysql \"db\" {\npassword env P\n}\ntarget k kafka \"k\"\n\
             pipeline p from s to k {\ninclude a.*\ntopic \"x\"\n\
             allow S0406 becuse \"one topic\"  # error[S0015]: `allow` takes `because` here, not `becuse`\n}\n"]);
    }
}
