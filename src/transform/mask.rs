//! One mask of one column.

use super::fixed::{Fixed, FixedError};
use super::text::{TextForm, is_binary};
use crate::mysql::charset::CharsetError;
use crate::mysql::column_type::{ColumnType, Text};
use crate::mysql::schema::Column;
use crate::mysql::value::Value;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use std::fmt;
use std::ops::Range;

/// Character set of text that a mask has made.
pub const MASKED_CHARSET: &str = "utf8mb4";

/// What stands for a character that is not kept.
const COVER: u8 = b'*';

/// Bytes of a hash in hexadecimal digits.
const HASH_DIGITS: u32 = 64;

/// What becomes of a column's values. NULL stays NULL.
#[derive(Debug)]
pub enum Mask {
    /// SHA-256 of the salt's bytes, then those of the value's text; 64 hexadecimal digits in lower case.
    Sha256 {
        /// Stands before every value.
        salt: Option<SecretString>,
    },
    /// The first so many characters stay, each other is `*`; a text that is not longer is `*` throughout.
    KeepFirst(u32),
    /// The same with the last characters.
    KeepLast(u32),
    /// NULL.
    Null,
    /// This value.
    Fixed(String),
}

/// The column as messages have it when it is masked: what its values are then.
///
/// A hash is `char(64)`; what is left of a text keeps the column's type, since it is as long, and of any other value is
/// `text`; NULL and fixed values are of the column's own type.
pub fn announced(column: &Column, mask: &Mask) -> Column {
    let text = |max_bytes| Text { charset: MASKED_CHARSET.into(), max_bytes, compressed: false };
    let (ty, declared) = match (mask, &column.ty) {
        (Mask::Sha256 { .. }, _) => (ColumnType::Char(text(HASH_DIGITS * 4)), format!("char({HASH_DIGITS})")),
        (Mask::Null, ty) => (ty.clone(), column.declared.clone()),
        (_, ColumnType::Char(own)) => (ColumnType::Char(text(own.max_bytes)), column.declared.clone()),
        (_, ColumnType::VarChar(own)) => (ColumnType::VarChar(text(own.max_bytes)), column.declared.clone()),
        (_, ColumnType::Text(own)) => (ColumnType::Text(text(own.max_bytes)), column.declared.clone()),
        (Mask::Fixed(_), ty) => (ty.clone(), column.declared.clone()),
        (Mask::KeepFirst(_) | Mask::KeepLast(_), _) => {
            (ColumnType::Text(text(u16::MAX.into())), "text".to_owned())
        }
    };
    let nullable = column.nullable || matches!(mask, Mask::Null);
    Column { ty, declared, nullable, collation: None, ..column.clone() }
}

/// A mask made ready for one column.
pub(super) enum ColumnMask {
    Sha256 {
        /// Has read the salt; wiped when dropped.
        salted: Sha256,
        form: TextForm,
    },
    Keep {
        first: usize,
        last: usize,
        form: TextForm,
    },
    Null,
    Fixed(Fixed),
}

/// What a mask makes of a value.
pub(super) enum Masked {
    Null,
    /// UTF-8 in the arena.
    Text(Range<usize>),
    /// The fixed value.
    Fixed,
}

/// Why a mask does not fit a column.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Misfit {
    #[error(transparent)]
    Charset(#[from] CharsetError),
    #[error(transparent)]
    Fixed(#[from] FixedError),
}

impl ColumnMask {
    pub(super) fn new(mask: &Mask, ty: &ColumnType) -> Result<ColumnMask, Misfit> {
        let keep = |first: u32, last: u32| -> Result<ColumnMask, Misfit> {
            Ok(ColumnMask::Keep { first: first as usize, last: last as usize, form: TextForm::new(ty)? })
        };
        match mask {
            Mask::Sha256 { salt } => {
                let mut salted = Sha256::new();
                if let Some(salt) = salt {
                    salted.update(salt.expose_secret().as_bytes());
                }
                Ok(ColumnMask::Sha256 { salted, form: TextForm::new(ty)? })
            }
            Mask::KeepFirst(n) => keep(*n, 0),
            Mask::KeepLast(n) => keep(0, *n),
            Mask::Null => Ok(ColumnMask::Null),
            Mask::Fixed(text) => Ok(ColumnMask::Fixed(Fixed::parse(text, ty)?)),
        }
    }

    /// Masks a value; text goes to the end of `arena`. Returns it with the number of places without meaning in their
    /// character set.
    pub(super) fn apply(
        &self,
        value: &Value<'_>,
        scratch: &mut String,
        arena: &mut Vec<u8>,
    ) -> Result<(Masked, usize), &'static str> {
        if matches!(value, Value::Null) {
            return Ok((Masked::Null, 0));
        }
        let start = arena.len();
        let broken = match self {
            ColumnMask::Null => return Ok((Masked::Null, 0)),
            ColumnMask::Fixed(_) => return Ok((Masked::Fixed, 0)),
            ColumnMask::Sha256 { salted, form } => {
                let broken = form.write(value, scratch, arena)?;
                let hash = salted.clone().chain_update(&arena[start..]).finalize();
                arena.truncate(start);
                for byte in hash {
                    let digit = |nibble: u8| b"0123456789abcdef"[usize::from(nibble)];
                    arena.extend_from_slice(&[digit(byte >> 4), digit(byte & 0xF)]);
                }
                broken
            }
            ColumnMask::Keep { first, last, form } => {
                let broken = form.write(value, scratch, arena)?;
                scratch.clear();
                if is_binary(value) {
                    scratch.extend(arena[start..].iter().map(|byte| char::from(*byte)));
                } else {
                    scratch.push_str(&String::from_utf8_lossy(&arena[start..]));
                }
                arena.truncate(start);
                keep(scratch, *first, *last, arena);
                broken
            }
        };
        Ok((Masked::Text(start..arena.len()), broken))
    }

    /// The fixed value, of a mask that has one.
    pub(super) fn fixed(&self) -> Value<'_> {
        match self {
            ColumnMask::Fixed(fixed) => fixed.value(),
            ColumnMask::Sha256 { .. } | ColumnMask::Keep { .. } | ColumnMask::Null => Value::Null,
        }
    }
}

/// Appends `text` with all but its first and last characters covered; all of them when that would cover none.
fn keep(text: &str, first: usize, last: usize, out: &mut Vec<u8>) {
    let length = text.chars().count();
    let (first, last) = if length <= first + last { (0, 0) } else { (first, last) };
    for (at, sign) in text.chars().enumerate() {
        if at < first || at >= length - last {
            out.extend_from_slice(sign.encode_utf8(&mut [0; 4]).as_bytes());
        } else {
            out.push(COVER);
        }
    }
}

/// The hasher has read a salt: nothing of it is shown.
impl fmt::Debug for ColumnMask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ColumnMask::Sha256 { .. } => "sha256",
            ColumnMask::Keep { .. } => "keep",
            ColumnMask::Null => "null",
            ColumnMask::Fixed(_) => "fixed",
        })
    }
}
