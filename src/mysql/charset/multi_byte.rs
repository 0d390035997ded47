//! East Asian character sets: encoding_rs, and the places where the servers read a code otherwise.
//!
//! The exceptions come from comparing every one- to three-byte code (and the four-byte codes of the basic plane) with
//! `CONVERT(_set x'..' USING utf32)` of MySQL 8.0.15 and MariaDB 10.11.

use encoding_rs::{DecoderResult, Encoding};

/// A character set as its difference from an encoding of the WHATWG standard.
pub(super) struct MultiByte {
    encoding: &'static Encoding,
    /// Runs of codes that mean something else: the first code and what it and those after it mean, sorted.
    exceptions: &'static [(u32, &'static str)],
    layout: Layout,
}

/// How bytes make up codes.
#[derive(Clone, Copy)]
enum Layout {
    /// Lead bytes 0x81…0xFE, one trail byte; four bytes when the second is a digit (`gb18030`).
    Chinese,
    /// Lead bytes 0x81…0x9F and 0xE0…0xFC, one trail byte.
    ShiftJis,
    /// Lead bytes 0xA1…0xFE and 0x8E with one trail byte, 0x8F with two; rows 0xF5…0xFE are for private use.
    EucJp,
}

impl MultiByte {
    /// Appends text; each broken place becomes U+FFFD. Returns how many there were.
    pub(super) fn append(&self, bytes: &[u8], out: &mut String) -> usize {
        if self.exceptions.is_empty() {
            return self.append_plain(bytes, out);
        }
        let (mut broken, mut plain, mut at) = (0, 0, 0);
        while at < bytes.len() {
            let len = self.layout.code_len(&bytes[at..]);
            if let Some(sign) = self.exception(&bytes[at..at + len]) {
                broken += self.append_plain(&bytes[plain..at], out);
                out.push(sign);
                plain = at + len;
            }
            at += len;
        }
        broken + self.append_plain(&bytes[plain..], out)
    }

    fn append_plain(&self, mut bytes: &[u8], out: &mut String) -> usize {
        let mut decoder = self.encoding.new_decoder_without_bom_handling();
        let mut broken = 0;
        loop {
            let room = decoder.max_utf8_buffer_length_without_replacement(bytes.len());
            out.reserve(room.expect("a value of a column is far from the address space"));
            let (result, read) = decoder.decode_to_string_without_replacement(bytes, out, true);
            bytes = &bytes[read..];
            match result {
                DecoderResult::InputEmpty => return broken,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(_, _) => {
                    out.push(char::REPLACEMENT_CHARACTER);
                    broken += 1;
                }
            }
        }
    }

    /// True when no code means this sign. False for the few that vendors added, which servers may or may not know.
    pub(super) fn lacks(&self, sign: char) -> bool {
        let (_, _, unknown) = self.encoding.encode(sign.encode_utf8(&mut [0; 4]));
        let is_exception = || self.exceptions.iter().any(|(_, signs)| signs.contains(sign));
        let is_euc = matches!(self.layout, Layout::EucJp);
        unknown && !is_exception() && !(is_euc && self.is_behind_8f(sign))
    }

    /// True for signs of the three-byte codes, which the encoding standard reads and does not write, and for private ones.
    fn is_behind_8f(&self, sign: char) -> bool {
        let cells = || 0xA1..=0xFE;
        let codes: Vec<u8> =
            cells().flat_map(|row| cells().flat_map(move |cell| [0x8F, row, cell])).collect();
        let mut signs = String::new();
        self.append(&codes, &mut signs);
        ('\u{E000}'..='\u{F8FF}').contains(&sign) || signs.contains(sign)
    }

