//! S0104: a profile or a parameter that nothing uses.

use super::super::Rule;
use super::super::flow::Project;
use crate::diagnostic::{Code, CodeDoc, Diagnostic};
use crate::hir::Profile;
use crate::statement::{TOPIC_PLACEHOLDERS, closest};

const UNUSED_PROFILE_OR_PARAM: Code = Code::new("S0104", "unused-profile-or-param");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: UNUSED_PROFILE_OR_PARAM,
        what: "A profile that no block takes by `with`, or a parameter that no text and no statement of the project uses.",
        why: "Whoever changes it expects that something else changes. Often its use was misspelt or removed, and the masks of a \
              profile protect nothing.",
        wrong: endpoints!(
            "param region one-of eu, us default eu\n\nsource shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\ntarget bus kafka \"kafka1:9092\"\n"
        ),
        right: endpoints!(
            "param region one-of eu, us default eu\n\nsource shop mysql \"syncc@db1.{region}:3306\" {\n  password env SHOP_DB_PASSWORD\n}\ntarget bus kafka \"kafka1:9092\"\n"
        ),
    },
    run: check_unused,
};

fn check_unused(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    let program = project.program;
    // A `with` without its name may be of any.
    let is_unused = |profile: &&Profile| !profile.used && !program.nameless.contains("with");
    for profile in program.profiles.iter().filter(is_unused) {
        let name = &profile.name;
        if !program.may_know(&name.value) && !program.shared.contains(&name.span.file) {
            let message = format!("no block takes the profile `{}`", name.value);
            findings.push(Diagnostic::warning(UNUSED_PROFILE_OR_PARAM, name.span, message).help(format!(
                "remove it, or write `with {}` in a pipeline, a `to` or a `table`",
                name.value
            )));
        }
    }
    for param in &program.params {
        let name = &param.name;
        // A statement that could not be read may use it; another project may use what a shared directory declares.
        let may_be_used = program.may_know(&name.value)
            || program.shared.contains(&name.span.file)
            || is_meant(project, &name.value);
        if !program.used_params.contains(&name.value) && !may_be_used {
            let message = format!("nothing uses the param `{}`", name.value);
            findings.push(Diagnostic::warning(UNUSED_PROFILE_OR_PARAM, name.span, message).help(format!(
                "remove it, or use it: `{{{0}}}` in a text, `param {0}` where a value stands",
                name.value
            )));
        }
    }
}

/// True when a placeholder that stands for nothing (S0405) is probably meant to be this parameter.
fn is_meant(project: &Project<'_>, param: &str) -> bool {
    let lanes = project.flows.iter().flat_map(|flow| &flow.lanes);
    let topics = lanes.flat_map(|lane| lane.topics()).map(|(topic, _)| &topic.value);
    let names = project.flows.iter().flat_map(|flow| &flow.renames).map(|renaming| renaming.to());
    let mut holes = topics.chain(names).flat_map(|template| template.placeholders());
    holes.any(|hole| !TOPIC_PLACEHOLDERS.contains(&hole) && closest(hole, [param]).is_some())
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check_project;

    const ENDS: &str =
        "edition 2026\nsource shop mysql \"db1\" {\npassword env P\n}\ntarget bus kafka \"k\"\n";

    #[test]
    fn what_nothing_uses() {
        check_project(&[
            "edition 2026\nparam a one-of x, y default x\nparam b text default \"b\"\nparam c integer default 1\n\
             param d by a {\nx 1\ny 2\n}\nparam e integer default 3  # warning[S0104]: nothing uses the param `e`\n",
            &format!(
                "{ENDS}pipeline p from shop to bus {{\ninclude a.b\ntopic \"{{b}}.{{table}}\" {{\npartitions param c\nreplicas param d\n}}\n}}\n"
            ),
        ]);
    }

    #[test]
    fn a_profile_that_no_block_takes() {
        let block = |with: &str, told: &str| {
            check_project(&[&format!(
                "{ENDS}profile pii {{{told}\ncolumns except a\n}}\npipeline p from shop to bus {{\ninclude a.b\n{with}\n}}\n"
            )]);
        };
        block("with pii", "");
        block("table a.b {\nwith pii\n}", "");
        block("key id", "  # warning[S0104]: no block takes the profile `pii`");
        // One mistake is one finding.
        block("with pi  # error[S0101]: there is no profile `pi`", "");
    }

    #[test]
    fn what_could_not_be_read_may_use_it() {
        check_project(&[&format!(
            "{ENDS}param a text default \"b\"\npipeline p from shop to bus {{\ninclude a.b\n\
             topc \"{{a}}.{{table}}\"  # error[S0013]: `topc` is no statement; did you mean `topic`?\n}}\n"
        )]);
    }
}
