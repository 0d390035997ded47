//! Why a condition cannot be evaluated over a table.

use crate::mysql::zone::NoInstant;

/// A place of a condition that does not fit the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// Number of the question, in the order of the text.
    pub test: usize,
    /// Number of the operand in it.
    pub operand: usize,
    /// Why.
    pub why: Why,
}

/// Why. Names columns and what the files say, never values of rows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// A column that the table does not have.
    #[error("there is no column `{column}`")]
    NoColumn {
        /// Its name.
        column: String,
    },
    /// A collation that is not known.
    #[error(
        "texts of column `{column}` cannot be compared: collation `{collation}` is not known to conditions"
    )]
    Collation {
        /// Its name.
        column: String,
        /// The collation.
        collation: String,
    },
    /// The collation was not told, by the lock file or by the server.
    #[error("texts of column `{column}` cannot be compared: its collation is not known")]
    CollationUnknown {
        /// Its name.
        column: String,
    },
    /// A type that is not compared.
    #[error("column `{column}` is {ty}, and can only be asked whether it is null")]
    NeverCompared {
        /// Its name.
        column: String,
        /// Its type.
        ty: String,
    },
    /// A FLOAT or DOUBLE with fixed digits, which the server compares with a tolerance.
    #[error("column `{column}` is {ty}, which the server compares by rounding")]
    FixedFloat {
        /// Its name.
        column: String,
        /// Its type.
        ty: String,
    },
    /// A column of numbers against a text.
    #[error("column `{column}` is {ty}, and is compared with a text")]
    NumberWithText {
        /// Its name.
        column: String,
        /// Its type.
        ty: String,
        /// The text.
        text: String,
    },
    /// A column of texts against a number.
    #[error("column `{column}` is {ty}, and is compared with a number")]
    TextWithNumber {
        /// Its name.
        column: String,
        /// Its type.
        ty: String,
        /// The number.
        number: String,
    },
    /// A column of dates or times against a number.
    #[error("column `{column}` is {ty}, and is compared with a number")]
    MomentWithNumber {
        /// Its name.
        column: String,
        /// Its type.
        ty: String,
        /// The number.
        number: String,
        /// How its values are written.
        wanted: &'static str,
    },
    /// A column of dates or times against a text that is none.
    #[error("column `{column}` is {ty}, and '{text}' is none of its values")]
    NoMoment {
        /// Its name.
        column: String,
        /// Its type.
        ty: String,
        /// The text.
        text: String,
        /// How its values are written.
        wanted: &'static str,
    },
    /// A time of day that clocks of the source do not show, or show twice.
    #[error("in `time-zone` of the source clocks {} '{text}'", match why {
        NoInstant::Never => "never show",
        NoInstant::Twice => "show twice",
    })]
    NoInstant {
        /// The text.
        text: String,
        /// Which of the two.
        why: NoInstant,
    },
    /// A number that no YEAR is.
    #[error("column `{column}` is a year, and {number} is none")]
    NoYear {
        /// Its name.
        column: String,
        /// The number.
        number: String,
    },
    /// A text with a character that the column cannot hold.
    #[error("column `{column}` cannot hold this text: its character set is {charset}")]
    NotInCharset {
        /// Its name.
        column: String,
        /// Its character set.
        charset: &'static str,
    },
    /// Two columns that are not compared alike.
    #[error("column `{left}` is {left_ty} and column `{right}` is {right_ty}: the two are not compared")]
    Columns {
        /// One.
        left: String,
        /// Its type.
        left_ty: String,
        /// The other.
        right: String,
        /// Its type.
        right_ty: String,
    },
    /// A text that is compared with no column.
    #[error("a text is compared with no column")]
    NoColumnBeside,
    /// LIKE or REGEXP on something else than text.
    #[error("`{word}` looks at texts, and column `{column}` is {ty}")]
    NoText {
        /// `like` or `regexp`.
        word: &'static str,
        /// The column.
        column: String,
        /// Its type.
        ty: String,
    },
    /// LIKE or REGEXP on something else than a column.
    #[error("`{word}` looks at a column")]
    NoColumnToSearch {
        /// `like` or `regexp`.
        word: &'static str,
    },
    /// A pattern that is no text.
    #[error("the pattern of `{word}` is a text in single quotes")]
    NoPattern {
        /// `like` or `regexp`.
        word: &'static str,
    },
    /// An expression that is not evaluated as the server does.
    #[error("the expression of `regexp` cannot be used: {0}")]
    Expression(String),
    /// A column of other than whole numbers, alone.
    #[error("column `{column}` is {ty}, and alone is no condition")]
    NoTruth {
        /// Its name.
        column: String,
        /// Its type.
        ty: String,
    },
    /// A text alone.
    #[error("a text alone is no condition")]
    TextAlone,
}

impl Why {
    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            Why::NoColumn { .. } => "columns are named as in the source, before `rename`".to_owned(),
            Why::Collation { .. } => "collations of `where`: binary, `_bin` of UTF-8 and single-byte character sets, `general_ci`, \
                 `unicode_ci`, `unicode_520_ci`, utf8mb4_0900_ai_ci, latin1_swedish_ci and other simple ones; give the \
                 column one of them, or ask another column"
                .to_owned(),
            Why::CollationUnknown { .. } => {
                "`syncc schema pull` writes it into `schema.lock`, behind the type; the log has it where \
                 `binlog_row_metadata` is FULL"
                    .to_owned()
            }
            Why::NeverCompared { column, .. } => {
                format!("`{column} is null` and `{column} is not null` are what a condition may ask")
            }
            Why::FixedFloat { .. } => "make it a decimal, or a float without digits".to_owned(),
            Why::NumberWithText { .. } => {
                "numbers stand without quotes; the server would turn the text into a floating point number".to_owned()
            }
            Why::TextWithNumber { .. } => {
                "texts stand in single quotes; the server would turn every text into a floating point number".to_owned()
            }
            Why::MomentWithNumber { wanted, .. } | Why::NoMoment { wanted, .. } => format!("write it as {wanted}"),
            Why::NoInstant { .. } => "write it with its offset, such as '2026-10-25 02:30:00+02:00'".to_owned(),
            Why::NoYear { .. } => "a year is 0 or 1901 to 2155, in four digits".to_owned(),
            Why::NotInCharset { .. } => "the server refuses such a comparison; compare with a text the column can hold".to_owned(),
            Why::Columns { .. } => {
                "columns are compared with columns of their kind: numbers with numbers, texts of one collation".to_owned()
            }
            Why::NoColumnBeside => "one side of a comparison is a column of the row".to_owned(),
            Why::NoText { .. } => "numbers and dates are compared with `=`, `<`, `between`".to_owned(),
            Why::NoColumnToSearch { word } => format!("write the column before `{word}`"),
            Why::NoPattern { word } => format!("for example `email {word} 'a%'`").replace(
                "regexp 'a%'",
                "regexp '^a'",
            ),
            Why::Expression(_) => "use `like`, or an expression of plain signs, `.`, `[…]`, `(…)`, `|`, `*`, `+`, `?`, `{n,m}`, `^` \
                 at the beginning and `$` at the end"
                .to_owned(),
            Why::NoTruth { column, .. } => {
                format!("compare it, for example `{column} is not null`; only a whole number alone is a condition")
            }
            Why::TextAlone => "compare it with a column".to_owned(),
        }
    }
}
