//! Parameters and their values (S0108).

mod value;

use super::Program;
use super::scope::{Scope, UNKNOWN_NAME};
use crate::ast::{self, ParamKind, ParamValue, Uses, Values};
use crate::diagnostic::{Code, CodeDoc, Diagnostic, Fix};
use crate::project::Choices;
use crate::statement::{TOPIC_PLACEHOLDERS, closest, is_slip, placeholder_unbound};
use crate::text::{Span, Spanned};
use std::collections::{BTreeMap, BTreeSet};
use value::{check_options, options_said, own_value};

/// A value that a parameter cannot have, or none at all.
pub const PARAM_VALUE: Code = Code::new("S0108", "param-value");

/// The page of this module.
pub const PARAM_PAGES: &[CodeDoc] = &[CodeDoc {
    code: PARAM_VALUE,
    what: "A parameter is given a value that is none of its options or no number, an option of the other parameter has no value \
           under `by`, or nothing gives it a value: no default, no `--param NAME=VALUE`, no variable `SYNCC_PARAM_NAME`.",
    why: "Whatever uses the parameter has no value, and the rest of the project would be read without it.",
    wrong: "edition 2026\n\nparam stage one-of staging, prod default prdo\n\nsource shop mysql \"syncc@db.{stage}.internal:3306\" {\n  password env SHOP_DB_PASSWORD\n}\ntarget bus kafka \"kafka1:9092\"\n\npipeline shop from shop to bus {\n  include shop.*\n}\n",
    right: "edition 2026\n\nparam stage one-of staging, prod default prod\n\nsource shop mysql \"syncc@db.{stage}.internal:3306\" {\n  password env SHOP_DB_PASSWORD\n}\ntarget bus kafka \"kafka1:9092\"\n\npipeline shop from shop to bus {\n  include shop.*\n}\n",
}];

/// `param NAME`, with its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Param {
    /// Its name.
    pub name: Spanned<String>,
    /// What its value may be; empty where that is no matter of a list.
    pub options: Vec<String>,
    /// Its value.
    pub value: ParamValue,
    /// Another parameter that decides its value.
    pub by: Option<String>,
}

/// The parameters of a project, before its other statements are read.
pub(super) struct Known {
    params: Vec<Param>,
    scope: Scope,
    /// Names behind `by` that no parameter has.
    unknown: Vec<Spanned<String>>,
    findings: Vec<Diagnostic>,
}

/// Gives every parameter its value. `declared` come in the order of (file, line).
pub(super) fn known(declared: Vec<ast::Param>, choices: &Choices) -> (Values, Known) {
    let mut known =
        Known { params: Vec::new(), scope: Scope::new("param"), unknown: Vec::new(), findings: Vec::new() };
    let mut dependent = Vec::new();
    let (said, nothing) = (options_said(&declared), BTreeSet::new());
    for param in declared {
        if known.scope.declare(&param.name, &mut known.findings).is_none() {
            continue;
        }
        let said = said.get(&param.name.value).unwrap_or(&nothing);
        match own_value(param, said, choices, &mut known.findings) {
            Ok(param) => known.params.push(param),
            Err(param) => dependent.push(param),
        }
    }
    for param in dependent {
        known.dependent(param, choices);
    }
    let value = |param: &Param| (param.name.value.clone(), param.value.clone());
    (Values::new(known.params.iter().map(value)), known)
}

