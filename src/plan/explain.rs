//! Why a table is sent as it is, or not sent: every decision with the line that makes it.

use super::explain_known;
use super::{
    ColumnRule, DecideError, Decider, KeyRule, Origins, Part, Plan, Rename, TableDecision, TaskPlan,
};
use crate::hir::Listed;
use crate::project::LOCK_NAME;
use crate::statement::{Key, Partition, Property, closest, duration_text, size_text};
use crate::text::{FileSet, Span};
use std::collections::BTreeMap;
use std::fmt;

/// Most patterns that are named where none takes a table.
const INCLUDES_MAX: usize = 8;

/// What `schema.lock` says of a table, by source.
pub type KnownTables<'a> = BTreeMap<&'a str, Listed<'a>>;

/// What one task does with a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Explanation {
    /// It is sent.
    Sent {
        /// What is asked about, `db.table`.
        table: String,
        /// Which pipeline, and from where to where when it has several.
        by: String,
        /// `schema.lock` lists all tables of the source, and not this one: it is sent once it is there.
        is_missing: bool,
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
    /// What is decided, `topic`; an option of a block is set in.
    pub what: String,
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
            Explanation::Sent { table, by, is_missing, decisions } => {
                match is_missing {
                    true => writeln!(
                        f,
                        "{table} is not listed in {LOCK_NAME}; once it is there, it is replicated by {by}\n"
                    )?,
                    false => writeln!(f, "{table} is replicated by {by}\n")?,
                }
                decisions_text(decisions, f)
            }
        }
    }
}

/// Decisions one a line, in columns.
pub(super) fn decisions_text(decisions: &[Decision], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let width = |of: fn(&Decision) -> &str, most: usize| {
        decisions.iter().map(|d| of(d).chars().count()).filter(|&n| n <= most).max().unwrap_or(0)
    };
    let name = width(|decision| &decision.what, 40);
    let value = width(|decision| &decision.value, 40);
    let note = width(|decision| &decision.note, 40);
    for Decision { what, value: shown, note: more, place } in decisions {
        let line = format!("  {what:<name$}  {shown:<value$}  {more:<note$}  {place}");
        writeln!(f, "{}", line.trim_end())?;
    }
    Ok(())
}

