//! syncc from end to end: real servers, random work, random deaths, and a judge that shares no code with it.
//!
//! Writers change tables in transactions of all kinds and record what was committed ([`truth`]); syncc loads and
//! streams, dies at named points and at random, and is started again ([`crashes`]); a reader of committed records then
//! must have seen every committed change exactly once, per key in commit order ([`oracle`]). That the judge is awake is
//! shown by bugs planted on purpose ([`planted`]).
//!
//! `SYNCC_E2E_SEED` repeats the decisions of a run, whose seed is printed; time and threads are not repeated.
//! `SYNCC_E2E_FAULTS` is the number of deaths and faults on a server, else the schedule is run once; `tests/soak` sets it.

mod crashes;
mod faults;
mod oracle;
mod planted;
mod trial;
mod truth;
mod world;
mod writer;
