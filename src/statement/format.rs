//! Formats, and which options each of them has.

use super::words::words;
use super::{Property, duration_text};
use serde::{Deserialize, Serialize};
use std::fmt;

words! {
    /// Name of a format.
    FormatName {
        /// Flat JSON as Canal writes it.
        CanalJson = "canal-json",
        /// Avro as the managed service writes it.
        DtsAvro = "dts-avro",
        /// Debezium's envelope in JSON.
        DebeziumJson = "debezium-json",
        /// Debezium's envelope in Avro, with schemas in the registry.
        DebeziumAvro = "debezium-avro",
        /// JSON as Maxwell writes it.
        MaxwellJson = "maxwell-json",
        /// One plain record per table, with schemas in the registry.
        Avro = "avro",
        /// One flat object per row.
        Json = "json",
    }
}

words! {
    /// Name of a schema in the registry.
    Subject {
        /// After the topic.
        Topic = "topic",
        /// After the record.
        Record = "record",
        /// After both.
        TopicRecord = "topic-record",
    }
}

words! {
    /// Which changes of a schema the registry takes.
    Compatibility {
        /// New readers read old messages.
        Backward = "backward",
        /// Old readers read new messages.
        Forward = "forward",
        /// Both.
        Full = "full",
        /// Any change.
        None = "none",
    }
}

words! {
    /// What becomes of columns that are NULL.
    Nulls {
        /// They are written.
        Write = "write",
        /// They are left out.
        Omit = "omit",
    }
}

words! {
    /// Kind that a message of an existing row says.
    SnapshotOp {
        /// That of an insert.
        Insert = "insert",
        /// The managed service's own.
        Init = "init",
        /// Maxwell's own.
        Bootstrap = "bootstrap",
        /// Debezium's own.
        Read = "read",
        /// Debezium's for an insert.
        Create = "create",
    }
}

words! {
    /// Form of BIGINT UNSIGNED.
    BigintUnsigned {
        /// 64 bits with a sign: wraps above 2⁶³ − 1.
        Long = "long",
        /// Bytes of a decimal number.
        Precise = "precise",
        /// A decimal number.
        Decimal = "decimal",
        /// Text.
        String = "string",
    }
}

words! {
    /// Form of DECIMAL.
    DecimalForm {
        /// Text.
        String = "string",
        /// A JSON number with all digits.
        Numeric = "numeric",
        /// A binary floating-point number.
        Double = "double",
        /// Bytes of a decimal number.
        Precise = "precise",
        /// A decimal number.
        Decimal = "decimal",
        /// A JSON number.
        Number = "number",
    }
}

words! {
    /// Form of binary columns.
    BinaryForm {
        /// As the format has them.
        Bytes = "bytes",
        /// Base64.
        Base64 = "base64",
        /// Base64 with the alphabet of addresses.
        Base64UrlSafe = "base64-url-safe",
        /// Hexadecimal digits.
        Hex = "hex",
    }
}

words! {
    /// Form of ENUM and SET.
    EnumForm {
        /// Number of the label.
        Index = "index",
        /// The label.
        Label = "label",
    }
}

words! {
    /// Whose details Canal JSON follows.
    Dialect {
        /// Those of the original.
        Canal = "canal",
        /// Those of the managed service.
        Dts = "dts",
    }
}

/// Messages of an idle topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum FormatHeartbeat {
    /// One each so many ms.
    Every(u64),
    /// None.
    Off,
}

impl fmt::Display for FormatHeartbeat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FormatHeartbeat::Every(ms) => write!(f, "every {}", duration_text(*ms)),
            FormatHeartbeat::Off => f.write_str("off"),
        }
    }
}

/// A format as the language knows it.
#[derive(Debug, Clone, Copy)]
pub struct FormatSpec {
    /// Its name.
    pub name: FormatName,
    /// Its options.
    pub options: &'static [FormatOption],
}

/// An option of a format.
#[derive(Debug, Clone, Copy)]
pub struct FormatOption {
    /// Which.
    pub property: Property,
    /// What this format takes, in the notation of a signature.
    pub args: &'static str,
    /// What holds without it.
    pub default: &'static str,
}

const fn option(property: Property, args: &'static str, default: &'static str) -> FormatOption {
    FormatOption { property, args, default }
}

