//! Globs: `*`, `?`, `[abc]`, `[a-z]`, and numeric ranges that promise exactly their members.

use super::error::{PatternError, PatternErrorKind};

/// Any sign of a name. One with a line break cannot be written in a file, but a server has it, and `*` takes it.
const ANY_SIGN: &str = "(?s:.)";

/// Longest end of a range, in digits: every such number fits into 64 bits.
const MAX_DIGITS: usize = 18;

/// A glob, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Glob {
    pub(super) parts: Vec<Part>,
}

/// Part of a glob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// These signs.
    Literal(String),
    /// `*`: any signs, also none.
    Any,
    /// `?`: one sign.
    One,
    /// `[abc]`, `[a-z]`: one sign of these inclusive ranges.
    Class(Vec<(char, char)>),
    /// `[00..63]`.
    Range(NumericRange),
}

/// The decimal texts from one number to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NumericRange {
    /// `n` of `[n:00..63]`.
    pub(super) name: Option<String>,
    pub(super) first: u64,
    pub(super) last: u64,
    /// Digits of every member; none: as many as the number needs.
    pub(super) width: Option<usize>,
}

impl Glob {
    /// Takes a glob apart.
    ///
    /// # Errors
    /// The first bracket that is no set of signs and no range.
    pub(super) fn parse(text: &str) -> Result<Glob, PatternError> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(sign) = rest.chars().next() {
            let at = text.len() - rest.len();
            let mut taken = sign.len_utf8();
            let part = match sign {
                '*' => Part::Any,
                '?' => Part::One,
                '[' => {
                    let close = rest
                        .find(']')
                        .ok_or_else(|| PatternError::new(PatternErrorKind::OpenClass, at..text.len()))?;
                    taken = close + 1;
                    brackets(&rest[1..close]).map_err(|kind| PatternError::new(kind, at..at + taken))?
                }
                sign => {
                    literal.push(sign);
                    rest = &rest[taken..];
                    continue;
                }
            };
            if !literal.is_empty() {
                parts.push(Part::Literal(std::mem::take(&mut literal)));
            }
            parts.push(part);
            rest = &rest[taken..];
        }
        if !literal.is_empty() {
            parts.push(Part::Literal(literal));
        }
        Ok(Glob { parts })
    }

    /// The same as a regular expression (not anchored), with a group for each named range.
    pub(super) fn to_regex(&self) -> String {
        let mut regex = String::new();
        for part in &self.parts {
            match part {
                Part::Literal(signs) => regex.push_str(&regex::escape(signs)),
                Part::Any => {
                    regex.push_str(ANY_SIGN);
                    regex.push('*');
                }
                Part::One => regex.push_str(ANY_SIGN),
                Part::Class(ranges) => {
                    regex.push('[');
                    for &(first, last) in ranges {
                        // by number: no sign can then mean anything to the regex
                        regex.push_str(&format!(r"\x{{{:x}}}-\x{{{:x}}}", first as u32, last as u32));
                    }
                    regex.push(']');
                }
                Part::Range(range) => {
                    regex.push_str(if range.name.is_some() { "(" } else { "(?:" });
                    regex.push_str(&range.to_regex());
                    regex.push(')');
                }
            }
        }
        regex
    }

    /// Names of the groups of [`to_regex`](Glob::to_regex), in order.
    pub(super) fn capture_names(&self) -> Vec<String> {
        self.parts
            .iter()
            .filter_map(|part| match part {
                Part::Range(range) => range.name.clone(),
                Part::Literal(_) | Part::Any | Part::One | Part::Class(_) => None,
            })
            .collect()
    }
}

impl NumericRange {
    /// How many texts.
    pub(super) fn count(&self) -> u64 {
        self.last - self.first + 1
    }

    /// Whether a text is one of them.
    pub(super) fn contains(&self, text: &str) -> bool {
        let has_digits = match self.width {
            Some(width) => text.len() == width,
            None => text.len() <= MAX_DIGITS && (text == "0" || !text.starts_with('0')),
        };
        has_digits
            && text.bytes().all(|digit| digit.is_ascii_digit())
            && text.parse().is_ok_and(|number| (self.first..=self.last).contains(&number))
    }

    /// The text of one number.
    pub(super) fn text(&self, number: u64) -> String {
        match self.width {
            Some(width) => format!("{number:0width$}"),
            None => number.to_string(),
        }
    }

