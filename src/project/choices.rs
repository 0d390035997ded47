//! Values that parameters are given from outside of the files.

use std::collections::BTreeMap;

/// Variables of the environment that give a parameter its value begin with this; its name follows in upper case.
pub const VARIABLE_PREFIX: &str = "SYNCC_PARAM_";

/// Values given for parameters, by `--param NAME=VALUE` or `SYNCC_PARAM_NAME`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choices {
    flags: BTreeMap<String, String>,
    /// By the name of the variable.
    variables: BTreeMap<String, String>,
}

/// A value, and who gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The value.
    pub value: String,
    /// `--param` or the name of the variable.
    pub from: String,
}

impl Choices {
    /// From the pairs of `--param` and the variables of the environment; others than those of parameters are passed over.
    /// Of one name given twice the last counts, as with all flags.
    pub fn new(
        flags: impl IntoIterator<Item = (String, String)>,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Choices {
        Choices {
            flags: flags.into_iter().collect(),
            variables: variables.into_iter().filter(|(name, _)| name.starts_with(VARIABLE_PREFIX)).collect(),
        }
    }

    /// The value given for a parameter; a flag wins over a variable.
    pub fn of(&self, name: &str) -> Option<Choice> {
        if let Some(value) = self.flags.get(name) {
            return Some(Choice { value: value.clone(), from: "--param".to_owned() });
        }
        let variable = variable(name);
        self.variables.get(&variable).map(|value| Choice { value: value.clone(), from: variable })
    }

    /// The same with another value for one parameter.
    pub fn with(&self, name: &str, value: &str) -> Choices {
        let mut choices = self.clone();
        choices.flags.insert(name.to_owned(), value.to_owned());
        choices
    }

    /// Names that flags give a value. One that the files do not declare is a mistake on the command line.
    pub fn flags(&self) -> impl Iterator<Item = &str> {
        self.flags.keys().map(String::as_str)
    }
}

/// The variable that gives a parameter its value: shells take no `-` in a name.
pub fn variable(param: &str) -> String {
    format!("{VARIABLE_PREFIX}{}", param.to_ascii_uppercase().replace('-', "_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_wins_over_a_variable() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let choices = Choices::new(
            [pair("region", "us")],
            [pair("SYNCC_PARAM_REGION", "eu"), pair("SYNCC_PARAM_MY_STAGE", "prod"), pair("HOME", "/")],
        );
        let of = |name: &str| choices.of(name).map(|choice| format!("{} {}", choice.value, choice.from));
        assert_eq!(of("region").as_deref(), Some("us --param"));
        assert_eq!(of("my-stage").as_deref(), Some("prod SYNCC_PARAM_MY_STAGE"));
        assert_eq!(of("home"), None);
        assert_eq!(choices.with("home", "x").of("home").map(|choice| choice.value).as_deref(), Some("x"));
    }
}
