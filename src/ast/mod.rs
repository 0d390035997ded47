//! Tree to typed nodes: names as written, every value with its place.
//!
//! Guarantees: whatever is in these nodes fits the statement table; what does not fit is left out, with a finding, and the
//! node around it knows what: [`LeftOut`]. Does not: resolve names, or know whether a project makes sense.

mod added;
mod allow;
mod argument;
mod aside;
mod binding;
mod cause;
mod condition;
mod continued;
mod feed;
mod file;
mod idle;
mod instead;
mod left_out;
mod literal;
mod lock;
mod mended;
mod mention;
mod misfit;
mod moment;
mod moved;
mod negated;
mod param;
mod pipeline;
mod placed;
mod quantity;
mod quoted;
mod range;
mod registry;
mod repaired;
mod secret;
mod setting;
mod settings;
mod shape;
mod source;
mod start;
mod statement;
mod target;
mod test;
mod tls;
mod token;
mod unplaced;
mod unquoted;
mod value;
mod written;

pub use allow::Allow;
pub use binding::{Filled, ParamValue, Unbound, Uses, Values};
pub use cause::tell_causes;
pub use condition::{TestPlace, Where};
pub use feed::{From, Relay};
pub use file::{Defaults, EDITIONS, File, Profile, lower, uses};
pub use idle::{Idle, Owner, Why};
pub use left_out::LeftOut;
pub use lock::{Lock, LockFile, LockedColumn, LockedKey, LockedTable, lower_lock};
pub use mended::weigh_repairs;
pub use moved::Moved;
pub use param::{OptionValue, Param, ParamKind, params};
pub use pipeline::{Commit, Cut, Pipeline, Retry, TableBlock, To};
pub use range::Rank;
pub use registry::Registry;
pub use settings::{Conflict, Settings, TaskSettings, TaskStatements};
pub use source::{ServerId, Source};
pub use target::{Kafka, Producer, State, Target, TargetKind};
pub use test::{
    Expect, ExpectedKey, ExpectedMessage, Field, RowOp, RowStep, Step, Test, TestFile, lower_tests, schemas,
};
pub use tls::Tls;

pub(crate) use unplaced::given_twice;
