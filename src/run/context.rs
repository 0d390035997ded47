//! What all tasks of a process share.

use super::Until;
use super::hub::Hubs;
use super::pulse::Pulses;
use super::room::Rooms;
use super::state_dir::{StateDir, random_id};
use super::turns::Sources;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Time of the process: milliseconds since its start, and the wall clock for what people and messages see.
#[derive(Debug, Clone)]
pub(super) struct Clock {
    start: Instant,
}

impl Clock {
    /// A clock that starts now.
    pub(super) fn start() -> Clock {
        Clock { start: Instant::now() }
    }

    /// Milliseconds since the start; never goes back.
    pub(super) fn now_ms(&self) -> u64 {
        self.start.elapsed().as_millis() as u64
    }
}

/// Milliseconds since 1970.
pub(super) fn wall_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
}

/// Process-wide settings and identities.
#[derive(Debug)]
pub(super) struct Context {
    /// Project directory; paths in plans begin here.
    pub(super) project: PathBuf,
    /// Local state directory, locked.
    pub(super) state: StateDir,
    /// This life of this process.
    pub(super) incarnation: String,
    /// Start of the process, seconds since 1970.
    pub(super) started_s: u64,
    /// Name of this host, for people.
    pub(super) host: String,
    /// Take tasks over without watching their owner.
    pub(super) takeover: bool,
    /// Wait for tasks that another instance runs.
    pub(super) standby: bool,
    /// Begin anew where state is gone.
    pub(super) accept_state_loss: bool,
    /// An unreachable server at the start is a failed precheck.
    pub(super) require_live: bool,
    /// Codes of changes that are accepted, for what was edited while nothing ran.
    pub(super) accept: Vec<String>,
    /// End when existing rows are loaded.
    pub(super) once: bool,
    /// The connections to the sources.
    pub(super) hubs: Hubs,
    /// Reads of existing rows, by source.
    pub(super) turns: Sources,
    /// Memory for them.
    pub(super) rooms: Rooms,
    /// End when the log was followed to a place.
    pub(super) until: Option<Until>,
    /// Time.
    pub(super) clock: Clock,
    /// Heartbeat rows that are counted up.
    pub(super) pulses: Pulses,
    /// State of the random numbers that spread retries.
    pub(super) dice: AtomicU64,
}

impl Context {
    /// What a process shares that was asked for nothing: settings are as they are without flags.
    pub(super) fn new(project: PathBuf, state: StateDir) -> Context {
        let incarnation = random_id().unwrap_or_else(|_| std::process::id().to_string());
        let seed = u64::from_str_radix(incarnation.get(..16).unwrap_or("0"), 16).unwrap_or(0);
        let hubs = Hubs::new(state.instance());
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        Context {
            project,
            state,
            incarnation,
            started_s: wall_ms() as u64 / 1_000,
            host: host.trim().to_owned(),
            takeover: false,
            standby: false,
            accept_state_loss: false,
            require_live: false,
            accept: Vec::new(),
            once: false,
            hubs,
            turns: Sources::default(),
            rooms: Rooms::default(),
            until: None,
            clock: Clock::start(),
            pulses: Pulses::default(),
            dice: AtomicU64::new(seed),
        }
    }

    /// A random number. Not for secrets: it spreads retries of several tasks and processes.
    pub(super) fn dice(&self) -> u64 {
        // splitmix64
        let mut x = self.dice.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }
}
