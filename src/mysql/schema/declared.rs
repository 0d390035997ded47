//! The declared type of a column, as INFORMATION_SCHEMA and SHOW CREATE TABLE word it, and back.
//!
//! Knows the types of MySQL up to 9.7 and MariaDB up to 11.8; anything else is an error that names it, never
//! a guess. Labels come out as the text has them: servers print characters beyond U+FFFF in labels as `?`.

use crate::mysql::charset::Charset;
use crate::mysql::column_type::{ColumnType, Labels, Text};
use std::fmt::Write as _;

/// Character set of binary strings, whose columns are BINARY, VARBINARY and BLOB.
pub(super) const BINARY: &str = "binary";

/// Why a declared type cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeclaredError {
    /// No type of a known server.
    #[error("the type `{0}` is not known")]
    Unknown(String),
    /// A type with a length or digits that do not fit it.
    #[error("the length of the type `{0}` is not understood")]
    Length(String),
    /// A character type of a character set that no known server has, or of none.
    #[error("the character set `{0}` is not known")]
    Charset(String),
}

/// Reads `COLUMN_TYPE` of INFORMATION_SCHEMA, such as `bigint(20) unsigned`, `enum('a','b')`, `varchar(64)`.
///
/// `charset` is `CHARACTER_SET_NAME`, present for character types. `extra` is `EXTRA`, which tells of
/// MariaDB's COMPRESSED where the type does not.
///
/// # Errors
/// A type, length or character set no known server has.
pub fn parse(column_type: &str, extra: &str, charset: Option<&str>) -> Result<ColumnType, DeclaredError> {
    let (plain, comment) = without_comments(column_type);
    let head_len = plain.find(|sign: char| !sign.is_ascii_alphanumeric()).unwrap_or(plain.len());
    let head = plain[..head_len].to_ascii_lowercase();
    let (arguments, attributes) =
        arguments(&plain[head_len..]).ok_or_else(|| DeclaredError::Length(head.clone()))?;
    let attributes = attributes.to_ascii_lowercase();
    let says = |word: &str| attributes.split_ascii_whitespace().any(|attribute| attribute == word);
    let unsigned = says("unsigned") || says("zerofill");
    let compressed = contains_word(&comment, "compressed") || contains_word(extra, "compressed");
    let numbers = || -> Result<Vec<u32>, DeclaredError> {
        let Some(arguments) = arguments else { return Ok(Vec::new()) };
        let number = |digits: &str| digits.trim().parse().map_err(|_| DeclaredError::Length(head.clone()));
        arguments.split(',').map(number).collect()
    };
    let length = |default: u32| numbers().map(|numbers| numbers.first().copied().unwrap_or(default));
    let digits = |at: usize, default: u8, most: u8| -> Result<u8, DeclaredError> {
        let number = numbers()?.get(at).copied().unwrap_or(u32::from(default));
        u8::try_from(number)
            .ok()
            .filter(|&number| number <= most)
            .ok_or_else(|| DeclaredError::Length(head.clone()))
    };
    let labels = || {
        let text = arguments.ok_or_else(|| DeclaredError::Length(head.clone()))?;
        labels(text).map(|labels| Labels { labels }).ok_or_else(|| DeclaredError::Length(head.clone()))
    };
    let charset = || -> Result<(String, u32), DeclaredError> {
        let name = charset.unwrap_or_default();
        let charset = Charset::from_name(name).map_err(|_| DeclaredError::Charset(name.to_owned()))?;
        Ok((charset.name().to_owned(), charset.max_char_bytes()))
    };
    // `binary` as the character set of a character type makes it a binary type
    let sized = |default: u32| -> Result<(Text, bool), DeclaredError> {
        let (name, width) = charset()?;
        let max_bytes =
            length(default)?.checked_mul(width).ok_or_else(|| DeclaredError::Length(head.clone()))?;
        let binary = name == BINARY;
        Ok((Text { charset: name, max_bytes, compressed }, binary))
    };
    let text = |length_bytes: u8| -> Result<ColumnType, DeclaredError> {
        let (name, _) = charset()?;
        if name == BINARY {
            return Ok(ColumnType::Blob { length_bytes });
        }
        Ok(ColumnType::Text(Text { charset: name, max_bytes: greatest(length_bytes), compressed }))
    };
    Ok(match head.as_str() {
        "tinyint" | "bool" | "boolean" => ColumnType::TinyInt { unsigned },
        "smallint" => ColumnType::SmallInt { unsigned },
        "mediumint" => ColumnType::MediumInt { unsigned },
        "int" | "integer" => ColumnType::Int { unsigned },
        "bigint" => ColumnType::BigInt { unsigned },
        "float" => ColumnType::Float,
        "double" | "real" => ColumnType::Double,
        "decimal" | "numeric" => {
            ColumnType::Decimal { precision: digits(0, 10, 65)?, scale: digits(1, 0, 38)? }
        }
        "bit" => match digits(0, 1, 64)? {
            0 => return Err(DeclaredError::Length(head)),
            bits => ColumnType::Bit { bits },
        },
        "year" => ColumnType::Year,
        "date" => ColumnType::Date,
        "time" => ColumnType::Time { fsp: digits(0, 0, 6)? },
        "datetime" => ColumnType::DateTime { fsp: digits(0, 0, 6)? },
        "timestamp" => ColumnType::Timestamp { fsp: digits(0, 0, 6)? },
        "char" => match sized(1)? {
            (text, true) => ColumnType::Binary { bytes: text.max_bytes },
            (text, false) => ColumnType::Char(text),
        },
        "varchar" => match sized(1)? {
            (text, true) => ColumnType::VarBinary { bytes: text.max_bytes },
            (text, false) => ColumnType::VarChar(text),
        },
        "tinytext" => text(1)?,
        "text" => text(2)?,
        "mediumtext" => text(3)?,
        "longtext" => text(4)?,
        "binary" => ColumnType::Binary { bytes: length(1)? },
        "varbinary" => ColumnType::VarBinary { bytes: length(1)? },
        "tinyblob" => ColumnType::Blob { length_bytes: 1 },
        "blob" => ColumnType::Blob { length_bytes: 2 },
        "mediumblob" => ColumnType::Blob { length_bytes: 3 },
        "longblob" => ColumnType::Blob { length_bytes: 4 },
        "enum" => ColumnType::Enum(labels()?),
        "set" => ColumnType::Set(labels()?),
        "json" => ColumnType::Json,
        "geometry" | "point" | "linestring" | "polygon" | "multipoint" | "multilinestring"
        | "multipolygon" | "geometrycollection" | "geomcollection" => ColumnType::Geometry,
        "vector" => ColumnType::Vector,
        "uuid" => ColumnType::Uuid,
        "inet4" => ColumnType::Inet4,
        "inet6" => ColumnType::Inet6,
        _ => return Err(DeclaredError::Unknown(head)),
    })
}

