//! Patterns as deterministic automata, and several of them walked side by side.

use regex_automata::Anchored;
use regex_automata::dfa::{Automaton as _, StartKind, dense};
use regex_automata::util::primitives::StateID;
use regex_automata::util::{start, syntax};
use std::collections::{HashSet, VecDeque};
use std::ops::ControlFlow;

/// Largest automaton, bytes; the same again while it is built.
const AUTOMATON_BYTES: usize = 4 << 20;

/// Most states that a walk keeps.
const MAX_STATES: usize = 200_000;

/// Most steps of a walk, each of one automaton over one byte: some tens of milliseconds.
const MAX_STEPS: usize = 20_000_000;

/// A deterministic automaton over the UTF-8 bytes of whole names.
#[derive(Debug)]
pub(super) struct Automaton {
    dfa: dense::DFA<Vec<u32>>,
    start: StateID,
}

/// The walk met too many states.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLarge;

impl Automaton {
    /// From an anchored expression that the `regex` crate accepts; none when it would be too large.
    pub(super) fn new(anchored: &str) -> Option<Automaton> {
        let dfa = dense::Builder::new()
            .configure(
                dense::Config::new()
                    .start_kind(StartKind::Anchored)
                    .accelerate(false)
                    .dfa_size_limit(Some(AUTOMATON_BYTES))
                    .determinize_size_limit(Some(AUTOMATON_BYTES)),
            )
            .syntax(syntax::Config::new())
            .build(anchored)
            .ok()?;
        let start = dfa.start_state(&start::Config::new().anchored(Anchored::Yes)).ok()?;
        Some(Automaton { dfa, start })
    }

    /// What it takes of memory.
    pub(super) fn bytes(&self) -> usize {
        self.dfa.memory_usage()
    }

    /// A shortest name it takes, of plain signs where these do.
    pub(super) fn sample(&self) -> Option<String> {
        let plain = (b'a'..=b'z').chain(b'0'..=b'9').chain([b'_']);
        let mut classes = HashSet::new();
        let bytes: Vec<u8> = plain
            .chain(0..=u8::MAX)
            .filter(|byte| !matches!(byte, b'\n' | b'\r'))
            .filter(|&byte| classes.insert(self.dfa.byte_classes().get(byte)))
            .collect();
        let mut seen = HashSet::from([self.start]);
        let mut queue = VecDeque::from([(self.start, Vec::new())]);
        while let Some((state, name)) = queue.pop_front() {
            for &byte in &bytes {
                let next = self.dfa.next_state(state, byte);
                if self.dfa.is_dead_state(next) || !seen.insert(next) || seen.len() > MAX_STATES {
                    continue;
                }
                let mut longer: Vec<u8> = name.clone();
                longer.push(byte);
                if self.dfa.is_match_state(self.dfa.next_eoi_state(next)) {
                    return String::from_utf8(longer).ok();
                }
                queue.push_back((next, longer));
            }
        }
        None
    }
}

/// Walks automata side by side over all names, and tells for every state they reach together which of them
/// accept.
///
/// `alive` says whether a state is worth going on from, given which automata can still accept. Names are not
/// empty and have no line break.
pub(super) fn walk(
    automata: &[&Automaton],
    alive: impl Fn(&[bool]) -> bool,
    mut accepts: impl FnMut(&[bool]) -> ControlFlow<()>,
) -> Result<(), TooLarge> {
    let bytes = distinct_bytes(automata);
    let mut steps_left = MAX_STEPS;
    let mut seen: HashSet<Box<[StateID]>> = HashSet::new();
    let mut queue = VecDeque::from([automata.iter().map(|one| one.start).collect::<Box<[_]>>()]);
    let mut flags = vec![false; automata.len()];
    while let Some(states) = queue.pop_front() {
        steps_left = steps_left.checked_sub(bytes.len() * automata.len()).ok_or(TooLarge)?;
        for &byte in &bytes {
            let next: Box<[StateID]> =
                automata.iter().zip(&states).map(|(one, &state)| one.dfa.next_state(state, byte)).collect();
            for ((flag, one), &state) in flags.iter_mut().zip(automata).zip(&next) {
                *flag = !one.dfa.is_dead_state(state);
            }
            if !alive(&flags) || seen.contains(&next) {
                continue;
            }
            if seen.len() == MAX_STATES {
                return Err(TooLarge);
            }
            for ((flag, one), &state) in flags.iter_mut().zip(automata).zip(&next) {
                *flag = one.dfa.is_match_state(one.dfa.next_eoi_state(state));
            }
            if accepts(&flags).is_break() {
                return Ok(());
            }
            seen.insert(next.clone());
            queue.push_back(next);
        }
    }
    Ok(())
}

/// One byte for each set of bytes that no automaton tells apart.
fn distinct_bytes(automata: &[&Automaton]) -> Vec<u8> {
    let mut classes = HashSet::new();
    (0..=u8::MAX)
        .filter(|byte| !matches!(byte, b'\n' | b'\r'))
        .filter(|&byte| {
            classes.insert(automata.iter().map(|one| one.dfa.byte_classes().get(byte)).collect::<Vec<_>>())
        })
        .collect()
}