    /// Alternatives that match exactly the members: a handful of digit classes instead of one alternative per
    /// member.
    fn to_regex(&self) -> String {
        let mut alternatives = Vec::new();
        match self.width {
            Some(_) => digits_between(
                self.text(self.first).as_bytes(),
                self.text(self.last).as_bytes(),
                String::new(),
                &mut alternatives,
            ),
            None => {
                // one stretch per number of digits
                let mut first = self.first;
                loop {
                    let digits = first.to_string().len() as u32;
                    let last = self.last.min(10u64.pow(digits) - 1);
                    digits_between(
                        first.to_string().as_bytes(),
                        last.to_string().as_bytes(),
                        String::new(),
                        &mut alternatives,
                    );
                    if last == self.last {
                        break;
                    }
                    first = last + 1;
                }
            }
        }
        alternatives.join("|")
    }
}

/// Alternatives for the texts of equal length from `first` to `last`, each behind `prefix`.
fn digits_between(first: &[u8], last: &[u8], prefix: String, alternatives: &mut Vec<String>) {
    let all = |digits: &[u8], digit: u8| digits.iter().all(|&one| one == digit);
    let Some((&low, low_rest)) = first.split_first() else {
        alternatives.push(prefix);
        return;
    };
    let (high, high_rest) = (last[0], &last[1..]);
    let with = |digit: u8| format!("{prefix}{}", digit as char);
    if low == high {
        return digits_between(low_rest, high_rest, with(low), alternatives);
    }
    // whole blocks of tens in the middle, and what begins and ends inside a block
    let (mut from, mut to) = (low, high);
    if !all(low_rest, b'0') {
        digits_between(low_rest, &vec![b'9'; low_rest.len()], with(low), alternatives);
        from += 1;
    }
    if !all(high_rest, b'9') {
        digits_between(&vec![b'0'; high_rest.len()], high_rest, with(high), alternatives);
        to -= 1;
    }
    if from <= to {
        let tail = "[0-9]".repeat(low_rest.len());
        alternatives.push(format!("{prefix}[{}-{}]{tail}", from as char, to as char));
    }
}

/// What stands between brackets.
fn brackets(inner: &str) -> Result<Part, PatternErrorKind> {
    if inner.is_empty() {
        return Err(PatternErrorKind::EmptyClass);
    }
    if inner.starts_with(['!', '^']) {
        return Err(PatternErrorKind::NegatedClass);
    }
    if let Some(range) = dashed(inner) {
        return Err(PatternErrorKind::Dashed { range });
    }
    if inner.contains("..") || inner.contains(':') {
        return numeric_range(inner).map(Part::Range);
    }
    let signs: Vec<char> = inner.chars().collect();
    let mut ranges = Vec::new();
    let mut at = 0;
    while at < signs.len() {
        let first = signs[at];
        // a `-` at the end is itself
        if signs.get(at + 1) == Some(&'-') && at + 2 < signs.len() {
            let last = signs[at + 2];
            if last < first {
                return Err(PatternErrorKind::ClassBackwards { swapped: format!("{last}-{first}") });
            }
            ranges.push((first, last));
            at += 3;
        } else {
            ranges.push((first, first));
            at += 1;
        }
    }
    Ok(Part::Class(ranges))
}

/// The range that was meant by `00-63`: as a set it is single digits, some of them twice.
fn dashed(inner: &str) -> Option<String> {
    let (first, last) = ["-", "–", "…", "..."].iter().find_map(|sign| inner.split_once(sign))?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|sign| sign.is_ascii_digit());
    // `[0-9]` is a set.
    let is_set = inner.len() == 3;
    (is_number(first) && is_number(last) && !is_set).then(|| format!("[{first}..{last}]"))
}

fn numeric_range(inner: &str) -> Result<NumericRange, PatternErrorKind> {
    let (name, bounds) = match inner.split_once(':') {
        Some((name, bounds)) => (Some(name), bounds),
        None => (None, inner),
    };
    let named = name.is_none_or(is_own_name);
    let (low, high) = bounds.split_once("..").filter(|_| named).ok_or(PatternErrorKind::BadRange)?;
    let number = |digits: &str| {
        (digits.len() <= MAX_DIGITS && digits.bytes().all(|digit| digit.is_ascii_digit()))
            .then(|| digits.parse::<u64>().ok())
            .flatten()
            .ok_or(PatternErrorKind::BadRange)
    };
    let (first, last) = (number(low)?, number(high)?);
    let leading_zero = |digits: &str| digits.len() > 1 && digits.starts_with('0');
    if low.len() != high.len() && (leading_zero(low) || leading_zero(high)) {
        return Err(PatternErrorKind::RangeWidths);
    }
    if last < first {
        let name = name.map(|name| format!("{name}:")).unwrap_or_default();
        return Err(PatternErrorKind::RangeBackwards { swapped: format!("[{name}{high}..{low}]") });
    }
    let width = (low.len() == high.len()).then_some(low.len());
    Ok(NumericRange { name: name.map(str::to_owned), first, last, width })
}

