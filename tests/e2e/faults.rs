//! What happens to a running syncc besides death: its network, its servers, its disk, and others like it.

use super::trial::Trial;
use super::world::PATIENCE;
use crate::support::program::Running;
use crate::support::wait;
use crate::support::way::Weather;
use rustix::process::Signal;
use std::time::Duration;

/// An end of the way that rows take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Between the source and syncc.
    Source,
    /// Between syncc and the broker.
    Target,
}

/// Something that syncc outlives. Times are ms.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fault {
    /// All connections are reset.
    Cut(End),
    /// A connection ends behind so many more bytes, inside of a packet most of the time.
    CutInside(End, usize),
    /// Nothing passes for a while, and then goes on.
    Silent(End, u64),
    /// Nothing passes until syncc notices; the connections are gone then.
    HalfOpen(End),
    /// Nobody is reached for a while.
    Gone(End, u64),
    /// A line of 64 KiB a second, and 30 ms.
    Slow(End),
    /// The server hangs for a while.
    Frozen(End, u64),
    /// syncc itself hangs for a while.
    FrozenHere(u64),
    /// A second instance is started, which must not run.
    Twin,
    /// A second instance takes the task, and the first must end.
    Takeover,
    /// No file can be written for a while.
    FullDisk,
}

impl Trial<'_> {
    /// Lets it happen to a syncc that works. It works again afterwards, or will by itself.
    pub(super) fn suffer(&mut self, fault: Fault, running: &mut Running) {
        let (world, seq) = (self.world, self.seq);
        match fault {
            Fault::Cut(end) => {
                self.reach(running, seq + 1);
                assert!(world.way(end).cut() > 0, "there was nothing to cut");
            }
            Fault::CutInside(end, bytes) => {
                world.way(end).cut_after(bytes);
                wait::until("a connection is cut inside of a packet", PATIENCE, || {
                    self.go_on(running);
                    if world.way(end).has_cut() { Ok(()) } else { Err("not yet") }
                });
            }
            Fault::Silent(end, ms) => {
                world.way(end).turn(Weather::Silent);
                self.meanwhile(ms);
                world.way(end).turn(Weather::Fair);
            }
            Fault::HalfOpen(end) => {
                let event = match end {
                    End::Source => "\"source.lost\"",
                    End::Target => "\"kafka.lost\"",
                };
                world.way(end).turn(Weather::Silent);
                wait::until("a dead connection is noticed", PATIENCE, || {
                    self.go_on(running);
                    if running.stderr().contains(event) { Ok(()) } else { Err(running.last_words()) }
                });
                world.way(end).cut();
                world.way(end).turn(Weather::Fair);
            }
            Fault::Gone(end, ms) => {
                world.way(end).turn(Weather::Gone);
                world.way(end).cut();
                self.meanwhile(ms);
                world.way(end).turn(Weather::Fair);
            }
            Fault::Slow(end) => {
                let delay = Duration::from_millis(30);
                world.way(end).turn(Weather::Slow { delay, bytes_per_second: 64 << 10 });
                self.reach(running, seq + 5);
                world.way(end).turn(Weather::Fair);
            }
            Fault::Frozen(end, ms) => {
                let signal = |signal| match end {
                    End::Source => world.server.signal(signal),
                    End::Target => world.kafka.signal(signal),
                };
                signal(Signal::STOP);
                self.meanwhile(ms);
                signal(Signal::CONT);
            }
            Fault::FrozenHere(ms) => {
                running.signal(Signal::STOP);
                self.meanwhile(ms);
                running.signal(Signal::CONT);
            }
            Fault::Twin => {
                let mut twin = world.start_elsewhere(&[]);
                assert_eq!(twin.wait(PATIENCE), Some(21), "{}", twin.last_words());
            }
            Fault::Takeover => {
                let successor = world.start_elsewhere(&["--takeover"]);
                assert_eq!(running.wait(PATIENCE), Some(22), "{}", running.last_words());
                *running = successor;
                world.move_over();
            }
            Fault::FullDisk => {
                running.limit_files(Some(0));
                self.reach(running, seq + 3);
                running.limit_files(None);
            }
        }
    }
}
