//! Why a table is sent as it is, or not sent: every decision with the line that makes it.

use super::{
    Cleanup, ColumnRule, DecideError, Decider, KeyRule, Layer, Origins, Part, PartitionRule, Plan, Property,
    Rename, TableDecision, TaskPlan,
};
use crate::format::FormatPlan;
use crate::statement::duration_text;
use crate::text::{FileSet, Span};
use std::fmt;

/// What one task does with a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Explanation {
    /// It is sent.
    Sent {
        /// What is asked about, `db.table`.
        table: String,
        /// Which pipeline, and from where to where when it has several.
        by: String,
        /// The decisions, in the order of a row's way.
        decisions: Vec<Decision>,
    },
    /// It would be sent, but its rules give no name or topic.
    Undecided {
        /// What is asked about.
        table: String,
        /// Which pipeline.
        by: String,
        /// Why.
        error: DecideError,
    },
    /// It is not sent.
    NotSent {
        /// Why, in one sentence.
        why: String,
    },
}

/// One line of an explanation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What is decided, `topic`.
    pub what: &'static str,
    /// The outcome.
    pub value: String,
    /// More about it, or that it is a default; may be empty.
    pub note: String,
    /// `file:line` of the statement; empty for what holds by default.
    pub place: String,
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Explanation::NotSent { why } => writeln!(f, "{why}"),
            Explanation::Undecided { table, by, error } => {
                writeln!(f, "{table} is selected by {by}, but cannot be sent: {error}")
            }
            Explanation::Sent { table, by, decisions } => {
                writeln!(f, "{table} is replicated by {by}\n")?;
                let width = |of: fn(&Decision) -> &str, most: usize| {
                    decisions.iter().map(|d| of(d).chars().count()).filter(|&n| n <= most).max().unwrap_or(0)
                };
                let value = width(|decision| &decision.value, 40);
                let note = width(|decision| &decision.note, 40);
                for Decision { what, value: shown, note: more, place } in decisions {
                    let line = format!("  {what:<11}{shown:<value$}  {more:<note$}  {place}");
                    writeln!(f, "{}", line.trim_end())?;
                }
                Ok(())
            }
        }
    }
}

/// What every task of a plan does with a table; a single `NotSent` when none sends it.
pub fn explain_table(
    plan: &Plan,
    origins: &Origins,
    files: &FileSet,
    db: &str,
    table: &str,
) -> Vec<Explanation> {
    let mut sent = Vec::new();
    let mut not_sent = Vec::new();
    for task in &plan.tasks {
        let explainer = Explainer { task, origins, files, db, table };
        match explainer.explain() {
            Explanation::NotSent { why } => {
                if !not_sent.contains(&why) {
                    not_sent.push(why);
                }
            }
            other => sent.push(other),
        }
    }
    if !sent.is_empty() {
        return sent;
    }
    if not_sent.is_empty() {
        not_sent.push(format!("nothing takes `{db}.{table}`: the project has no pipeline"));
    }
    vec![Explanation::NotSent { why: not_sent.join("\n") }]
}

struct Explainer<'a> {
    task: &'a TaskPlan,
    origins: &'a Origins,
    files: &'a FileSet,
    db: &'a str,
    table: &'a str,
}

