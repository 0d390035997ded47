//! The loop of a life: entries of the stream, answers of reads, commits, orders.
//!
//! Order of each turn: orders and answers, then what is possible between two source transactions (windows, commits,
//! the end), then the next entries. Nothing here waits while there is something to do.

use super::life::{Life, Look};
use super::progress::STATUS_MS;
use super::{Command, Ended, Input, Task};
use crate::engine::commit::Due;
use crate::engine::retry::Committed;
use crate::failpoint::hit;
use crate::run::context::wall_ms;
use crate::run::event::{Event, Name};
use crate::run::failure::Failure;
use crossbeam_channel::RecvTimeoutError;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// The reader counts as idle when it had nothing for this long.
const IDLE: Duration = Duration::from_millis(2);

/// The breadcrumb in the state directory is renewed at most this often, ms.
const BREADCRUMB_MS: u64 = 1_000;

/// The ends of the topics are noted at most this often, ms.
const ENDS_MS: u64 = 60_000;

impl Task {
    /// Streams until the life ends.
    pub(super) fn stream(&mut self, life: &mut Life) -> Result<Ended, Failure> {
        self.waits.store(false, Ordering::Relaxed);
        loop {
            while let Ok(input) = self.inbox.try_recv() {
                self.take(input, life)?;
            }
            let now_ms = self.clock.now_ms();
            if life.ledger.settled() {
                life.windows(now_ms)?;
                if life.load.reached_barrier(life.ledger.position()) {
                    life.reads.go();
                }
            }
            if life.load.void_barrier().is_some() {
                life.reads.give_up_barrier();
            }
            let ended =
                if life.ledger.between() { self.between(life, now_ms)? } else { self.inside(life, now_ms)? };
            if let Some(ended) = ended {
                return Ok(ended);
            }
            // Windows and barriers go by places of the log.
            if life.ledger.may_open() && !life.waiting.comes_again() {
                life.read_on(now_ms, wall_ms())?;
                if life.load.done() || life.reads.is_out_of_hours() {
                    self.retry.load_rests();
                }
            }
            self.renew_status(life, now_ms);
            self.watch_retention(now_ms);
            self.watch_prepared(life);
            self.watch_log()?;
            let position = life.ledger.position();
            let held = life.ledger.settled() && (life.load.opening_barrier() || life.load.holds(position));
            let look = match held {
                true => Look::Nothing,
                false => {
                    self.limit.set(self.limit_now());
                    life.consume(&self.clock, wall_ms(), &mut self.limit)?
                }
            };
            if let Some(place) = life.waiting.take_undone() {
                let text = "a transaction ends in ROLLBACK behind rows of it: it is read once more, and its rows are not sent";
                life.told(Event::info(Name::TransactionUndone, text));
                self.undone.insert(place);
                return Ok(Ended::Undone);
            }
            match look {
                Look::Moved => {
                    life.idle = false;
                    life.has_heard = true;
                    // Not when the look began: handing rows over may have taken its time.
                    life.moved_ms = self.clock.now_ms();
                }
                Look::Nothing => {
                    life.output.flush()?;
                    self.rest(life)?;
                }
                Look::Paced(at_ms) => {
                    life.idle = false;
                    // It is not the source that does not go on.
                    life.moved_ms = self.clock.now_ms();
                    life.paced_ms = Some(life.moved_ms);
                    life.output.flush()?;
                    self.rest_until(at_ms, life)?;
                }
            }
        }
    }

    /// Most bytes a second. A plan that waits for the end of the source transaction counts already: a bound that was set too
    /// low would be what makes it wait.
    fn limit_now(&self) -> Option<u64> {
        let waiting = match self.orders.look() {
            Some(Command::Swap { plan, .. }) => Some(plan),
            Some(Command::Drain) | None => self.after_cut.as_ref().map(|(plan, _)| plan.clone()),
        };
        waiting.as_ref().unwrap_or(&self.plan).stream.limit_bytes
    }

