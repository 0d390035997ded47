//! Character sets: collation ids and names → how bytes of a column become UTF-8.
//!
//! Guarantees: what a server converts to Unicode, this converts to the same characters, for every byte sequence of
//! every character set (tables and exceptions were compared with MySQL 8.0.15 and MariaDB 10.11, whole). Bytes without
//! meaning become U+FFFD and are counted; a character set that is not known is refused by name.
//! Beyond the servers: codes that they store but cannot convert (vendors' extensions of `gbk`, `sjis`, `big5`) are read
//! as the WHATWG encoding standard reads them.
//! The other way, text is encoded in UTF-8 and single-byte sets only.
//! Does not: compare or sort (see [`super::collate`]).

mod collation;
mod multi_byte;
mod single_byte;
mod unicode;

pub use collation::{Collation, collation};
use multi_byte::MultiByte;
use single_byte::Half;
use std::fmt;
use unicode::Wide;

/// A character set, by MySQL's name.
#[derive(Clone, Copy)]
pub struct Charset {
    name: &'static str,
    form: Form,
}

#[derive(Clone, Copy)]
enum Form {
    /// UTF-8, ASCII, binary: validated, taken as they are.
    Utf8,
    /// One byte, ASCII in the lower half.
    Single(&'static Half),
    /// `swe7`.
    Swedish,
    /// East Asian sets of one to four bytes.
    Multi(&'static MultiByte),
    /// Two- and four-byte units of Unicode.
    Wide(Wide),
}

/// Text of a column as UTF-8.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Utf8Text<'t> {
    /// The characters.
    pub text: &'t str,
    /// How many places had no meaning in the character set and became U+FFFD.
    pub broken: usize,
}

/// Why text cannot be converted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CharsetError {
    /// A character set that syncc does not know.
    #[error("character set `{0}` is not supported")]
    Unsupported(String),
    /// A collation id that no known server has.
    #[error("collation {0} is not known")]
    UnknownCollation(u16),
}

impl Charset {
    /// The character set with this name, as SHOW CHARACTER SET has it; `utf8` is `utf8mb3`.
    ///
    /// # Errors
    /// [`CharsetError::Unsupported`].
    pub fn from_name(name: &str) -> Result<Charset, CharsetError> {
        let name = if name.eq_ignore_ascii_case("utf8") { "utf8mb3" } else { name };
        let found = CHARSETS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        match found {
            Some((name, form)) => Ok(Charset { name, form: *form }),
            None => Err(CharsetError::Unsupported(name.to_owned())),
        }
    }

    /// The set of binary strings.
    pub fn binary() -> Charset {
        Charset { name: "binary", form: Form::Utf8 }
    }

    /// `text` in this character set, as the server stores it; none when it lacks a character of it, or is of several bytes a
    /// character and not UTF-8.
    pub fn encode(self, text: &str) -> Option<Vec<u8>> {
        match self.form {
            Form::Utf8 => {
                let last = match self.name {
                    "ascii" => '\u{7F}',
                    "utf8mb3" => '\u{FFFF}',
                    _ => char::MAX,
                };
                text.chars().all(|sign| sign <= last).then(|| text.as_bytes().to_vec())
            }
            Form::Single(half) => {
                let upper = |sign: char| half.iter().position(|code| u32::from(*code) == u32::from(sign));
                let byte = |sign: char| match sign {
                    '\0'..='\u{7F}' => Some(sign as u8),
                    char::REPLACEMENT_CHARACTER => None,
                    sign => upper(sign).map(|at| 0x80 + at as u8),
                };
                text.chars().map(byte).collect()
            }
            Form::Swedish | Form::Multi(_) | Form::Wide(_) => None,
        }
    }

    /// True for a sign that surely has no place in this character set: servers write `?` for it.
    pub fn lacks(self, sign: char) -> bool {
        match self.form {
            Form::Utf8 | Form::Single(_) => self.encode(sign.encode_utf8(&mut [0; 4])).is_none(),
            Form::Multi(set) => set.lacks(sign),
            Form::Swedish | Form::Wide(_) => false,
        }
    }

