//! Collations of Unicode: some weights for every character, none for what is passed over.
//!
//! Only the first level is kept, so these compare without case and accents. Weights do not depend on the characters around: the
//! servers use no contractions for these collations.

use super::first_char;
use std::sync::OnceLock;

/// A table of weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Table {
    /// `general_ci`: one weight a character.
    General,
    /// `unicode_ci`: Unicode Collation Algorithm 4.0.0.
    Uca400,
    /// `unicode_520_ci`: 5.2.0.
    Uca520,
    /// `0900_ai_ci`: 9.0.0.
    Uca900,
}

impl Table {
    /// Runs of characters, a line each: `FIRST[-LAST]`, then nothing (passed over), weights that all of the run have, `+` and a weight
    /// that counts up, or `@` and the first of two weights by rule.
    fn text(self) -> &'static str {
        match self {
            Table::General => include_str!("general.txt"),
            Table::Uca400 => include_str!("uca-4.0.0.txt"),
            Table::Uca520 => include_str!("uca-5.2.0.txt"),
            Table::Uca900 => include_str!("uca-9.0.0.txt"),
        }
    }
}

/// Weight of every character above the basic plane where a table ends there.
const BEYOND: u16 = 0xFFFD;
/// First of the two weights of a character that no run holds.
const UNLISTED: u16 = 0xFBC0;
/// First weight of Tangut, whose second counts from the beginning of its block.
const TANGUT: u16 = 0xFB00;
/// Most weights of a character.
const WEIGHTS_MAX: usize = 8;

/// Weights of all characters.
pub(super) struct Weights {
    runs: Vec<Run>,
    /// The weights of runs, one run after the other.
    pool: Vec<u16>,
    /// For each block of 256 characters whether a run lists weights of some.
    listed: Vec<bool>,
    /// Nothing above the basic plane is told apart.
    ends_at_basic_plane: bool,
    /// LIKE does not tell them apart either.
    folds_beyond: bool,
    /// Syllables of Hangul have the weights of their letters.
    splits_hangul: bool,
}

struct Run {
    first: u32,
    last: u32,
    form: Form,
}

#[derive(Clone, Copy)]
enum Form {
    /// All have these.
    Same { at: u32, len: u8 },
    /// One weight, which counts up.
    Step(u16),
    /// Two by rule, of which this is the first's base.
    Rule(u16),
}

impl Weights {
    /// A table; read when it is first asked for.
    pub(super) fn of(table: Table) -> &'static Weights {
        static TABLES: [OnceLock<Weights>; 4] = [const { OnceLock::new() }; 4];
        TABLES[table as usize].get_or_init(|| Weights::read(table))
    }

    fn read(table: Table) -> Weights {
        let mut weights = Weights {
            runs: Vec::new(),
            pool: Vec::new(),
            listed: vec![false; 0x1100],
            ends_at_basic_plane: matches!(table, Table::General | Table::Uca400),
            folds_beyond: table == Table::General,
            splits_hangul: table == Table::Uca900,
        };
        let number = |digits: &str| u32::from_str_radix(digits, 16).expect("a number of the table");
        let weight = |digits: &str| u16::from_str_radix(digits, 16).expect("a weight of the table");
        for line in table.text().lines() {
            let (range, given) = line.split_once(' ').unwrap_or((line, ""));
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            let (first, last) = (number(first), number(last));
            let form = if let Some(step) = given.strip_prefix('+') {
                Form::Step(weight(step))
            } else if let Some(rule) = given.strip_prefix('@') {
                Form::Rule(weight(rule))
            } else {
                let at = weights.pool.len() as u32;
                weights
                    .pool
                    .extend((0..given.len()).step_by(4).map(|digit| weight(&given[digit..digit + 4])));
                Form::Same { at, len: (given.len() / 4) as u8 }
            };
            if !matches!(form, Form::Rule(_)) {
                weights.listed[(first >> 8) as usize..=(last >> 8) as usize].fill(true);
            }
            weights.runs.push(Run { first, last, form });
        }
        weights
    }

    /// The weight of a blank.
    pub(super) fn blank(&self) -> u16 {
        self.get(' ').as_slice().first().copied().unwrap_or_default()
    }

    /// The weights of a text in UTF-8.
    pub(super) fn stream<'t>(&'static self, text: &'t [u8]) -> Stream<'t> {
        Stream { weights: self, rest: text, next: Few::default(), at: 0 }
    }

    /// The weights of a character.
    pub(super) fn get(&self, sign: char) -> Few {
        let mut out = Few::default();
        self.put(u32::from(sign), &mut out);
        out
    }

    fn put(&self, sign: u32, out: &mut Few) {
        if self.ends_at_basic_plane && sign > 0xFFFF {
            return out.push(BEYOND);
        }
        let after = self.runs.partition_point(|run| run.first <= sign);
        let run = after.checked_sub(1).map(|at| &self.runs[at]).filter(|run| sign <= run.last);
        match run.map(|run| (run.form, sign - run.first)) {
            Some((Form::Same { at, len }, _)) => {
                let at = at as usize;
                self.pool[at..at + usize::from(len)].iter().for_each(|weight| out.push(*weight));
            }
            Some((Form::Step(weight), distance)) => out.push(weight + distance as u16),
            Some((Form::Rule(TANGUT), distance)) => {
                out.push(TANGUT);
                out.push(distance as u16 | 0x8000);
            }
            Some((Form::Rule(base), _)) => by_rule(base, sign, out),
            None => match hangul(sign).filter(|_| self.splits_hangul) {
                Some(letters) => letters.into_iter().flatten().for_each(|letter| self.put(letter, out)),
                None => by_rule(UNLISTED, sign, out),
            },
        }
    }

    /// Whether LIKE takes one character for the other: they have the same weights, and both are in blocks that the table lists (the
    /// servers look no further at others).
    pub(super) fn alike(&self, a: char, b: char) -> bool {
        let listed = |sign: char| {
            let sign = u32::from(sign);
            self.listed[(sign >> 8) as usize] || self.folds_beyond && sign > 0xFFFF
        };
        a == b || listed(a) && listed(b) && self.get(a).as_slice() == self.get(b).as_slice()
    }
}

