//! Names of databases, tables and columns: how they are quoted, and which of two spellings are one name.

use std::borrow::Cow;
use std::fmt;

/// The server variable `lower_case_table_names`: what becomes of letter case in names of databases and
/// tables.
///
/// Names of columns never distinguish case, whatever this says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TableNameCase {
    /// 0: stored as written, compared exactly (file systems that distinguish case).
    Sensitive,
    /// 1: stored in lower case, compared without case.
    Lower,
    /// 2: stored as written, compared without case; in lower case in the log of InnoDB tables.
    Insensitive,
}

impl TableNameCase {
    /// From the variable's value; none for a value no server has.
    pub fn from_variable(value: &str) -> Option<TableNameCase> {
        match value.trim() {
            "0" => Some(TableNameCase::Sensitive),
            "1" => Some(TableNameCase::Lower),
            "2" => Some(TableNameCase::Insensitive),
            _ => None,
        }
    }

    /// The form in which two spellings of one name are equal.
    pub fn fold(self, name: &str) -> Cow<'_, str> {
        match self {
            TableNameCase::Sensitive => Cow::Borrowed(name),
            TableNameCase::Lower | TableNameCase::Insensitive => {
                if name.chars().any(|sign| sign.is_uppercase()) {
                    Cow::Owned(name.chars().flat_map(char::to_lowercase).collect())
                } else {
                    Cow::Borrowed(name)
                }
            }
        }
    }

    /// Whether both spell one name of a database or table.
    pub fn same(self, a: &str, b: &str) -> bool {
        a == b || self.fold(a) == self.fold(b)
    }
}

/// Whether both spell one column: MySQL compares names of columns without case.
pub fn same_column(a: &str, b: &str) -> bool {
    TableNameCase::Insensitive.same(a, b)
}

/// Writes a name in backticks, a backtick inside doubled: safe in any statement, whatever the name.
#[derive(Debug, Clone, Copy)]
pub struct Quoted<'n>(pub &'n str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`")?;
        for (at, part) in self.0.split('`').enumerate() {
            if at > 0 {
                f.write_str("``")?;
            }
            f.write_str(part)?;
        }
        f.write_str("`")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backtick_cannot_end_a_quoted_name() {
        let check = |name: &str, quoted: &str| assert_eq!(Quoted(name).to_string(), quoted);
        check("orders", "`orders`");
        check("a`; DROP TABLE b; -- ", "`a``; DROP TABLE b; -- `");
        check("``", "``````");
        check("", "``");
    }

    #[test]
    fn case_counts_as_the_server_says() {
        let check = |variable: &str, a: &str, b: &str, same: bool| {
            let case = TableNameCase::from_variable(variable).expect("a value of the variable");
            assert_eq!(case.same(a, b), same, "{variable} {a} {b}");
        };
        check("0", "Orders", "orders", false);
        check("1", "Orders", "orders", true);
        check("2", "ÖL", "öl", true);
        check("1", "orders", "order", false);
        assert_eq!(TableNameCase::from_variable("3"), None);
        assert!(same_column("Id", "iD"));
    }
}