/// The declared type as it is shown: `COLUMN_TYPE` without the comments that older servers are to skip.
pub fn shown(column_type: &str) -> String {
    without_comments(column_type).0.trim().to_owned()
}

/// Words a type as MySQL 8 would declare it, for columns whose declaration is not known.
///
/// Widths of display, ZEROFILL, subtypes of GEOMETRY and dimensions of VECTOR are in no [`ColumnType`] and so
/// left out.
pub fn synthesize(ty: &ColumnType) -> String {
    let integer = |name: &str, unsigned: bool| format!("{name}{}", if unsigned { " unsigned" } else { "" });
    let fraction = |name: &str, fsp: u8| if fsp == 0 { name.to_owned() } else { format!("{name}({fsp})") };
    let characters =
        |text: &Text| text.max_bytes / Charset::from_name(&text.charset).map_or(1, Charset::max_char_bytes);
    match ty {
        ColumnType::TinyInt { unsigned } => integer("tinyint", *unsigned),
        ColumnType::SmallInt { unsigned } => integer("smallint", *unsigned),
        ColumnType::MediumInt { unsigned } => integer("mediumint", *unsigned),
        ColumnType::Int { unsigned } => integer("int", *unsigned),
        ColumnType::BigInt { unsigned } => integer("bigint", *unsigned),
        ColumnType::Float => "float".to_owned(),
        ColumnType::Double => "double".to_owned(),
        ColumnType::Decimal { precision, scale } => format!("decimal({precision},{scale})"),
        ColumnType::Bit { bits } => format!("bit({bits})"),
        ColumnType::Year => "year".to_owned(),
        ColumnType::Date => "date".to_owned(),
        ColumnType::Time { fsp } => fraction("time", *fsp),
        ColumnType::DateTime { fsp } => fraction("datetime", *fsp),
        ColumnType::Timestamp { fsp } => fraction("timestamp", *fsp),
        ColumnType::Char(text) => format!("char({})", characters(text)),
        ColumnType::VarChar(text) => format!("varchar({})", characters(text)),
        ColumnType::Text(text) => sized_name("text", length_bytes(text.max_bytes)),
        ColumnType::Binary { bytes } => format!("binary({bytes})"),
        ColumnType::VarBinary { bytes } => format!("varbinary({bytes})"),
        ColumnType::Blob { length_bytes } => sized_name("blob", *length_bytes),
        ColumnType::Enum(labels) => quoted("enum", &labels.labels),
        ColumnType::Set(labels) => quoted("set", &labels.labels),
        ColumnType::Json => "json".to_owned(),
        ColumnType::Geometry => "geometry".to_owned(),
        ColumnType::Vector => "vector".to_owned(),
        ColumnType::Uuid => "uuid".to_owned(),
        ColumnType::Inet4 => "inet4".to_owned(),
        ColumnType::Inet6 => "inet6".to_owned(),
    }
}

