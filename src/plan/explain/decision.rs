//! The decisions about a table that is sent: how it is selected and called, its settings, and what its task does.

use super::super::{Decider, Part, Rename, Retry, TableDecision, TaskPlan, explain_known};
use super::{Decision, Explainer, conditions, default_note, outcome};
use crate::hir::Listed;
use crate::pattern::{Covered, Matcher};
use crate::project::LOCK_NAME;
use crate::statement::{Property, duration_text, size_text};

impl Explainer<'_> {
    pub(super) fn decisions(&self, decider: &Decider, decision: &TableDecision) -> Vec<Decision> {
        let mut all = self.selection(decider);
        self.names(decider, decision, &mut all);
        self.settings(decider, decision, &mut all);
        self.task(&mut all);
        all
    }

    /// Every setting of the table; options of a block where they are given.
    fn settings(&self, decider: &Decider, decision: &TableDecision, all: &mut Vec<Decision>) {
        for &property in Property::ALL {
            let layer = decider.layer_of(self.db, self.table, property);
            let place = layer.map(|n| self.place(Part::Layer(n, property)));
            let given = layer.and_then(|n| self.task.rules.layers[n].shown(property));
            if property.block() != "" {
                let counts = property.block() != "ddl" || decision.ddl.is_some();
                if let (Some(value), Some(place), true) = (given, place, counts) {
                    all.push(Decision {
                        what: format!("  {}", property.word()),
                        value,
                        note: String::new(),
                        place,
                    });
                }
                continue;
            }
            let place = place.unwrap_or_default();
            all.push(self.known(property, decision, &place).unwrap_or_else(|| Decision {
                what: property.word().to_owned(),
                value: outcome(property, decision),
                note: default_note(&place),
                place,
            }));
            if property == Property::Columns {
                self.rows_and_masks(decider, all);
            }
        }
    }

    /// A setting whose outcome can be told better with the columns of the table.
    fn known(&self, property: Property, decision: &TableDecision, place: &str) -> Option<Decision> {
        let Some(Listed::Table(table)) = self.listed else { return None };
        let (value, note, place) = match property {
            Property::Key => {
                let (key, which) = explain_known::key(decision, table)?;
                let note = if place.is_empty() { format!("default: {which}") } else { which.to_owned() };
                (key, note, if place.is_empty() { LOCK_NAME } else { place })
            }
            Property::Columns => (explain_known::columns(decision, table)?, default_note(place), place),
            _ => return None,
        };
        Some(Decision { what: property.word().to_owned(), value, note, place: place.to_owned() })
    }

    fn rows_and_masks(&self, decider: &Decider, all: &mut Vec<Decision>) {
        let layers = &self.task.rules.layers;
        let mut row = |what: &str, value: String, place: String| {
            let note = default_note(&place);
            all.push(Decision { what: what.to_owned(), value, note, place });
        };
        let masking = decider.masking_layers(self.db, self.table);
        if masking.is_empty() {
            row("masked", "none".into(), String::new());
        }
        // What a stronger mask takes is not left for a weaker one.
        let mut stronger: Vec<Matcher> = Vec::new();
        for n in masking {
            for (at, mask) in layers[n].masks.iter().enumerate() {
                let Ok(columns) = mask.column.compile_column() else { continue };
                if columns.covered_by(&stronger.iter().collect::<Vec<_>>()) != Covered::Yes {
                    row("masked", format!("{} {}", mask.column, mask.method), self.place(Part::Mask(n, at)));
                }
                stronger.push(columns);
            }
        }
        match decider.filtering_layer(self.db, self.table) {
            None => row("where", "none".into(), String::new()),
            Some(n) => {
                let span = |part| self.origins.span(&self.task.id, part);
                for (value, nth) in conditions(&layers[n], n, self.files, &span) {
                    row("where", value, self.place(Part::Condition(n, nth)));
                }
            }
        }
    }

    /// What the task as a whole does.
    fn task(&self, all: &mut Vec<Decision>) {
        let TaskPlan { stream, retry, commit, rules, .. } = self.task;
        let window = |retry: &Retry| match retry.window_ms {
            0 => "off".to_owned(),
            ms => duration_text(ms),
        };
        let commit = format!(
            "every {}, {} rows, {}",
            duration_text(u64::from(commit.every_ms)),
            commit.rows,
            size_text(commit.bytes)
        );
        let limit = stream.limit_bytes.map_or("none".to_owned(), |bytes| format!("{}/s", size_text(bytes)));
        let online_ddl = match stream.online_ddl.is_empty() {
            true => "off".to_owned(),
            false => stream.online_ddl.to_string(),
        };
        for (what, value, part) in [
            ("names", rules.names.to_string(), Part::Names),
            ("timestamp", stream.timestamp.to_string(), Part::Timestamp),
            ("markers", stream.markers.to_string(), Part::Markers),
            ("online-ddl", online_ddl, Part::OnlineDdl),
            ("commit", commit, Part::Commit),
            ("split", stream.split.to_string(), Part::Split),
            ("limit", limit, Part::Limit),
            ("on-position-lost", stream.on_position_lost.to_string(), Part::OnPositionLost),
            ("retry", window(retry), Part::RetryFor),
            ("  errors", duration_text(retry.errors_ms), Part::RetryErrors),
        ] {
            let place = self.place(part);
            all.push(Decision { what: what.to_owned(), value, note: default_note(&place), place });
        }
        // An end that says nothing of its own is waited for as long as everything else.
        for (what, of, part) in [
            ("  of the source", &self.task.source.retry, Part::SourceRetry),
            ("  of the target", self.task.target_retry(), Part::TargetRetry),
        ] {
            if of != retry {
                let value = format!("{}, errors {}", window(of), duration_text(of.errors_ms));
                let place = self.place(part);
                all.push(Decision { what: what.to_owned(), value, note: default_note(&place), place });
            }
        }
    }

    fn selection(&self, decider: &Decider) -> Vec<Decision> {
        let rules = &self.task.rules;
        let hits = decider.hits(self.db, self.table);
        let mut all: Vec<Decision> = hits
            .include
            .iter()
            .map(|&n| Decision {
                what: "selected".to_owned(),
                value: format!("include {}", rules.include[n]),
                note: String::new(),
                place: self.place(Part::Include(n)),
            })
            .collect();
        if !rules.exclude.is_empty() {
            let patterns: Vec<String> = rules.exclude.iter().map(ToString::to_string).collect();
            all.push(Decision {
                what: "not hit".to_owned(),
                value: format!("exclude {}", patterns.join(", ")),
                note: String::new(),
                place: String::new(),
            });
        }
        all
    }

    fn names(&self, decider: &Decider, decision: &TableDecision, all: &mut Vec<Decision>) {
        let renames = &self.task.rules.renames;
        let name = format!("{}.{}", decision.db, decision.table);
        let hits = decider.rename_hits(self.db, self.table);
        if hits.is_empty() {
            all.push(Decision {
                what: "name".to_owned(),
                value: name.clone(),
                note: "as in the source".into(),
                place: String::new(),
            });
        }
        for (n, hit) in hits.into_iter().enumerate() {
            all.push(Decision {
                what: if n == 0 { "name" } else { "" }.to_owned(),
                value: if n == 0 { name.clone() } else { String::new() },
                note: match &renames[hit] {
                    Rename::Database { .. } => "rename database".into(),
                    Rename::Table { .. } => "rename table".into(),
                    Rename::Column { .. } => "rename column".into(),
                },
                place: self.place(Part::Rename(hit)),
            });
        }
        for (column, to) in &decision.column_names {
            let of_this =
                |rename: &Rename| matches!(rename, Rename::Column { column: of, .. } if of == column);
            let place = renames.iter().position(of_this).map(|n| self.place(Part::Rename(n)));
            all.push(Decision {
                what: "column".to_owned(),
                value: format!("{column} is {to}"),
                note: "rename column".into(),
                place: place.unwrap_or_default(),
            });
        }
    }
}