    /// MySQL's name.
    pub fn name(self) -> &'static str {
        self.name
    }

    /// Bytes of its longest character (`Maxlen` of SHOW CHARACTER SET): what a declared length is multiplied by.
    pub fn max_char_bytes(self) -> u32 {
        match self.name {
            "utf8mb4" | "gb18030" | "utf16" | "utf16le" | "utf32" => 4,
            "utf8mb3" | "ujis" | "eucjpms" => 3,
            "big5" | "cp932" | "euckr" | "gb2312" | "gbk" | "sjis" | "ucs2" => 2,
            _ => 1,
        }
    }

    /// `bytes` as UTF-8: themselves when they are that already, else written to `scratch`, which is cleared first.
    pub fn to_utf8<'t>(self, bytes: &'t [u8], scratch: &'t mut String) -> Utf8Text<'t> {
        let as_is = match self.form {
            Form::Utf8 => std::str::from_utf8(bytes).ok(),
            Form::Single(_) | Form::Multi(_) => std::str::from_utf8(bytes).ok().filter(|_| bytes.is_ascii()),
            Form::Swedish | Form::Wide(_) => None,
        };
        if let Some(text) = as_is {
            return Utf8Text { text, broken: 0 };
        }
        scratch.clear();
        let broken = match self.form {
            Form::Utf8 => unicode::append_utf8(bytes, scratch),
            Form::Single(half) => append_single(bytes, scratch, |byte| match byte {
                0x80.. => char::from_u32(half[usize::from(byte - 0x80)].into()),
                ascii => Some(char::from(ascii)),
            }),
            Form::Swedish => append_single(bytes, scratch, |byte| Some(single_byte::swe7(byte))),
            Form::Multi(set) => set.append(bytes, scratch),
            Form::Wide(wide) => unicode::append_wide(wide, bytes, scratch),
        };
        Utf8Text { text: scratch, broken }
    }
}

fn append_single(bytes: &[u8], out: &mut String, meaning: impl Fn(u8) -> Option<char>) -> usize {
    let mut broken = 0;
    out.reserve(bytes.len() * 2);
    for byte in bytes {
        let sign = meaning(*byte).unwrap_or(char::REPLACEMENT_CHARACTER);
        broken += usize::from(sign == char::REPLACEMENT_CHARACTER);
        out.push(sign);
    }
    broken
}

impl PartialEq for Charset {
    fn eq(&self, other: &Charset) -> bool {
        self.name == other.name
    }
}

impl Eq for Charset {}

impl fmt::Debug for Charset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// The text is a row value: only its size is shown.
impl fmt::Debug for Utf8Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<text, {} bytes, {} broken>", self.text.len(), self.broken)
    }
}