    /// Waits for the next input, until a time or until something is due. The stream has more.
    fn rest_until(&mut self, at_ms: u64, life: &mut Life) -> Result<(), Failure> {
        let now_ms = self.clock.now_ms();
        let due_ms = match life.ledger.due(now_ms, life.idle) {
            Due::Commit | Due::Heartbeat => now_ms,
            Due::At(due_ms) => due_ms,
        };
        let until_ms = at_ms.min(due_ms).min(now_ms + STATUS_MS);
        self.input_within(Duration::from_millis(until_ms.saturating_sub(now_ms)), life)?;
        Ok(())
    }

    /// Takes the next input. False when none came for so long.
    fn input_within(&mut self, wait: Duration, life: &mut Life) -> Result<bool, Failure> {
        match self.inbox.recv_timeout(wait) {
            Ok(input) => self.take(input, life)?,
            Err(RecvTimeoutError::Timeout) => return Ok(false),
            Err(RecvTimeoutError::Disconnected) => self.orders.give(Command::Drain),
        }
        Ok(true)
    }

    /// Waits for the next input, until something is due.
    fn rest(&mut self, life: &mut Life) -> Result<(), Failure> {
        let now_ms = self.clock.now_ms();
        let wait = match life.ledger.due(now_ms, life.idle) {
            Due::Commit | Due::Heartbeat => Duration::ZERO,
            Due::At(at_ms) => {
                Duration::from_millis(at_ms.saturating_sub(now_ms)).min(Duration::from_millis(STATUS_MS))
            }
        };
        let read_in = life.reads.due_ms().map(|at_ms| Duration::from_millis(at_ms.saturating_sub(now_ms)));
        let wait = read_in.map_or(wait, |read_in| wait.min(read_in));
        let wait = if life.idle { wait } else { IDLE.min(wait.max(Duration::from_micros(100))) };
        if self.input_within(wait, life)? {
            return Ok(());
        }
        life.idle = true;
        if life.ledger.between() && !life.has_unread() {
            let beat = std::mem::take(&mut life.beaten);
            self.retention.rested(&life.ledger.position().file, beat, wall_ms());
        }
        life.stalled(now_ms)
    }

    fn take(&mut self, input: Input, life: &mut Life) -> Result<(), Failure> {
        match input {
            Input::Wake => Ok(()),
            Input::Answer(answer) => life.answered(answer, self.clock.now_ms()),
        }
    }

    /// What is possible inside of a source transaction: to cut it, and to end there.
    fn inside(&mut self, life: &mut Life, now_ms: u64) -> Result<Option<Ended>, Failure> {
        if life.skip {
            life.beat_inside(now_ms)?;
            return Ok(None);
        }
        let drain = self.orders.look().filter(|order| matches!(order, Command::Drain));
        if let Some(drain) = drain.filter(|_| life.ledger.may_cut()) {
            hit("drain.begun");
            self.commit(life, true)?;
            self.orders.done(&drain);
            return Ok(Some(Ended::Drained));
        }
        if life.ledger.cut_due(now_ms) {
            hit("txn.split");
            self.commit(life, false)?;
            life.number_part();
            life.told_of_cut();
        }
        life.overdue(now_ms)?;
        life.beat_inside(now_ms)?;
        Ok(None)
    }

