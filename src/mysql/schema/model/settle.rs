//! The definition of a column → the column that a server makes of it.

use super::Doubt;
use super::collation::{Collations, charset_of, width};
use super::table::{Column, Table};
use crate::mysql::charset::Charset;
use crate::mysql::ddl::ir::{ColumnDef, Generated, Label, Type, TypeKind};
use crate::mysql::position::Flavor;

/// `MODE_REAL_AS_FLOAT` of `sql_mode`.
const MODE_REAL_AS_FLOAT: u64 = 1;

/// Longest VARCHAR and VARBINARY in bytes; longer ones become TEXT and BLOB, where the server does not refuse them.
const LONGEST_VARCHAR: u64 = 65_535;

impl Collations<'_> {
    /// Settles a column of a table whose default collation is `outer`.
    pub(super) fn column(&self, def: &ColumnDef, outer: Option<&str>) -> Result<Column, Doubt> {
        let (ty, collation) = self.data_type(def, outer)?;
        let explicit = self.session.explicit_timestamp.unwrap_or(false);
        let nullable = match (def.nullable, def.generated) {
            (_, Some(Generated::RowStart | Generated::RowEnd)) => false,
            (Some(nullable), _) => nullable,
            (None, _) => ty.kind != TypeKind::Timestamp || explicit,
        };
        Ok(Column {
            name: def.name.clone(),
            ty,
            collation,
            nullable,
            generated: def.generated,
            auto_increment: def.auto_increment,
            invisible: def.invisible,
            srid: def.srid,
        })
    }

    /// Settles a type.
    fn data_type(&self, def: &ColumnDef, outer: Option<&str>) -> Result<(Type, Option<String>), Doubt> {
        use TypeKind as K;
        let clause = &def.charset;
        let mut ty = def.ty.clone();
        ty.unsigned |= ty.zerofill;
        match ty.kind {
            K::Real => {
                let float = self.session.sql_mode.unwrap_or(0) & MODE_REAL_AS_FLOAT != 0;
                ty.kind = if float { K::Float } else { K::Double };
            }
            K::Float => {
                // a single number asks for a precision in bits
                let bits = if ty.scale.is_none() { ty.length.take() } else { None };
                ty.kind = if bits.is_some_and(|bits| bits > 24) { K::Double } else { K::Float };
            }
            K::Decimal => {
                ty.length = Some(ty.length.filter(|digits| *digits > 0).unwrap_or(10));
                ty.scale = Some(ty.scale.unwrap_or(0));
            }
            K::Bit => ty.length = Some(ty.length.filter(|bits| *bits > 0).unwrap_or(1)),
            K::Time | K::DateTime | K::Timestamp => ty.length = Some(ty.length.unwrap_or(0)),
            K::Char | K::Binary => ty.length = Some(ty.length.unwrap_or(1)),
            K::Vector => ty.length = Some(ty.length.unwrap_or(2048)),
            K::Json if self.flavor == Flavor::MariaDb => {
                ty.kind = K::LongText;
                if clause.is_empty() {
                    return Ok((ty, Some("utf8mb4_bin".to_owned())));
                }
            }
            _ => {}
        }
        if !is_character(ty.kind) {
            self.sized_bytes(&mut ty);
            return Ok((ty, None));
        }
        let collation = self.settle(clause, outer)?;
        match ty.kind {
            K::Enum | K::Set => {
                let labels = def.labels.iter().map(|label| settled(label, charset_of(&collation)));
                ty.labels = labels.collect::<Result<_, _>>()?;
            }
            _ if charset_of(&collation) == "binary" => {
                as_binary(&mut ty);
                self.sized_bytes(&mut ty);
                return Ok((ty, None));
            }
            K::VarChar => {
                let bytes = ty.length.unwrap_or(0).saturating_mul(width(&collation));
                if bytes > LONGEST_VARCHAR {
                    ty.length = None;
                    ty.kind = text_of(bytes);
                }
            }
            K::Text => {
                if let Some(characters) = ty.length.take().filter(|length| self.counts(*length)) {
                    ty.kind = text_of(characters.saturating_mul(width(&collation)));
                }
            }
            _ => {}
        }
        Ok((ty, Some(collation)))
    }

    /// A table whose labels its server keeps as they are: MySQL 5.7 writes those that columns of wide characters share once for each
    /// of them, and damages them. (Observed on 5.7.22.)
    pub(super) fn labels_kept(&self, table: Table) -> Result<Table, Doubt> {
        let wide = |column: &&Column| {
            !column.ty.labels.is_empty() && column.charset().is_some_and(|charset| unit(charset) > 1)
        };
        let columns: Vec<&Column> = table.columns.iter().filter(wide).collect();
        let shares = |(at, column): (usize, &&Column)| {
            columns[..at].iter().any(|other| other.ty.labels == column.ty.labels)
        };
        let shared = columns.iter().enumerate().find(|&(at, column)| shares((at, column)));
        match shared {
            Some((_, column)) if self.flavor == Flavor::MySql && !self.session.of_mysql_8() => {
                Err(Doubt::SharedLabels(column.name.clone()))
            }
            Some(_) | None => Ok(table),
        }
    }

    /// Whether a length behind TEXT or BLOB chooses the type: of 0 MySQL 8 makes the smallest one, others take it for none.
    fn counts(&self, length: u64) -> bool {
        length > 0 || self.session.of_mysql_8()
    }

    /// Settles the length of BLOB and of a VARBINARY that is too long.
    fn sized_bytes(&self, ty: &mut Type) {
        let bytes = match ty.kind {
            TypeKind::Blob => ty.length.take().filter(|length| self.counts(*length)),
            TypeKind::VarBinary => ty.length.filter(|bytes| *bytes > LONGEST_VARCHAR),
            _ => None,
        };
        if let Some(bytes) = bytes {
            ty.length = None;
            ty.kind = text_of(bytes);
            as_binary(ty);
        }
    }
}

