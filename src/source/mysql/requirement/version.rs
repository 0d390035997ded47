//! L0103: releases.

use super::{VERSION, error, warning};
use crate::catalog::ServerFacts;
use crate::diagnostic::Diagnostic;
use crate::mysql::position::Flavor;

/// Releases the tests run against: MySQL 5.7.22, 8.0.15 and 9.7, MariaDB 10.11, 11.4 and 11.8.
pub(super) fn version(facts: &ServerFacts) -> Option<Diagnostic> {
    let (major, minor, _) = facts.version_number;
    let (name, oldest, tested) = match facts.flavor() {
        Flavor::MySql => {
            let tested = [(5, 7, 22), (8, 0, 15)].contains(&facts.version_number) || (major, minor) == (9, 7);
            ("MySQL", (5, 7), tested)
        }
        Flavor::MariaDb => ("MariaDB", (10, 5), [(10, 11), (11, 4), (11, 8)].contains(&(major, minor))),
    };
    if (major, minor) < oldest {
        let message = format!("{name} {} is too old", facts.version);
        return Some(error(VERSION, message).help(format!("{name} {}.{} or newer", oldest.0, oldest.1)));
    }
    (!tested).then(|| {
        warning(VERSION, format!("syncc has not been tested with {name} {}", facts.version))
            .help("tested: MySQL 5.7.22, 8.0.15 and 9.7, MariaDB 10.11, 11.4 and 11.8")
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use crate::mysql::position::Flavor;

    #[test]
    fn releases() {
        let check = |flavor, number, expected: &[&str]| {
            check(flavor, true, |catalog| catalog.server.version_number = number, expected);
        };
        check(Flavor::MySql, (5, 6, 51), &["L0103 Error"]);
        check(Flavor::MySql, (5, 7, 22), &[]);
        check(Flavor::MySql, (5, 7, 44), &["L0103 Warning"]);
        check(Flavor::MySql, (8, 0, 15), &[]);
        check(Flavor::MySql, (8, 4, 0), &["L0103 Warning"]);
        check(Flavor::MySql, (26, 7, 0), &["L0103 Warning"]);
        check(Flavor::MariaDb, (10, 4, 1), &["L0103 Error"]);
        check(Flavor::MariaDb, (11, 8, 9), &[]);
        check(Flavor::MariaDb, (12, 1, 0), &["L0103 Warning"]);
    }
}
