//! Metrics in the OpenMetrics text format, made from the status at each scrape. Names are interfaces: never renamed.

use crate::control::{COMMIT_MS, Counters, Status, TableStatus, TaskState, TaskStatus};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;
use std::collections::BTreeMap;
use std::fmt::{self, Error};

/// Tables that have a label of their own; the others are `_other`, so that ten thousand tables do not flood a scraper.
const TABLES_MAX: usize = 1_000;

/// What media type the text has.
pub(super) const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The metrics of a status; `resident` is the memory of the process, bytes.
///
/// # Errors
/// None that can happen: text is written to memory.
pub(super) fn metrics(status: Status, resident: Option<u64>) -> Result<String, fmt::Error> {
    let mut registry = Registry::with_prefix("syncc");
    registry.register_collector(Box::new(Scrape { status, resident }));
    let mut written = String::new();
    text::encode(&mut written, &registry)?;
    Ok(written)
}

#[derive(Debug)]
struct Scrape {
    status: Status,
    resident: Option<u64>,
}

type Labels = Vec<(&'static str, String)>;

/// A kind of figure, one a task.
type Figure<N> = (&'static str, &'static str, fn(&TaskStatus) -> Option<N>);

/// Figures that go up and down.
const GAUGES: [Figure<f64>; 10] = [
    ("lag_seconds", "Age of the oldest change that is not committed", |task| Some(task.lag_seconds)),
    ("lag_bytes", "Bytes of the source's log behind the committed position", |task| {
        task.lag_bytes.map(|n| n as f64)
    }),
    ("retry_seconds_left", "Seconds left of the retry window, while it runs", |task| {
        task.retry_seconds_left.map(|n| n as f64)
    }),
    ("source_retention_seconds_left", "Seconds until the source may purge what is not read yet", |task| {
        task.retention_seconds_left.map(|n| n as f64)
    }),
    ("tables_parked", "Tables whose rows wait", |task| Some(task.parked.len() as f64)),
    ("tables_suspect", "Tables whose columns are not certain", |task| Some(task.suspect.len() as f64)),
    ("xa_oldest_prepared_seconds", "Age of the oldest XA transaction that is not decided", |task| {
        task.oldest_prepared_seconds.map(|n| n as f64)
    }),
    ("spill_bytes", "Bytes of rows that wait in a file", |task| Some(task.spill_bytes as f64)),
    ("task_stalled", "1 while nothing moves although something waits", |task| {
        Some(f64::from(u8::from(task.stalled.is_some())))
    }),
    ("task_generation", "Generation that the task runs", |task| Some(task.generation as f64)),
];

/// Figures that only grow.
const COUNTERS: [Figure<u64>; 7] = [
    ("records", "Records handed to the target", |task| Some(task.records)),
    ("records_bytes", "Bytes of keys and values of records", |task| Some(task.counters.bytes)),
    ("commits", "Commits that stored a position", |task| Some(task.counters.commits)),
    ("truncates", "Statements by which rows came or went without events", |task| {
        Some(task.counters.truncates)
    }),
    ("dead_letters", "Rows that were told of in a dead-letter topic instead of being sent", |task| {
        Some(task.counters.dead_letters)
    }),
    ("owner_lost", "Times that the ownership was in doubt", |task| Some(task.counters.owner_lost)),
    ("task_recoveries", "Lives of the task that ended by a failure", |task| Some(task.recoveries)),
];

/// A kind of figure, several a task, each with a value of one more label.
type Split = (&'static str, &'static str, &'static str, fn(&Counters) -> Vec<(String, u64)>);

const SPLITS: [Split; 7] = [
    ("rows", "Rows sent", "op", |counters| {
        let Counters { inserted, updated, deleted, read, .. } = counters;
        let named = [("insert", inserted), ("update", updated), ("delete", deleted), ("read", read)];
        named.map(|(op, n)| (op.to_owned(), *n)).to_vec()
    }),
    ("rows_dropped", "Changes of which nothing is sent", "reason", |counters| {
        vec![("rule".to_owned(), counters.dropped)]
    }),
    ("recoveries", "Recoveries by class of failure", "cause", |counters| {
        counters.recoveries.iter().map(|(cause, n)| (cause.clone(), *n)).collect()
    }),
    ("window_redo", "Chunks of a load that were read again", "cause", |counters| {
        counters.windows_redone.iter().map(|(cause, n)| (cause.clone(), *n)).collect()
    }),
    ("registry", "Schemas by what the registry said of them", "outcome", |counters| {
        let said = [("registered", counters.schemas_registered), ("refused", counters.schemas_refused)];
        said.map(|(outcome, n)| (outcome.to_owned(), n)).to_vec()
    }),
    ("ddl", "Messages of schema changes, and changes that are not sent", "outcome", |counters| {
        vec![("sent".to_owned(), counters.ddl_sent), ("withheld".to_owned(), counters.ddl_withheld)]
    }),
    ("values_mapped", "Values that were sent as something else", "kind", |counters| {
        let Counters { text_replaced, dates_mapped, numbers_mapped, geometries_mapped, .. } = *counters;
        let kinds = ["text", "date", "number", "geometry"].map(str::to_owned);
        kinds.into_iter().zip([text_replaced, dates_mapped, numbers_mapped, geometries_mapped]).collect()
    }),
];

/// A kind of figure, one a table.
type TableFigure = (&'static str, &'static str, fn(&TableStatus) -> u64);

impl Collector for Scrape {
    fn encode(&self, mut to: DescriptorEncoder<'_>) -> Result<(), Error> {
        let Status { generation, program, started, refused, streams, tasks, .. } = &self.status;
        let mut of_all = |name: &str, help: &str, value: f64| {
            let mut to = gauge(&mut to, name, help)?;
            to.encode_gauge(&value)
        };
        of_all("config_generation", "Generation of the files that is active", *generation as f64)?;
        let stale = f64::from(u8::from(refused.is_some()));
        of_all("config_refused", "1 while the last edit of the files is refused", stale)?;
        of_all("start_time_seconds", "Start of the process since 1970", *started as f64)?;
        {
            let mut to = gauge(&mut to, "build_info", "Version of the program")?;
            to.encode_family(&[("version", program.as_str())])?.encode_gauge(&1.0f64)?;
        }
        if let Some(resident) = self.resident {
            let mut to = gauge(&mut to, "memory_bytes", "Memory by what it is for")?;
            to.encode_family(&[("pool", "process")])?.encode_gauge(&(resident as f64))?;
        }
        {
            let mut to = gauge(&mut to, "task_state", "1 for the state that the task is in")?;
            for (task, state) in tasks.iter().flat_map(|task| TaskState::ALL.map(|state| (task, state))) {
                let mut labels = labels(task);
                labels.push(("state", state.name().to_owned()));
                let value = f64::from(u8::from(task.state == state));
                to.encode_family(&labels)?.encode_gauge(&value)?;
            }
        }
        if tasks.iter().any(|task| !task.labels.is_empty()) {
            let mut to = gauge(&mut to, "task_labels", "Words that the files give the pipeline of a task")?;
            for task in tasks.iter().filter(|task| !task.labels.is_empty()) {
                to.encode_family(&named(task))?.encode_gauge(&1.0f64)?;
            }
        }
        for (name, help, figure) in GAUGES {
            let mut to = gauge(&mut to, name, help)?;
            for (task, value) in tasks.iter().filter_map(|task| Some((task, figure(task)?))) {
                to.encode_family(&labels(task))?.encode_gauge(&value)?;
            }
        }
        for (name, help, figure) in COUNTERS {
            let mut to = described(&mut to, name, help, MetricType::Counter)?;
            for (task, value) in tasks.iter().filter_map(|task| Some((task, figure(task)?))) {
                to.encode_family(&labels(task))?.encode_counter::<NoLabelSet, _, f64>(&value, None)?;
            }
        }
        for (name, help, label, split) in SPLITS {
            let mut to = described(&mut to, name, help, MetricType::Counter)?;
            for task in tasks {
                for (value_of, value) in split(&task.counters) {
                    let mut labels = labels(task);
                    labels.push((label, value_of));
                    to.encode_family(&labels)?.encode_counter::<NoLabelSet, _, f64>(&value, None)?;
                }
            }
        }
        {
            let help = "Time for which reads of loads waited until the source showed what its log has";
            let mut to = described(&mut to, "visibility_wait_seconds", help, MetricType::Counter)?;
            for task in tasks {
                let seconds = task.counters.visibility_wait_ms as f64 / 1_000.0;
                to.encode_family(&labels(task))?.encode_counter::<NoLabelSet, _, f64>(&seconds, None)?;
            }
        }
        {
            let mut to = gauge(&mut to, "streams", "Connections that read the log of a source")?;
            for of in streams {
                for (kind, n) in [("hub", of.hub), ("private", of.private)] {
                    let labels = [("source", of.source.as_str()), ("kind", kind)];
                    to.encode_family(&labels)?.encode_gauge(&(n as f64))?;
                }
            }
        }
        {
            let mut to = described(&mut to, "commit_seconds", "Time of a commit", MetricType::Histogram)?;
            for task in tasks {
                let counters = &task.counters;
                let bounds = COMMIT_MS.iter().map(|ms| *ms as f64 / 1_000.0).chain([f64::MAX]);
                let classes: Vec<(f64, u64)> = bounds.zip(counters.commit_classes).collect();
                to.encode_family(&labels(task))?.encode_histogram::<NoLabelSet>(
                    counters.commit_ms as f64 / 1_000.0,
                    counters.commits,
                    &classes,
                    None,
                )?;
            }
        }
        self.tables(&mut to)
    }
}

impl Scrape {
    fn tables(&self, to: &mut DescriptorEncoder<'_>) -> Result<(), Error> {
        let figures: [TableFigure; 2] = [
            ("snapshot_rows_done", "Rows of the load sent", |table| table.rows),
            ("snapshot_rows_estimated", "Rows of the table, as the server estimates them", |table| {
                table.estimate.max(table.rows)
            }),
        ];
        for (name, help, figure) in figures {
            let mut to = gauge(to, name, help)?;
            for task in &self.status.tasks {
                let mut tables: Vec<_> = task.tables.iter().collect();
                tables.sort_by_key(|table| std::cmp::Reverse(table.rows.max(table.estimate)));
                let (named, others) = tables.split_at(tables.len().min(TABLES_MAX));
                let mut write = |name: String, value: u64| {
                    let mut labels = labels(task);
                    labels.push(("table", name));
                    to.encode_family(&labels)?.encode_gauge(&(value as f64))
                };
                for table in named {
                    write(escaped(&table.table), figure(table))?;
                }
                if !others.is_empty() {
                    write("_other".to_owned(), others.iter().map(|table| figure(table)).sum())?;
                }
            }
        }
        Ok(())
    }
}

fn described<'e>(
    to: &'e mut DescriptorEncoder<'_>,
    name: &'e str,
    help: &'e str,
    metric_type: MetricType,
) -> Result<MetricEncoder<'e>, Error> {
    to.encode_descriptor(name, help, None, metric_type)
}

