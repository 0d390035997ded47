//! What a pipeline takes and says: every setting of its tasks and relays, with the line that says it or what holds without
//! one.

use super::explain::{conditions, outcome, place};
use super::{
    CommitPolicy, Decider, Decision, FormatName, KafkaPlan, Layer, Origins, Part, Plan, RegistryPlan,
    RelayPlan, Retry, SecretRef, SourcePlan, Start, StatePlan, StreamPlan, TableDecision, TableRules,
    TargetKind, TaskPlan, Text, Way,
};
use crate::diagnostic::render::harmless;
use crate::statement::{Place, Property, STATEMENTS, duration_text, size_text};
use crate::text::FileSet;

/// One way from a source, or from topics, to a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PipelinePage {
    /// Which pipeline, from where to where.
    pub by: Way,
    /// Its lines; a note tells the block.
    pub decisions: Vec<Decision>,
}

/// Everything that is said of a pipeline, or holds because nothing is; empty when there is none of this name.
pub fn explain_pipeline(plan: &Plan, origins: &Origins, files: &FileSet, name: &str) -> Vec<PipelinePage> {
    let tasks = plan.tasks.iter().filter(|task| task.id.pipeline == name).map(|task| {
        let span = |part| origins.span(&task.id, part);
        let mut lines = Lines { files, span: &span, all: Vec::new() };
        lines.task(task);
        PipelinePage { by: Way::of(&task.id), decisions: lines.all }
    });
    let relays = plan.relays.iter().filter(|relay| relay.pipeline == name).map(|relay| {
        let span = |part| origins.relay_span(relay, part);
        let mut lines = Lines { files, span: &span, all: Vec::new() };
        lines.relay(relay);
        let RelayPlan { pipeline, from, to, .. } = relay.clone();
        PipelinePage { by: Way { pipeline, from: vec![from], to }, decisions: lines.all }
    });
    tasks.chain(relays).collect()
}

struct Lines<'a> {
    files: &'a FileSet,
    span: &'a dyn Fn(Part) -> Option<crate::text::Span>,
    all: Vec<Decision>,
}

