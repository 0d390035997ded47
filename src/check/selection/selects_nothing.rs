//! S0201: a pipeline without `include`.

use super::super::Rule;
use super::super::flow::Project;
use crate::diagnostic::{Code, CodeDoc, Diagnostic};
use crate::hir::{Pipeline, SourceId};

const SELECTS_NOTHING: Code = Code::new("S0201", "selects-nothing");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: SELECTS_NOTHING,
        what: "A pipeline has no `include`, so it sends no table.",
        why: "There is no default: a pipeline that took every table by accident would be worse than this question.",
        wrong: pipeline!("  exclude shop.tmp_*\n"),
        right: pipeline!("  include shop.*\n  exclude shop.tmp_*\n"),
    },
    run: check_selects_nothing,
};

fn check_selects_nothing(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    for flow in &project.flows {
        let pipeline = flow.pipeline;
        if pipeline.left_out.may_be(&["from", "include"])
            || !pipeline.include.is_empty()
            || !pipeline.relays.is_empty()
        {
            continue;
        }
        if let Some(from) = pipeline.from.iter().find(|from| !has_include(pipeline, from.value))
            && !pipeline.own.is_empty()
        {
            let source = project.program.source(from.value).called();
            let message =
                format!("pipeline `{}` includes no table from source `{source}`", pipeline.name.value);
            findings.push(
                Diagnostic::error(SELECTS_NOTHING, from.span, message)
                    .help("name its tables in a block, `from SOURCE { include DB.TABLE }`, or for all sources of the pipeline"),
            );
        } else if pipeline.own.is_empty() {
            let message = format!("pipeline `{}` includes no table", pipeline.name.value);
            findings.push(
                Diagnostic::error(SELECTS_NOTHING, pipeline.head, message)
                    .help("name its tables: `include DB.TABLE`, or `include DB.*` for all of a database"),
            );
        }
    }
}

fn has_include(pipeline: &Pipeline, source: SourceId) -> bool {
    pipeline.own.get(&source).is_some_and(|own| !own.include.is_empty())
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check_project;

    #[test]
    fn once_and_without_consequences() {
        let ends = "edition 2026\nsource a mysql \"db\" {\npassword env P\n}\ntarget out stdout\n";
        check_project(&[&format!(
            "{ends}pipeline p from a to out {{  # error[S0201]: pipeline `p` includes no table\n\
             exclude a.b\ntable a.c {{\nkey id\n}}\nrename table a.d to e\n}}\n"
        )]);
        check_project(&[&format!(
            "{ends}pipeline p from a to out {{\n\
             include shop  # error[S0015]: `shop` is not a table as `DB.TABLE`\n}}\n"
        )]);
    }
}