/// Longest value of a TEXT or BLOB with this many length bytes, 1…4.
pub(super) fn greatest(length_bytes: u8) -> u32 {
    u32::MAX >> (32 - 8 * u32::from(length_bytes.clamp(1, 4)))
}

/// Number of length bytes of a TEXT of this size.
fn length_bytes(max_bytes: u32) -> u8 {
    (1..4).find(|&bytes| max_bytes <= greatest(bytes)).unwrap_or(4)
}

fn sized_name(base: &str, length_bytes: u8) -> String {
    let size = match length_bytes {
        1 => "tiny",
        2 => "",
        3 => "medium",
        _ => "long",
    };
    format!("{size}{base}")
}

/// Labels as the servers print them: `'` doubled, control characters and `\` behind a backslash
/// (MySQL and MariaDB, `append_unescaped`).
pub(super) fn quoted(name: &str, labels: &[String]) -> String {
    let mut text = format!("{name}(");
    for (at, label) in labels.iter().enumerate() {
        text.push_str(if at > 0 { ",'" } else { "'" });
        for sign in label.chars() {
            match sign {
                '\'' => text.push_str("''"),
                '\\' => text.push_str(r"\\"),
                '\0' => text.push_str(r"\0"),
                '\n' => text.push_str(r"\n"),
                '\r' => text.push_str(r"\r"),
                sign => {
                    // writing into a String cannot fail
                    let _ = text.write_char(sign);
                }
            }
        }
        text.push('\'');
    }
    text.push(')');
    text
}

/// The labels of `'a','b''c'`; none when it is not such a list.
fn labels(text: &str) -> Option<Vec<String>> {
    let mut labels = Vec::new();
    let mut signs = text.trim().chars().peekable();
    loop {
        if signs.next()? != '\'' {
            return None;
        }
        let mut label = String::new();
        loop {
            match signs.next()? {
                '\'' if signs.next_if_eq(&'\'').is_some() => label.push('\''),
                '\'' => break,
                '\\' => label.push(match signs.next()? {
                    '0' => '\0',
                    'n' => '\n',
                    'r' => '\r',
                    sign => sign,
                }),
                sign => label.push(sign),
            }
        }
        labels.push(label);
        match signs.next() {
            None => return Some(labels),
            Some(',') => {}
            Some(_) => return None,
        }
    }
}

/// What stands in the parentheses that `rest` may begin with, and what follows; none when they are not
/// closed.
pub(super) fn arguments(rest: &str) -> Option<(Option<&str>, &str)> {
    let Some(inner) = rest.strip_prefix('(') else { return Some((None, rest)) };
    let mut quoted = false;
    let mut escaped = false;
    for (at, sign) in inner.char_indices() {
        match sign {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '\'' => quoted = !quoted,
            ')' if !quoted => return Some((Some(&inner[..at]), &inner[at + 1..])),
            _ => {}
        }
    }
    None
}