const CHARSETS: &[(&str, Form)] = &[
    ("utf8mb4", Form::Utf8),
    ("utf8mb3", Form::Utf8),
    ("ascii", Form::Utf8),
    ("binary", Form::Utf8),
    ("latin1", Form::Single(&single_byte::LATIN1)),
    ("armscii8", Form::Single(&single_byte::ARMSCII8)),
    ("big5", Form::Multi(&multi_byte::BIG5)),
    ("cp1250", Form::Single(&single_byte::CP1250)),
    ("cp1251", Form::Single(&single_byte::CP1251)),
    ("cp1256", Form::Single(&single_byte::CP1256)),
    ("cp1257", Form::Single(&single_byte::CP1257)),
    ("cp850", Form::Single(&single_byte::CP850)),
    ("cp852", Form::Single(&single_byte::CP852)),
    ("cp866", Form::Single(&single_byte::CP866)),
    ("cp932", Form::Multi(&multi_byte::CP932)),
    ("dec8", Form::Single(&single_byte::DEC8)),
    ("eucjpms", Form::Multi(&multi_byte::EUCJPMS)),
    ("euckr", Form::Multi(&multi_byte::EUCKR)),
    ("gb18030", Form::Multi(&multi_byte::GB18030)),
    ("gb2312", Form::Multi(&multi_byte::GB2312)),
    ("gbk", Form::Multi(&multi_byte::GBK)),
    ("geostd8", Form::Single(&single_byte::GEOSTD8)),
    ("greek", Form::Single(&single_byte::GREEK)),
    ("hebrew", Form::Single(&single_byte::HEBREW)),
    ("hp8", Form::Single(&single_byte::HP8)),
    ("keybcs2", Form::Single(&single_byte::KEYBCS2)),
    ("koi8r", Form::Single(&single_byte::KOI8R)),
    ("koi8u", Form::Single(&single_byte::KOI8U)),
    ("latin2", Form::Single(&single_byte::LATIN2)),
    ("latin5", Form::Single(&single_byte::LATIN5)),
    ("latin7", Form::Single(&single_byte::LATIN7)),
    ("macce", Form::Single(&single_byte::MACCE)),
    ("macroman", Form::Single(&single_byte::MACROMAN)),
    ("sjis", Form::Multi(&multi_byte::SJIS)),
    ("swe7", Form::Swedish),
    ("tis620", Form::Single(&single_byte::TIS620)),
    ("ucs2", Form::Wide(Wide::Utf16Be)),
    ("ujis", Form::Multi(&multi_byte::UJIS)),
    ("utf16", Form::Wide(Wide::Utf16Be)),
    ("utf16le", Form::Wide(Wide::Utf16Le)),
    ("utf32", Form::Wide(Wide::Utf32Be)),
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(charset: &str, bytes: &[u8], text: &str, broken: usize) {
        let mut scratch = "left over".to_owned();
        let found = Charset::from_name(charset).unwrap().to_utf8(bytes, &mut scratch);
        assert_eq!((found.text, found.broken), (text, broken));
    }

    #[test]
    fn unicode() {
        check("utf8mb4", "李雷😀".as_bytes(), "李雷😀", 0);
        check("utf8", b"a\xffb\xe4\xb8", "a\u{fffd}b\u{fffd}", 2);
        check("ascii", b"abc", "abc", 0);
        check("ascii", b"\xe9", "\u{fffd}", 1);
        check("ucs2", b"\x67\x4e\x00a", "李a", 0);
        check("utf16", b"\xd8\x3d\xde\x00", "😀", 0);
        check("utf16le", b"\x3d\xd8\x00\xde", "😀", 0);
        check("utf16", b"\xd8\x3d\x00a\x00", "\u{fffd}a\u{fffd}", 2);
        check("utf32", b"\x00\x01\xf6\x00\x00\x00\xd8\x00\x00", "😀\u{fffd}\u{fffd}", 2);
    }

    #[test]
    fn one_byte() {
        check("latin1", b"caf\xe9 \x80\x81\x8d\x8f\x90\x9d", "café €\u{81}\u{8d}\u{8f}\u{90}\u{9d}", 0);
        check("latin2", b"\xb1\xe6\xea", "ąćę", 0);
        check("koi8r", b"\xf0\xd2\xc9", "При", 0);
        check("cp1251", b"\xcf\xf0\xe8", "При", 0);
        check("cp866", b"\x8f\xe0\xa8", "При", 0);
        check("greek", b"\xc1\xe1\xff", "Αα\u{fffd}", 1);
        check("hebrew", b"\xe0", "א", 0);
        check("tis620", b"\xa1", "ก", 0);
        check("swe7", b"[\\]{|}~a", "ÄÖÅäöåüa", 0);
        check("dec8", b"\xd7", "Œ", 0);
        check("macroman", b"\x80", "Ä", 0);
        check("armscii8", b"\xb2", "Ա", 0);
        check("geostd8", b"\xc0", "ა", 0);
        check("keybcs2", b"\x80", "Č", 0);
        check("hp8", b"\xb4", "Ç", 0);
    }

    #[test]
    fn east_asian() {
        check("gbk", b"\xc0\xee\xc0\xd7", "李雷", 0);
        check("gb2312", b"\xa1\xa4\xa1\xaa", "・―", 0);
        check("gb18030", b"\x94\x39\xfc\x36a\xa6\xd9", "😀a\u{e78d}", 0);
        check("big5", b"\xa7\xf5\xa1\x45\xc7\xb1", "李•Д", 0);
        check("sjis", b"\x83\x5c\\\x81\x5f\xb1", "ソ\\\\ｱ", 0);
        check("cp932", b"\x81\x5f\x87\x40", "＼①", 0);
        check("ujis", b"\xa1\xc1\xf5\xa1\x8f\xf5\xa1", "〜\u{e000}\u{e3ac}", 0);
        check("eucjpms", b"\xa1\xc1\x8f\xf3\xf3\xad\xa1", "～ⅰ①", 0);
        check("euckr", b"\xb0\xa1", "가", 0);
        check("gbk", b"a\xc0", "a\u{fffd}", 1);
        check("sjis", b"\x83\x20\x83\x5c", "\u{fffd} ソ", 1);
    }

    #[test]
    fn unknown_sets_are_refused_by_name() {
        let error = Charset::from_name("filename").unwrap_err();
        assert_eq!(error.to_string(), "character set `filename` is not supported");
    }

    proptest! {
        #[test]
        fn any_bytes_become_text(bytes in any::<Vec<u8>>()) {
            let mut scratch = String::new();
            for (name, _) in CHARSETS {
                let found = Charset::from_name(name).unwrap().to_utf8(&bytes, &mut scratch);
                prop_assert!(found.broken <= found.text.matches('\u{fffd}').count(), "{name}");
            }
        }

        #[test]
        fn ascii_is_ascii(text in "[ -~]{0,40}") {
            for (name, form) in CHARSETS {
                if !matches!(form, Form::Wide(_) | Form::Swedish) {
                    check(name, text.as_bytes(), &text, 0);
                }
            }
        }
    }
}