    fn exception(&self, code: &[u8]) -> Option<char> {
        if code.len() < 2 {
            return None;
        }
        if matches!(self.layout, Layout::EucJp)
            && let Some(sign) = private_use(code)
        {
            return Some(sign);
        }
        let code = code.iter().fold(0, |code, byte| code << 8 | u32::from(*byte));
        let run = self.exceptions.partition_point(|(first, _)| *first <= code).checked_sub(1)?;
        let (first, signs) = self.exceptions[run];
        signs.chars().nth((code - first) as usize)
    }
}

/// Rows 0xF5…0xFE of `ujis` and `eucjpms`: U+E000 on, and behind 0x8F U+E3AC on.
fn private_use(code: &[u8]) -> Option<char> {
    let (first, row, cell) = match code {
        [row @ 0xF5..=0xFE, cell @ 0xA1..=0xFE] => (0xE000, row, cell),
        [0x8F, row @ 0xF5..=0xFE, cell @ 0xA1..=0xFE] => (0xE3AC, row, cell),
        _ => return None,
    };
    char::from_u32(first + u32::from(row - 0xF5) * 94 + u32::from(cell - 0xA1))
}

impl Layout {
    /// Length of the code that `bytes` (not empty) begin with, as far as they reach. Bytes that begin no code count alone.
    fn code_len(self, bytes: &[u8]) -> usize {
        let second = bytes.get(1).copied().unwrap_or_default();
        let len = match (self, bytes[0]) {
            (Layout::Chinese, 0x81..=0xFE) if second.is_ascii_digit() => 4,
            (Layout::Chinese, 0x81..=0xFE) if second >= 0x40 => 2,
            (Layout::ShiftJis, 0x81..=0x9F | 0xE0..=0xFC) if second >= 0x40 => 2,
            (Layout::EucJp, 0xA1..=0xFE | 0x8E) if second >= 0xA1 => 2,
            (Layout::EucJp, 0x8F) if second >= 0xA1 && bytes.get(2).is_some_and(|third| *third >= 0xA1) => 3,
            _ => 1,
        };
        len.min(bytes.len())
    }
}

/// `gbk`.
pub(super) static GBK: MultiByte =
    MultiByte { encoding: encoding_rs::GBK, exceptions: &[], layout: Layout::Chinese };

/// `gb2312`.
pub(super) static GB2312: MultiByte = MultiByte {
    encoding: encoding_rs::GBK,
    exceptions: &[(0xA1A4, "・"), (0xA1AA, "―")],
    layout: Layout::Chinese,
};

/// `gb18030`.
pub(super) static GB18030: MultiByte = MultiByte {
    encoding: encoding_rs::GB18030,
    exceptions: &[
        (0xA3A0, "\u{e5e5}"),
        (0xA6D9, "\u{e78d}\u{e78e}\u{e78f}\u{e790}\u{e791}\u{e792}\u{e793}"),
        (0xA6EC, "\u{e794}\u{e795}"),
        (0xA6F3, "\u{e796}"),
        (0xFE59, "\u{e81e}"),
        (0xFE61, "\u{e826}"),
        (0xFE66, "\u{e82b}\u{e82c}"),
        (0xFE6D, "\u{e832}"),
        (0xFE7E, "\u{e843}"),
        (0xFE90, "\u{e854}"),
        (0xFEA0, "\u{e864}"),
    ],
    layout: Layout::Chinese,
};

