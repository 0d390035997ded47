//! What a first project is about: from flags, from a person, or as offered.

use super::Args;
use crate::cli::output::{Failure, note};
use crate::statement::{Address, check_own_name};
use std::io::{self, BufRead, IsTerminal, Write};

/// What is offered where nothing is said.
const ADDRESS: &str = "syncc@127.0.0.1:3306";
const BROKERS: &str = "127.0.0.1:9092";
const TABLES: &str = "shop.*";

/// What a first project is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answers {
    /// `[USER@]HOST[:PORT]`.
    pub(super) address: String,
    pub(super) brokers: Vec<String>,
    /// As in `include`.
    pub(super) tables: Vec<String>,
}

impl Answers {
    pub(super) fn get(args: &Args) -> Result<Answers, Failure> {
        let said = args.from.as_deref().map(server).transpose()?;
        let mut asker = Asker::new();
        let (address, database) = match said {
            Some(said) => said,
            None => address(&asker.ask("MySQL or MariaDB, as USER@HOST:PORT", ADDRESS)?)?,
        };
        let brokers = match args.to.as_slice() {
            [] => list(&asker.ask("Kafka brokers, with commas between", BROKERS)?),
            said => said.to_vec(),
        };
        let tables = match (args.tables.as_slice(), database) {
            ([], Some(database)) => vec![format!("{}.*", crate::pattern::NamePattern::Exact(database))],
            ([], None) => list(&asker.ask("tables, as DATABASE.TABLE; * stands for any signs", TABLES)?),
            (said, _) => said.to_vec(),
        };
        asker.tell_what_was_taken();
        Ok(Answers { address, brokers, tables })
    }

    /// Name of source and pipeline: the database's, where it is one for own things.
    pub(super) fn name(&self) -> &str {
        let first = self.tables.first().and_then(|pattern| pattern.split('.').next()).unwrap_or_default();
        if check_own_name(first).is_ok() { first } else { "main" }
    }

    /// Variable of the password.
    pub(super) fn variable(&self) -> String {
        format!("{}_DB_PASSWORD", self.name().to_ascii_uppercase().replace('-', "_"))
    }
}

fn server(said: &[String]) -> Result<(String, Option<String>), Failure> {
    match said {
        [kind, text] if kind == "mysql" => address(text),
        [kind, _] => Err(Failure::usage(format!("--from takes `mysql ADDRESS`, not `{kind}`"))),
        _ => Err(Failure::usage("--from takes `mysql ADDRESS`")),
    }
}

/// `[USER@]HOST[:PORT]`, and the database of an URL. What holds a password is refused without repeating it.
fn address(text: &str) -> Result<(String, Option<String>), Failure> {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let rest = rest.split(['?', '#']).next().unwrap_or(rest);
    let (address, database) = rest.split_once('/').map_or((rest, None), |(address, db)| (address, Some(db)));
    if address.rsplit_once('@').is_some_and(|(user, _)| user.contains(':')) {
        return Err(Failure::usage(
            "leave the password out of the address: it stays in the history of the shell; the project takes it from a variable",
        ));
    }
    Address::parse(address)
        .map_err(|error| Failure::usage(format!("\"{address}\" is no address of a server: {error}")))?;
    Ok((address.to_owned(), database.filter(|name| !name.is_empty()).map(str::to_owned)))
}

fn list(text: &str) -> Vec<String> {
    text.split(',').map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

/// Asks a person where there is one.
struct Asker {
    is_person: bool,
    taken: Vec<&'static str>,
}

impl Asker {
    fn new() -> Asker {
        Asker { is_person: io::stdin().is_terminal() && io::stderr().is_terminal(), taken: Vec::new() }
    }

    /// The answer; `offered` for an empty one, or where nobody can be asked.
    fn ask(&mut self, question: &str, offered: &'static str) -> Result<String, Failure> {
        if !self.is_person {
            self.taken.push(offered);
            return Ok(offered.to_owned());
        }
        let mut stderr = io::stderr();
        write!(stderr, "{question} [{offered}]: ").and_then(|()| stderr.flush()).map_err(Failure::usage)?;
        let mut line = String::new();
        if io::stdin().lock().read_line(&mut line).map_err(Failure::usage)? == 0 {
            return Err(Failure::usage("no answer, so nothing was written"));
        }
        let answer = line.trim();
        Ok(if answer.is_empty() { offered.to_owned() } else { answer.to_owned() })
    }

    fn tell_what_was_taken(&self) {
        if !self.taken.is_empty() {
            note(&format!("nobody to ask here, so the file says {}: edit it", self.taken.join(", ")));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_come_in_two_forms_and_without_a_password() {
        let check = |text, expected: Option<(&str, Option<&str>)>| {
            let found = address(text).ok();
            let expected = expected.map(|(address, db)| (address.to_owned(), db.map(str::to_owned)));
            assert_eq!(found, expected, "{text}");
        };
        check("syncc@db1:3306", Some(("syncc@db1:3306", None)));
        check("mysql://syncc@db1/shop?ssl=1", Some(("syncc@db1", Some("shop"))));
        check("db1/", Some(("db1", None)));
        check("syncc:hunter2@db1", None);
        check("mysql://syncc:hunter2@db1:3306/shop", None);
        let told = address("syncc:hunter2@db1").map_err(|error| error.to_string());
        assert!(told.is_err_and(|text| !text.contains("hunter2")));
        check("db1:port", None);
    }

    #[test]
    fn a_database_gives_its_name() {
        let named = |tables: &str| {
            let answers = Answers { address: "a".into(), brokers: vec![], tables: list(tables) };
            format!("{} {}", answers.name(), answers.variable())
        };
        assert_eq!(named("web-shop.*, crm.x"), "web-shop WEB_SHOP_DB_PASSWORD");
        assert_eq!(named("`a b`.*"), "main MAIN_DB_PASSWORD");
        assert_eq!(named("*.*"), "main MAIN_DB_PASSWORD");
    }
}