/// Says what is wrong with parameters and their uses, once it is known what the project may declare besides.
pub(super) fn judge(known: Known, noted: Uses, program: &mut Program, findings: &mut Vec<Diagnostic>) {
    let Known { params, scope, unknown, findings: found } = known;
    findings.extend(found);
    let by: Vec<&str> = params.iter().filter_map(|param| param.by.as_deref()).collect();
    let is_used = |name: &str| noted.params.contains(name) || by.contains(&name);
    for (param, used) in
        misspelt(&params, &unknown, &noted, program).into_iter().filter(|(d, _)| !is_used(&d.name.value))
    {
        findings.push(misspelt_declaration(&param.name, &used));
        program.misspelt_params.insert(used.name);
    }
    let is_told = |name: &Spanned<String>| {
        program.misspelt_params.contains(&name.value) || program.may_know(&name.value)
    };
    for name in unknown.iter().filter(|name| !is_told(name)) {
        findings.push(scope.unknown(name));
    }
    // What stands in a range is read once for each of its members.
    let mut told = BTreeSet::new();
    for unbound in &noted.unbound {
        let name = &unbound.name;
        if !told.insert(name.span) {
            continue;
        }
        if scope.id(&name.value).is_some() || is_told(name) {
            continue;
        }
        findings.push(if unbound.placeholder {
            let params = params.iter().map(|param| param.name.value.as_str());
            let known: Vec<&str> = unbound.known.iter().map(String::as_str).chain(params).collect();
            placeholder_unbound(&name.value, name.span, true, &known)
        } else {
            scope.unknown(name)
        });
    }
    // What is meant by a name with a mistake is not unused.
    let meant = noted.unbound.iter().filter_map(|unbound| {
        closest(&unbound.name.value, params.iter().map(|param| param.name.value.as_str())).map(str::to_owned)
    });
    let meant: Vec<String> = meant.collect();
    let by = params.iter().filter_map(|param| param.by.clone());
    program.used_params = noted.params.into_iter().chain(by).chain(meant).collect();
    program.filled = noted.filled;
    program.params = params;
}

/// A name that is used, and nothing declares it.
struct Used {
    name: String,
    places: BTreeSet<Span>,
}

/// Parameters that are called nearly as a name which several places use: who writes it in the same way each time means that.
fn misspelt<'p>(
    params: &'p [Param],
    unknown: &[Spanned<String>],
    noted: &Uses,
    program: &Program,
) -> Vec<(&'p Param, Used)> {
    let mut used: BTreeMap<&str, BTreeSet<Span>> = BTreeMap::new();
    let unbound = noted.unbound.iter().map(|unbound| &unbound.name);
    for name in unknown.iter().chain(unbound) {
        used.entry(&name.value).or_default().insert(name.span);
    }
    let topics: Vec<_> = program.settings().filter_map(|settings| settings.topic.as_ref()).collect();
    for topic in topics {
        for name in topic.value.placeholders().filter(|name| !TOPIC_PLACEHOLDERS.contains(name)) {
            used.entry(name).or_default().insert(topic.span);
        }
    }
    let declared = || params.iter().map(|param| param.name.value.as_str());
    let several = used.into_iter().filter(|(name, places)| places.len() > 1 && !program.may_know(name));
    let misspelt = several.filter_map(|(name, places)| {
        let near = closest(name, declared()).filter(|near| *near != name)?;
        let param = params.iter().find(|param| param.name.value == near)?;
        Some((param, Used { name: name.to_owned(), places }))
    });
    misspelt.collect()
}

fn misspelt_declaration(declared: &Spanned<String>, used: &Used) -> Diagnostic {
    let Used { name, places } = used;
    let message = format!(
        "there is no param `{name}`: {} places use it, and none uses `{}`",
        places.len(),
        declared.value
    );
    let finding =
        Diagnostic::error(UNKNOWN_NAME, declared.span, message).label(format!("did you mean `{name}`?"));
    let finding = places
        .iter()
        .next()
        .into_iter()
        .fold(finding, |finding, &place| finding.beside(place, "the first use"));
    let is_sure = is_slip(&declared.value, name);
    finding.fix(Fix::sure_if(is_sure, format!("write `{name}`"), declared.span, name.clone()))
}

