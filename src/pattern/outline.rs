//! What is seen of a glob at a glance. Most patterns of a project are of the form `orders_*`; comparing two of these needs no
//! automaton.

use super::glob::{Glob, NumericRange, Part};
use super::relation::Relation;

/// Signs that a sample has in the place of a `*`: hardly part of a name that a pattern would single out.
pub const FILLER: &str = "x7q";

/// What all names of a glob have in common. Empty for what is no glob.
#[derive(Debug, Clone, Default)]
pub(super) struct Outline {
    /// They begin so.
    prefix: String,
    /// They end so.
    suffix: String,
    /// What is between the two.
    core: Core,
    /// Prefix and suffix in small letters, for names whose case means nothing.
    is_folded: bool,
    /// It surely takes more than one name.
    pub(super) many: bool,
    /// One of the names.
    pub(super) sample: Option<String>,
}

/// What a glob has between the signs it begins and ends with.
#[derive(Debug, Clone, Default)]
enum Core {
    /// One `*`.
    Gap,
    /// One range of numbers.
    Numbers(NumericRange),
    /// Something else.
    #[default]
    Other,
}

impl Outline {
    pub(super) fn of(glob: &Glob) -> Outline {
        let parts = glob.parts.as_slice();
        let literal = |part: Option<&Part>| match part {
            Some(Part::Literal(signs)) => signs.clone(),
            Some(Part::Any | Part::One | Part::Class(_) | Part::Range(_)) | None => String::new(),
        };
        let between = match parts {
            [Part::Literal(_), between @ .., Part::Literal(_)] => between,
            [Part::Literal(_), between @ ..] | [between @ .., Part::Literal(_)] => between,
            between => between,
        };
        let many = parts.iter().any(|part| match part {
            Part::Any | Part::One => true,
            Part::Range(range) => range.count() > 1,
            Part::Class(_) | Part::Literal(_) => false,
        });
        let mut sample = String::new();
        for part in parts {
            match part {
                Part::Literal(signs) => sample.push_str(signs),
                Part::Any => sample.push_str(FILLER),
                Part::One => sample.push_str(&FILLER[..1]),
                Part::Class(ranges) => sample.extend(ranges.first().map(|&(first, _)| first)),
                Part::Range(range) => sample.push_str(&range.text(range.first)),
            }
        }
        Outline {
            prefix: literal(parts.first()),
            suffix: literal(parts.last()),
            core: match between {
                [Part::Any] => Core::Gap,
                [Part::Range(range)] => Core::Numbers(range.clone()),
                _ => Core::Other,
            },
            is_folded: false,
            many,
            sample: Some(sample),
        }
    }

    /// Of a glob that takes small and capital letters alike. Only of one whose literal signs are ASCII: each of these is the
    /// same as its small letter, and as no other ASCII sign.
    pub(super) fn without_case(glob: &Glob) -> Outline {
        let mut outline = Outline::of(glob);
        let is_plain = |part: &Part| !matches!(part, Part::Literal(signs) if !signs.is_ascii());
        if !glob.parts.iter().all(is_plain) {
            return Outline::default();
        }
        outline.prefix.make_ascii_lowercase();
        outline.suffix.make_ascii_lowercase();
        Outline { is_folded: true, ..outline }
    }

    /// Of an expression: the plain signs that it surely begins with.
    pub(super) fn of_expression(expression: &str) -> Outline {
        let is_plain = |sign: char| sign.is_ascii_alphanumeric() || matches!(sign, '_' | '-');
        let (mut prefix, rest) =
            expression.split_at(expression.find(|sign| !is_plain(sign)).unwrap_or(expression.len()));
        // The last sign may be there any number of times; with an alternative nothing is sure.
        if rest.starts_with(['*', '?', '{', '+']) {
            prefix = &prefix[..prefix.len() - usize::from(!prefix.is_empty())];
        }
        if outside_groups(rest).any(|sign| sign == '|') {
            prefix = "";
        }
        Outline { prefix: prefix.to_owned(), ..Outline::default() }
    }

    /// True when it tells all: which names the glob takes, and what its captures stand for.
    pub(super) fn is_all(&self) -> bool {
        match self.core {
            Core::Gap | Core::Numbers(_) => true,
            Core::Other => false,
        }
    }

    /// Whether the glob takes a name, where the outline is all.
    pub(super) fn takes(&self, name: &str) -> bool {
        self.core_of(name).is_some()
    }

    /// The name of the capture and what it stands for in a name that is taken, where the outline is all.
    pub(super) fn capture<'n>(&self, name: &'n str) -> Option<(&str, &'n str)> {
        Some((self.capture_name()?, self.core_of(name)?))
    }

    /// The name of the capture, where the outline is all.
    pub(super) fn capture_name(&self) -> Option<&str> {
        match &self.core {
            Core::Numbers(range) => range.name.as_deref(),
            Core::Gap | Core::Other => None,
        }
    }

    /// What is between prefix and suffix of a name that is taken.
    fn core_of<'n>(&self, name: &'n str) -> Option<&'n str> {
        let core = match self.prefix.is_empty() {
            true => name,
            false => name.strip_prefix(self.prefix.as_str())?,
        };
        let core = match self.suffix.is_empty() {
            true => core,
            false => core.strip_suffix(self.suffix.as_str())?,
        };
        let fits = match &self.core {
            Core::Gap => true,
            Core::Numbers(range) => range.contains(core),
            Core::Other => false,
        };
        fits.then_some(core)
    }

    /// False when it is seen at once that a name is none of these.
    pub(super) fn may_be(&self, name: &str) -> bool {
        let begins = || self.prefix.is_empty() || name.starts_with(&self.prefix);
        let ends = || self.suffix.is_empty() || name.ends_with(&self.suffix);
        self.is_folded || begins() && ends()
    }

    /// How two patterns relate, where that is seen at once.
    pub(super) fn relation(&self, other: &Outline) -> Option<Relation> {
        let own_prefix = self.prefix.starts_with(&other.prefix);
        let other_prefix = other.prefix.starts_with(&self.prefix);
        let own_suffix = self.suffix.ends_with(&other.suffix);
        let other_suffix = other.suffix.ends_with(&self.suffix);
        if !(own_prefix || other_prefix) || !(own_suffix || other_suffix) {
            return Some(Relation::Disjoint);
        }
        let (Core::Gap, Core::Gap) = (&self.core, &other.core) else { return None };
        Some(match (own_prefix && own_suffix, other_prefix && other_suffix) {
            (true, true) => Relation::Equal,
            (true, false) => Relation::Narrower,
            (false, true) => Relation::Wider,
            (false, false) => Relation::Crossing,
        })
    }
}

/// The signs of an expression that stand in no group. One in a set of signs, or behind a `\\`, may be taken for what it is not;
/// then more signs are given, not fewer.
fn outside_groups(expression: &str) -> impl Iterator<Item = char> + '_ {
    let is_simple = !expression.contains(['[', '\\']);
    let mut depth = 0usize;
    expression.chars().filter(move |sign| {
        match sign {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 || !is_simple
    })
}
