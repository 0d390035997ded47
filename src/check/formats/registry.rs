//! S0601, S0605: a registry that is wanted and not there, or there and not wanted.

use super::super::Rule;
use super::super::flow::{Flow, Project};
use super::super::settings::{Lane, Setting};
use crate::ast::{Kafka, Settings, TargetKind};
use crate::diagnostic::{Code, CodeDoc, Diagnostic};
use crate::statement::{FormatName, KeyForm, Property};
use crate::text::Span;

const REGISTRY_MISSING: Code = Code::new("S0601", "registry-missing");
const REGISTRY_IDLE: Code = Code::new("S0605", "registry-idle");

pub(super) const MISSING: Rule = Rule {
    doc: CodeDoc {
        code: REGISTRY_MISSING,
        what: "The format `avro` or `debezium-avro`, or a key `as avro`, towards a cluster without `registry`. `dts-avro` needs none.",
        why: "Messages of these formats hold the number of their schema, which the registry gives; without it nobody can read them.",
        wrong: endpoints!(
            "source shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\ntarget bus kafka \"kafka1:9092\"\n\ndefaults {\n  format avro\n}\n"
        ),
        right: endpoints!(
            "source shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\ntarget bus kafka \"kafka1:9092\" {\n  registry \"https://registry.internal\"\n}\n\ndefaults {\n  format avro\n}\n"
        ),
    },
    run: check_registry_missing,
};

pub(super) const IDLE: Rule = Rule {
    doc: CodeDoc {
        code: REGISTRY_IDLE,
        what: "A cluster has a `registry`, and no format that goes to it uses one.",
        why: "Only `avro`, `debezium-avro` and keys `as avro` have schemas there. Often the format was meant to be one of these.",
        wrong: endpoints!(
            "source shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\ntarget bus kafka \"kafka1:9092\" {\n  registry \"https://registry.internal\"\n}\n"
        ),
        right: endpoints!(
            "source shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\ntarget bus kafka \"kafka1:9092\"\n"
        ),
    },
    run: check_registry_idle,
};

/// The cluster of a lane, and whether its registry may have been left out.
fn cluster<'p>(project: &Project<'p>, lane: &Lane<'p>) -> Option<(&'p Kafka, bool, &'p str)> {
    let target = project.program.target(lane.to.target.value);
    match &target.kind {
        TargetKind::Kafka(cluster) => {
            Some((cluster, target.left_out.may_be(&["registry"]), &target.name.value))
        }
        TargetKind::Stdout | TargetKind::File { .. } => None,
    }
}

fn check_registry_missing(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    for flow in &project.flows {
        for lane in &flow.lanes {
            let Some((cluster, is_left_out, name)) = cluster(project, lane) else { continue };
            if cluster.registry.is_some() || is_left_out {
                continue;
            }
            // One registry answers all of them.
            if let Some((what, span)) = needs(flow, lane).into_iter().next() {
                findings.push(
                    Diagnostic::error(
                        REGISTRY_MISSING,
                        span,
                        format!("{what} needs a registry, and `{name}` has none"),
                    )
                    .help(format!(
                        "add `registry \"https://HOST\"` to the target `{name}`, or choose a format without"
                    )),
                );
            }
        }
    }
}

fn check_registry_idle(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    let lanes = || project.flows.iter().flat_map(|flow| flow.lanes.iter().map(move |lane| (flow, lane)));
    for target in &project.program.targets {
        let TargetKind::Kafka(written) = &target.kind else { continue };
        // Other projects may use what a used directory declares, and a pipeline that could not be read may send to it.
        let name = &target.name;
        let may_be_used =
            project.program.shared.contains(&name.span.file) || project.program.may_know(&name.value);
        let Some(registry) = written.registry.as_ref().filter(|_| !may_be_used) else { continue };
        let mut here = lanes()
            .filter(|(_, lane)| project.program.target(lane.to.target.value).name.value == name.value)
            .peekable();
        // One that nothing goes to is told of as a whole.
        if here.peek().is_none()
            || here.any(|(flow, lane)| {
                lane.may_lack(&["format", "key", "include"])
                    || flow.takes_no_table()
                    || !needs(flow, lane).is_empty()
            })
        {
            continue;
        }
        let message = format!("no format that goes to `{}` uses its registry", name.value);
        findings.push(
            Diagnostic::advice(REGISTRY_IDLE, registry.span, message)
                .help("remove it, or write a format that uses it: `avro` or `debezium-avro`"),
        );
    }
}

