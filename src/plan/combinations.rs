//! Findings under every combination of parameter values (S0109).

use crate::check::ALLOW_UNUSED;
use crate::diagnostic::{self, Code, CodeDoc, Diagnostic};
use crate::hir::{self, Param, Program};
use crate::project::Project;
use crate::text::Span;
use std::collections::BTreeMap;

/// A finding that appears only for some values of parameters.
pub const PARAM_COMBINATION: Code = Code::new("S0109", "param-combination");

/// The page of this module. Its example needs `--all-params`.
pub const COMBINATION_PAGES: &[CodeDoc] = &[CodeDoc {
    code: PARAM_COMBINATION,
    what: "With `--all-params`: a finding that appears for some values of the parameters and not for others. Its own code stands \
           in the text, and it is drawn where that is drawn.",
    why: "`check` looks at one combination of values, those that are given or the defaults; another one, which somebody runs, \
          would be refused.",
    wrong: "",
    right: "",
}];

/// Most combinations that are looked at.
const COMBINATIONS_MAX: usize = 1_000;

/// Most combinations that are asked whether they need an answer.
const ANSWERS_MAX: usize = 8;

/// What was found under the combinations.
#[derive(Debug, Clone)]
pub struct Combined {
    /// What every combination has, and one S0109 for each finding that only some have; sorted by place.
    pub findings: Vec<Diagnostic>,
    /// Combinations that were looked at.
    pub n_checked: usize,
    /// Combinations there are.
    pub n_all: usize,
}

/// One value for each parameter with a list of options.
type Combination = Vec<(String, String)>;

/// What makes a finding the same under two combinations: place, code, and its number among those that share both.
type Identity = (Option<Span>, Code, usize);

/// Checks a project under every combination of the values that its parameters may have. Parameters without a list of options
/// keep the value they have. `check` finds what is wrong under one combination.
pub fn check_combinations(project: &Project, check: impl Fn(&Project) -> Vec<Diagnostic>) -> Combined {
    let (program, _) = hir::program(project);
    let (params, n_all) = with_options(&program);
    let mut findings: BTreeMap<Identity, (Diagnostic, Vec<Combination>)> = BTreeMap::new();
    let mut n_checked = 0;
    for n in 0..n_all.min(COMBINATIONS_MAX) {
        let combination = combination(&params, n);
        let one = chosen(project, &combination);
        // Several findings of one code at one place are told apart by their order.
        let mut nth: BTreeMap<(Option<Span>, Code), usize> = BTreeMap::new();
        for finding in check(&one) {
            let place = (finding.primary.as_ref().map(|label| label.span), finding.code);
            let count = nth.entry(place).or_default();
            let key = (place.0, place.1, *count);
            *count += 1;
            findings.entry(key).or_insert_with(|| (finding, Vec::new())).1.push(combination.clone());
        }
        n_checked += 1;
    }
    let mut found: Vec<Diagnostic> = findings
        .into_values()
        // An answer is needed where it is needed for some of them.
        .filter(|(finding, under)| finding.code != ALLOW_UNUSED || under.len() == n_checked)
        .map(
            |(finding, under)| {
                if under.len() == n_checked { finding } else { only_for_some(finding, &params, &under) }
            },
        )
        .collect();
    diagnostic::sort(&mut found, &project.files);
    Combined { findings: found, n_checked, n_all }
}

/// Takes away answers to nothing (S0110) that other values of parameters need, or may need where there are too many of them.
/// `check` finds what is wrong under one combination.
pub(super) fn spare_needed(
    project: &Project,
    program: &Program,
    findings: &mut Vec<Diagnostic>,
    check: impl Fn(&Project) -> Vec<Diagnostic>,
) {
    let (params, n_all) = with_options(program);
    let is_unused = |finding: &Diagnostic| finding.code == ALLOW_UNUSED;
    if n_all > ANSWERS_MAX {
        findings.retain(|finding| !is_unused(finding));
        return;
    }
    let place = |finding: &Diagnostic| finding.primary.as_ref().map(|label| label.span);
    for n in 0..n_all {
        if !findings.iter().any(is_unused) {
            return;
        }
        let under = check(&chosen(project, &combination(&params, n)));
        let unused: Vec<_> = under.iter().filter(|finding| is_unused(finding)).map(place).collect();
        findings.retain(|finding| !is_unused(finding) || unused.contains(&place(finding)));
    }
}

/// The parameters with a list of options, and how many combinations of them there are.
fn with_options(program: &Program) -> (Vec<&Param>, usize) {
    let params: Vec<&Param> = program.params.iter().filter(|param| !param.options.is_empty()).collect();
    let n_all = params.iter().fold(1usize, |n, param| n.saturating_mul(param.options.len()));
    (params, n_all)
}