impl Lines<'_> {
    /// A line; where no part says it, or that part is not written, it holds by default.
    fn line(&mut self, block: &str, what: &str, value: impl Into<String>, part: impl Into<Option<Part>>) {
        let span = part.into().and_then(self.span);
        let place = span.map_or_else(String::new, |span| place(self.files, span));
        self.all.push(Decision { what: what.to_owned(), value: value.into(), note: block.to_owned(), place });
    }

    /// A statement as it is written, else what the table of statements has as its default.
    fn written(&mut self, block: &str, place: Place, word: &str, part: Part) {
        let value = match (self.span)(part) {
            Some(span) => {
                let text = harmless(self.files.slice(span)).trim_end_matches('{').to_owned();
                let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
                text.strip_prefix(&format!("{word} ")).map_or(text.clone(), str::to_owned)
            }
            None => default(place, word).to_owned(),
        };
        self.line(block, word, value, part);
    }

    fn task(&mut self, task: &TaskPlan) {
        let TaskPlan { id, source, target, start, retry, commit, stream, rules, paused, labels, allows: _ } =
            task;
        self.selection(rules);
        self.tables(task);
        self.start(start);
        self.stream(stream, rules, *commit);
        self.retry(retry);
        if let Some(why) = paused {
            self.line("", "paused", format!("because \"{why}\""), Part::Paused);
        }
        for (n, (name, text)) in labels.iter().enumerate() {
            self.line("", "label", format!("{name} \"{text}\""), Part::Label(n));
        }
        self.source(&format!("source {}", id.source), source);
        let block = format!("target {}", target.name);
        match &target.kind {
            TargetKind::Kafka(kafka) => self.kafka(&block, kafka),
            TargetKind::Stdout => self.line(&block, "target", "stdout", Part::Target),
            TargetKind::File { path } => {
                self.line(&block, "target", format!("file \"{path}\""), Part::Target)
            }
        }
    }

    fn relay(&mut self, relay: &RelayPlan) {
        let RelayPlan { pipeline: _, from, topics, to, topic, paused } = relay;
        self.line("", "from", format!("{from} topic {topics}"), Part::Relay);
        self.line("", "to", to.as_str(), Part::Target);
        self.line("", "topic", format!("\"{topic}\""), Part::RelayTopic);
        if let Some(why) = paused {
            self.line("", "paused", format!("because \"{why}\""), Part::Paused);
        }
    }

    fn selection(&mut self, rules: &TableRules) {
        for (n, pattern) in rules.include.iter().enumerate() {
            self.line("", "include", pattern.to_string(), Part::Include(n));
        }
        for (n, pattern) in rules.exclude.iter().enumerate() {
            self.line("", "exclude", pattern.to_string(), Part::Exclude(n));
        }
        for (n, rename) in rules.renames.iter().enumerate() {
            self.line("", "rename", rename.to_string(), Part::Rename(n));
        }
    }

    /// Settings of tables: what holds where no `table` block says otherwise, then those blocks.
    fn tables(&mut self, task: &TaskPlan) {
        let layers = &task.rules.layers;
        let of_all: Vec<usize> = (0..layers.len()).filter(|&n| layers[n].tables.is_none()).collect();
        let block = |layer: &Layer| match layer.level {
            0 => "defaults".to_owned(),
            2 => format!("to {}", task.target.name),
            _ => String::new(),
        };
        // Layers are sorted, the nearest last.
        let giving = |property| of_all.iter().rev().copied().find(|&n| layers[n].gives(property));
        let format = giving(Property::Format).and_then(|n| layers[n].format).unwrap_or(FormatName::CanalJson);
        let decider = Decider::new(task).ok();
        let unnamed = decider.and_then(|decider| decider.decide_unnamed(String::new()).ok());
        for &property in Property::ALL {
            let counts = |n: &usize| property.block() != "format" || layers[*n].format == Some(format);
            let given = giving(property).filter(counts).and_then(|n| Some((n, shown(&layers[n], property)?)));
            let word = word(property);
            match given {
                Some((n, value)) => self.line(&block(&layers[n]), &word, value, Part::Layer(n, property)),
                None => {
                    // What holds by default may depend on the rest.
                    let value = match (property, property.block(), &unnamed) {
                        (Property::Topic, ..) | (_, _, None) => {
                            Some(default(Place::Pipeline, property.word()).to_owned())
                        }
                        (_, "", Some(decision)) => Some(outcome(property, decision)),
                        (_, _, Some(decision)) => default_of_option(property, decision).map(str::to_owned),
                    };
                    if let Some(value) = value {
                        self.line("", &word, value, None);
                    }
                }
            }
        }
        for &n in &of_all {
            self.masks_and_conditions(&block(&layers[n]), n, &layers[n]);
        }
        for (n, layer) in layers.iter().enumerate() {
            let Some(tables) = &layer.tables else { continue };
            let block = format!("table {tables}");
            for &property in Property::ALL {
                if let Some(value) = shown(layer, property) {
                    self.line(&block, &word(property), value, Part::Layer(n, property));
                }
            }
            self.masks_and_conditions(&block, n, layer);
        }
    }

    fn masks_and_conditions(&mut self, block: &str, n: usize, layer: &Layer) {
        for (at, mask) in layer.masks.iter().enumerate() {
            self.line(block, "mask", format!("{} {}", mask.column, mask.method), Part::Mask(n, at));
        }
        for (value, at) in conditions(layer, n, self.files, self.span) {
            self.line(block, "where", value, Part::Condition(n, at));
        }
    }

    fn start(&mut self, start: &Start) {
        self.written("", Place::Pipeline, "start", Part::Start);
        let Start::Snapshot(snapshot) = start else { return };
        let super::Snapshot { schema, data, chunk_rows, rate_bytes_s, window, parallel } = snapshot;
        let switch = |is_on: &bool| (!is_on).then(|| "off".to_owned());
        for (word, given) in [
            ("schema", switch(schema)),
            ("data", switch(data)),
            ("chunk", chunk_rows.map(|rows| format!("{rows} rows"))),
            ("rate", rate_bytes_s.map(|bytes| format!("{}/s", size_text(bytes)))),
            ("window", window.as_ref().map(ToString::to_string)),
            ("parallel", parallel.map(|n| n.to_string())),
        ] {
            let part = given.as_ref().map(|_| Part::StartOption(word));
            let value = given.unwrap_or_else(|| default(Place::Start, word).to_owned());
            self.line("", &format!("start {word}"), value, part);
        }
    }

    fn stream(&mut self, stream: &StreamPlan, rules: &TableRules, commit: CommitPolicy) {
        let StreamPlan { timestamp, markers, online_ddl, on_position_lost, split, limit_bytes } = stream;
        let CommitPolicy { every_ms, rows, bytes } = commit;
        let commit =
            format!("every {}, {rows} rows, {}", duration_text(u64::from(every_ms)), size_text(bytes));
        let limit = limit_bytes.map_or("none".to_owned(), |bytes| format!("{}/s", size_text(bytes)));
        let online_ddl = if online_ddl.is_empty() { "off".to_owned() } else { online_ddl.to_string() };
        for (word, value, part) in [
            ("names", rules.names.to_string(), Part::Names),
            ("timestamp", timestamp.to_string(), Part::Timestamp),
            ("markers", markers.to_string(), Part::Markers),
            ("online-ddl", online_ddl, Part::OnlineDdl),
            ("on-position-lost", on_position_lost.to_string(), Part::OnPositionLost),
            ("commit", commit, Part::Commit),
            ("split", split.to_string(), Part::Split),
            ("limit", limit, Part::Limit),
        ] {
            self.line("", word, value, part);
        }
    }

    fn retry(&mut self, retry: &Retry) {
        let (window, errors) = retry_texts(retry);
        self.line("", "retry", window, Part::RetryFor);
        self.line("", "retry errors", errors, Part::RetryErrors);
    }

    /// How long one end is waited for; its place is that of the line that says it, or the first of two.
    fn retry_at(&mut self, block: &str, retry: &Retry, part: Part) {
        let (window, errors) = retry_texts(retry);
        self.line(block, "retry", format!("{window}, errors {errors}"), part);
    }

    fn source(&mut self, block: &str, source: &SourcePlan) {
        let SourcePlan {
            name: _,
            host,
            port,
            user,
            password,
            tls: _,
            time_zone: _,
            standby,
            on_failover: _,
            server_ids: _,
            readers: _,
            heartbeat: _,
            event_limit_bytes: _,
            retry,
        } = source;
        let address = match host {
            Text::Literal(host) => format!("{host}:{port}"),
            Text::Env { name, default: None } => format!("env {name}"),
            Text::Env { name, default: Some(other) } => format!("env {name} else \"{other}\""),
        };
        self.line(block, "address", address, Part::Address);
        let user = if user.is_empty() { "that of the address, else syncc" } else { user };
        // A user may stand in the address.
        let part = if (self.span)(Part::User).is_some() { Part::User } else { Part::Address };
        self.line(block, "user", user, part);
        self.line(block, "password", secret(password.as_ref()), Part::Password);
        self.written(block, Place::Source, "tls", Part::SourceTls);
        self.written(block, Place::Source, "time-zone", Part::TimeZone);
        let standby = if standby.is_empty() { "none".to_owned() } else { standby.join(", ") };
        self.line(block, "standby", standby, Part::Standby);
        for (word, part) in [
            ("on-failover", Part::OnFailover),
            ("server-id", Part::ServerId),
            ("readers", Part::Readers),
            ("heartbeat", Part::Heartbeat),
            ("event-limit", Part::EventLimit),
        ] {
            self.written(block, Place::Source, word, part);
        }
        self.retry_at(block, retry, Part::SourceRetry);
    }

    fn kafka(&mut self, block: &str, kafka: &KafkaPlan) {
        let KafkaPlan {
            brokers,
            sasl,
            tls: _,
            registry,
            broker_version: _,
            delivery: _,
            transaction_timeout_ms: _,
            state: StatePlan { prefix: _, replicas: _, min_insync: _ },
            acks: _,
            compression: _,
            batch_bytes: _,
            linger_ms: _,
            in_flight: _,
            retry,
        } = kafka;
        self.line(block, "brokers", brokers.join(", "), Part::Brokers);
        self.line(block, "user", sasl.as_ref().map_or("none", |sasl| &sasl.user), Part::Sasl);
        if let Some(sasl) = sasl {
            self.line(block, "password", secret(Some(&sasl.password)), Part::TargetPassword);
        }
        self.written(block, Place::Target, "tls", Part::TargetTls);
        match registry {
            None => self.line(block, "registry", "none", Part::Registry),
            Some(RegistryPlan { url, user, password, tls: _ }) => {
                self.line(block, "registry", format!("\"{url}\""), Part::Registry);
                if let Some(user) = user {
                    self.line(block, "registry user", user.as_str(), Part::Registry);
                    self.line(block, "registry password", secret(password.as_ref()), Part::Registry);
                }
                self.written(&format!("{block} registry"), Place::Registry, "tls", Part::RegistryTls);
            }
        }
        for (place, word, part) in [
            (Place::Target, "broker-version", Part::BrokerVersion),
            (Place::Target, "delivery", Part::Delivery),
            (Place::Target, "transaction-timeout", Part::TransactionTimeout),
            (Place::Target, "acks", Part::Acks),
            (Place::Target, "compression", Part::Compression),
            (Place::Target, "batch", Part::Batch),
            (Place::Target, "linger", Part::Linger),
            (Place::Target, "in-flight", Part::InFlight),
        ] {
            self.written(block, place, word, part);
        }
        for (word, part) in [
            ("prefix", Part::StatePrefix),
            ("replicas", Part::StateReplicas),
            ("min-insync", Part::StateMinInsync),
        ] {
            self.written(&format!("{block} state"), Place::State, word, part);
        }
        self.retry_at(block, retry, Part::TargetRetry);
    }
}

