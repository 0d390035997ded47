//! The table of all statements: what may stand where, with which arguments; and the values that statements give.
//!
//! Written once here, read by lowering, checks, completion, `explain` and the manual. Knows texts and words, no tree.

mod ddl;
mod fault;
mod finding;
mod format;
mod guess;
mod guess_glob;
mod literal;
mod mask;
mod message;
mod name;
mod property;
mod quantity;
mod replica;
mod secret;
mod signature;
mod slip;
mod spec;
mod start;
mod table;
mod template;
mod time;
mod url;
mod value;
mod version;
mod words;

pub use ddl::{DdlKind, DdlPartition, DdlTopic, OnDeny, OnlineDdl, Truncate};
pub use fault::{OnError, OnInvalidValue, OnOversize, OnPositionLost, Split};
pub use finding::{
    ALLOW_WITHOUT_REASON, BAD_GLOB, BAD_REGEX, EDITION_MISSING, EDITION_TOO_NEW, ERRORS_SKIPPED, GIVEN_TWICE,
    NOT_BUILT_YET, OUT_OF_RANGE, PAGES, PLACEHOLDER_UNBOUND, SECRET_IN_OTHER_TEXT, SECRET_LITERAL,
    STATEMENT_NOT_HERE, UNIT_MISSING_OR_WRONG, UNKNOWN_STATEMENT, WRONG_ARGUMENTS, filter_unknown,
    placeholder_unbound,
};
pub use format::{
    BigintUnsigned, BinaryForm, Compatibility, DecimalForm, Dialect, EnumForm, FORMATS, FormatHeartbeat,
    FormatName, FormatOption, FormatSpec, Nulls, SnapshotOp, Subject,
};
pub use guess::{closest, foreign_placeholder, foreign_value, foreign_word};
pub use guess_glob::closest_glob;
pub use literal::Literal;
pub use mask::{MaskMethod, MaskRule};
pub use message::{
    ChangeKind, Header, Key, KeyChange, KeyForm, KeyRule, Markers, NameCase, Partition, PartitionHash,
    PartitionRule, Timestamp, WordSet,
};
pub use name::{OWN_NAME_MAX, OwnNameError, check_own_name, name_text, unquote};
pub use property::Property;
pub(crate) use property::table_properties;
pub use quantity::{FOREVER_MS, QuantityError, bytes, duration_ms, duration_text, number, rate, size_text};
pub use replica::{Heartbeat, OnFailover, ServerIds};
pub use secret::{
    holds_login, holds_private_key, looks_secret, named_variable, secret_places, variable_with_signs,
    withhold,
};
pub use signature::{Kind, Shape, Signature};
use slip::is_slip_of_path;
pub use slip::{is_slip, write_near};
pub use spec::{Block, Once, Place, Reload, StatementSpec, Support, find, in_place, places_of};
pub use start::{Snapshot, Start, StartAt, Window};
pub use table::STATEMENTS;
pub use template::{
    ExpandError, FILTERS, Names, RELAY_PLACEHOLDERS, RENAME_PLACEHOLDERS, TASK_PLACEHOLDERS,
    TOPIC_PLACEHOLDERS, Template, TemplatePart,
};
pub use time::{TimeError, ZoneNear, clock_minutes, timestamp_us, zone};
pub use url::{UrlError, check_url};
pub use value::{
    Acks, Address, AddressError, Cleanup, ColumnRule, Compression, Create, Delivery, Mechanism, Millis,
    Quoted, Rename, SecretRef, Switch, Text, Thing, TlsMode, address_in, is_loopback,
};
pub use version::Version;
pub use words::Word;
