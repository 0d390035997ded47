//! Findings as SARIF 2.1.0, for code scanning: rules with their pages, places, repairs.
//!
//! An alert keeps its identity when lines move: its fingerprint is made of code, path and the text of its line, blanks aside.
//! Stars stand there in place of secrets, so that none can be guessed from it.

use super::place::{Region, Repository};
use super::render::{harmless, masked};
use super::{CodeDoc, Diagnostic, Severity, TextEdit, short};
use crate::text::{FileId, FileSet, Span};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};

/// What stays as it is in a relative path of an address.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Bytes of a fingerprint; that many tell millions of alerts apart.
const FINGERPRINT_BYTES: usize = 8;

/// The log, with a line end. `pages` holds that of every code that occurs, `secrets` the places in the files that no output shows.
pub fn document(
    diagnostics: &[Diagnostic],
    files: &FileSet,
    pages: &[CodeDoc],
    secrets: &[Span],
    repository: Repository<'_>,
) -> String {
    let mut writer = Writer { files, repository, secrets, seen: HashMap::new() };
    let rules: BTreeMap<&str, &CodeDoc> = pages
        .iter()
        .filter(|page| diagnostics.iter().any(|found| found.code == page.code))
        .map(|page| (page.code.number, page))
        .collect();
    let index = |number: &str| rules.keys().position(|known| *known == number);
    let results = diagnostics
        .iter()
        .map(|diagnostic| writer.result(diagnostic, index(diagnostic.code.number)))
        .collect();
    let driver = Driver {
        name: "syncc",
        version: env!("CARGO_PKG_VERSION"),
        rules: rules.values().map(|page| rule(page)).collect(),
    };
    let log = Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [Run { tool: Tool { driver }, column_kind: "unicodeCodePoints", results }],
    };
    let mut text = serde_json::to_string_pretty(&log).expect("strings and numbers are always JSON");
    text.push('\n');
    text
}

#[derive(Serialize)]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool<'a>,
    column_kind: &'static str,
    results: Vec<Finding>,
}

#[derive(Serialize)]
struct Tool<'a> {
    driver: Driver<'a>,
}

#[derive(Serialize)]
struct Driver<'a> {
    name: &'static str,
    version: &'static str,
    rules: Vec<Rule<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule<'a> {
    id: &'a str,
    name: &'a str,
    short_description: Message,
    full_description: Message,
    help: Message,
}

#[derive(Serialize)]
struct Message {
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    markdown: Option<String>,
}