/// What needs a registry on the way to a target, and where it is written.
fn needs(flow: &Flow<'_>, lane: &Lane<'_>) -> Vec<(&'static str, Span)> {
    let mut found = Vec::new();
    for subject in flow.subjects() {
        if let Setting::Given(format, _) =
            lane.setting((subject, Property::Format), |settings| settings.format.as_ref())
        {
            found.extend(of_format(format.value).map(|what| (what, format.span)));
        }
        if let Setting::Given(key, _) =
            lane.setting((subject, Property::Key), |settings| settings.key.as_ref())
        {
            found.extend(of_key(key.value.form).map(|what| (what, key.span)));
        }
    }
    // Of a pattern that holds tables of several kinds no one setting holds.
    let blocks = flow.pipeline.tables.iter().chain(&lane.to.tables);
    for block in blocks {
        let Settings { format, key, .. } = &block.settings;
        let format = format.as_ref().and_then(|format| Some((of_format(format.value)?, format.span)));
        let key = key.as_ref().and_then(|key| Some((of_key(key.value.form)?, key.span)));
        if (format.is_some() || key.is_some()) && !flow.is_idle(&block.pattern.value) {
            found.extend(format.into_iter().chain(key));
        }
    }
    found.sort_unstable_by_key(|&(what, span)| (span, what));
    found.dedup();
    found
}

fn of_format(format: FormatName) -> Option<&'static str> {
    match format {
        FormatName::Avro => Some("`format avro`"),
        FormatName::DebeziumAvro => Some("`format debezium-avro`"),
        FormatName::CanalJson
        | FormatName::DtsAvro
        | FormatName::DebeziumJson
        | FormatName::MaxwellJson
        | FormatName::Json => None,
    }
}

fn of_key(form: Option<KeyForm>) -> Option<&'static str> {
    match form? {
        KeyForm::Avro => Some("a key `as avro`"),
        KeyForm::Json | KeyForm::Text => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check_project;

    const HEAD: &str = "edition 2026\nsource shop mysql \"db1\" {\npassword env P\n}\ntarget bus kafka \"k\"\n\
        target reg kafka \"r\" {\nregistry \"https://r\"\n}\ntarget out stdout\n";

    #[test]
    fn formats_and_keys_with_schemas() {
        check_project(&[&format!(
            "{HEAD}pipeline p {{\nfrom shop\nto bus\nto reg\nto out\ninclude shop.*\n\
             format avro  # error[S0601]: `format avro` needs a registry, and `bus` has none\n}}\n\
             pipeline q from shop to bus {{\ninclude crm.*\n\
             table crm.a {{\nkey id as avro  # error[S0601]: a key `as avro` needs a registry, and `bus` has none\n}}\n\
             table crm.b {{\nformat dts-avro\n}}\n}}\n"
        )]);
    }

    #[test]
    fn a_registry_that_nothing_uses() {
        let idle = HEAD.replace(
            "registry \"https://r\"",
            "registry \"https://r\"  # advice[S0605]: no format that goes to `reg` uses its registry",
        );
        check_project(&[&format!(
            "{idle}pipeline p {{\nfrom shop\nto bus\nto reg\nto out\ninclude shop.*\n}}\n"
        )]);
        check_project(&[&format!(
            "{HEAD}pipeline p {{\nfrom shop\nto bus\nto out\nto reg {{\ntable shop.a {{\nformat debezium-avro\n}}\n}}\ninclude shop.*\n}}\n"
        )]);
    }

    #[test]
    fn what_uses_a_registry_may_be_wrong_itself() {
        let other = "pipeline q {\nfrom shop\nto bus\nto reg\nto out\ninclude shop.*\n}\n";
        let with = |pipeline: &str| check_project(&[&format!("{HEAD}{other}{pipeline}")]);
        with(
            "pipline p from shop to reg {  # error[S0013]: `pipline` is no statement; did you mean `pipeline`?\n\
             include crm.*\nformat avro\n}\n",
        );
        with(
            "pipeline p frm shop to reg {  # error[S0015]: `pipeline` takes `from` here, not `frm`\n\
             include crm.*\nformat avro\n}\n",
        );
        with(
            "pipeline p from shop to reg {\n\
             include crm.*  # error[S0202]: `crm.*` can take no table: `exclude` wins over it\n\
             exclude crm.*\nformat avro\n}\n",
        );
    }
}
