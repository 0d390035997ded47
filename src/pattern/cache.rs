//! Compiled patterns, and automata by their text.
//!
//! A project writes one pattern in many places, and every stage compiles it for itself; compiling costs a hundred times what
//! finding the compiled one does. Each thread keeps its own, and no more than a bounded number of them.

use super::NamePattern;
use super::automaton::Automaton;
use super::error::PatternError;
use super::matcher::Matcher;
use foldhash::HashMap;
use std::cell::RefCell;
use std::sync::Arc;

/// Most patterns that are kept, some tens of kilobytes each at most.
const KEPT_PATTERNS: usize = 512;

/// Most bytes of automata that are kept, beside the newest.
const KEPT_AUTOMATON_BYTES: usize = 16 << 20;

thread_local! {
    static PATTERNS: RefCell<Patterns> = RefCell::default();
    static AUTOMATA: RefCell<Automata> = RefCell::default();
}

/// Patterns that are kept.
#[derive(Default)]
pub(super) struct Patterns {
    /// Of databases and tables.
    pub(super) names: HashMap<NamePattern, Matcher>,
    /// Of columns, whose names have no case.
    pub(super) columns: HashMap<NamePattern, Matcher>,
}

/// Automata that are kept; none for an expression that is too large for one.
#[derive(Default)]
struct Automata {
    by_text: HashMap<String, Option<Arc<Automaton>>>,
    bytes: usize,
}

/// A compiled pattern, made where none is kept.
pub(super) fn matcher(
    among: fn(&mut Patterns) -> &mut HashMap<NamePattern, Matcher>,
    pattern: &NamePattern,
    make: impl FnOnce() -> Result<Matcher, PatternError>,
) -> Result<Matcher, PatternError> {
    if let Some(kept) = PATTERNS.with_borrow_mut(|all| among(all).get(pattern).cloned()) {
        return Ok(kept);
    }
    let made = make()?;
    PATTERNS.with_borrow_mut(|all| {
        let kept = among(all);
        if kept.len() == KEPT_PATTERNS {
            kept.clear();
        }
        kept.insert(pattern.clone(), made.clone());
    });
    Ok(made)
}

/// The automaton of an anchored expression; none when it would be too large.
pub(super) fn automaton(anchored: &str) -> Option<Arc<Automaton>> {
    if let Some(kept) = AUTOMATA.with_borrow(|kept| kept.by_text.get(anchored).cloned()) {
        return kept;
    }
    let made = Automaton::new(anchored).map(Arc::new);
    AUTOMATA.with_borrow_mut(|kept| {
        if kept.bytes > KEPT_AUTOMATON_BYTES {
            *kept = Automata::default();
        }
        kept.bytes += anchored.len() + made.as_ref().map_or(0, |automaton| automaton.bytes());
        kept.by_text.insert(anchored.to_owned(), made.clone());
    });
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_text_is_one_automaton() {
        let (first, second) = (automaton(r"\A(?:a.*)\z").unwrap(), automaton(r"\A(?:a.*)\z").unwrap());
        assert!(Arc::ptr_eq(&first, &second));
    }

    #[test]
    fn what_is_kept_is_bounded() {
        for n in 0..=KEPT_PATTERNS {
            let pattern = NamePattern::Regex(format!("a{n}"));
            assert!(pattern.compile().unwrap().matches(&format!("a{n}")));
        }
        assert!(PATTERNS.with_borrow(|all| all.names.len()) <= KEPT_PATTERNS);
    }
}