impl Message {
    fn plain(text: impl Into<String>) -> Message {
        Message { text: harmless(&text.into()).into_owned(), markdown: None }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Finding {
    rule_id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_index: Option<usize>,
    level: &'static str,
    message: Message,
    locations: Vec<Location>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location>,
    partial_fingerprints: BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fixes: Vec<Fix>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    physical_location: PhysicalLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Message>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: Artifact,
    region: Lines,
}

#[derive(Serialize)]
struct Artifact {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Lines {
    start_line: u32,
    start_column: u32,
    end_line: u32,
    end_column: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Fix {
    description: Message,
    artifact_changes: Vec<Change>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Change {
    artifact_location: Artifact,
    replacements: Vec<Replacement>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Replacement {
    deleted_region: Lines,
    #[serde(skip_serializing_if = "Option::is_none")]
    inserted_content: Option<Message>,
}

fn rule(page: &CodeDoc) -> Rule<'_> {
    let CodeDoc { code, what, why, wrong, right } = page;
    let mut text = format!("{what}\n\nWhy it matters: {why}");
    let mut markdown = text.clone();
    for (title, example) in [("Wrong", wrong), ("Right", right)] {
        if !example.is_empty() {
            text += &format!("\n\n{title}:\n\n{}", example.trim_end());
            markdown += &format!("\n\n{title}:\n\n```sync\n{}\n```", example.trim_end());
        }
    }
    Rule {
        id: code.number,
        name: code.name,
        short_description: Message::plain(code.name.replace('-', " ")),
        full_description: Message::plain(*what),
        help: Message { text, markdown: Some(markdown) },
    }
}

struct Writer<'a> {
    files: &'a FileSet,
    repository: Repository<'a>,
    secrets: &'a [Span],
    /// How often a fingerprint was given.
    seen: HashMap<String, usize>,
}

impl Writer<'_> {
    fn result(&mut self, diagnostic: &Diagnostic, rule_index: Option<usize>) -> Finding {
        let primary = diagnostic.primary.as_ref();
        let others = diagnostic.labels.iter().map(|label| (label.span, &label.text));
        let related = diagnostic.related.iter().map(|related| (related.span, &related.message));
        Finding {
            rule_id: diagnostic.code.number,
            rule_index,
            level: match diagnostic.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Advice => "note",
            },
            message: Message::plain(short::paragraph(diagnostic)),
            locations: primary.map(|label| self.location(label.span, &label.text)).into_iter().collect(),
            related_locations: others
                .chain(related)
                .enumerate()
                .map(|(n, (span, text))| Location { id: Some(n + 1), ..self.location(span, text) })
                .collect(),
            partial_fingerprints: BTreeMap::from([("statement/v1", self.fingerprint(diagnostic))]),
            fixes: diagnostic.fixes.iter().map(|fix| self.fix(fix)).collect(),
        }
    }

    fn location(&self, span: Span, text: &str) -> Location {
        let physical_location =
            PhysicalLocation { artifact_location: self.artifact(span.file), region: self.lines(span) };
        let message = (!text.is_empty()).then(|| Message::plain(text));
        Location { id: None, physical_location, message }
    }

    fn artifact(&self, file: FileId) -> Artifact {
        let path = self.repository.path(self.files.path(file));
        Artifact { uri: utf8_percent_encode(&path, PATH).to_string() }
    }

    fn lines(&self, span: Span) -> Lines {
        let Region { start_line, start_col, end_line, end_col } = Region::of(span, self.files);
        Lines { start_line, start_column: start_col, end_line, end_column: end_col }
    }

    fn fix(&self, fix: &super::Fix) -> Fix {
        let mut by_file: BTreeMap<FileId, Vec<&TextEdit>> = BTreeMap::new();
        for edit in &fix.edits {
            by_file.entry(edit.span.file).or_default().push(edit);
        }
        let replacement = |edit: &TextEdit| Replacement {
            deleted_region: self.lines(edit.span),
            // Not `plain`: what is written into a file stays as it is.
            inserted_content: (!edit.text.is_empty())
                .then(|| Message { text: edit.text.clone(), markdown: None }),
        };
        Fix {
            description: Message::plain(&fix.title),
            artifact_changes: by_file
                .into_iter()
                .map(|(file, edits)| Change {
                    artifact_location: self.artifact(file),
                    replacements: edits.into_iter().map(replacement).collect(),
                })
                .collect(),
        }
    }

    /// Made of code, path and the line's words; the second of two equal ones gets a number.
    fn fingerprint(&mut self, diagnostic: &Diagnostic) -> String {
        let (path, line) = match &diagnostic.primary {
            None => (String::new(), diagnostic.message.clone()),
            Some(label) => {
                let file = label.span.file;
                let at = self.files.line_col(file, label.span.start).line;
                (self.repository.path(self.files.path(file)), self.shown(self.files.line_span(file, at)))
            }
        };
        let mut hash = Sha256::new();
        for part in [diagnostic.code.number, &path].into_iter().chain(line.split_whitespace()) {
            hash.update(part);
            hash.update([0]);
        }
        let made: String =
            hash.finalize()[..FINGERPRINT_BYTES].iter().map(|byte| format!("{byte:02x}")).collect();
        let times = self.seen.entry(made.clone()).or_default();
        *times += 1;
        format!("{made}:{times}")
    }

    /// Text of a place without its secrets.
    fn shown(&self, place: Span) -> String {
        let text = self.files.slice(place);
        let cut = |secret: &&Span| {
            secret.file == place.file && secret.start < place.end && secret.end > place.start
        };
        let inside = |secret: &Span| {
            let at = |offset: u32| offset.clamp(place.start, place.end) - place.start;
            Span::new(place.file, at(secret.start), at(secret.end))
        };
        masked(text, self.secrets.iter().filter(cut).map(inside).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{Code, Fix};

    const PAGE: CodeDoc = CodeDoc {
        code: Code::new("S0101", "unknown-name"),
        what: "A name is used.",
        why: "It is not known.",
        wrong: "to buss\n",
        right: "to bus\n",
    };

    fn log(text: &str, at: (u32, u32), secrets: &[(u32, u32)]) -> serde_json::Value {
        let mut files = FileSet::new();
        let file = files.add("the shop.sync", text);
        let span = Span::new(file, at.0, at.1);
        let found = Diagnostic::error(PAGE.code, span, "there is no `buss`")
            .label("did you mean `bus`?")
            .also(Span::new(file, 0, 1), "here")
            .fix(Fix::machine("write `bus`", span, "bus"))
            .fix(Fix::machine("remove it", span, ""));
        let secrets: Vec<Span> = secrets.iter().map(|&(start, end)| Span::new(file, start, end)).collect();
        let all = [found.clone(), found];
        let text = document(&all, &files, &[PAGE], &secrets, Repository { prefix: "prod" });
        serde_json::from_str(&text).expect("JSON")
    }

    fn fingerprint(text: &str, at: (u32, u32), secrets: &[(u32, u32)]) -> String {
        let of = &log(text, at, secrets)["runs"][0]["results"][0]["partialFingerprints"]["statement/v1"];
        of.as_str().expect("a fingerprint").to_owned()
    }

    #[test]
    fn places_rules_and_repairs() {
        let log = log("a\n  to buss\n", (7, 11), &[]);
        let run = &log["runs"][0];
        assert_eq!(run["tool"]["driver"]["rules"].as_array().map(Vec::len), Some(1));
        assert_eq!(run["tool"]["driver"]["rules"][0]["shortDescription"]["text"], "unknown name");
        let result = &run["results"][0];
        assert_eq!((&result["ruleId"], &result["ruleIndex"]), (&"S0101".into(), &0.into()));
        assert_eq!(result["message"]["text"], "there is no `buss`; did you mean `bus`?");
        let region = serde_json::json!({"startLine": 2, "startColumn": 6, "endLine": 2, "endColumn": 10});
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "prod/the%20shop.sync");
        assert_eq!(place["region"], region);
        assert_eq!(result["relatedLocations"][0]["message"]["text"], "here");
        let replaced = |n: usize| &result["fixes"][n]["artifactChanges"][0]["replacements"][0];
        assert_eq!(
            replaced(0),
            &serde_json::json!({"deletedRegion": region, "insertedContent": {"text": "bus"}})
        );
        assert_eq!(replaced(1), &serde_json::json!({"deletedRegion": region}));
    }

    #[test]
    fn an_alert_keeps_its_identity_when_lines_move() {
        let first = fingerprint("  to buss\n", (5, 9), &[]);
        assert!(first.ends_with(":1"), "{first}");
        assert_eq!(first, fingerprint("a\n\n to  buss\n", (8, 12), &[]));
        assert_ne!(first, fingerprint("  to buzz\n", (5, 9), &[]));
        let second = &log("  to buss\n", (5, 9), &[])["runs"][0]["results"][1]["partialFingerprints"];
        assert_eq!(second["statement/v1"], first.replace(":1", ":2"));
    }

    #[test]
    fn a_secret_is_in_no_fingerprint() {
        let of = |text: &str| fingerprint(text, (9, 16), &[(9, 16)]);
        assert_eq!(of("password hunter2\n"), of("password hunter3\n"));
    }
}
