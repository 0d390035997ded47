//! Lists in the manual of operations against what is in the code: events, metrics, exit codes.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const PAGE: &str = "pipelines/operations.md";

fn text(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The section of the page under this head.
fn section(head: &str) -> String {
    let page = text(PAGE);
    let rest = page.split(&format!("\n## {head}\n")).nth(1).unwrap_or_else(|| panic!("no section {head}"));
    rest.split("\n## ").next().expect("there is a first").to_owned()
}

/// What stands between back-ticks in the first cells of the section's rows.
fn listed(head: &str) -> BTreeSet<String> {
    let section = section(head);
    let cells = section.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
    let names =
        cells.flat_map(|cell| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>());
    names.collect()
}

/// Texts in quotes behind `before`.
fn quoted(source: &str, before: &str) -> BTreeSet<String> {
    let found = source.split(before).skip(1).filter_map(|rest| rest.split('"').next());
    found.map(str::to_owned).collect()
}

#[test]
fn events_are_those_of_the_list() {
    let mut written = quoted(&text("src/run/event.rs"), " => \"");
    written.retain(|name| name.contains('.'));
    for file in ["src/cli/run/log.rs", "src/cli/run/progress.rs"] {
        written.extend(quoted(&text(file), "event = \""));
    }
    assert_eq!(written, listed("Events of the log"));
}

#[test]
fn metrics_are_those_of_the_list() {
    let source = text("src/http/metrics.rs");
    let source = source.split("#[cfg(test)]").next().expect("code comes first");
    let mut written = BTreeSet::new();
    for before in ["of_all(\"", "gauge(&mut to, \"", "described(&mut to, \"", "    (\"", "\n            (\""]
    {
        written.extend(quoted(source, before));
    }
    let listed: BTreeSet<String> = listed("Metrics")
        .into_iter()
        .filter_map(|name| {
            let name = name.strip_prefix("syncc_")?.split('{').next()?.to_owned();
            Some(name.strip_suffix("_total").map_or(name.clone(), str::to_owned))
        })
        .collect();
    assert_eq!(written, listed);
}

#[test]
fn exit_codes_have_a_runbook() {
    let exits = text("src/cli/exit.rs");
    let codes = exits.split(" = ").skip(1).filter_map(|rest| rest.split(',').next()?.parse::<u8>().ok());
    let mut codes: BTreeSet<String> = codes.map(|code| code.to_string()).collect();
    codes.insert("101".to_owned());
    assert_eq!(codes, listed("Exit codes: what to do"));
}

/// Names of metrics in a text.
fn metric_names(text: &str) -> BTreeSet<String> {
    let is_part = |sign: char| sign.is_ascii_alphanumeric() || sign == '_';
    text.match_indices("syncc_")
        .map(|(at, _)| text[at..].chars().take_while(|&sign| is_part(sign)).collect::<String>())
        .collect()
}

#[test]
fn alerts_and_dashboard_ask_for_metrics_that_are_there() {
    let listed: BTreeSet<String> =
        listed("Metrics").iter().filter_map(|name| Some(name.split('{').next()?.to_owned())).collect();
    let known = |name: &String| {
        listed.contains(name) || name.strip_suffix("_bucket").is_some_and(|name| listed.contains(name))
    };
    for file in ["pipelines/deploy/alerts.yml", "pipelines/deploy/dashboard.json"] {
        let used = metric_names(&text(file));
        assert!(used.len() > 5, "{file}");
        let unknown: Vec<&String> = used.iter().filter(|name| !known(name)).collect();
        assert!(unknown.is_empty(), "{file}: {unknown:?}");
    }
    let dashboard: serde_json::Value =
        serde_json::from_str(&text("pipelines/deploy/dashboard.json")).expect("JSON");
    assert_eq!(dashboard["panels"].as_array().map(Vec::len), Some(10));
}

/// Arguments of `run` in the deployment files are those of the program, and the project in the ConfigMap passes `check`.
#[test]
fn deployment_files_name_what_is_there() {
    let run = crate::support::Project::new("deploy", &[]);
    let help = run.syncc(&["run", "--help"]);
    let help = String::from_utf8_lossy(&help.stdout).into_owned();
    for file in ["syncc.service", "Dockerfile", "kubernetes.yml"] {
        let file = format!("pipelines/deploy/{file}");
        let text = text(&file);
        let ours: Vec<&str> = text
            .lines()
            .filter(|line| !line.trim_start().starts_with('#') && !line.contains("useradd"))
            .filter(|line| !line.contains("apt-get"))
            .flat_map(|line| line.split([' ', '"', ',']))
            .filter(|word| word.starts_with("--") && word.len() > 3)
            .collect();
        assert!(ours.len() >= 3, "{file}: {ours:?}");
        for flag in ours {
            assert!(help.contains(flag), "{file}: run knows no {flag}");
        }
    }
    let unit = text("pipelines/deploy/syncc.service");
    for line in
        ["Type=notify", "NoNewPrivileges=yes", "ProtectSystem=strict", "MemoryMax=1G", "WatchdogSec=60s"]
    {
        assert!(unit.lines().any(|other| other == line), "{line}");
    }
    let map = text("pipelines/deploy/kubernetes.yml");
    let project: String = map
        .lines()
        .skip_while(|line| !line.starts_with("  shop.sync: |"))
        .skip(1)
        .take_while(|line| line.is_empty() || line.starts_with("    "))
        .map(|line| format!("{}\n", line.strip_prefix("    ").unwrap_or(line)))
        .collect();
    run.write("shop.sync", &project);
    let checked = run.syncc(&["check", "--format", "short"]);
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
}