impl Column {
    /// CONVERT TO CHARACTER SET.
    pub(super) fn convert(&mut self, collation: &str) -> Result<(), Doubt> {
        use TypeKind as K;
        let Some(before) = self.collation.take_if(|before| charset_of(before) != "binary") else {
            return Ok(());
        };
        for label in &mut self.ty.labels {
            *label = reread(label, charset_of(&before), charset_of(collation))?;
        }
        let old_width = width(&before);
        // as many characters as before have to fit
        let most = match self.ty.kind {
            K::TinyText => Some(0xff),
            K::Text => Some(0xffff),
            K::MediumText => Some(0xff_ffff),
            _ => None,
        };
        if let Some(most) = most {
            self.ty.kind = text_of(most / old_width * width(collation));
        }
        let bytes = self.ty.length.unwrap_or(0).saturating_mul(width(collation));
        if self.ty.kind == K::VarChar && bytes > LONGEST_VARCHAR {
            self.ty.length = None;
            self.ty.kind = text_of(bytes);
        }
        self.collation = Some(before);
        self.take_collation(collation);
        Ok(())
    }

    /// Has this collation from here on; a string of the character set `binary` is a binary string, of as many bytes as it
    /// had characters.
    pub(super) fn take_collation(&mut self, collation: &str) {
        if self.collation.is_none() {
            return;
        }
        if charset_of(collation) == "binary" && !matches!(self.ty.kind, TypeKind::Enum | TypeKind::Set) {
            as_binary(&mut self.ty);
            self.collation = None;
        } else {
            self.collation = Some(collation.to_owned());
        }
    }
}

/// A label as a column of this character set has it.
fn settled(label: &Label, charset: &str) -> Result<String, Doubt> {
    let known = Charset::from_name(charset).map_err(|_| Doubt::Charset(charset.to_owned()))?;
    let mut text = match label {
        Label::Text(text) => within(text, known),
        Label::Bytes(bytes) => {
            // a number has no more digits than it needs
            let mut padded = vec![0; bytes.len().next_multiple_of(unit(charset)) - bytes.len()];
            padded.extend(bytes);
            let mut scratch = String::new();
            let text = known.to_utf8(&padded, &mut scratch);
            if text.broken > 0 {
                return Err(Doubt::Label(charset.to_owned()));
            }
            text.text.to_owned()
        }
    };
    if charset != "binary" {
        text.truncate(text.trim_end_matches(' ').len());
    }
    Ok(text)
}

/// A label behind CONVERT TO CHARACTER SET: servers keep its bytes, and take them for text of the new character set. (Observed on
/// MySQL 5.7 to 9.7, MariaDB 10.11 and 11.8.)
fn reread(label: &str, before: &str, charset: &str) -> Result<String, Doubt> {
    if before == charset {
        return Ok(label.to_owned());
    }
    let find = |name: &str| Charset::from_name(name).map_err(|_| Doubt::Charset(name.to_owned()));
    let (old, new) = (find(before)?, find(charset)?);
    // Letters and digits are the same bytes in all sets of one or more bytes a character, ...
    let plain = |sign: char| sign.is_ascii_alphanumeric() || matches!(sign, ' ' | '_' | '-' | '.');
    let bytes = match old.encode(label) {
        Some(bytes) => bytes,
        None if unit(before) == 1 && label.chars().all(plain) => label.as_bytes().to_vec(),
        None => return Err(Doubt::Label(before.to_owned())),
    };
    let mut scratch = String::new();
    let text = new.to_utf8(&bytes, &mut scratch);
    // ... but `?` may be what a server printed of a label that it could not read, and text ends at a zero byte.
    if text.broken > 0 || label.contains('?') || text.text.contains('\0') {
        return Err(Doubt::Label(charset.to_owned()));
    }
    Ok(text.text.to_owned())
}

/// Bytes of the shortest character of a character set.
pub(super) fn unit(charset: &str) -> usize {
    match charset {
        "ucs2" | "utf16" | "utf16le" => 2,
        "utf32" => 4,
        _ => 1,
    }
}

/// Text with `?` for what the character set lacks, as servers write it in labels.
fn within(text: &str, charset: Charset) -> String {
    text.chars().map(|sign| if charset.lacks(sign) { '?' } else { sign }).collect()
}

/// Whether a type has a character set.
fn is_character(kind: TypeKind) -> bool {
    use TypeKind as K;
    matches!(
        kind,
        K::Char | K::VarChar | K::TinyText | K::Text | K::MediumText | K::LongText | K::Enum | K::Set
    )
}

/// The smallest TEXT for so many bytes.
fn text_of(bytes: u64) -> TypeKind {
    match bytes {
        ..0x100 => TypeKind::TinyText,
        0x100..0x1_0000 => TypeKind::Text,
        0x1_0000..0x100_0000 => TypeKind::MediumText,
        0x100_0000.. => TypeKind::LongText,
    }
}

/// The binary type of a character type.
fn as_binary(ty: &mut Type) {
    use TypeKind as K;
    ty.kind = match ty.kind {
        K::Char => K::Binary,
        K::VarChar => K::VarBinary,
        K::TinyText => K::TinyBlob,
        K::Text => K::Blob,
        K::MediumText => K::MediumBlob,
        K::LongText => K::LongBlob,
        other => other,
    };
}