fn by_rule(base: u16, sign: u32, out: &mut Few) {
    out.push(base + (sign >> 15) as u16);
    out.push((sign & 0x7FFF) as u16 | 0x8000);
}

/// The letters of a syllable.
fn hangul(sign: u32) -> Option<[Option<u32>; 3]> {
    let number = sign.checked_sub(0xAC00).filter(|number| *number < 11_172)?;
    let end = (number % 28 != 0).then_some(0x11A7 + number % 28);
    Some([Some(0x1100 + number / 588), Some(0x1161 + number % 588 / 28), end])
}

/// A few weights.
#[derive(Clone, Copy, Default)]
pub(super) struct Few {
    weights: [u16; WEIGHTS_MAX],
    len: u8,
}

impl Few {
    fn push(&mut self, weight: u16) {
        self.weights[usize::from(self.len)] = weight;
        self.len += 1;
    }

    pub(super) fn as_slice(&self) -> &[u16] {
        &self.weights[..usize::from(self.len)]
    }
}

/// Weights of a text, one after the other.
pub(super) struct Stream<'t> {
    weights: &'static Weights,
    rest: &'t [u8],
    /// Those of the character that was read last.
    next: Few,
    at: u8,
}

impl Iterator for Stream<'_> {
    type Item = u16;

    fn next(&mut self) -> Option<u16> {
        while self.at == self.next.len {
            let (sign, len) = first_char(self.rest)?;
            self.rest = &self.rest[len..];
            self.next = self.weights.get(sign);
            self.at = 0;
        }
        let weight = self.next.weights[usize::from(self.at)];
        self.at += 1;
        Some(weight)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs are found by bisection.
    #[test]
    fn runs_are_sorted_and_apart() {
        for table in [Table::General, Table::Uca400, Table::Uca520, Table::Uca900] {
            let runs = &Weights::of(table).runs;
            assert!(runs.iter().all(|run| run.first <= run.last));
            assert!(runs.is_sorted_by(|a, b| a.last < b.first), "{table:?}");
        }
    }

    #[test]
    fn every_character_has_weights_that_fit() {
        for table in [Table::General, Table::Uca400, Table::Uca520, Table::Uca900] {
            let weights = Weights::of(table);
            let longest = ('\0'..=char::MAX).map(|sign| weights.get(sign).len).max();
            assert!(usize::from(longest.unwrap_or_default()) <= WEIGHTS_MAX);
        }
    }

    #[test]
    fn weights_as_the_server_has_them() {
        let check = |table, sign: char, expected: &[u16]| {
            assert_eq!(Weights::of(table).get(sign).as_slice(), expected, "{table:?} {sign:?}");
        };
        check(Table::Uca900, 'a', &[0x1C47]);
        check(Table::Uca900, '\u{300}', &[]);
        check(Table::Uca900, '\u{df}', &[0x1E71, 0x1E71]);
        check(Table::Uca900, '\u{4E00}', &[0xFB40, 0xCE00]);
        check(Table::Uca900, '\u{17000}', &[0xFB00, 0x8000]);
        check(Table::Uca900, '\u{10FFFF}', &[0xFBE1, 0xFFFF]);
        check(Table::Uca400, '\u{10000}', &[0xFFFD]);
        check(Table::General, '\u{df}', &[0x53]);
    }
}