impl Known {
    /// A parameter that another one decides.
    fn dependent(&mut self, param: ast::Param, choices: &Choices) {
        let ParamKind::By { param: other, values, incomplete } = param.kind else { return };
        let name = param.name;
        let decider = self.params.iter().find(|one| one.name.value == other.value).cloned();
        let value = match &decider {
            Some(decider) if decider.options.is_empty() => {
                let message = format!("`{}` has no options to go by", other.value);
                self.findings.push(
                    Diagnostic::error(PARAM_VALUE, other.span, message)
                        .help("what stands behind `by` is a parameter with `one-of`"),
                );
                None
            }
            Some(decider) => {
                check_options(&name, decider, &values, incomplete, &mut self.findings);
                let is_chosen = |option: &str| decider.value.text.as_deref() == Some(option);
                values.iter().find(|(option, _)| is_chosen(&option.value)).map(|(_, value)| value)
            }
            None if self.scope.id(&other.value).is_some() => {
                let message =
                    format!("`{}` has no options to go by: another parameter decides it", other.value);
                self.findings.push(
                    Diagnostic::error(PARAM_VALUE, other.span, message)
                        .help("what stands behind `by` is a parameter with `one-of`"),
                );
                None
            }
            None => {
                self.unknown.push(other.clone());
                None
            }
        };
        if let Some(choice) = choices.of(&name.value) {
            let message =
                format!("`{}` gives `{}` a value, but `{}` decides it", choice.from, name.value, other.value);
            self.findings.push(
                Diagnostic::error(PARAM_VALUE, name.span, message)
                    .help(format!("give `{}` a value instead", other.value)),
            );
        }
        let by = Some(other.value);
        let place = value.map(|value| value.span);
        let all = values.iter().map(|(_, value)| value);
        let others = all.filter(|value| Some(value.span) != place).cloned().collect();
        let value = ParamValue { text: value.map(|value| value.value.clone()), place, others };
        self.params.push(Param { name, options: Vec::new(), value, by });
    }
}

#[cfg(test)]
mod tests {
    use crate::diagnostic::short;
    use crate::project::{Choices, Project};
    use crate::text::FileSet;

