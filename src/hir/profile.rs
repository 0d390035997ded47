//! Profiles, and the blocks that take them.

use super::program::Program;
use super::scope::Scope;
use crate::ast::{self, LeftOut, Settings, given_twice};
use crate::diagnostic::{Code, Diagnostic};
use crate::text::{Span, Spanned};
use std::collections::BTreeSet;

/// Two blocks of one level, or two profiles of one block, disagree. Its page is that of the rule about blocks.
pub const OVERRIDES_CROSS: Code = Code::new("S0206", "overrides-cross");

/// All profiles of a project.
pub(super) struct Profiles {
    scope: Scope,
    profiles: Vec<ast::Profile>,
    /// Which of them something takes.
    used: Vec<bool>,
    /// A block names one that is not known.
    unknown: bool,
}

/// `profile NAME`.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// Its name.
    pub name: Spanned<String>,
    /// A block takes it, or may: one names a profile that is not known.
    pub used: bool,
    /// Places of its statements.
    pub lines: BTreeSet<Span>,
}

impl Profiles {
    pub(super) fn new() -> Profiles {
        Profiles { scope: Scope::new("profile"), profiles: Vec::new(), used: Vec::new(), unknown: false }
    }

    pub(super) fn declare(&mut self, profile: ast::Profile, findings: &mut Vec<Diagnostic>) {
        if self.scope.declare(&profile.name, findings).is_some() {
            self.profiles.push(profile);
            self.used.push(false);
        }
    }

    /// Notes the profiles that no block takes.
    pub(super) fn note_idle(&mut self, may_be_used: impl Fn(&str, Span) -> bool) {
        self.scope.note_idle(may_be_used);
    }

    /// True for the name of a profile.
    pub(super) fn declares(&self, name: &str) -> bool {
        self.scope.id(name).is_some()
    }

    /// Adds the profiles that a block names to its settings, which win over them. What could not be read of them; of one that is not
    /// known, its line `with`.
    pub(super) fn apply(
        &mut self,
        settings: &mut Settings,
        with: &[Spanned<String>],
        program: &Program,
        findings: &mut Vec<Diagnostic>,
    ) -> LeftOut {
        let mut left_out = LeftOut::default();
        let mut taken: Vec<(&Spanned<String>, usize)> = Vec::new();
        let mut added = Settings::default();
        for name in with {
            let Some(id) = self.scope.id(&name.value).map(|id| id as usize) else {
                left_out.add(&LeftOut::word("with"));
                self.unknown = true;
                if !program.may_know(&name.value) {
                    findings.push(self.scope.unknown(name));
                }
                continue;
            };
            if let Some((first, _)) = taken.iter().find(|(_, other)| *other == id) {
                findings.push(given_twice(&format!("with {}", name.value), name.span, first.span));
                continue;
            }
            self.used[id] = true;
            left_out.add(&self.profiles[id].left_out.of_profile());
            findings.extend(self.disagreement(settings, (&taken, &added), (name, id)));
            taken.push((name, id));
            added = added.over(&self.profiles[id].settings);
        }
        *settings = settings.over(&added);
        left_out
    }

    /// Notes that blocks of which nothing else is known take profiles.
    pub(super) fn take<'n>(&mut self, names: impl Iterator<Item = &'n Spanned<String>>) {
        for id in names.filter_map(|name| self.scope.id(&name.value)) {
            self.used[id as usize] = true;
        }
    }

    /// The first thing about which a profile disagrees with those that were taken, and the block that takes them says nothing.
    fn disagreement(
        &self,
        own: &Settings,
        (taken, added): (&[(&Spanned<String>, usize)], &Settings),
        (later, b): (&Spanned<String>, usize),
    ) -> Option<Diagnostic> {
        if taken.is_empty() {
            return None;
        }
        let (one, other) = (own.over(added), own.over(&self.profiles[b].settings));
        let mut conflicts = one.disagreements(&other);
        conflicts.extend(one.task.disagreements(&other.task));
        let conflict = conflicts.first()?;
        // The one in whose block it stands.
        let begins = |(_, profile): &&(&Spanned<String>, usize)| self.profiles[*profile].name.span;
        let before = |span: Span| span.file == conflict.first.file && span.start <= conflict.first.start;
        let (first, _) = taken.iter().filter(|one| before(begins(one))).max_by_key(begins)?;
        let message = format!(
            "the profiles `{}` and `{}` disagree about `{}`",
            first.value, later.value, conflict.word
        );
        Some(
            Diagnostic::error(OVERRIDES_CROSS, later.span, message)
                .beside(first.span, "the other profile")
                .beside(conflict.first, format!("in `{}`", first.value))
                .beside(conflict.second, format!("in `{}`", later.value))
                .help(format!("say it in the block itself, which wins: `{} …`", conflict.word)),
        )
    }

    /// All of them, once every block has taken what it names. One that is named with a mistake is not unused.
    pub(super) fn finish(self) -> Vec<Profile> {
        let profiles = self.profiles.into_iter().zip(self.used);
        profiles
            .map(|(profile, used)| Profile {
                name: profile.name,
                used: used || self.unknown,
                lines: profile.settings.lines.into_keys().collect(),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::plan::compile_files;
    use crate::text::FileSet;

    /// Topic and linger that hold for `a.b` and for `a.c` when the pipeline holds these lines.
    fn settled(lines: &str) -> [String; 2] {
        let mut files = FileSet::new();
        files.add(
            "a.sync",
            format!(
                "edition 2026\nsource s mysql \"db\" {{\npassword env P\n}}\ntarget t kafka \"k\"\n\
                 defaults {{\ntopic \"defaults.{{table}}\"\n}}\n\
                 profile one {{\ntopic \"one.{{table}}\"\n}}\nprofile two {{\nkey none\n}}\n\
                 pipeline p from s to t {{\ninclude a.b, a.c\n{lines}}}\n"
            ),
        );
        let (plan, _) = compile_files(&files).plan.expect("compiles");
        ["b", "c"].map(|table| {
            let decision = plan.tasks[0].decide("a", table).expect("a decision").expect("selected");
            format!("{} {:?}", decision.topic, decision.key)
        })
    }

    #[test]
    fn a_block_wins_over_its_profiles_and_they_over_what_is_further_away() {
        let check = |lines: &str, b: &str, c: &str| assert_eq!(settled(lines), [b, c], "{lines}");
        check("", "defaults.b Primary", "defaults.c Primary");
        check("with one, two\n", "one.b None", "one.c None");
        check("with one\ntopic \"own.{table}\"\n", "own.b Primary", "own.c Primary");
        check("with two\ntable a.b {\nwith one\nkey primary\n}\n", "one.b Primary", "defaults.c None");
        check("topic \"own.{table}\"\ntable a.b {\nwith one\n}\n", "one.b Primary", "own.c Primary");
        check(
            "table a.b {\nwith one\n}\ntable a.b {\ntopic \"own.{table}\"\n}\n",
            "own.b Primary",
            "defaults.c Primary",
        );
    }
}