/// A type without `/* … */`, and what the comments say. Labels are left alone.
pub(super) fn without_comments(text: &str) -> (String, String) {
    let (mut plain, mut comments) = (String::with_capacity(text.len()), String::new());
    let mut rest = text;
    let mut quoted = false;
    while let Some(sign) = rest.chars().next() {
        let mut taken = sign.len_utf8();
        if quoted {
            plain.push(sign);
            if sign == '\\'
                && let Some(next) = rest[1..].chars().next()
            {
                plain.push(next);
                taken += next.len_utf8();
            }
            quoted = sign != '\'';
        } else if let Some(comment) = rest.strip_prefix("/*") {
            let end = comment.find("*/").unwrap_or(comment.len());
            comments.push_str(&comment[..end]);
            comments.push(' ');
            taken = (end + 4).min(rest.len());
        } else {
            plain.push(sign);
            quoted = sign == '\'';
        }
        rest = &rest[taken..];
    }
    (plain.trim().to_owned(), comments)
}

fn contains_word(text: &str, word: &str) -> bool {
    text.split(|sign: char| !sign.is_ascii_alphanumeric()).any(|one| one.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(charset: &str, max_bytes: u32) -> Text {
        Text { charset: charset.into(), max_bytes, compressed: false }
    }

    fn labels_of(labels: &[&str]) -> Labels {
        Labels { labels: labels.iter().map(|label| label.to_string()).collect() }
    }

    #[track_caller]
    fn check(declared: &str, charset: Option<&str>, ty: ColumnType) {
        assert_eq!(parse(declared, "", charset), Ok(ty));
    }

    #[test]
    fn numbers() {
        check("tinyint(1)", None, ColumnType::TinyInt { unsigned: false });
        check("int", None, ColumnType::Int { unsigned: false });
        check("bigint(20) unsigned", None, ColumnType::BigInt { unsigned: true });
        check("mediumint(8) zerofill", None, ColumnType::MediumInt { unsigned: true });
        check("float(7,4)", None, ColumnType::Float);
        check("double(10,3) unsigned", None, ColumnType::Double);
        check("decimal(10,2)", None, ColumnType::Decimal { precision: 10, scale: 2 });
        check("decimal(65,38) unsigned", None, ColumnType::Decimal { precision: 65, scale: 38 });
        check("bit(64)", None, ColumnType::Bit { bits: 64 });
    }

    #[test]
    fn temporal_and_odd_types() {
        check("year(4)", None, ColumnType::Year);
        check("year", None, ColumnType::Year);
        check("time(3)", None, ColumnType::Time { fsp: 3 });
        check("datetime", None, ColumnType::DateTime { fsp: 0 });
        check("datetime /* mariadb-5.3 */", None, ColumnType::DateTime { fsp: 0 });
        check("timestamp(6)", None, ColumnType::Timestamp { fsp: 6 });
        check("json", None, ColumnType::Json);
        check("point", None, ColumnType::Geometry);
        check("geomcollection", None, ColumnType::Geometry);
        check("vector(3)", None, ColumnType::Vector);
        check("uuid", None, ColumnType::Uuid);
        check("inet6", None, ColumnType::Inet6);
        check("inet4", None, ColumnType::Inet4);
    }

    #[test]
    fn strings() {
        check("char(3)", Some("ascii"), ColumnType::Char(text("ascii", 3)));
        check("varchar(64)", Some("utf8mb4"), ColumnType::VarChar(text("utf8mb4", 256)));
        check("varchar(10)", Some("utf8"), ColumnType::VarChar(text("utf8mb3", 30)));
        check("varchar(10)", Some("binary"), ColumnType::VarBinary { bytes: 10 });
        check("tinytext", Some("gbk"), ColumnType::Text(text("gbk", 255)));
        check("text", Some("latin1"), ColumnType::Text(text("latin1", 65_535)));
        check("mediumtext", Some("utf8mb4"), ColumnType::Text(text("utf8mb4", 16_777_215)));
        check("longtext", Some("utf8mb4"), ColumnType::Text(text("utf8mb4", u32::MAX)));
        check("binary(16)", None, ColumnType::Binary { bytes: 16 });
        check("varbinary(0)", None, ColumnType::VarBinary { bytes: 0 });
        check("mediumblob", None, ColumnType::Blob { length_bytes: 3 });
        let compressed = ColumnType::VarChar(Text { compressed: true, ..text("latin1", 10) });
        check("varchar(10) /*M!100301 COMPRESSED*/", Some("latin1"), compressed.clone());
        assert_eq!(parse("varchar(10)", "COMPRESSED", Some("latin1")), Ok(compressed));
    }

    #[test]
    fn labels_are_taken_as_written() {
        check("enum('a','b')", Some("utf8mb4"), ColumnType::Enum(labels_of(&["a", "b"])));
        check("set('A b','')", Some("utf8mb4"), ColumnType::Set(labels_of(&["A b", ""])));
        check(
            r"enum('it''s',')','\\','/* no */','文','a,b')",
            None,
            ColumnType::Enum(labels_of(&["it's", ")", r"\", "/* no */", "文", "a,b"])),
        );
    }

    #[test]
    fn what_is_not_understood_is_named() {
        let check = |declared: &str, charset, error| {
            assert_eq!(parse(declared, "", charset), Err(error), "{declared}")
        };
        check("xmltype", None, DeclaredError::Unknown("xmltype".into()));
        check("", None, DeclaredError::Unknown(String::new()));
        check("varchar(64)", None, DeclaredError::Charset(String::new()));
        check("varchar(64)", Some("klingon"), DeclaredError::Charset("klingon".into()));
        check("varchar(x)", Some("latin1"), DeclaredError::Length("varchar".into()));
        check("varchar(4000000000)", Some("utf8mb4"), DeclaredError::Length("varchar".into()));
        check("decimal(300,2)", None, DeclaredError::Length("decimal".into()));
        check("bit(0)", None, DeclaredError::Length("bit".into()));
        check("time(7)", None, DeclaredError::Length("time".into()));
        check("enum('a'", None, DeclaredError::Length("enum".into()));
        check("enum('a' 'b')", None, DeclaredError::Length("enum".into()));
        check("enum", None, DeclaredError::Length("enum".into()));
    }

    #[test]
    fn synthesized_types_read_back() {
        let check = |declared: &str, charset: Option<&str>| {
            let ty = parse(declared, "", charset).expect(declared);
            assert_eq!(synthesize(&ty), declared);
        };
        for declared in [
            "tinyint",
            "smallint unsigned",
            "mediumint",
            "int",
            "bigint unsigned",
            "float",
            "double",
            "decimal(10,2)",
            "bit(7)",
            "year",
            "date",
            "time",
            "time(2)",
            "datetime(3)",
            "timestamp",
            "binary(3)",
            "varbinary(9)",
            "tinyblob",
            "blob",
            "mediumblob",
            "longblob",
            r"enum('a','b''c','\\')",
            "set('x')",
            "json",
            "geometry",
            "vector",
            "uuid",
            "inet4",
            "inet6",
        ] {
            check(declared, None);
        }
        for declared in ["char(3)", "varchar(64)", "tinytext", "text", "mediumtext", "longtext"] {
            check(declared, Some("utf8mb4"));
        }
    }

    #[test]
    fn shown_without_the_comments_of_servers() {
        assert_eq!(shown("varchar(10) /*M!100301 COMPRESSED*/"), "varchar(10)");
        assert_eq!(shown("enum('/*a*/','It''s')"), "enum('/*a*/','It''s')");
        assert_eq!(shown("enum('a"), "enum('a");
    }

    proptest! {
        #[test]
        fn any_labels_read_back(labels in prop::collection::vec("\\PC{0,6}|['\\\\,()/*\n]{0,6}", 1..5)) {
            let ty = ColumnType::Enum(Labels { labels });
            let declared = synthesize(&ty);
            prop_assert_eq!(parse(&declared, "", None), Ok(ty));
            prop_assert_eq!(shown(&declared), declared);
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,24}|(enum|varchar|bit)[('\\\\,)/* 0-9]{0,12}") {
            let _ = parse(&text, &text, Some("utf8mb4"));
            let _ = shown(&text);
        }
    }
}
