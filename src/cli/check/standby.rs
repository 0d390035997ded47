//! `check --live` at the servers of `standby`: what would stand between the tasks and each of them, if it took the place of the
//! source, and whether it could go on where they stand.
//!
//! The rules are those for the source. Tasks start whatever is found, so nothing is graver than a warning; what a table is by its
//! definition has been said of the source.

use super::live::{Live, add_each, catalog, told};
use crate::catalog::SourceCatalog;
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::mysql::position::Position;
use crate::plan::{OnFailover, TaskPlan};
use crate::precheck::{self, Block, Item, Seen};
use crate::source::mysql::io::{self as mysql, Endpoint, Session, SourceFailure};
use crate::source::mysql::requirement::{
    KEY_TRAP, MYSQL_UNREACHABLE, NO_LOCK_FREE_LOAD, POSITION_PURGED, Standing, is_namesake, namesake,
    standing,
};
use std::time::Instant;

/// What is not said of a standby: its keys are those of the source, and that no standby can be followed without GTIDs says more than
/// how it would be loaded.
const LEFT_OUT: [Code; 2] = [KEY_TRAP, NO_LOCK_FREE_LOAD];

/// Items that hold nothing of a standby.
const UNASKED: [&str; 2] = ["tables", "keys"];

/// A server of `standby` that answered.
pub(super) struct Standby {
    address: String,
    catalog: SourceCatalog,
}

impl Live<'_> {
    /// Asks the standbys of the source of some tasks.
    pub(super) fn standbys(&self, tasks: &[&TaskPlan], findings: &mut Vec<Diagnostic>) -> Vec<Standby> {
        let plan = &tasks.first().expect("a source has a task").source;
        // what keeps an address from being made is said of the source
        let endpoints = mysql::resolve(plan, self.directory).map(|resolved| resolved.standby);
        let endpoints = endpoints.unwrap_or_default();
        endpoints.iter().filter_map(|endpoint| self.standby(endpoint, tasks, findings)).collect()
    }

    fn standby(
        &self,
        endpoint: &Endpoint,
        tasks: &[&TaskPlan],
        findings: &mut Vec<Diagnostic>,
    ) -> Option<Standby> {
        let asked = Instant::now();
        let address = endpoint.address();
        let who = who(&address);
        let mut found: Vec<Diagnostic> = Vec::new();
        let answer = ask(endpoint, tasks);
        match &answer {
            Ok(catalog) => {
                let text = format!("answered in {} ms", asked.elapsed().as_millis());
                self.tell(&who, &Item { name: "connection", worst: None, text });
                for task in tasks {
                    let mut of_task = precheck::source_findings(task, catalog);
                    of_task.retain(|finding| {
                        Block::of(finding.code) == Block::Source && !LEFT_OUT.contains(&finding.code)
                    });
                    add(&mut found, task, &address, of_task);
                }
                for item in precheck::source_items(&found, &Seen { catalog, estimate: None }) {
                    if !UNASKED.contains(&item.name) {
                        self.tell(&who, &item);
                    }
                }
            }
            Err(failure) => {
                let finding = failure.finding().unwrap_or_else(|| {
                    Diagnostic::nowhere(MYSQL_UNREACHABLE, Severity::Error, failure.to_string())
                });
                add(&mut found, tasks.first()?, &address, vec![finding]);
                let worst = found.first().map(|finding| finding.severity);
                let text = found.first().map_or_else(|| failure.to_string(), told);
                self.tell(&who, &Item { name: "connection", worst, text });
            }
        }
        findings.extend(found.into_iter().map(|finding| self.placed(finding, tasks)));
        Some(Standby { address, catalog: answer.ok()? })
    }

    /// Whether a standby could go on where a task stands.
    pub(super) fn stands_by(
        &self,
        task: &TaskPlan,
        standby: &Standby,
        at: &Position,
        found: &mut Vec<Diagnostic>,
    ) {
        let Standby { address, catalog: SourceCatalog { server, survey, .. } } = standby;
        let elsewhere = !at.server.same_log(&server.identity);
        let standing = if elsewhere && task.source.on_failover == OnFailover::Stop {
            Standing::Blind("`on-failover stop` is set".to_owned())
        } else if is_namesake(server, at) {
            namesake(server)
        } else {
            standing(server, survey, at)
        };
        let why = match standing {
            Standing::Usable => {
                let text = match elsewhere {
                    true => format!("{} can go on here", task.id),
                    false => format!("{} reads this server", task.id),
                };
                self.tell(&who(address), &Item { name: "position", worst: None, text });
                return;
            }
            Standing::Lagging(missing) => {
                let text = format!("{} has to wait here until it has executed {missing}", task.id);
                self.tell(&who(address), &Item { name: "position", worst: None, text });
                return;
            }
            Standing::Diverged(missing) => format!("it has not executed {missing}, and never will"),
            Standing::Blind(why) => why,
        };
        let message = format!("task {} cannot go on there: {why}", task.id);
        let finding = Diagnostic::nowhere(POSITION_PURGED, Severity::Warning, message)
            .help("make it a replica of the source anew, or take it out of `standby`");
        let mut own = Vec::new();
        add(&mut own, task, address, vec![finding]);
        let worst = own.first().map(|finding| finding.severity);
        let text = own.first().map_or_else(|| format!("allowed: {why}"), told);
        self.tell(&who(address), &Item { name: "position", worst, text });
        found.extend(own);
    }
}

fn who(address: &str) -> String {
    format!("standby {address}")
}

fn ask(endpoint: &Endpoint, tasks: &[&TaskPlan]) -> Result<SourceCatalog, SourceFailure> {
    let mut session = Session::open(endpoint, None)?;
    let catalog = catalog(&mut session, tasks)?;
    session.quit();
    Ok(catalog)
}

/// Adds what is found at a standby, which it names, as warnings at most.
fn add(found: &mut Vec<Diagnostic>, task: &TaskPlan, address: &str, more: Vec<Diagnostic>) {
    let named = more.into_iter().map(|finding| {
        let message = match finding.message.starts_with(address) {
            true => format!("standby {}", finding.message),
            false => format!("standby {address}: {}", finding.message),
        };
        Diagnostic { severity: finding.severity.min(Severity::Warning), message, ..finding }
    });
    add_each(found, task, precheck::answered(task, named.collect()));
}