/// `big5`.
pub(super) static BIG5: MultiByte = MultiByte {
    encoding: encoding_rs::BIG5,
    exceptions: &[
        (0xA145, "•"),
        (0xA14E, "､"),
        (0xA1C2, "‾"),
        (0xA1E3, "∼"),
        (0xA1F2, "♁☉"),
        (0xA241, "／＼"),
        (0xA244, "¥"),
        (0xA246, "¢£"),
        (
            0xC6A1,
            "ヾゝゞ々ぁあぃいぅうぇえぉおかがきぎくぐけげこごさざしじすずせぜそぞただちぢっつづてでとどなにぬねのはばぱひびぴふぶぷへべぺほぼぽまみむめもゃやゅゆょよらりるれろゎわゐゑをんァアィイゥウェ",
        ),
        (
            0xC740,
            "エォオカガキギクグケゲコゴサザシジスズセゼソゾタダチヂッツヅテデトドナニヌネノハバパヒビピフブプヘベペホボポマミムメモャヤュユ",
        ),
        (
            0xC7A1,
            "ョヨラリルレロヮワヰヱヲンヴヵヶДЕЁЖЗИЙКЛМУФХЦЧШЩЪЫЬЭЮЯабвгдеёжзийклмнопрстуфхцчшщъыьэюя①②③④⑤⑥⑦⑧⑨⑩⑴⑵⑶⑷⑸⑹⑺⑻⑼⑽",
        ),
    ],
    layout: Layout::Chinese,
};

/// `euckr`.
pub(super) static EUCKR: MultiByte =
    MultiByte { encoding: encoding_rs::EUC_KR, exceptions: &[], layout: Layout::Chinese };

/// `sjis`.
pub(super) static SJIS: MultiByte = MultiByte {
    encoding: encoding_rs::SHIFT_JIS,
    exceptions: &[(0x815F, "\\〜‖"), (0x817C, "−"), (0x8191, "¢£"), (0x81CA, "¬")],
    layout: Layout::ShiftJis,
};

/// `cp932`.
pub(super) static CP932: MultiByte =
    MultiByte { encoding: encoding_rs::SHIFT_JIS, exceptions: &[], layout: Layout::ShiftJis };

/// `ujis`.
pub(super) static UJIS: MultiByte = MultiByte {
    encoding: encoding_rs::EUC_JP,
    exceptions: &[(0xA1C0, "\\〜‖"), (0xA1DD, "−"), (0xA1F1, "¢£"), (0xA2CC, "¬"), (0x8FA2B7, "~")],
    layout: Layout::EucJp,
};

/// `eucjpms`.
pub(super) static EUCJPMS: MultiByte = MultiByte {
    encoding: encoding_rs::EUC_JP,
    exceptions: &[
        (0x8FA2C3, "￤"),
        (0x8FF3F3, "ⅰⅱⅲⅳⅴⅵⅶⅷⅸⅹⅠⅡ"),
        (
            0x8FF4A1,
            "ⅢⅣⅤⅥⅦⅧⅨⅩ＇＂㈱№℡炻仼僴凬匇匤﨎咊坙﨏塚增寬峵嵓﨑德悅愠敎昻晥晴朗栁﨓﨔橫櫢淸淲瀨凞猪甁皂皞益礰礼神祥福竧靖精綠緖羽荢﨟薰蘒﨡蠇諸譿賴赶﨣﨤逸郞都鄕﨧﨨閒隆﨩霻靍靑飯飼館馞髙魲鶴黑",
        ),
    ],
    layout: Layout::EucJp,
};

#[cfg(test)]
mod tests {
    use super::*;

    /// Exceptions are found by bisection.
    #[test]
    fn exceptions_are_sorted_and_apart() {
        for set in [&GBK, &GB2312, &GB18030, &BIG5, &EUCKR, &SJIS, &CP932, &UJIS, &EUCJPMS] {
            let ends = set.exceptions.iter().map(|(first, signs)| first + signs.chars().count() as u32);
            for (end, (next, _)) in ends.zip(set.exceptions.iter().skip(1)) {
                assert!(end <= *next, "{end:X} {next:X}");
            }
        }
    }

    #[test]
    fn a_code_cut_short_is_broken() {
        for (set, bytes) in
            [(&BIG5, &b"\xc6"[..]), (&SJIS, b"\x81"), (&UJIS, b"\x8f\xa2"), (&GB18030, b"\x94\x39\xfc")]
        {
            let mut out = String::new();
            assert!(set.append(bytes, &mut out) > 0);
            assert!(out.starts_with(char::REPLACEMENT_CHARACTER), "{out}");
        }
    }
}