/// A project under a combination.
fn chosen(project: &Project, combination: &Combination) -> Project {
    let mut one = project.clone();
    for (name, value) in combination {
        one.choices = one.choices.with(name, value);
    }
    one
}

/// The n-th combination; the last parameter changes fastest.
fn combination(params: &[&Param], mut n: usize) -> Combination {
    let mut values = Vec::with_capacity(params.len());
    for param in params.iter().rev() {
        values.push((param.name.value.clone(), param.options[n % param.options.len()].clone()));
        n /= param.options.len();
    }
    values.reverse();
    values
}

fn only_for_some(finding: Diagnostic, params: &[&Param], under: &[Combination]) -> Diagnostic {
    // A parameter under all of whose values it appears has no part in it.
    let matters = |n: usize| {
        let options = &params[n].options;
        let appears = |option: &String| under.iter().any(|combination| combination[n].1 == *option);
        !options.iter().all(appears)
    };
    let named: Vec<usize> = (0..params.len()).filter(|&n| matters(n)).collect();
    let shown = |n: &usize| {
        let (name, value) = &under[0][*n];
        format!("`{name}` is `{value}`")
    };
    // Where only the values together matter, all of them are named.
    let all: Vec<usize> = (0..params.len()).collect();
    let values: Vec<String> = if named.is_empty() { &all } else { &named }.iter().map(shown).collect();
    let message = format!("when {}: {} {}", values.join(" and "), finding.code, finding.message);
    Diagnostic { code: PARAM_COMBINATION, message, fixes: Vec::new(), ..finding }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::short;
    use crate::plan::{compile_project, compile_under};
    use crate::text::FileSet;

    const ENDS: &str = "edition 2026\nsource s mysql \"db1\" {\npassword env P\n}\ntarget o stdout\n";

    fn check(lines: &str, expected: &[&str], n: usize) {
        let mut files = FileSet::new();
        files.add("a.sync", format!("{ENDS}{lines}"));
        let combined = check_combinations(&Project::of(files.clone()), |one| compile_under(one).findings);
        let found: Vec<String> =
            combined.findings.iter().map(|finding| short::line(finding, &files)).collect();
        assert_eq!(found, expected);
        assert_eq!((combined.n_checked, combined.n_all), (n.min(COMBINATIONS_MAX), n));
    }

    const PARAMS: &str = "param region one-of eu, us\nparam stage one-of staging, prod default prod\n";

    #[test]
    fn what_appears_for_some_values_only() {
        check(
            &format!(
                "{PARAMS}param n by stage {{\nstaging \"a b\"\nprod \"p\"\n}}\n\
                 pipeline p from s to o {{\ninclude a.b\ninclude a.*\nlabel x \"{{region}}\"\ntopic \"{{n}}.{{table}}\"\n}}\n"
            ),
            &[
                "a.sync:9:9: error[S0109]: when `stage` is `staging`: S0404 \"a b.{table}\" gives no topic name: Kafka takes \
                 letters, digits, `.`, `_` and `-` only, not ` `",
                "a.sync:13:9: warning[S0203]: `a.b` is included by `a.*` already",
            ],
            4,
        );
    }

    #[test]
    fn values_that_matter_together_are_named_together() {
        check(
            &format!(
                "{PARAMS}pipeline p from s to o {{\ninclude a.b, a.c\n\
                 rename table a.b to \"{{region}}_{{stage}}\"\nrename table a.c to eu_staging\n}}\n"
            ),
            &[
                "a.sync:11:1: error[S0109]: when `region` is `eu` and `stage` is `staging`: S0403 `a.b` and `a.c` are both \
               called `a.eu_staging`",
            ],
            4,
        );
    }

    #[test]
    fn an_answer_is_needed_where_some_values_need_it() {
        // Topics that differ by a dot come of `staging` in `eu` alone.
        let lines = |staging: &str| {
            format!(
                "{PARAMS}param t by stage {{\nstaging \"{staging}\"\nprod \"none\"\n}}\n\
                 pipeline p from s to o {{\ninclude c.d, c.e\ntopic \"p.{{t}}.{{region}}\"\n\
                 table c.d {{\ntopic \"p_all.eu\"\nallow S0409 because \"no metrics\"\n}}\n}}\n"
            )
        };
        let codes = |text: String| -> Vec<&str> {
            let mut files = FileSet::new();
            let text = text.replace("one-of eu, us", "one-of eu, us default us");
            files.add("a.sync", format!("{ENDS}{text}"));
            let compiled = compile_project(&Project::of(files));
            compiled.findings.iter().map(|finding| finding.code.number).collect()
        };
        assert_eq!(codes(lines("all")), [""; 0]);
        assert_eq!(codes(lines("rest")), ["S0110"]);
        check(&lines("all"), &[], 4);
    }

    #[test]
    fn a_project_without_options_has_one_combination() {
        check("pipeline p from s to o {\ninclude a.b\n}\n", &[], 1);
    }
}
