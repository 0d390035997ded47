//! Compiled expressions by their text.
//!
//! A project writes one pattern in many places, and every stage compiles it for itself; compiling costs a hundred times what
//! finding the compiled one does. Each thread keeps its own, and no more than a bounded number of them.

use super::automaton::Automaton;
use regex::{Regex, RegexBuilder};
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

/// Largest compiled expression, bytes. A glob with a dozen ranges needs a hundredth of it.
const REGEX_BYTES: usize = 1 << 20;

/// Most expressions that are kept, some tens of kilobytes each.
const KEPT_REGEXES: usize = 512;

/// Most bytes of automata that are kept, beside the newest.
const KEPT_AUTOMATON_BYTES: usize = 16 << 20;

thread_local! {
    static REGEXES: RefCell<HashMap<String, Regex>> = RefCell::default();
    static AUTOMATA: RefCell<Automata> = RefCell::default();
}

/// Automata that are kept; none for an expression that is too large for one.
#[derive(Default)]
struct Automata {
    by_text: HashMap<String, Option<Arc<Automaton>>>,
    bytes: usize,
}

/// Compiles an expression.
pub(super) fn regex(text: &str) -> Result<Regex, regex::Error> {
    if let Some(kept) = REGEXES.with_borrow(|kept| kept.get(text).cloned()) {
        return Ok(kept);
    }
    let made = RegexBuilder::new(text).size_limit(REGEX_BYTES).build()?;
    REGEXES.with_borrow_mut(|kept| {
        if kept.len() == KEPT_REGEXES {
            kept.clear();
        }
        kept.insert(text.to_owned(), made.clone());
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
        for n in 0..=KEPT_REGEXES {
            assert!(regex(&format!(r"\A(?:a{n})\z")).unwrap().is_match(&format!("a{n}")));
        }
        assert!(REGEXES.with_borrow(HashMap::len) <= KEPT_REGEXES);
    }
}