impl Explainer<'_> {
    fn explain(&self) -> Explanation {
        let (table, by) = (format!("{}.{}", self.db, self.table), self.by());
        let decider = match Decider::new(self.task) {
            Ok(decider) => decider,
            Err(error) => return Explanation::Undecided { table, by, error },
        };
        match decider.decide(self.db, self.table) {
            Ok(Some(decision)) => {
                Explanation::Sent { table, by, decisions: self.decisions(&decider, &decision) }
            }
            Ok(None) => Explanation::NotSent { why: self.why_not(&decider) },
            Err(error) => Explanation::Undecided { table, by, error },
        }
    }

    fn by(&self) -> String {
        let id = &self.task.id;
        format!("pipeline {} from {} to {}", id.pipeline, id.source, id.target)
    }

    fn why_not(&self, decider: &Decider) -> String {
        let (db, table, pipeline) = (self.db, self.table, &self.task.id.pipeline);
        let hits = decider.hits(db, table);
        let rules = &self.task.rules;
        match (hits.include.first(), hits.exclude.first()) {
            (Some(&include), Some(&exclude)) => format!(
                "`{db}.{table}` matches include `{}` ({}) of pipeline `{pipeline}`, but exclude `{}` ({}) wins",
                rules.include[include],
                self.place(Part::Include(include)),
                rules.exclude[exclude],
                self.place(Part::Exclude(exclude)),
            ),
            _ => {
                let patterns: Vec<String> =
                    rules.include.iter().map(|pattern| format!("`{pattern}`")).collect();
                format!(
                    "no include of pipeline `{pipeline}` takes `{db}.{table}`; it has {}",
                    patterns.join(", ")
                )
            }
        }
    }

    fn decisions(&self, decider: &Decider, decision: &TableDecision) -> Vec<Decision> {
        let mut all = self.selection(decider);
        self.names(decider, decision, &mut all);
        all.push(self.topic(decider, decision));
        all.push(
            self.setting(decider, "key", key_text(&decision.key), Property::Key, |layer| layer.key.is_some()),
        );
        let partition = partition_text(&decision.partition);
        all.push(
            self.setting(decider, "partition", partition, Property::Partition, |l| l.partition.is_some()),
        );
        let format = format_text(&decision.format);
        all.push(self.setting(decider, "format", format, Property::Format, |layer| layer.format.is_some()));
        let columns = columns_text(decision.columns.as_ref());
        all.push(self.setting(decider, "columns", columns, Property::Columns, |l| l.columns.is_some()));
        if decision.tombstones {
            all.push(Decision {
                what: "tombstones",
                value: "on".into(),
                note: "the topic compacts".into(),
                place: self.layer_place(decider, Property::TopicCleanup, |l| l.topic_cleanup.is_some()),
            });
        }
        let retry = match self.task.retry.window_ms {
            0 => "off".to_owned(),
            ms => duration_text(ms),
        };
        let place = self.place(Part::RetryFor);
        all.push(Decision { what: "retry", value: retry, note: default_note(&place), place });
        all
    }

    fn selection(&self, decider: &Decider) -> Vec<Decision> {
        let rules = &self.task.rules;
        let hits = decider.hits(self.db, self.table);
        let mut all: Vec<Decision> = hits
            .include
            .iter()
            .map(|&n| Decision {
                what: "selected",
                value: format!("include {}", rules.include[n]),
                note: String::new(),
                place: self.place(Part::Include(n)),
            })
            .collect();
        if !rules.exclude.is_empty() {
            let patterns: Vec<String> = rules.exclude.iter().map(ToString::to_string).collect();
            all.push(Decision {
                what: "not hit",
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
                what: "name",
                value: name.clone(),
                note: "as in the source".into(),
                place: String::new(),
            });
        }
        for (n, hit) in hits.into_iter().enumerate() {
            all.push(Decision {
                what: if n == 0 { "name" } else { "" },
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
                what: "column",
                value: format!("{column} is {to}"),
                note: "rename column".into(),
                place: place.unwrap_or_default(),
            });
        }
    }

    fn topic(&self, decider: &Decider, decision: &TableDecision) -> Decision {
        let settings = decision.topic_settings;
        let mut parts = Vec::new();
        if let Some(partitions) = settings.partitions {
            parts.push(format!("{partitions} partitions"));
        }
        if let Some(replicas) = settings.replicas {
            parts.push(format!("{replicas} replicas"));
        }
        match settings.cleanup {
            Some(Cleanup::Delete) | None => {}
            Some(Cleanup::Compact) => parts.push("compacts".into()),
            Some(Cleanup::CompactDelete) => parts.push("compacts and deletes".into()),
        }
        if let Some(ms) = settings.retention_ms {
            parts.push(format!("keeps {}", duration_text(ms)));
        }
        if !settings.create {
            parts.push("must exist".into());
        }
        let topic = decision.topic.to_string();
        let mut made = self.setting(decider, "topic", topic, Property::Topic, |layer| layer.topic.is_some());
        if !parts.is_empty() {
            made.note = parts.join(", ");
        }
        made
    }

    fn setting(
        &self,
        decider: &Decider,
        what: &'static str,
        value: String,
        property: Property,
        is_set: fn(&Layer) -> bool,
    ) -> Decision {
        let place = self.layer_place(decider, property, is_set);
        Decision { what, value, note: default_note(&place), place }
    }

    fn layer_place(&self, decider: &Decider, property: Property, is_set: fn(&Layer) -> bool) -> String {
        let layer = decider.setting(self.db, self.table, |layer| is_set(layer).then_some(()));
        layer.map(|((), n)| self.place(Part::Layer(n, property))).unwrap_or_default()
    }

    fn place(&self, part: Part) -> String {
        self.origins.span(&self.task.id, part).map(|span| place(self.files, span)).unwrap_or_default()
    }
}

