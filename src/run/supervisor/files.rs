//! Files that may have changed: when they are looked at, and what becomes of a look.

use super::board::status;
use super::{Event, Supervisor};
use crate::control::Refused;
use crate::diagnostic::Severity;
use crate::run::Screen;
use crate::run::context::wall_ms;
use crate::run::event::{Event as Log, Name, counted};
use crate::run::reload::Outcome;
use crate::run::watch::{RESCAN, SETTLE, SETTLE_MAX};
use std::sync::PoisonError;
use std::time::Instant;

impl Supervisor<'_> {
    /// Looks at the files when they have settled, and now and then in any case.
    pub(super) fn look_at_files(&mut self) {
        if self.stopping.is_some() || !self.options.watch {
            return;
        }
        let settled = self
            .files_touched
            .is_some_and(|(first, last)| last.elapsed() >= SETTLE || first.elapsed() >= SETTLE_MAX);
        if settled || self.scanned.elapsed() >= RESCAN {
            self.scan();
        }
    }

    pub(super) fn scan(&mut self) {
        if self.stopping.is_some() {
            return;
        }
        self.files_touched = None;
        self.scanned = Instant::now();
        self.renew_watch();
        let generation = status(&self.board).generation + 1;
        let events = self.events.clone();
        let carried = self
            .tasks
            .iter()
            .map(|(id, task)| {
                (id.clone(), task.carried.lock().unwrap_or_else(PoisonError::into_inner).clone())
            })
            .collect();
        self.reload.begin(&self.plan, carried, generation, move |outcome| {
            let _ = events.send(Event::Reloaded(Box::new(outcome)));
        });
    }

    pub(super) fn renew_watch(&mut self) {
        if let Some(watch) = &mut self.watch {
            watch.renew(&self.reload.directories());
        }
    }

    pub(super) fn reloaded(&mut self, outcome: Outcome, screen: &mut dyn Screen) {
        // A directory that a file has begun to use is watched from now on.
        self.renew_watch();
        if self.reload.ended() {
            self.files_touched = Some((Instant::now(), Instant::now()));
        }
        if self.stopping.is_some() {
            // Another plan would take the place of the order to end.
            return;
        }
        match outcome {
            Outcome::Same => {}
            Outcome::NoEffect { told } => {
                self.set_refused(None);
                Log::info(Name::ConfigChanged, "files changed; no effect").emit();
                told.show(screen);
            }
            Outcome::Refused { told, generation } => {
                let findings = &told.findings;
                let errors = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
                Log::error(
                    Name::ConfigRefused,
                    format!(
                        "generation {generation} is refused, {}; generation {} stays active",
                        counted(errors, "error"),
                        generation - 1
                    ),
                )
                .generation(generation - 1)
                .emit();
                told.show(screen);
                let mut codes: Vec<String> =
                    findings.iter().map(|finding| finding.code.number.to_owned()).collect();
                codes.sort_unstable();
                codes.dedup();
                let since = wall_ms() as u64 / 1_000;
                self.set_refused(Some(Refused { errors, since, codes }));
            }
            Outcome::Accepted { plan, generation, summary, told } => {
                Log::info(Name::ConfigChanged, format!("generation {generation} prepared: {summary}"))
                    .generation(generation)
                    .emit();
                told.show(screen);
                self.set_refused(None);
                self.apply(plan, generation);
            }
            Outcome::Again => self.files_touched = Some((Instant::now(), Instant::now())),
        }
    }

    pub(super) fn set_refused(&self, refused: Option<Refused>) {
        self.board.lock().unwrap_or_else(PoisonError::into_inner).refused = refused;
    }
}