/// What every task of a plan does with a table; a single `NotSent` when none sends it.
pub fn explain_table(
    plan: &Plan,
    origins: &Origins,
    files: &FileSet,
    known: &KnownTables<'_>,
    (db, table): (&str, &str),
) -> Vec<Explanation> {
    let mut sent = Vec::new();
    let mut not_sent = Vec::new();
    for task in &plan.tasks {
        let listed = known.get(task.id.source.as_str()).copied();
        let explainer = Explainer { task, origins, files, listed, db, table };
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

/// What a task makes of a table, setting by setting, in the words of the language; none where it does not send it.
pub fn outcomes(task: &TaskPlan, db: &str, table: &str) -> Option<Vec<(String, String)>> {
    let (origins, files) = (Origins::default(), FileSet::new());
    match (Explainer { task, origins: &origins, files: &files, listed: None, db, table }).explain() {
        Explanation::Sent { decisions, .. } => {
            let outcome = |decision: Decision| (decision.what.trim().to_owned(), decision.value);
            Some(decisions.into_iter().map(outcome).collect())
        }
        Explanation::Undecided { .. } | Explanation::NotSent { .. } => None,
    }
}

struct Explainer<'a> {
    task: &'a TaskPlan,
    origins: &'a Origins,
    files: &'a FileSet,
    /// What `schema.lock` says of the table.
    listed: Option<Listed<'a>>,
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
            Ok(Some(_)) if self.listed == Some(Listed::View) => Explanation::NotSent {
                why: format!("`{table}` is a view in the source of {by}: it has no rows of its own"),
            },
            Ok(Some(decision)) => Explanation::Sent {
                table,
                by,
                is_missing: self.listed == Some(Listed::Nowhere),
                decisions: self.decisions(&decider, &decision),
            },
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
        if let Some(base) = decider.shadow_of(db, table) {
            let tools = &self.task.stream.online_ddl;
            let place = match self.place(Part::OnlineDdl) {
                place if place.is_empty() => "default".to_owned(),
                place => place,
            };
            return format!(
                "`{db}.{table}` is by its name a shadow table of `{db}.{base}` while that is changed online: \
                 `online-ddl {tools}` ({place}) of pipeline `{pipeline}` leaves it out"
            );
        }
        match (hits.include.first(), hits.exclude.first()) {
            (Some(&include), Some(&exclude)) => format!(
                "`{db}.{table}` matches include `{}` ({}) of pipeline `{pipeline}`, but exclude `{}` ({}) wins",
                rules.include[include],
                self.place(Part::Include(include)),
                rules.exclude[exclude],
                self.place(Part::Exclude(exclude)),
            ),
            _ => format!(
                "no include of pipeline `{pipeline}` takes `{db}.{table}`; {}",
                self.nearest_include().unwrap_or_else(|| self.includes())
            ),
        }
    }

    /// The `include` that differs little from the table.
    fn nearest_include(&self) -> Option<String> {
        let written: Vec<String> = self.task.rules.include.iter().map(ToString::to_string).collect();
        let asked = format!("{}.{}", self.db, self.table);
        let near = closest(&asked, written.iter().map(String::as_str))?;
        let nth = written.iter().position(|pattern| pattern == near)?;
        Some(format!("the nearest is `{near}` ({})", self.place(Part::Include(nth))))
    }

    /// The first of them, with their lines.
    fn includes(&self) -> String {
        let include = &self.task.rules.include;
        let one = |(n, pattern)| format!("`{pattern}` ({})", self.place(Part::Include(n)));
        let shown: Vec<String> = include.iter().enumerate().take(INCLUDES_MAX).map(one).collect();
        let more = match include.len().saturating_sub(INCLUDES_MAX) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        format!("it has {}{more}", shown.join(", "))
    }

    fn decisions(&self, decider: &Decider, decision: &TableDecision) -> Vec<Decision> {
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
        for n in masking {
            for (at, mask) in layers[n].masks.iter().enumerate() {
                row("masked", format!("{} {}", mask.column, mask.method), self.place(Part::Mask(n, at)));
            }
        }
        match decider.filtering_layer(self.db, self.table) {
            None => row("where", "none".into(), String::new()),
            Some(n) => {
                for (nth, condition) in layers[n].conditions.iter().enumerate() {
                    row("where", condition.to_string(), self.place(Part::Condition(n, nth)));
                }
            }
        }
    }

    /// What the task as a whole does.
    fn task(&self, all: &mut Vec<Decision>) {
        let TaskPlan { stream, retry, commit, rules, .. } = self.task;
        let window = match retry.window_ms {
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
            ("retry", window, Part::RetryFor),
            ("  errors", duration_text(retry.errors_ms), Part::RetryErrors),
        ] {
            let place = self.place(part);
            all.push(Decision { what: what.to_owned(), value, note: default_note(&place), place });
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

    fn place(&self, part: Part) -> String {
        self.origins.span(&self.task.id, part).map(|span| place(self.files, span)).unwrap_or_default()
    }
}

pub(super) fn place(files: &FileSet, span: Span) -> String {
    format!("{}:{}", files.path(span.file), files.line_col(span.file, span.start).line)
}

pub(super) fn default_note(place: &str) -> String {
    if place.is_empty() { "default".into() } else { String::new() }
}

/// What becomes of a table by a setting, in the words of the language.
fn outcome(property: Property, decision: &TableDecision) -> String {
    match property {
        Property::Topic => decision.topic.to_string(),
        Property::Key => {
            let key = Key { rule: decision.key.clone(), form: decision.key_form };
            match decision.key {
                KeyRule::Primary => key.to_string().replacen("primary", "primary, else first unique", 1),
                KeyRule::Columns { .. } | KeyRule::None => key.to_string(),
            }
        }
        Property::KeyChange => decision.key_change.to_string(),
        Property::Partition => {
            Partition { rule: decision.partition.clone(), hash: decision.hash }.to_string()
        }
        Property::Format => decision.format.name().to_string(),
        Property::Tombstones => if decision.tombstones { "on" } else { "off" }.to_owned(),
        Property::Headers => decision.headers.to_string(),
        Property::Changes => decision.changes.to_string(),
        Property::Columns => match &decision.columns {
            None => "all".into(),
            Some(only @ ColumnRule::Only(_)) => only.to_string(),
            Some(except @ ColumnRule::Except(_)) => format!("all {except}"),
        },
        Property::Ddl => if decision.ddl.is_some() { "on" } else { "off" }.to_owned(),
        Property::Truncate => decision.truncate.to_string(),
        Property::OnError => decision.on_error.to_string(),
        Property::OnOversize => decision.on_oversize.to_string(),
        Property::OnInvalidValue => decision.on_invalid_value.to_string(),
        Property::TopicCreate
        | Property::TopicPartitions
        | Property::TopicReplicas
        | Property::TopicMinInsync
        | Property::TopicCleanup
        | Property::TopicRetention
        | Property::Subject
        | Property::Compatibility
        | Property::Nulls
        | Property::SnapshotOp
        | Property::BigintUnsigned
        | Property::Decimal
        | Property::Binary
        | Property::EnumForm
        | Property::TimeZone
        | Property::Schemas
        | Property::Dialect
        | Property::FormatHeartbeat
        | Property::DdlTopic
        | Property::DdlPartition
        | Property::DdlAllow
        | Property::DdlDeny
        | Property::DdlOnDeny => String::new(),
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
        let all = explain_table(&plan, &origins, &files, &KnownTables::new(), (db, table));
        let shown: String = all.iter().map(ToString::to_string).collect();
        assert_eq!(shown, expected, "\n{shown}");
    }

    /// The lines about key and columns of a table of which the lock file says this.
    #[track_caller]
    fn check_locked(table: &str, columns: &str, expected: &[&str]) {
        let mut files = files(&[SHOP]);
        let lock = format!("edition 2026\nlock source shop {{\ntable shop.{table} {{\n{columns}}}\n}}\n");
        files.add("schema.lock", lock);
        let project = crate::project::Project::of(files.clone());
        let (plan, origins) = crate::plan::compile_project(&project).plan.expect("compiles");
        let (program, _) = crate::hir::program(&project);
        let known = program.locked_tables("shop", table);
        let all = explain_table(&plan, &origins, &files, &known, ("shop", table));
        let Some(Explanation::Sent { decisions, .. }) = all.first() else { panic!("{all:?}") };
        let told = decisions.iter().filter(|one| one.what == "key" || one.what == "columns");
        let shown: Vec<String> =
            told.map(|one| format!("{} | {} | {} | {}", one.what, one.value, one.note, one.place)).collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_table_that_the_lock_file_does_not_list() {
        let mut files = files(&[SHOP]);
        let lock = "edition 2026\nlock source shop {\n\
            table shop.customers {\nprimary cust_no\ncolumn cust_no \"int not null\"\ncolumn password_hash \"text\"\n}\nview shop.v\n}\n";
        files.add("schema.lock", lock);
        let project = crate::project::Project::of(files.clone());
        let (plan, origins) = crate::plan::compile_project(&project).plan.expect("compiles");
        let (program, _) = crate::hir::program(&project);
        let told = |table: &str| {
            let known = program.locked_tables("shop", table);
            let all = explain_table(&plan, &origins, &files, &known, ("shop", table));
            all[0].to_string().lines().next().unwrap_or_default().to_owned()
        };
        assert_eq!(told("customers"), "shop.customers is replicated by pipeline shop from shop to bus");
        assert_eq!(
            told("refunds"),
            "shop.refunds is not listed in schema.lock; once it is there, it is replicated by pipeline shop from shop to bus"
        );
        assert_eq!(
            told("v"),
            "`shop.v` is a view in the source of pipeline shop from shop to bus: it has no rows of its own"
        );
    }

    #[test]
    fn the_lock_file_names_keys_and_counts_columns() {
        check_locked(
            "customers",
            "primary cust_no\ncolumn cust_no \"int not null\"\ncolumn name \"text\"\ncolumn PASSWORD_HASH \"text\"\n",
            &[
                "key | customer_number (cust_no) | default: primary key | schema.lock",
                "columns | 2 of 3, without PASSWORD_HASH |  | 0.sync:16",
            ],
        );
        check_locked(
            "orders",
            "unique a, b\ncolumn a \"int not null\"\ncolumn b \"int not null\"\n",
            &["key | a, b | default: first unique key | schema.lock", "columns | all 2 | default | "],
        );
        check_locked(
            "audit_log",
            "column a \"int\"\n",
            &["key | none | default: the table has no key | schema.lock", "columns | all 1 | default | "],
        );
    }

    #[test]
    fn every_decision_has_its_line() {
        check(
            "shop",
            "customers",
            r#"shop.customers is replicated by pipeline shop from shop to bus

  selected          include shop.*                                     0.sync:7
  not hit           exclude shop.tmp_*
  name              commerce.customers                rename database  0.sync:9
  column            cust_no is customer_number        rename column    0.sync:11
  topic             commerce.customers                                 0.sync:12
    partitions      12                                                 0.sync:13
  key               primary, else first unique        default
  key-change        split                             default
  partition         by key                            default
  format            canal-json                        default
  tombstones        off                               default
  headers           none                              default
  changes           insert, update, delete            default
  columns           all except password_hash                           0.sync:16
  masked            none                              default
  where             none                              default
  ddl               off                               default
  truncate          warn                              default
  on-error          stop                              default
  on-oversize       stop                              default
  on-invalid-value  map                               default
  names             as-source                         default
  timestamp         produce                           default
  markers           topic "{pipeline}.syncc-markers"  default
  online-ddl        gh-ost, pt-osc                    default
  commit            every 500ms, 20000 rows, 8MiB     default
  split             after 256MiB, 500000 rows         default
  limit             none                              default
  on-position-lost  stop                              default
  retry             2h                                                 0.sync:18
    errors          10m                               default
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
        check("crm", "x", "no include of pipeline `shop` takes `crm.x`; it has `shop.*` (0.sync:7)\n");
        check(
            "shop",
            "订单",
            "shop.订单 is selected by pipeline shop from shop to bus, but cannot be sent: \
             `commerce.订单` is no topic name: Kafka takes letters, digits, `.`, `_` and `-` only, not `订`\n",
        );
    }

    /// Statements of every setting, and the value that the explanation shows.
    const SETTINGS: &[(&str, &str)] = &[
        ("topic \"x.{table}\"", "topic x.a"),
        ("topic \"x.{table}\" {\ncreate never\n}", "create never"),
        ("topic \"x.{table}\" {\npartitions 3\n}", "partitions 3"),
        ("topic \"x.{table}\" {\nreplicas 2\n}", "replicas 2"),
        ("topic \"x.{table}\" {\nmin-insync 2\n}", "min-insync 2"),
        ("topic \"x.{table}\" {\ncleanup compact, delete\n}", "cleanup compact, delete"),
        ("topic \"x.{table}\" {\nretention 36h\n}", "retention 36h"),
        ("key origin, id as text", "key origin, id as text"),
        ("key-change update", "key-change update"),
        ("partition by column a, b using crc32", "partition by column a, b using crc32"),
        ("format avro", "format avro"),
        ("format avro {\nsubject topic-record\n}", "subject topic-record"),
        ("format avro {\ncompatibility full\n}", "compatibility full"),
        ("format json {\nnulls omit\n}", "nulls omit"),
        ("format maxwell-json {\nsnapshot-op bootstrap\n}", "snapshot-op bootstrap"),
        ("format debezium-avro {\nbigint-unsigned precise\n}", "bigint-unsigned precise"),
        ("format debezium-json {\ndecimal numeric\n}", "decimal numeric"),
        ("format debezium-json {\nbinary base64-url-safe\n}", "binary base64-url-safe"),
        ("format canal-json {\nenum label\n}", "enum label"),
        ("format canal-json {\ntime-zone \"Europe/Berlin\"\n}", "time-zone \"Europe/Berlin\""),
        ("format debezium-json {\nschemas on\n}", "schemas on"),
        ("format canal-json {\ndialect dts\n}", "dialect dts"),
        ("format dts-avro {\nheartbeat every 5m\n}", "heartbeat every 5m"),
        ("tombstones on", "tombstones on"),
        ("headers schema, position", "headers position, schema"),
        ("changes update, insert", "changes insert, update"),
        ("columns a, b*", "columns a, b*"),
        ("mask a with sha256 salt env SALT", "masked a with sha256, salted"),
        ("ddl {\nallow create-table\n}", "ddl on"),
        ("ddl {\ntopic same\n}", "topic same"),
        ("ddl {\npartition to all\n}", "partition to all"),
        ("ddl {\nallow drop-table, add-column\n}", "allow drop-table, add-column"),
        ("ddl {\ndeny drop-column\non-deny skip\n}", "deny drop-column"),
        ("ddl {\ndeny drop-column\non-deny stop\n}", "on-deny stop"),
        ("truncate stop", "truncate stop"),
        ("on-error dead-letter \"x.errors\"", "on-error dead-letter \"x.errors\""),
        ("on-oversize dead-letter \"x.large\"", "on-oversize dead-letter \"x.large\""),
        ("on-invalid-value stop", "on-invalid-value stop"),
        ("table shop.a {\nwhere a > 1\n}", "where a > 1"),
        ("table shop.a {\nwhere b = 1\nwhere a > 1 or a = 0\n}", "where a > 1 or a = 0"),
        ("names lower", "names lower"),
        ("timestamp event", "timestamp event"),
        ("markers data", "markers data"),
        ("online-ddl off", "online-ddl off"),
        ("commit every 2s, 5 rows", "commit every 2s, 5 rows, 8MiB"),
        ("split after 1MiB", "split after 1MiB, 500000 rows"),
        ("limit 5MiB/s", "limit 5MiB/s"),
        ("on-position-lost resnapshot", "on-position-lost resnapshot"),
        ("retry for 1h", "retry 1h"),
        ("retry errors for 5m", "errors 5m"),
    ];

    /// What is written is shown with its line, and everything else as what holds by default.
    #[test]
    fn every_setting_has_a_line() {
        const HEAD: &str = "edition 2026\nsource shop mysql \"db1\" {\n  password env P\n}\n\
            target bus kafka \"kafka1\" {\nregistry \"https://registry\"\n}\n\
            pipeline shop from shop to bus {\n  include shop.a\n";
        let lines = HEAD.lines().count();
        for (statement, expected) in SETTINGS {
            let text = format!("{HEAD}{statement}\n}}\n");
            let files = files(&[&text]);
            let Some((plan, origins)) = compile_files(&files).plan else {
                panic!("{statement}: {}", crate::plan::tests::shown(&[&text]))
            };
            let explained = explain_table(&plan, &origins, &files, &KnownTables::new(), ("shop", "a"));
            let [Explanation::Sent { decisions, .. }] = explained.as_slice() else { panic!("{explained:?}") };
            let shown: Vec<(String, &str)> = decisions
                .iter()
                .map(|decision| {
                    (format!("{} {}", decision.what.trim(), decision.value), decision.place.as_str())
                })
                .collect();
            let found = shown.iter().find(|(shown, _)| shown == expected);
            let Some((_, place)) = found else { panic!("`{expected}` is not in {shown:#?}") };
            let line: usize = place.rsplit_once(':').expect("a place").1.parse().expect("a line");
            assert!(line > lines && line <= lines + statement.lines().count(), "{statement}: {place}");
            let settled = decisions.iter().filter(|decision| decision.what != "selected");
            for Decision { what, note, place, .. } in settled {
                assert!(
                    !note.is_empty() || !place.is_empty(),
                    "{statement}: neither line nor default for {what}"
                );
            }
        }
        for property in Property::ALL {
            assert!(
                SETTINGS.iter().any(|(statement, _)| statement.contains(property.word())),
                "{property:?}"
            );
        }
    }
}
