//! Values of columns.

/// A value of a column, as a test writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Literal {
    /// `null`.
    Null,
    /// `true`, `false`.
    Bool(bool),
    /// A number as written, without `_`.
    Number(String),
    /// `'…'` or `"…"`.
    Text(String),
    /// A date or a time as written.
    Time(String),
}
