//! Why a table cannot be routed.

use crate::format::FormatError;
use crate::transform::MaskError;
use crate::transform::filter::Why;

/// Why a table cannot be routed, or a row not sent. Names columns, never values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RouteError {
    /// `key` or `partition` names a column that the table does not have.
    #[error("`{statement}` names column `{column}`, which the table does not have")]
    NoSuchColumn {
        /// `key` or `partition`.
        statement: &'static str,
        /// The column.
        column: String,
    },
    /// A column of the key or of the partition's hash that `columns` leaves out.
    #[error("{statement} column `{column}` is not sent: `columns` leaves it out")]
    NotSent {
        /// `key` or `partition`.
        statement: &'static str,
        /// The column.
        column: String,
    },
    /// A column of the key or of the partition's hash whose values a mask makes equal (S0508).
    #[error(
        "{statement} column `{column}` is masked so that different rows become one; `with sha256` keeps them apart"
    )]
    Masked {
        /// `key` or `partition`.
        statement: &'static str,
        /// The column.
        column: String,
    },
    /// A salt that was not read when the task started.
    #[error("the salt of a mask was not read")]
    SaltMissing,
    /// `columns` leaves nothing.
    #[error("`columns` leaves no column to send")]
    NothingSent,
    /// Two columns of one name.
    #[error("columns `{first}` and `{second}` are both sent as `{name}`")]
    NamesCollide {
        /// Column at the source.
        first: String,
        /// Another one.
        second: String,
        /// Name of both in messages.
        name: String,
    },
    /// `partition to N` beyond the topic's partitions.
    #[error("`partition to {partition}`: the topic has {partitions} partitions, numbered from 0")]
    NoSuchPartition {
        /// As written.
        partition: u32,
        /// Partitions of the topic.
        partitions: u32,
    },
    /// A condition that does not fit the table.
    #[error("`where` cannot be evaluated: {0}; {help}", help = .0.help())]
    Condition(Why),
    /// A pattern or placeholder of the plan that cannot be used.
    #[error("the plan cannot be used: {0}")]
    Plan(String),
    /// A mask that does not fit its column, or a row that does not.
    #[error(transparent)]
    Mask(#[from] MaskError),
    /// The format cannot write the table or the row.
    #[error(transparent)]
    Format(#[from] FormatError),
}