/// The rule for names of own things: an ASCII letter, then letters, digits, `_`, `-`, at most 60.
fn is_own_name(name: &str) -> bool {
    name.len() <= 60
        && name.starts_with(|sign: char| sign.is_ascii_alphabetic())
        && name.bytes().all(|sign| sign.is_ascii_alphanumeric() || matches!(sign, b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn mistakes_are_named_and_placed() {
        let check = |text: &str, kind: PatternErrorKind, bad: &str| {
            let error = Glob::parse(text).expect_err(text);
            assert_eq!((error.kind.clone(), &text[error.at.clone()]), (kind, bad), "{text}");
            assert!(error.in_glob());
        };
        let swapped = |text: &str| PatternErrorKind::RangeBackwards { swapped: text.into() };
        let range = |text: &str| PatternErrorKind::Dashed { range: text.into() };
        check("t_[00-63]x", range("[00..63]"), "[00-63]");
        check("t_[0…63]", range("[0..63]"), "[0…63]");
        check("t_[1...12]", range("[1..12]"), "[1...12]");
        check("t_[63..00]", swapped("[00..63]"), "[63..00]");
        check("ö[n:9..8]x", swapped("[n:8..9]"), "[n:9..8]");
        check("t_[00..127]", PatternErrorKind::RangeWidths, "[00..127]");
        check("t_[1..007]", PatternErrorKind::RangeWidths, "[1..007]");
        check("t_[]", PatternErrorKind::EmptyClass, "[]");
        check("t_[!a]", PatternErrorKind::NegatedClass, "[!a]");
        check("t_[^a]", PatternErrorKind::NegatedClass, "[^a]");
        check("t_[xz-a]", PatternErrorKind::ClassBackwards { swapped: "a-z".into() }, "[xz-a]");
        check("a[bc", PatternErrorKind::OpenClass, "[bc");
        for bad in ["[n:1..x]", "[1:0..3]", "[a:b]", "[..3]", "[0..]", "[0..1..2]", "[-1..2]", "[+1..2]"] {
            check(bad, PatternErrorKind::BadRange, bad);
        }
        check("[0..1234567890123456789]", PatternErrorKind::BadRange, "[0..1234567890123456789]");
    }

    #[test]
    fn parts() {
        let range = |name: Option<&str>, first, last, width| {
            Part::Range(NumericRange { name: name.map(str::to_owned), first, last, width })
        };
        let check = |text: &str, parts: Vec<Part>| {
            assert_eq!(Glob::parse(text).map(|glob| glob.parts), Ok(parts), "{text}")
        };
        check("a$*?", vec![Part::Literal("a$".into()), Part::Any, Part::One]);
        check(
            "[a-cx-]]",
            vec![Part::Class(vec![('a', 'c'), ('x', 'x'), ('-', '-')]), Part::Literal("]".into())],
        );
        check("s_[00..63]", vec![Part::Literal("s_".into()), range(None, 0, 63, Some(2))]);
        check("[n:8..12]", vec![range(Some("n"), 8, 12, None)]);
        check("[0..63]", vec![range(None, 0, 63, None)]);
        check("[10..63]", vec![range(None, 10, 63, Some(2))]);
    }

    proptest! {
        #[test]
        fn a_range_means_exactly_its_members(a in 0..1200u64, b in 0..1200u64, padded in any::<bool>()) {
            let (first, last) = (a.min(b), a.max(b));
            let text = if padded { format!("[{first:04}..{last:04}]") } else { format!("[{first}..{last}]") };
            let glob = Glob::parse(&text).expect("a range");
            let regex = regex::Regex::new(&format!("^(?:{})$", glob.to_regex())).expect("a regex");
            let [Part::Range(range)] = glob.parts.as_slice() else { panic!("a range") };
            for number in 0..=1300u64 {
                let inside = (first..=last).contains(&number);
                prop_assert_eq!(regex.is_match(&format!("{number:04}")), inside && (padded || number > 999));
                let fits = !padded || number > 999;
                prop_assert_eq!(regex.is_match(&number.to_string()), inside && fits);
                let wide = format!("{number:05}");
                prop_assert!(!regex.is_match(&wide));
                for text in [number.to_string(), format!("{number:04}"), wide, format!("+{number}")] {
                    prop_assert_eq!(range.contains(&text), regex.is_match(&text));
                }
            }
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,20}|[\\[\\]0-9.:a-z*?!^-]{0,20}") {
            if let Ok(glob) = Glob::parse(&text) {
                prop_assert!(regex::Regex::new(&glob.to_regex()).is_ok());
            }
        }
    }
}