fn retry_texts(retry: &Retry) -> (String, String) {
    let Retry { window_ms, errors_ms } = *retry;
    let window = if window_ms == 0 { "off".to_owned() } else { format!("for {}", duration_text(window_ms)) };
    (window, format!("for {}", duration_text(errors_ms)))
}

/// A setting as it is written.
fn shown(layer: &Layer, property: Property) -> Option<String> {
    let shown = layer.shown(property)?;
    Some(if property == Property::Topic { format!("\"{shown}\"") } else { shown })
}

fn secret(password: Option<&SecretRef>) -> String {
    match password {
        None => "none".to_owned(),
        Some(SecretRef::Env(name)) => format!("env {name}"),
        Some(SecretRef::File(path)) => format!("file \"{path}\""),
    }
}

/// What holds without a statement.
fn default(place: Place, word: &str) -> &'static str {
    let spec = STATEMENTS.iter().find(|spec| spec.word == word && spec.places.contains(&place));
    match spec.map(|spec| spec.default) {
        None | Some("") => "none",
        Some(default) => default,
    }
}

/// The word of a setting, behind that of its block.
fn word(property: Property) -> String {
    format!("{} {}", property.block(), property.word()).trim_start().to_owned()
}

/// What holds without an option of a block; none for one that says nothing there.
fn default_of_option(property: Property, decision: &TableDecision) -> Option<&'static str> {
    match property.block() {
        "format" => {
            let mut options = decision.format.name().spec().options.iter();
            options.find(|option| option.property == property).map(|option| option.default)
        }
        "ddl" => decision.ddl.is_some().then(|| default(Place::Ddl, property.word())),
        _ => Some(default(Place::Topic, property.word())),
    }
}

#[cfg(test)]
mod tests;
