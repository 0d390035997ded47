//! The ends of a pipeline: a target where a source is wanted, and the other way round.

use super::program::Program;
use super::scope::{Scope, UNKNOWN_NAME};
use crate::ast;
use crate::diagnostic::{Diagnostic, Fix, Safety, TextEdit};
use crate::pattern::NamePattern;
use crate::text::{Span, Spanned};

/// Names that a pipeline refers to.
#[derive(Clone, Copy)]
pub(super) struct Scopes<'a> {
    pub(super) sources: &'a Scope,
    pub(super) targets: &'a Scope,
    pub(super) program: &'a Program,
}

impl Scopes<'_> {
    /// What is said of a name that no source has.
    pub(super) fn no_source(&self, name: &Spanned<String>) -> Diagnostic {
        let finding = self.sources.unknown(name);
        match self.targets.id(&name.value) {
            Some(_) if !is_guessed(&finding) => finding.label("this is a target").help(format!(
                "a pipeline reads from a source; topics of a target are copied by `from {} topic \"…\"`",
                name.value
            )),
            Some(_) | None => finding,
        }
    }

    /// What is said of a name that no target has.
    pub(super) fn no_target(&self, name: &Spanned<String>) -> Diagnostic {
        let finding = self.targets.unknown(name);
        match self.sources.id(&name.value) {
            Some(_) if !is_guessed(&finding) => finding.label("this is a source"),
            Some(_) | None => finding,
        }
    }

    /// The places of a target behind `from` and of a source behind `to`: one mistake, which is told once.
    pub(super) fn exchanged(&self, pipeline: &ast::Pipeline) -> Option<(Spanned<String>, Spanned<String>)> {
        let is_open = |name: &str| !self.program.may_know(name);
        let from = pipeline.from.iter().find_map(|from| match &from.sources.value {
            NamePattern::Exact(name)
                if self.sources.id(name).is_none() && self.targets.id(name).is_some() && is_open(name) =>
            {
                Some(Spanned::new(name.clone(), from.sources.span))
            }
            NamePattern::Exact(_) | NamePattern::Glob(_) | NamePattern::Regex(_) => None,
        })?;
        let to = pipeline.to.iter().map(|to| &to.target).find(|name| {
            self.targets.id(&name.value).is_none()
                && self.sources.id(&name.value).is_some()
                && is_open(&name.value)
        })?;
        Some((from, to.clone()))
    }
}

/// True when a finding says which name was probably meant.
fn is_guessed(finding: &Diagnostic) -> bool {
    finding.primary.as_ref().is_some_and(|label| !label.text.is_empty())
}

/// The finding about ends that are exchanged.
pub(super) fn exchanged(from: &Spanned<String>, to: &Spanned<String>) -> Diagnostic {
    let edit = |span: Span, text: &str| TextEdit { span, text: text.to_owned() };
    let message =
        format!("`{}` is a target and `{}` a source: they stand in each other's place", from.value, to.value);
    Diagnostic::error(UNKNOWN_NAME, from.span, message)
        .label("a source is wanted here")
        .also(to.span, "a target is wanted here")
        .help(format!("a pipeline reads `from {}` and writes `to {}`", to.value, from.value))
        .fix(Fix {
            title: "exchange them".to_owned(),
            safety: Safety::Machine,
            edits: vec![edit(from.span, &to.value), edit(to.span, &from.value)],
        })
}

#[cfg(test)]
mod tests {
    use crate::diagnostic::{Safety, short};
    use crate::plan::compile_files;
    use crate::text::FileSet;

    const ENDS: &str = "edition 2026\nsource shop mysql \"db\" {\npassword env P\n}\ntarget bus kafka \"k\"\ntarget out stdout\n";

    /// What is found in a project with a pipeline, and the pipeline after its certain repairs.
    #[track_caller]
    fn check(pipeline: &str, expected: &[&str], repaired: &str) {
        let mut files = FileSet::new();
        files.add("a.sync", format!("{ENDS}{pipeline}"));
        let findings = compile_files(&files).findings;
        let found: Vec<String> = findings.iter().map(|finding| short::line(finding, &files)).collect();
        assert_eq!(found, expected);
        let certain = findings.iter().flat_map(|finding| &finding.fixes);
        let certain = certain.filter(|fix| fix.safety == Safety::Machine).flat_map(|fix| &fix.edits);
        let mut edits: Vec<_> = certain.collect();
        edits.sort_by_key(|edit| std::cmp::Reverse(edit.span.start));
        let mut text = format!("{ENDS}{pipeline}");
        for edit in edits {
            text.replace_range(edit.span.start as usize..edit.span.end as usize, &edit.text);
        }
        assert_eq!(text, format!("{ENDS}{repaired}"));
    }

    #[test]
    fn ends_that_are_exchanged_are_one_mistake() {
        let said = "`bus` is a target and `shop` a source: they stand in each other's place";
        check(
            "pipeline p from bus to shop {\nto out\ninclude a.b\n}\n",
            &[&format!("a.sync:7:17: error[S0101]: {said}")],
            "pipeline p from shop to bus {\nto out\ninclude a.b\n}\n",
        );
        check(
            "pipeline p {\nto shop {\nlinger 5ms\n}\nfrom bus\nto out\ninclude a.b\n}\n",
            &[&format!("a.sync:11:6: error[S0101]: {said}")],
            "pipeline p {\nto bus {\nlinger 5ms\n}\nfrom shop\nto out\ninclude a.b\n}\n",
        );
    }

    #[test]
    fn one_end_of_the_other_kind() {
        let twice = "pipeline p from shop to shop {\nto out\nto bus\ninclude a.b\n}\n";
        check(twice, &["a.sync:7:25: error[S0101]: there is no target `shop`"], twice);
        let twice = "pipeline p from bus to bus {\nto out\ninclude a.b\n}\n";
        check(twice, &["a.sync:7:17: error[S0101]: there is no source `bus`"], twice);
    }
}