/// All formats with their options.
#[rustfmt::skip]
pub static FORMATS: &[FormatSpec] = &[
    FormatSpec { name: FormatName::CanalJson, options: &[
        option(Property::SnapshotOp, "insert | init", "insert"),
        option(Property::EnumForm, "index | label", "index"),
        option(Property::TimeZone, "ZONE", "\"UTC\""),
        option(Property::Dialect, "canal | dts", "canal"),
    ] },
    FormatSpec { name: FormatName::DtsAvro, options: &[
        option(Property::SnapshotOp, "insert | init", "insert"),
        option(Property::FormatHeartbeat, "every DURATION(1s..1d) | off", "every 1m"),
        option(Property::Transactions, "off | on", "off"),
    ] },
    FormatSpec { name: FormatName::DebeziumJson, options: &[
        option(Property::SnapshotOp, "read | create", "read"),
        option(Property::BigintUnsigned, "long | precise", "long"),
        option(Property::Decimal, "string | numeric | double | precise", "string"),
        option(Property::Binary, "bytes | base64 | base64-url-safe | hex", "bytes"),
        option(Property::Schemas, "off | on", "off"),
    ] },
    FormatSpec { name: FormatName::DebeziumAvro, options: &[
        option(Property::Subject, "topic | record | topic-record", "topic"),
        option(Property::Compatibility, "backward | forward | full | none", "the registry's own"),
        option(Property::SnapshotOp, "read | create", "read"),
        option(Property::BigintUnsigned, "long | precise", "long"),
        option(Property::Decimal, "precise | string | double", "precise"),
        option(Property::Binary, "bytes | base64 | base64-url-safe | hex", "bytes"),
    ] },
    FormatSpec { name: FormatName::MaxwellJson, options: &[
        option(Property::Nulls, "write | omit", "write"),
        option(Property::SnapshotOp, "insert | bootstrap", "insert"),
    ] },
    FormatSpec { name: FormatName::Avro, options: &[
        option(Property::Subject, "topic | record | topic-record", "topic"),
        option(Property::Compatibility, "backward | forward | full | none", "the registry's own"),
        option(Property::BigintUnsigned, "decimal | long | string", "decimal"),
        option(Property::Decimal, "decimal | string", "decimal"),
        option(Property::EnumForm, "label | index", "label"),
    ] },
    FormatSpec { name: FormatName::Json, options: &[
        option(Property::Nulls, "write | omit", "write"),
        option(Property::Decimal, "number | string", "number"),
        option(Property::Binary, "base64 | hex", "base64"),
        option(Property::EnumForm, "label | index", "label"),
    ] },
];

impl FormatName {
    /// What is known of it.
    pub fn spec(self) -> &'static FormatSpec {
        let found = FORMATS.iter().find(|spec| spec.name == self);
        found.expect("every format has a row; a test looks")
    }

    /// True when its schemas lie in a registry.
    pub fn needs_registry(self) -> bool {
        match self {
            FormatName::DebeziumAvro | FormatName::Avro => true,
            FormatName::CanalJson
            | FormatName::DtsAvro
            | FormatName::DebeziumJson
            | FormatName::MaxwellJson
            | FormatName::Json => false,
        }
    }
}

impl FormatSpec {
    /// Its option with a word.
    pub fn option(&self, word: &str) -> Option<&'static FormatOption> {
        self.options.iter().find(|option| option.property.word() == word)
    }

    /// The formats that have an option.
    pub fn having(word: &str) -> impl Iterator<Item = &'static FormatSpec> {
        FORMATS.iter().filter(move |spec| spec.option(word).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Place, Shape, Signature, Word, in_place};
    use super::*;

    #[test]
    fn every_format_has_a_row() {
        for name in FormatName::ALL {
            assert_eq!(name.spec().name, *name);
        }
    }

    /// Words of a signature.
    fn words(sequences: &[Vec<Shape>]) -> Vec<String> {
        let of = |shape: &Shape| match shape {
            Shape::Word(word) => vec![word.clone()],
            Shape::Value { .. } | Shape::List(_) => Vec::new(),
            Shape::Idle(inner) | Shape::Choice(inner) | Shape::Optional(inner) => words(inner),
        };
        sequences.iter().flatten().flat_map(of).collect()
    }

    /// The table of statements says of an option what its formats take together.
    #[test]
    fn options_are_statements_of_a_format_block() {
        for spec in in_place(Place::Format).filter(|spec| spec.word != "allow") {
            let all = words(&spec.signature().alternatives);
            let mut taken = Vec::new();
            for format in FormatSpec::having(spec.word) {
                let option = format.option(spec.word).expect("it has it");
                taken.extend(words(&Signature::parse(option.args).alternatives));
            }
            assert!(
                all.iter().all(|word| taken.contains(word)),
                "`{}`: no format takes all of {all:?}",
                spec.word
            );
            assert!(
                taken.iter().all(|word| all.contains(word)),
                "`{}`: its row lacks one of {taken:?}",
                spec.word
            );
        }
        for option in FORMATS.iter().flat_map(|format| format.options) {
            let word = option.property.word();
            assert!(in_place(Place::Format).any(|spec| spec.word == word), "{word}");
            assert_eq!(option.property.block(), "format");
        }
    }
}
