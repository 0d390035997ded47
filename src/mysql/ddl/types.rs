//! The type of a column, with the character set that stands behind it.

use super::cursor::{Cursor, Parsed};
use super::ir::{CharsetClause, Label, Type, TypeKind};
use super::lex::Token;

/// What may follow the name of a type.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Behind {
    /// Nothing.
    Nothing,
    /// `(n)`, UNSIGNED, ZEROFILL.
    Integer,
    /// `(n)`, `(n,m)`, UNSIGNED, ZEROFILL.
    Number,
    /// `(n)`.
    Length,
    /// `(n)`, which must be there.
    NeedsLength,
    /// `(n)`, a character set.
    Characters,
    /// `(n)`, which must be there, a character set.
    NeedsCharacters,
    /// A character set.
    Charset,
    /// `('a', 'b')`, a character set.
    Labels,
}

/// A type and what belongs to it.
pub(super) struct Typed {
    pub(super) ty: Type,
    pub(super) labels: Vec<Label>,
    pub(super) charset: CharsetClause,
    /// SERIAL stands for more than a type.
    pub(super) serial: bool,
}

impl Cursor<'_, '_> {
    /// A type.
    pub(super) fn data_type(&mut self) -> Parsed<Typed> {
        let start = *self;
        let schema = self.type_schema();
        let Some(mut word) = self.word() else { return Err(start.unexpected("a type")) };
        let is_datetime = match (word.as_str(), schema.as_deref()) {
            ("DATE", Some(schema)) => schema == "ORACLE_SCHEMA",
            ("DATE", None) => self.oracle,
            ("TIMESTAMP", schema) => schema == Some("MAXDB_SCHEMA"),
            _ => false,
        };
        if is_datetime {
            word = "DATETIME".to_owned();
        } else if self.oracle {
            word = self.oracle_type(word);
        }
        let mut charset = CharsetClause::default();
        let mut serial = false;
        let (kind, behind) = match word.as_str() {
            "TINYINT" | "INT1" => (TypeKind::TinyInt, Behind::Integer),
            "SMALLINT" | "INT2" => (TypeKind::SmallInt, Behind::Integer),
            "MEDIUMINT" | "MIDDLEINT" | "INT3" => (TypeKind::MediumInt, Behind::Integer),
            "INT" | "INTEGER" | "INT4" => (TypeKind::Int, Behind::Integer),
            "BIGINT" | "INT8" => (TypeKind::BigInt, Behind::Integer),
            "BOOL" | "BOOLEAN" => (TypeKind::TinyInt, Behind::Nothing),
            "SERIAL" => {
                serial = true;
                (TypeKind::BigInt, Behind::Nothing)
            }
            "FLOAT" | "FLOAT4" => (TypeKind::Float, Behind::Number),
            "DOUBLE" => {
                self.take("PRECISION");
                (TypeKind::Double, Behind::Number)
            }
            "FLOAT8" => (TypeKind::Double, Behind::Number),
            "REAL" => (TypeKind::Real, Behind::Number),
            "DECIMAL" | "NUMERIC" | "DEC" | "FIXED" => (TypeKind::Decimal, Behind::Number),
            "BIT" => (TypeKind::Bit, Behind::Length),
            "YEAR" => (TypeKind::Year, Behind::Integer),
            "DATE" => (TypeKind::Date, Behind::Nothing),
            "TIME" => (TypeKind::Time, Behind::Length),
            "DATETIME" => (TypeKind::DateTime, Behind::Length),
            "TIMESTAMP" => (TypeKind::Timestamp, Behind::Length),
            "CHAR" | "CHARACTER" => {
                if self.take("VARYING") {
                    (TypeKind::VarChar, Behind::NeedsCharacters)
                } else {
                    (TypeKind::Char, Behind::Characters)
                }
            }
            "VARCHAR" | "VARCHARACTER" => (TypeKind::VarChar, Behind::NeedsCharacters),
            "NCHAR" | "NATIONAL" | "NVARCHAR" => {
                charset.charset = Some("utf8mb3".to_owned());
                self.national(&word)?
            }
            "BINARY" => (TypeKind::Binary, Behind::Length),
            "VARBINARY" => (TypeKind::VarBinary, Behind::NeedsLength),
            "TINYBLOB" => (TypeKind::TinyBlob, Behind::Nothing),
            "BLOB" => (TypeKind::Blob, Behind::Length),
            "MEDIUMBLOB" => (TypeKind::MediumBlob, Behind::Nothing),
            "LONGBLOB" => (TypeKind::LongBlob, Behind::Nothing),
            "TINYTEXT" => (TypeKind::TinyText, Behind::Charset),
            "TEXT" => (TypeKind::Text, Behind::Characters),
            "MEDIUMTEXT" => (TypeKind::MediumText, Behind::Charset),
            "LONGTEXT" => (TypeKind::LongText, Behind::Charset),
            "LONG" => self.long(),
            "ENUM" => (TypeKind::Enum, Behind::Labels),
            "SET" => (TypeKind::Set, Behind::Labels),
            "JSON" => (TypeKind::Json, Behind::Charset),
            "GEOMETRY" => (TypeKind::Geometry, Behind::Nothing),
            "POINT" => (TypeKind::Point, Behind::Nothing),
            "LINESTRING" => (TypeKind::LineString, Behind::Nothing),
            "POLYGON" => (TypeKind::Polygon, Behind::Nothing),
            "MULTIPOINT" => (TypeKind::MultiPoint, Behind::Nothing),
            "MULTILINESTRING" => (TypeKind::MultiLineString, Behind::Nothing),
            "MULTIPOLYGON" => (TypeKind::MultiPolygon, Behind::Nothing),
            "GEOMETRYCOLLECTION" | "GEOMCOLLECTION" => (TypeKind::GeometryCollection, Behind::Nothing),
            "VECTOR" => (TypeKind::Vector, Behind::Length),
            "UUID" => (TypeKind::Uuid, Behind::Nothing),
            "INET4" => (TypeKind::Inet4, Behind::Nothing),
            "INET6" => (TypeKind::Inet6, Behind::Nothing),
            _ => return Err(start.unexpected("a type")),
        };
        let mut ty = Type::new(kind);
        if matches!(word.as_str(), "BOOL" | "BOOLEAN") {
            ty.length = Some(1);
        }
        ty.unsigned = serial;
        let labels = self.behind_type(&mut ty, behind, &mut charset)?;
        Ok(Typed { ty, labels, charset, serial })
    }