    /// What is possible between two source transactions: commits, the end of the life.
    fn between(&mut self, life: &mut Life, now_ms: u64) -> Result<Option<Ended>, Failure> {
        let settled = life.ledger.settled();
        // A plan changes only where no source transaction is cut.
        let order = self.orders.look().filter(|order| settled || matches!(order, Command::Drain));
        let wishes = self.orders.wishes();
        let pausing = wishes.paused == Some(true);
        let passed = settled && self.after_cut.is_some();
        let healing = settled && !wishes.heal.is_empty();
        let ending = order.is_some() || pausing || passed || healing;
        let granted = self.grant(life, &wishes, now_ms)?;
        let loaded = settled && (self.context.once || self.is_at_end(life)) && life.load.done() && !passed;
        if ending || loaded {
            hit("drain.begun");
        }
        let due = if ending || loaded || granted { Due::Commit } else { life.ledger.due(now_ms, life.idle) };
        match due {
            Due::Commit | Due::Heartbeat => {
                // Whoever ends only this life keeps the task.
                let release = match &order {
                    Some(Command::Drain) => true,
                    Some(Command::Swap { .. }) => false,
                    None => loaded && !ending,
                };
                self.commit(life, release)?;
                self.wishes_stored(&wishes);
            }
            Due::At(_) => {}
        }
        if ending || loaded {
            if let Some(order) = &order {
                self.orders.done(order);
            }
            return Ok(Some(match order {
                Some(Command::Swap { plan, generation }) => Ended::Swapped { plan, generation },
                Some(Command::Drain) => Ended::Drained,
                None if pausing => Ended::Paused,
                None if passed => Ended::Passed,
                None if healing => Ended::Healing,
                None => Ended::Loaded,
            }));
        }
        if !life.load_announced && life.load.done() {
            life.load_announced = true;
            life.reads.over();
            // What status and the progress line say must not lag behind the log.
            life.status_ms = 0;
            if self.made_good(&mut life.output) {
                life.ledger.touch();
            }
            if !life.load.progress().is_empty() {
                Event::info(Name::SnapshotDone, "all existing rows are loaded").task(&self.id).emit();
            }
        }
        Ok(None)
    }

    /// Commits what is open together with everything that waits to be stored; a source transaction that is open is cut there.
    fn commit(&mut self, life: &mut Life, release: bool) -> Result<(), Failure> {
        let now_ms = self.clock.now_ms();
        let is_due = life.ends_ms == 0 || now_ms >= life.ends_ms + ENDS_MS;
        if (is_due && life.output.has_written()) || release {
            life.ends_ms = now_ms;
            life.output.note_ends()?;
        }
        life.beat_topics(now_ms)?;
        let has_rows = life.ledger.has_rows();
        let covered = if life.ledger.between() { life.ledger.cover(now_ms) } else { life.ledger.cut(now_ms) };
        life.output.stage_owner(release)?;
        let behind_since_ms = self.status().behind_since_ms;
        self.falls_behind();
        self.status().waits_for = Some("the target has not acknowledged a commit");
        let durable = life.output.commit(covered)?;
        let began_ms = now_ms;
        let now_ms = self.clock.now_ms();
        self.counters.committed(now_ms - began_ms);
        if let Some(gauge) = &self.gauge {
            let place = durable.record().position.file.clone();
            *gauge.place.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(place);
        }
        life.ledger.committed(&durable, now_ms);
        life.beat_ms = now_ms;
        // The first commit of a life only says who we are: a source that lets us in and drops us again is no progress.
        let heard = std::mem::take(&mut life.has_heard);
        let committed = Committed {
            counts: has_rows || life.has_committed,
            heard: has_rows || heard,
            loaded: std::mem::take(&mut life.has_loaded),
        };
        self.n_moved += u64::from(self.retry.committed(committed));
        life.has_committed = true;
        self.lost = false;
        self.undone.retain(|place| *place >= durable.record().position.file);
        let first = self.committed.replace(durable.record().seq).is_none();
        if now_ms >= life.breadcrumb_ms + BREADCRUMB_MS || release || first {
            life.breadcrumb_ms = now_ms;
            // The state topic is what counts; a full disk is no reason to stop a stream that works.
            let _ = life.output.leave_breadcrumb(&self.context.state, durable.record());
        }
        self.retention.read_upto(life.event_s);
        self.position = Some(durable.record().position.clone());
        self.cut.clone_from(&durable.record().mid);
        let mut status = self.status();
        status.behind_since_ms = behind_since_ms;
        status.seq = durable.record().seq;
        status.position = Some(durable.record().position.to_string());
        status.retry_seconds_left = None;
        status.error = None;
        status.error_kind = None;
        status.waits_for = None;
        Ok(())
    }
}