fn gauge<'e>(
    to: &'e mut DescriptorEncoder<'_>,
    name: &'e str,
    help: &'e str,
) -> Result<MetricEncoder<'e>, Error> {
    described(to, name, help, MetricType::Gauge)
}

/// A value of a label as the text format has it, which the library leaves to its users. Names of tasks need it nowhere.
fn escaped(value: &str) -> String {
    value.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n")
}

/// Whose figure it is.
fn labels(task: &TaskStatus) -> Labels {
    let mut parts = task.task.splitn(3, '.').map(str::to_owned);
    ["pipeline", "source", "target"].map(|label| (label, parts.next().unwrap_or_default())).to_vec()
}

/// The same with the words of its pipeline. Names of labels have no dash; of two that become one, the first counts.
fn named(task: &TaskStatus) -> Vec<(String, String)> {
    let mut words = BTreeMap::new();
    for (name, text) in &task.labels {
        words.entry(format!("label_{}", name.replace('-', "_"))).or_insert_with(|| escaped(text));
    }
    labels(task).into_iter().map(|(name, value)| (name.to_owned(), value)).chain(words).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::{Streams, SuspectTable};

    #[test]
    fn a_scrape_is_what_the_status_says() {
        let labels = [("cost-center", "7"), ("team", "pay\"ments\"")];
        let mut task = TaskStatus {
            task: "shop.s.t".into(),
            labels: labels.map(|(name, text)| (name.to_owned(), text.to_owned())).into(),
            state: TaskState::Streaming,
            lag_seconds: 1.5,
            records: 7,
            tables: vec![TableStatus { table: "a.\"<script>\n".into(), rows: 3, ..TableStatus::default() }],
            ..TaskStatus::default()
        };
        task.counters.committed(3);
        task.counters.committed(60_000);
        task.counters.inserted = 2;
        task.counters.schemas_registered = 5;
        task.counters.schemas_refused = 2;
        task.counters.ddl_withheld = 1;
        task.suspect = vec![SuspectTable { table: "a.b".into(), reason: "odd".into() }];
        task.oldest_prepared_seconds = Some(61);
        task.spill_bytes = 4_096;
        task.counters.visibility_wait_ms = 1_250;
        let streams = vec![Streams { source: "s".into(), hub: 1, private: 2 }];
        let status =
            Status { program: "1.0".into(), generation: 4, tasks: vec![task], streams, ..Status::default() };
        let text = metrics(status, Some(9)).expect("memory takes it");
        for line in [
            "syncc_config_generation 4.0\n",
            "syncc_build_info{version=\"1.0\"} 1.0\n",
            "syncc_task_state{pipeline=\"shop\",source=\"s\",target=\"t\",state=\"streaming\"} 1.0\n",
            "syncc_task_labels{pipeline=\"shop\",source=\"s\",target=\"t\",label_cost_center=\"7\",label_team=\"pay\\\"ments\\\"\"} 1.0\n",
            "syncc_tables_suspect{pipeline=\"shop\",source=\"s\",target=\"t\"} 1.0\n",
            "syncc_xa_oldest_prepared_seconds{pipeline=\"shop\",source=\"s\",target=\"t\"} 61.0\n",
            "syncc_spill_bytes{pipeline=\"shop\",source=\"s\",target=\"t\"} 4096.0\n",
            "syncc_visibility_wait_seconds_total{pipeline=\"shop\",source=\"s\",target=\"t\"} 1.25\n",
            "syncc_streams{source=\"s\",kind=\"hub\"} 1.0\n",
            "syncc_streams{source=\"s\",kind=\"private\"} 2.0\n",
            "syncc_lag_seconds{pipeline=\"shop\",source=\"s\",target=\"t\"} 1.5\n",
            "syncc_records_total{pipeline=\"shop\",source=\"s\",target=\"t\"} 7\n",
            "syncc_rows_total{pipeline=\"shop\",source=\"s\",target=\"t\",op=\"insert\"} 2\n",
            "syncc_registry_total{pipeline=\"shop\",source=\"s\",target=\"t\",outcome=\"registered\"} 5\n",
            "syncc_registry_total{pipeline=\"shop\",source=\"s\",target=\"t\",outcome=\"refused\"} 2\n",
            "syncc_ddl_total{pipeline=\"shop\",source=\"s\",target=\"t\",outcome=\"sent\"} 0\n",
            "syncc_ddl_total{pipeline=\"shop\",source=\"s\",target=\"t\",outcome=\"withheld\"} 1\n",
            "syncc_commit_seconds_bucket{le=\"0.005\",pipeline=\"shop\",source=\"s\",target=\"t\"} 1\n",
            "syncc_commit_seconds_bucket{le=\"+Inf\",pipeline=\"shop\",source=\"s\",target=\"t\"} 2\n",
            "table=\"a.\\\"<script>\\n\"} 3.0\n",
        ] {
            assert!(text.contains(line), "{line}:\n{text}");
        }
        assert!(text.ends_with("# EOF\n"));
        assert!(!text.contains("lag_bytes{"), "what is not known is not there");
    }
}