    /// What MariaDB puts before DATE and TIMESTAMP, which mean something else in some modes, in upper case. Other types take no notice
    /// of it.
    fn type_schema(&mut self) -> Option<String> {
        let (Token::Word(schema) | Token::Name(schema, _)) = self.peek()? else { return None };
        let schema = schema.to_ascii_uppercase();
        let is_known = matches!(schema.as_str(), "MARIADB_SCHEMA" | "ORACLE_SCHEMA" | "MAXDB_SCHEMA");
        if !is_known || self.peek_at(1) != Some(Token::Sign('.')) {
            return None;
        }
        self.next();
        self.next();
        Some(schema)
    }

    /// What a type of MariaDB's mode ORACLE is called without it.
    fn oracle_type(&self, word: String) -> String {
        let sized = self.at_sign('(');
        let plain = match word.as_str() {
            "BLOB" if !sized => "LONGBLOB",
            "CLOB" => "LONGTEXT",
            "NUMBER" if sized => "DECIMAL",
            "NUMBER" => "DOUBLE",
            "RAW" => "VARBINARY",
            "VARCHAR2" => "VARCHAR",
            _ => return word,
        };
        plain.to_owned()
    }

    /// Behind NCHAR, NATIONAL and NVARCHAR.
    fn national(&mut self, word: &str) -> Parsed<(TypeKind, Behind)> {
        const FIXED: (TypeKind, Behind) = (TypeKind::Char, Behind::Characters);
        const VARYING: (TypeKind, Behind) = (TypeKind::VarChar, Behind::NeedsCharacters);
        Ok(match word {
            "NVARCHAR" => VARYING,
            "NCHAR" if self.take_any(&["VARYING", "VARCHAR", "VARCHARACTER"]) => VARYING,
            "NCHAR" => FIXED,
            _ if self.take_any(&["VARCHAR", "VARCHARACTER"]) => VARYING,
            _ => {
                self.expect_any(&["CHAR", "CHARACTER"])?;
                if self.take("VARYING") { VARYING } else { FIXED }
            }
        })
    }

    /// Behind LONG.
    fn long(&mut self) -> (TypeKind, Behind) {
        if self.take("VARBINARY") {
            return (TypeKind::MediumBlob, Behind::Nothing);
        }
        let _ = self.take_any(&["VARCHAR", "VARCHARACTER"])
            || self.take_all(&["CHAR", "VARYING"])
            || self.take_all(&["CHARACTER", "VARYING"]);
        (TypeKind::MediumText, Behind::Charset)
    }

    /// What follows the name of a type; labels come back.
    fn behind_type(
        &mut self,
        ty: &mut Type,
        behind: Behind,
        charset: &mut CharsetClause,
    ) -> Parsed<Vec<Label>> {
        let (needs, two) = match behind {
            Behind::NeedsLength | Behind::NeedsCharacters => (true, false),
            Behind::Number => (false, true),
            _ => (false, false),
        };
        let mut labels = Vec::new();
        match behind {
            Behind::Labels => labels = self.labels()?,
            Behind::Nothing | Behind::Charset => {}
            _ if needs || self.at_sign('(') => {
                self.expect_sign('(')?;
                ty.length = Some(self.number()?);
                if two && self.take_sign(',') {
                    ty.scale = Some(self.number()?);
                }
                self.expect_sign(')')?;
            }
            _ => {}
        }
        match behind {
            Behind::Integer | Behind::Number => loop {
                match () {
                    () if self.take("UNSIGNED") => ty.unsigned = true,
                    // takes nothing back
                    () if self.take("SIGNED") => {}
                    () if self.take("ZEROFILL") => ty.zerofill = true,
                    () => break,
                }
            },
            Behind::Characters | Behind::NeedsCharacters | Behind::Charset | Behind::Labels => {
                self.charset_of_type(ty, charset)?;
            }
            Behind::Nothing | Behind::Length | Behind::NeedsLength => {}
        }
        self.compressed(ty)?;
        Ok(labels)
    }