fn place(files: &FileSet, span: Span) -> String {
    format!("{}:{}", files.path(span.file), files.line_col(span.file, span.start).line)
}

fn default_note(place: &str) -> String {
    if place.is_empty() { "default".into() } else { String::new() }
}

fn key_text(key: &KeyRule) -> String {
    match key {
        KeyRule::Primary => "primary, else first unique".into(),
        KeyRule::None => "none".into(),
        KeyRule::Columns { origin: true, columns } => format!("origin, {}", columns.join(", ")),
        KeyRule::Columns { origin: false, columns } => columns.join(", "),
    }
}

fn partition_text(rule: &PartitionRule) -> String {
    match rule {
        PartitionRule::ByKey => "by key".into(),
        PartitionRule::ByTable => "by table".into(),
        PartitionRule::ByDatabase => "by database".into(),
        PartitionRule::ByColumns(columns) => format!("by column {}", columns.join(", ")),
        PartitionRule::To(n) => format!("to {n}"),
    }
}

fn format_text(format: &FormatPlan) -> String {
    let FormatPlan::CanalJson(options) = format;
    let mut text = "canal-json".to_owned();
    if options.snapshot_init {
        text.push_str(", snapshot-op init");
    }
    if options.enum_label {
        text.push_str(", enum label");
    }
    text
}

fn columns_text(rule: Option<&ColumnRule>) -> String {
    let list = |patterns: &[crate::pattern::NamePattern]| {
        patterns.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    };
    match rule {
        None => "all".into(),
        Some(ColumnRule::Only(patterns)) => list(patterns),
        Some(ColumnRule::Except(patterns)) => format!("all except {}", list(patterns)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::files;
    use super::*;
    use crate::plan::compile_files;

    const SHOP: &str = r#"edition 2026
source shop mysql "db1" {
  password env P
}
target bus kafka "kafka1"
pipeline shop from shop to bus {
  include shop.*
  exclude shop.tmp_*
  rename database shop to commerce
  rename table shop.order_item to order_lines
  rename column shop.customers.cust_no to customer_number
  topic "{db}.{table}" {
    partitions 12
  }
  table shop.customers {
    columns except password_hash
  }
  retry for 2h
}
"#;

    #[track_caller]
    fn check(db: &str, table: &str, expected: &str) {
        let files = files(&[SHOP]);
        let (plan, origins) = compile_files(&files).plan.expect("compiles");
        let shown: String =
            explain_table(&plan, &origins, &files, db, table).iter().map(ToString::to_string).collect();
        assert_eq!(shown, expected, "\n{shown}");
    }

    #[test]
    fn every_decision_has_its_line() {
        check(
            "shop",
            "customers",
            r#"shop.customers is replicated by pipeline shop from shop to bus

  selected   include shop.*                               0.sync:7
  not hit    exclude shop.tmp_*
  name       commerce.customers          rename database  0.sync:9
  column     cust_no is customer_number  rename column    0.sync:11
  topic      commerce.customers          12 partitions    0.sync:12
  key        primary, else first unique  default
  partition  by key                      default
  format     canal-json                  default
  columns    all except password_hash                     0.sync:16
  retry      2h                                           0.sync:18
"#,
        );
    }

    #[test]
    fn tables_that_are_not_sent() {
        check(
            "shop",
            "tmp_import",
            "`shop.tmp_import` matches include `shop.*` (0.sync:7) of pipeline `shop`, \
             but exclude `shop.tmp_*` (0.sync:8) wins\n",
        );
        check("crm", "x", "no include of pipeline `shop` takes `crm.x`; it has `shop.*`\n");
        check(
            "shop",
            "订单",
            "shop.订单 is selected by pipeline shop from shop to bus, but cannot be sent: \
             `commerce.订单` is no topic name: Kafka takes letters, digits, `.`, `_` and `-` only, not `订`\n",
        );
    }
}
