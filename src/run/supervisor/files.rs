//! Files that may have changed: when they are looked at, and what becomes of a look.

use super::operations::AskedReload;
use super::{Event, Supervisor};
use crate::control::Refused;
use crate::diagnostic::{Diagnostic, Severity};
use crate::run::Screen;
use crate::run::context::wall_ms;
use crate::run::event::{Event as Log, Name, counted};
use crate::run::reload::{Ask, Outcome, Told};
use crate::run::watch::{SETTLE, SETTLE_MAX};
use std::sync::PoisonError;
use std::time::Instant;

/// Errors of refused files that `status` names.
const FINDINGS_MAX: usize = 20;

impl Supervisor<'_> {
    /// Looks at the files when they have settled, and now and then in any case.
    pub(super) fn look_at_files(&mut self) {
        if self.stopping.is_some() || !(self.options.watch.listens() || self.options.watch.looks()) {
            return;
        }
        let settled = self
            .files_touched
            .is_some_and(|(first, last)| last.elapsed() >= SETTLE || first.elapsed() >= SETTLE_MAX);
        if settled || self.options.watch.looks() && self.scanned.elapsed() >= self.options.poll {
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
        let generation = self.next_generation();
        let events = self.events.clone();
        let carried = self
            .tasks
            .iter()
            .map(|(id, task)| {
                (id.clone(), task.shared.carried.lock().unwrap_or_else(PoisonError::into_inner).clone())
            })
            .collect();
        let ask = match &self.reload_asked {
            Some(asked) => Ask { forced: true, accept: asked.accept.clone() },
            None => Ask::default(),
        };
        let began = self.reload.begin(&self.plan, carried, generation, ask, move |outcome| {
            let _ = events.send(Event::Reloaded(Box::new(outcome)));
        });
        if let Some(asked) = &mut self.reload_asked {
            asked.began |= began;
        }
    }

    pub(super) fn renew_watch(&mut self) {
        if let Some(watch) = &mut self.watch {
            watch.renew(&self.reload.directories());
        }
    }

    pub(super) fn reloaded(&mut self, outcome: Outcome, screen: &mut dyn Screen) {
        // A directory that a file has begun to use is watched from now on.
        self.renew_watch();
        self.service.reloaded();
        if self.reload.ended() {
            self.files_touched = Some((Instant::now(), Instant::now()));
        }
        if self.stopping.is_some() {
            // Another plan would take the place of the order to end.
            return;
        }
        let asked = self.reload_asked.take_if(|asked| asked.began);
        let again = matches!(outcome, Outcome::Again);
        match outcome {
            Outcome::Same => {}
            Outcome::NoEffect { told } => {
                self.stale_told = None;
                self.set_refused(None);
                Log::info(Name::ConfigChanged, "files changed; no effect").emit();
                told.show(screen);
                if let Some(asked) = asked {
                    let generation = self.board.status().generation;
                    let anew = self.start_failed(&asked.accept);
                    let summary = match anew {
                        0 => String::new(),
                        n => format!("{} that had failed starts anew", counted(n, "task")),
                    };
                    asked.reply.done(told.result("no-effect", generation, &summary));
                }
            }
            Outcome::Refused { told, generation, exit } => {
                let text = self.refused(&told, generation);
                told.show(screen);
                if let Some(asked) = asked {
                    asked.reply.refused_with(exit, text, told.result("refused", generation - 1, ""));
                }
            }
            Outcome::Accepted { plan, generation, summary, accepted, told } => {
                Log::info(Name::ConfigChanged, format!("generation {generation} prepared: {summary}"))
                    .generation(generation)
                    .emit();
                told.show(screen);
                self.stale_told = None;
                self.set_refused(None);
                let accept = asked.as_ref().map_or(&[][..], |asked| &asked.accept);
                self.apply(plan, generation, accept, &accepted);
                if let Some(asked) = asked {
                    let result = told.result("accepted", generation, &summary);
                    match asked.wait {
                        true => self.activation_asked = Some((asked.reply, result)),
                        false => asked.reply.done(result),
                    }
                }
            }
            Outcome::Again => {
                self.files_touched = Some((Instant::now(), Instant::now()));
                if let Some(asked) = asked {
                    // Its answer is that of the next look.
                    self.reload_asked = Some(AskedReload { began: false, ..asked });
                }
            }
        }
        if !again && std::mem::take(&mut self.start_anew) {
            self.start_failed(&[]);
        }
        if self.reload_asked.is_some() {
            self.scan();
        }
    }

    /// Notes and tells that files are refused; what was told comes back.
    fn refused(&self, told: &Told, generation: u64) -> String {
        let errors: Vec<&Diagnostic> =
            told.findings.iter().filter(|finding| finding.severity == Severity::Error).collect();
        let text = format!(
            "generation {generation} is refused, {}; generation {} stays active",
            counted(errors.len(), "error"),
            generation - 1
        );
        Log::error(Name::ConfigRefused, text.clone()).generation(generation - 1).emit();
        let mut codes: Vec<String> =
            told.findings.iter().map(|finding| finding.code.number.to_owned()).collect();
        codes.sort_unstable();
        codes.dedup();
        let since = wall_ms() as u64 / 1_000;
        let findings = errors.iter().take(FINDINGS_MAX).map(|finding| told.line(finding)).collect();
        self.set_refused(Some(Refused { errors: errors.len(), since, codes, findings }));
        text
    }

    pub(super) fn set_refused(&self, refused: Option<Refused>) {
        self.board.open().refused = refused;
    }
}
