//! S0107: a `moved` that hands nothing over.

use super::super::Rule;
use super::super::flow::Project;
use crate::ast::Moved;
use crate::diagnostic::{Code, CodeDoc, Diagnostic, Fix};
use crate::hir::Program;
use crate::statement::{Thing, closest};

const MOVED_STALE: Code = Code::new("S0107", "moved-stale");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: MOVED_STALE,
        what: "A `moved` whose old name is still declared, or whose new name is not.",
        why: "State is kept under names, and `moved` hands it from the old one to the new one. Nothing is handed over when the old \
              thing is still there, nor when there is no new one.",
        wrong: concat!(
            "edition 2026\n\nmoved target shop to store\n\nsource shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\n",
            "target bus kafka \"kafka1:9092\"\n\npipeline shop from shop to bus {\n  include shop.*\n}\n"
        ),
        right: concat!(
            "edition 2026\n\nmoved target shop to bus\n\nsource shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\n",
            "target bus kafka \"kafka1:9092\"\n\npipeline shop from shop to bus {\n  include shop.*\n}\n"
        ),
    },
    run: check_moved,
};

fn check_moved(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    let program = project.program;
    for moved in &program.moved {
        let Moved { thing, from, to, line } = moved;
        let names = declared(program, *thing);
        let word = thing.word();
        let is_declared = |name: &str| names.contains(&name);
        let finding = if !is_declared(&to.value) {
            if program.may_know(&to.value) {
                continue;
            }
            let message = format!("there is no {word} `{}` to hand anything over to", to.value);
            let finding = Diagnostic::warning(MOVED_STALE, to.span, message);
            match closest(&to.value, names.iter().copied().filter(|name| *name != from.value)) {
                Some(near) => finding.label(format!("did you mean `{near}`?")).fix(Fix::choice(
                    format!("write `{near}`"),
                    to.span,
                    near,
                )),
                None => finding,
            }
        } else if is_declared(&from.value) {
            let message = format!("the {word} `{}` is still declared, so nothing is handed over", from.value);
            Diagnostic::warning(MOVED_STALE, from.span, message)
        } else {
            continue;
        };
        findings.push(finding.help("remove the line, or write the names that were meant").fix(Fix::choice(
            "remove the line",
            *line,
            "",
        )));
    }
}

/// The names of all things of a kind.
fn declared(program: &Program, thing: Thing) -> Vec<&str> {
    match thing {
        Thing::Pipeline => program.pipelines.iter().map(|one| one.name.value.as_str()).collect(),
        Thing::Source => program.sources.iter().map(|one| one.name.value.as_str()).collect(),
        Thing::Target => program.targets.iter().map(|one| one.name.value.as_str()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check_project;

    #[test]
    fn what_is_there_and_what_is_not() {
        check_project(&["edition 2026\n\
            source crm mysql \"db\" {\npassword env P\n}\ntarget bus kafka \"k\"\n\
            pipeline orders from crm to bus {\ninclude a.b\n}\n\
            moved pipeline order_shards to orders\n\
            moved pipeline orders to sales  # warning[S0107]: there is no pipeline `sales` to hand anything over to\n\
            moved source crm to crm  # warning[S0107]: the source `crm` is still declared, so nothing is handed over\n\
            moved target lake to buss  # warning[S0107]: there is no target `buss` to hand anything over to\n"]);
    }

    #[test]
    fn what_could_not_be_read_may_be_there() {
        check_project(&["edition 2026\n\
            source crm mysql \"db\" {\npassword env P\n}\ntarget bus kafka \"k\"\n\
            pipeline sales form crm to bus {  # error[S0015]: `pipeline` takes `from` here, not `form`\ninclude a.b\n}\n\
            moved pipeline orders to sales\n"]);
    }
}
