//! Values of parameters: the one of each that decides for itself, and one for every option of another.

use super::{PARAM_VALUE, Param};
use crate::ast::{self, ParamKind, ParamValue};
use crate::diagnostic::{Diagnostic, Fix};
use crate::project::{Choices, variable};
use crate::statement::{closest, is_slip, number, write_near};
use crate::text::Spanned;
use std::collections::{BTreeMap, BTreeSet};

/// A parameter that does not depend on another one, with its value; else the parameter again.
///
/// `said` are options for which another parameter has a value.
pub(super) fn own_value(
    param: ast::Param,
    said: &BTreeSet<String>,
    choices: &Choices,
    findings: &mut Vec<Diagnostic>,
) -> Result<Param, ast::Param> {
    let choice = choices.of(&param.name.value);
    let (options, default, is_number) = match param.kind {
        ParamKind::By { .. } => return Err(param),
        ParamKind::OneOf { options, default } => (options, default, false),
        ParamKind::Integer { default } => (Vec::new(), default, true),
        ParamKind::Text { default } => (Vec::new(), default, false),
    };
    let name = param.name;
    let options = mended(&name, options, default.as_ref(), said, findings);
    let given = choice.as_ref().map(|choice| choice.value.clone());
    let value = given.or_else(|| default.as_ref().map(|default| default.value.clone()));
    let listed = options.join(", ");
    let near = |value: &str| closest(value, options.iter().map(String::as_str));
    let is_option = |value: &str| options.is_empty() || options.iter().any(|option| option == value);
    // A default is looked at also when another value is given: it is a mistake of the file.
    if let Some(default) = default.as_ref().filter(|default| !is_option(&default.value)) {
        let message = format!("`{}` is no option of `{}`", default.value, name.value);
        let finding = Diagnostic::error(PARAM_VALUE, default.span, message);
        findings.push(match near(&default.value) {
            Some(near) => write_near(finding, (&default.value, near), default.span, near),
            None => finding.help(format!("its options: {listed}")),
        });
    }
    let value = match (value, &choice) {
        (Some(value), Some(choice)) if !is_option(&value) => {
            let message = format!("`{}` gives `{}` the value `{value}`", choice.from, name.value);
            let finding = Diagnostic::error(PARAM_VALUE, name.span, message);
            findings.push(
                match near(&value) {
                    Some(near) => finding.label(format!("did you mean `{near}`?")),
                    None => finding,
                }
                .help(format!("its options: {listed}")),
            );
            None
        }
        (Some(value), Some(choice)) if is_number && number(&value).is_err() => {
            let message =
                format!("`{}` gives `{}` the value `{value}`, which is no number", choice.from, name.value);
            findings.push(
                Diagnostic::error(PARAM_VALUE, name.span, message)
                    .help("an `integer` is a whole number from 0 on"),
            );
            None
        }
        (Some(value), _) => Some(value).filter(|value| is_option(value)),
        (None, _) => {
            let message = format!("`{}` has no value", name.value);
            let example = options.first().map_or(if is_number { "1" } else { "…" }, String::as_str);
            findings.push(Diagnostic::error(PARAM_VALUE, name.span, message).help(format!(
                "give it a `default`, or a value when the program starts: `--param {}={example}` or `{}={example}`",
                name.value,
                variable(&name.value)
            )));
            None
        }
    };
    let place = default.filter(|_| choice.is_none()).map(|default| default.span);
    Ok(Param { name, options, value: ParamValue { text: value, place, others: Vec::new() }, by: None })
}

/// The options for which parameters have values, by the parameter that decides them.
pub(super) fn options_said(declared: &[ast::Param]) -> BTreeMap<String, BTreeSet<String>> {
    let mut said: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for param in declared {
        if let ParamKind::By { param: decider, values, .. } = &param.kind {
            let options = values.iter().map(|(option, _)| option.value.clone());
            said.entry(decider.value.clone()).or_default().extend(options);
        }
    }
    said
}

/// The options of a parameter. One that is misspelt, so that its default and values of others say another one, is told here.
fn mended(
    name: &Spanned<String>,
    mut options: Vec<Spanned<String>>,
    default: Option<&Spanned<String>>,
    said: &BTreeSet<String>,
    findings: &mut Vec<Diagnostic>,
) -> Vec<String> {
    let is_option = |value: &str| options.iter().any(|option| option.value == value);
    let lacking = default.filter(|default| said.contains(&default.value) && !is_option(&default.value));
    let unsaid = options.iter().map(|option| option.value.as_str()).filter(|option| !said.contains(*option));
    let near = lacking.and_then(|default| closest(&default.value, unsaid)).map(str::to_owned);
    if let (Some(default), Some(near)) = (lacking, near)
        && let Some(option) = options.iter_mut().find(|option| option.value == near)
    {
        let meant = default.value.as_str();
        let message = format!("`{near}` is nowhere else an option of `{}`", name.value);
        findings.push(
            Diagnostic::error(PARAM_VALUE, option.span, message)
                .label(format!("did you mean `{meant}`?"))
                .also(default.span, format!("`{meant}`, for which others have a value"))
                .fix(Fix::sure_if(is_slip(&near, meant), format!("write `{meant}`"), option.span, meant)),
        );
        meant.clone_into(&mut option.value);
    }
    options.into_iter().map(|option| option.value).collect()
}

/// Every option has a value, and nothing else has one. What is misspelt is not missing as well.
pub(super) fn check_options(
    name: &Spanned<String>,
    other: &Param,
    values: &[ast::OptionValue],
    incomplete: bool,
    findings: &mut Vec<Diagnostic>,
) {
    let missing: Vec<&str> = other
        .options
        .iter()
        .map(String::as_str)
        .filter(|option| !values.iter().any(|(named, _)| named.value == *option))
        .collect();
    let mut unknown = values.iter().filter(|(named, _)| !other.options.contains(&named.value)).peekable();
    if unknown.peek().is_none() {
        if !missing.is_empty() && !incomplete {
            let message =
                format!("`{}` has no value for {} of `{}`", name.value, quoted(&missing), other.name.value);
            findings.push(
                Diagnostic::error(PARAM_VALUE, name.span, message)
                    .help("add a line with the option and its value to the block"),
            );
        }
        return;
    }
    for (option, _) in unknown {
        let message = format!("`{}` is no option of `{}`", option.value, other.name.value);
        let finding = Diagnostic::error(PARAM_VALUE, option.span, message);
        findings.push(match closest(&option.value, missing.iter().copied()) {
            Some(near) => write_near(finding, (&option.value, near), option.span, near),
            None => finding.help(format!("its options: {}", other.options.join(", "))),
        });
    }
}

fn quoted(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}
