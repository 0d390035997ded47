//! S0103: a source or target that no pipeline uses.

use super::super::Rule;
use super::super::flow::Project;
use crate::diagnostic::{Code, CodeDoc, Diagnostic};
use crate::text::Spanned;

const UNUSED_SOURCE_OR_TARGET: Code = Code::new("S0103", "unused-source-or-target");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: UNUSED_SOURCE_OR_TARGET,
        what: "A source or target that no pipeline uses.",
        why: "Nothing is read from it or sent to it. Often a pipeline was meant to, or its last one was removed and this \
              was forgotten.",
        wrong: pipeline!("  include shop.*\n}\n\ntarget lake stdout {\n"),
        right: pipeline!("  to lake\n  include shop.*\n}\n\ntarget lake stdout {\n"),
    },
    run: check_unused,
};

fn check_unused(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    let program = project.program;
    let mut report = |kind: &str, word: &str, name: &Spanned<String>| {
        // A statement that could not be read may use it; another project may use what a shared directory declares.
        if !program.may_know(&name.value) && !program.shared.contains(&name.span.file) {
            let message = format!("no pipeline uses the {kind} `{}`", name.value);
            findings.push(
                Diagnostic::warning(UNUSED_SOURCE_OR_TARGET, name.span, message)
                    .help(format!("remove it, or write `{word} {}` in a pipeline", name.value)),
            );
        }
    };
    let pipelines = &program.pipelines;
    if !pipelines.iter().any(|pipeline| pipeline.unknown_source) {
        for (n, source) in program.sources.iter().enumerate() {
            if !pipelines.iter().flat_map(|one| &one.from).any(|from| from.value.0 as usize == n) {
                report("source", "from", &source.name);
            }
        }
    }
    if !pipelines.iter().any(|pipeline| pipeline.unknown_target) {
        for (n, target) in program.targets.iter().enumerate() {
            if !pipelines.iter().flat_map(|one| &one.to).any(|to| to.target.value.0 as usize == n) {
                report("target", "to", &target.name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check_project;

    const ENDS: &str =
        "edition 2026\nsource shop mysql \"db1\" {\npassword env P\n}\ntarget bus kafka \"k\"\n";

    #[test]
    fn what_no_pipeline_uses() {
        check_project(&[
            &format!("{ENDS}pipeline p from shop to bus {{\ninclude a.b\n}}\n"),
            "edition 2026\n\
             source crm mysql \"db2\" {  # warning[S0103]: no pipeline uses the source `crm`\n\
             password env P\n}\n\
             target lake stdout  # warning[S0103]: no pipeline uses the target `lake`\n",
        ]);
    }

    #[test]
    fn a_statement_that_could_not_be_read_may_use_it() {
        check_project(&[&format!(
            "{ENDS}pipeline p from shop too bus {{  # error[S0015]: `pipeline` takes `to` here, not `too`\n}}\n"
        )]);
        check_project(&[&format!(
            "{ENDS}pipeline p from shop to buss {{  # error[S0101]: there is no target `buss`\ninclude a.b\n}}\n"
        )]);
    }

    #[test]
    fn a_second_pipeline_of_one_name_uses_it() {
        check_project(&[&format!(
            "{ENDS}target out stdout\npipeline p from shop to bus {{\ninclude a.b\n}}\n\
             pipeline p from shop to out {{  # error[S0102]: there are two pipelines called `p`\ninclude a.b\n}}\n"
        )]);
    }
}