    /// COMPRESSED [= zlib], of strings.
    fn compressed(&mut self, ty: &mut Type) -> Parsed<()> {
        use TypeKind as K;
        let strings = [
            K::VarChar,
            K::TinyText,
            K::Text,
            K::MediumText,
            K::LongText,
            K::VarBinary,
            K::TinyBlob,
            K::Blob,
            K::MediumBlob,
            K::LongBlob,
            K::Json,
        ];
        if strings.contains(&ty.kind) && self.take("COMPRESSED") {
            ty.compressed = true;
            if self.take_sign('=') {
                self.name()?;
            }
        }
        Ok(())
    }

    /// Character set, BINARY, ASCII, UNICODE, BYTE, COLLATE, in any order.
    fn charset_of_type(&mut self, ty: &mut Type, charset: &mut CharsetClause) -> Parsed<()> {
        loop {
            if self.take_charset() {
                charset.charset = Some(self.charset_name()?);
            } else if self.take("BINARY") {
                charset.binary = true;
            } else if self.take("ASCII") {
                charset.charset = Some("latin1".to_owned());
            } else if self.take("UNICODE") {
                charset.charset = Some("ucs2".to_owned());
            } else if self.take("BYTE") {
                charset.charset = Some("binary".to_owned());
            } else if self.take("COLLATE") {
                charset.collation = Some(self.charset_name()?);
            } else {
                self.compressed(ty)?;
                if !self.at_any(&["BINARY", "ASCII", "UNICODE", "BYTE", "COLLATE", "CHARSET", "CHARACTER"]) {
                    return Ok(());
                }
                if self.at("CHARACTER") && !self.at_all(&["CHARACTER", "SET"]) {
                    return Ok(());
                }
            }
        }
    }

    fn at_any(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.at(word))
    }

    /// CHARACTER SET, CHAR SET, CHARSET.
    pub(super) fn take_charset(&mut self) -> bool {
        self.take_all(&["CHARACTER", "SET"]) || self.take_all(&["CHAR", "SET"]) || self.take("CHARSET")
    }

    /// The name of a character set or collation, in lower case; DEFAULT is one.
    pub(super) fn charset_name(&mut self) -> Parsed<String> {
        if self.take("DEFAULT") {
            return Ok("default".to_owned());
        }
        Ok(self.word_or_text()?.to_ascii_lowercase())
    }

    fn labels(&mut self) -> Parsed<Vec<Label>> {
        self.expect_sign('(')?;
        let mut labels = Vec::new();
        loop {
            labels.push(match self.digits() {
                Some(bytes) => Label::Bytes(bytes?),
                None => Label::Text(self.label()?),
            });
            if !self.take_sign(',') {
                break;
            }
        }
        self.expect_sign(')')?;
        Ok(labels)
    }

    fn label(&mut self) -> Parsed<String> {
        let text = self.text()?;
        if text.contains(char::REPLACEMENT_CHARACTER) {
            return Err("a label has bytes whose meaning is not known".to_owned());
        }
        Ok(text)
    }

    /// The bytes of `x'41'`, `0x41`, `b'01'` or `0b01`, where one follows.
    fn digits(&mut self) -> Option<Parsed<Vec<u8>>> {
        let (digits, base) = match self.peek()? {
            Token::Hex(digits) => (digits, 16),
            Token::Bits(digits) => (digits, 2),
            Token::Word(word) => match word.strip_prefix("0x") {
                Some(digits) => (digits, 16),
                None => (word.strip_prefix("0b")?, 2),
            },
            _ => return None,
        };
        let odd = matches!(self.peek(), Some(Token::Hex(_))) && digits.len() % 2 != 0;
        let bytes = if odd { None } else { bytes_of(digits, base) };
        let bytes = bytes.ok_or_else(|| self.unexpected("bytes"));
        self.next();
        Some(bytes)
    }
}

/// The bytes of digits, of which the first byte may have less than the others.
fn bytes_of(digits: &str, base: u32) -> Option<Vec<u8>> {
    let each = if base == 16 { 2 } else { 8 };
    if !digits.bytes().all(|digit| char::from(digit).is_digit(base)) {
        return None;
    }
    let (first, rest) = digits.split_at(digits.len() % each);
    let rest = rest.as_bytes().chunks(each).map(|digits| std::str::from_utf8(digits).unwrap_or_default());
    let all = Some(first).filter(|first| !first.is_empty()).into_iter().chain(rest);
    all.map(|digits| u8::from_str_radix(digits, base).ok()).collect()
}