    /// Checks what is said about a file with these lines under values given by `--param`, as `name=value` with blanks between.
    #[track_caller]
    fn check(lines: &str, choices: &str, expected: &[&str]) {
        let mut files = FileSet::new();
        files.add("a.sync", format!("edition 2026\n{lines}"));
        let pairs = choices.split_whitespace().filter_map(|pair| pair.split_once('='));
        let choices = Choices::new(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())), []);
        let project = Project { choices, ..Project::of(files) };
        let (_, findings) = crate::hir::program(&project);
        let found: Vec<String> =
            findings.iter().map(|finding| short::line(finding, &project.files)).collect();
        assert_eq!(found, expected);
    }

    const STAGE: &str = "param stage one-of staging, prod default staging\n";

    #[test]
    fn values_are_options_or_numbers() {
        check(
            "param region one-of eu, us default eu\nparam n integer\nparam t text default \"x\"\n",
            "n=8_192 t=",
            &[],
        );
        check(STAGE, "stage=prod", &[]);
        check(
            STAGE,
            "stage=prodd",
            &["a.sync:2:7: error[S0108]: `--param` gives `stage` the value `prodd`; did you mean `prod`?"],
        );
        check(
            "param stage one-of staging, prod default stagin\n",
            "stage=prod",
            &["a.sync:2:42: error[S0108]: `stagin` is no option of `stage`; did you mean `staging`?"],
        );
        check(
            "param n integer\n",
            "n=six",
            &["a.sync:2:7: error[S0108]: `--param` gives `n` the value `six`, which is no number"],
        );
        check(
            "param n integer\nparam t text\nparam o one-of a, b\n",
            "",
            &[
                "a.sync:2:7: error[S0108]: `n` has no value",
                "a.sync:3:7: error[S0108]: `t` has no value",
                "a.sync:4:7: error[S0108]: `o` has no value",
            ],
        );
    }

    #[test]
    fn a_placeholder_that_stands_for_nothing_is_drawn_where_it_stands() {
        check(
            "pipeline p {\nlabel a \"{x}.{y}\"\n}\n",
            "",
            &[
                "a.sync:3:10: error[S0405]: `{x}` stands for nothing here",
                "a.sync:3:14: error[S0405]: `{y}` stands for nothing here",
            ],
        );
        check(
            "source s mysql \"db\" {\npassword env \"P_{x}\"\n}\n",
            "",
            &["a.sync:3:17: error[S0405]: `{x}` stands for nothing here"],
        );
    }

    #[test]
    fn every_option_has_its_value_under_by() {
        let by = |block: &str| format!("{STAGE}param n by stage {{\n{block}}}\n");
        check(&by("staging 6\nprod 48\n"), "", &[]);
        check(&by("staging 6\n"), "", &["a.sync:3:7: error[S0108]: `n` has no value for `prod` of `stage`"]);
        // What is misspelt is not missing as well.
        check(
            &by("stagin 6\nprod 48\n"),
            "",
            &["a.sync:4:1: error[S0108]: `stagin` is no option of `stage`; did you mean `staging`?"],
        );
        check(
            &by("staging 6 7\nprod 48\nprod 49\n"),
            "",
            &[
                "a.sync:4:1: error[S0015]: a line of this block is an option and its value",
                "a.sync:6:1: error[S0016]: `prod` is given twice",
            ],
        );
        check(
            "param n by stgae {\nx 1\n}\nparam stage one-of x default x\n",
            "",
            &["a.sync:2:12: error[S0101]: there is no param `stgae`; did you mean `stage`?"],
        );
        check(
            &format!("{}param m by n {{\na 1\n}}\n", by("staging 6\nprod 48\n")),
            "",
            &["a.sync:7:12: error[S0108]: `n` has no options to go by"],
        );
        check(
            &by("staging 6\nprod 48\n"),
            "n=3",
            &["a.sync:3:7: error[S0108]: `--param` gives `n` a value, but `stage` decides it"],
        );
        check(
            "param n integer default 1 {\na 1\n}\n",
            "",
            &["a.sync:2:27: error[S0015]: `param … integer` takes no block"],
        );
    }

    #[test]
    fn a_value_is_judged_where_it_is_used() {
        let used = |param: &str| {
            format!(
                "{param}source s mysql \"db.{{p}}\" {{\npassword env \"{{p}}_PW\"\n}}\ndefaults {{\ntopic \"x\" {{\npartitions param p\n}}\n}}\n"
            )
        };
        check(&used("param p integer default 3\n"), "", &[]);
        check(
            &used("param p integer default 0\n"),
            "",
            &["a.sync:2:25: error[S0018]: `0` is out of range: 1 to 1_000_000"],
        );
        // However many places use it.
        let twice = used("param p integer default 0\n").replace("param p\n", "param p\nreplicas param p\n");
        check(&twice, "", &["a.sync:2:25: error[S0018]: `0` is out of range: 1 to 1_000_000"]);
        check(
            &used("param p integer default 3\n"),
            "p=0",
            &["a.sync:8:12: error[S0018]: `0` is out of range: 1 to 1_000_000"],
        );
        check(
            &used("param p text default \"six\"\n"),
            "",
            &["a.sync:8:12: error[S0015]: `param p` is `six`, and a number is wanted here"],
        );
        // Without a value there is one finding, and none about what uses it.
        check(&used("param p integer\n"), "", &["a.sync:2:7: error[S0108]: `p` has no value"]);
        check(
            &used("param parts integer default 1\n"),
            "",
            &[
                "a.sync:3:20: error[S0405]: `{p}` stands for nothing here",
                "a.sync:4:15: error[S0405]: `{p}` stands for nothing here",
                "a.sync:8:18: error[S0101]: there is no param `p`",
            ],
        );
        // It is the declaration that is misspelt where all uses say the same.
        check(
            &used("param pq integer default 1\n"),
            "",
            &[
                "a.sync:2:7: error[S0101]: there is no param `p`: 3 places use it, and none uses `pq`; did you mean `p`?",
            ],
        );
        // Members of a range are read from one text.
        check(
            "source s_[n:0..3] mysql \"db-{n}\" {\npassword env \"P_{m}\"\n}\n",
            "",
            &["a.sync:3:17: error[S0405]: `{m}` stands for nothing here"],
        );
        // What cannot be read may declare it.
        check(
            &used("param p integer defualt 1\n"),
            "",
            &["a.sync:2:17: error[S0015]: `param` takes `default` here, not `defualt`"],
        );
    }

    #[test]
    fn names_are_one_space() {
        check(
            "param a text default \"x\"\nparam a integer default 1\nparam A integer default 1\n",
            "",
            &[
                "a.sync:3:7: error[S0102]: there are two params called `a`",
                "a.sync:4:7: error[S0105]: the params `A` and `a` look alike",
            ],
        );
    }

    #[test]
    fn a_thing_may_be_called_param() {
        check(
            "source param mysql \"db\" {\npassword env P\n}\ntarget to stdout\npipeline p from param to to {\ninclude a.b\n\
             rename table a.b to param\nkey param\ncolumns param, x\n}\n",
            "",
            &[],
        );
    }
}
