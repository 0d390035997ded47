//! The one list of findings in every form.

use crate::cli::global::Global;
use crate::cli::output::{Failure, Output, note};
use crate::cli::{front, here, pages, revision};
use crate::diagnostic::render::Style;
use crate::diagnostic::{Diagnostic, Repository, Severity, Summary, github, json, junit, sarif, short};
use crate::statement;
use crate::text::FileSet;
use clap::ValueEnum;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

/// Most findings that are drawn; the rest is counted.
const DRAWN_MAX: usize = 200;

/// Form of the findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Drawings for people.
    Human,
    /// One line each: `path:line:col: error[CODE]: message`.
    Short,
    /// One JSON object.
    Json,
    /// One JSON object a line.
    Jsonl,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// Annotations of GitHub Actions, and a table in the summary of the step.
    Github,
    /// JUnit XML.
    Junit,
}

/// What a check found.
pub(super) struct Report<'r> {
    pub(super) findings: &'r [Diagnostic],
    pub(super) files: &'r FileSet,
    /// Least weight of a failure.
    pub(super) least: Severity,
    /// Directory of the project.
    pub(super) directory: &'r Path,
}

impl Report<'_> {
    /// Prints it.
    pub(super) fn print(&self, format: Format, global: &Global, output: &mut Output) -> Result<(), Failure> {
        let prefix = revision::place_in_repository(self.directory);
        let repository = Repository { prefix: &prefix };
        if format == Format::Github {
            add_to_step_summary(&github::summary(self.findings, self.files, self.summary(), repository));
        }
        output.print(&self.text(format, global.style(), repository))?;
        match format {
            Format::Human if !global.quiet => output.print(&self.last_line()),
            Format::Github if !global.quiet => output.print(&format!("{}\n", self.summary())),
            _ => Ok(()),
        }
    }

    /// The findings in one form.
    fn text(&self, format: Format, style: Style, repository: Repository<'_>) -> String {
        let Report { findings, files, least, directory } = *self;
        match format {
            Format::Human => self.drawings(style),
            Format::Short => {
                let files = &here::from_here(files, directory);
                findings.iter().map(|finding| short::line(finding, files) + "\n").collect()
            }
            Format::Json => json::document(findings, files, self.summary()),
            Format::Jsonl => json::lines(findings, files, self.summary()),
            Format::Sarif => {
                let secrets = statement::secret_places(files);
                sarif::document(findings, files, &pages::all(), &secrets, repository)
            }
            Format::Github => github::annotations(findings, files, repository),
            Format::Junit => junit::report(findings, files, least, repository),
        }
    }

    fn summary(&self) -> Summary {
        Summary::of(self.findings, self.files.len())
    }

    fn drawings(&self, style: Style) -> String {
        let files = here::from_here(self.files, self.directory);
        let renderer = front::renderer(&files, style);
        let drawn = self.findings.iter().take(DRAWN_MAX);
        let mut text: String = drawn.map(|finding| renderer.draw(finding) + "\n").collect();
        if self.findings.len() > DRAWN_MAX {
            text += &format!(
                "{} more findings are not drawn; --format short lists all\n\n",
                self.findings.len() - DRAWN_MAX
            );
        }
        text
    }

    fn last_line(&self) -> String {
        let summary = self.summary();
        match summary.fixable {
            0 => format!("{summary}\n"),
            n => format!("{summary}; {n} can be fixed with --fix\n"),
        }
    }
}

/// Adds to what GitHub shows of this step; elsewhere there is no such file. That it cannot be written fails nothing.
fn add_to_step_summary(text: &str) {
    let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()) else { return };
    let written = OpenOptions::new()
        .append(true)
        .create(true)
        .open(&path)
        .and_then(|mut file| file.write_all(text.as_bytes()));
    if let Err(error) = written {
        note(&format!("the summary {} cannot be written: {error}", path.display()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::example_files;
    use crate::plan::compile_project;
    use crate::project::Project;
    use crate::text::FileId;
    use boon::{Compiler, Schemas};
    use serde_json::Value;

    const SCHEMA: &str = include_str!("../../../tests/sarif/sarif-schema-2.1.0.json");

    /// For every code its wrong example with what is found in it, else an empty project with a finding made up.
    fn every_code() -> Vec<(&'static str, FileSet, Vec<Diagnostic>)> {
        let all = pages::all().into_iter().map(|page| {
            let mut files = FileSet::new();
            let mut findings = Vec::new();
            if !page.wrong.is_empty() {
                for (name, text) in example_files(page.wrong) {
                    files.add(if name == "shop.sync" { "the shop.sync" } else { name }, text);
                }
                findings = compile_project(&Project::of(files.clone())).findings;
            }
            if !findings.iter().any(|finding| finding.code == page.code) {
                findings = vec![Diagnostic::nowhere(page.code, Severity::Warning, page.what).help("a & <b>")];
            }
            (page.code.number, files, findings)
        });
        all.collect()
    }

    fn in_every_code(format: Format, mut check: impl FnMut(&'static str, &str, &[Diagnostic], &FileSet)) {
        let style = Style { ascii: false, color: false, width: 80 };
        for (number, files, findings) in every_code() {
            let report = Report {
                findings: &findings,
                files: &files,
                least: Severity::Warning,
                directory: Path::new("."),
            };
            let text = report.text(format, style, Repository { prefix: "prod" });
            assert!(text.contains(number), "{number} in {format:?}: {text}");
            check(number, &text, &findings, &files);
        }
    }

    #[test]
    fn people_see_every_code() {
        in_every_code(Format::Human, |number, text, _, _| {
            assert!(text.starts_with(number), "{text}");
            assert!(text.lines().all(|line| line == line.trim_end() || line.contains('│')), "{text}");
        });
    }

    #[test]
    fn short_has_a_line_for_every_finding() {
        in_every_code(Format::Short, |_, text, findings, files| {
            assert_eq!(text.lines().count(), findings.len(), "{text}");
            for (line, finding) in text.lines().zip(findings) {
                let begins = match &finding.primary {
                    Some(label) => line.starts_with(&format!("{}:", files.path(label.span.file))),
                    None => line.starts_with("warning["),
                };
                assert!(begins, "{line}");
            }
        });
    }

    #[test]
    fn json_has_the_same_members_for_every_code() {
        const MEMBERS: [&str; 11] = [
            "code", "name", "severity", "message", "file", "span", "labels", "help", "fixes", "related",
            "url",
        ];
        let check = |finding: &Value| {
            let members = finding.as_object().expect("an object");
            assert_eq!(members.len(), MEMBERS.len(), "{finding}");
            assert!(MEMBERS.iter().all(|member| members.contains_key(*member)), "{finding}");
        };
        in_every_code(Format::Json, |_, text, findings, _| {
            let document: Value = serde_json::from_str(text).expect("JSON");
            assert_eq!(document["version"], 1);
            let found = document["diagnostics"].as_array().expect("a list");
            assert_eq!(found.len(), findings.len());
            found.iter().for_each(check);
        });
        in_every_code(Format::Jsonl, |_, text, findings, _| {
            let lines: Vec<Value> =
                text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
            let (last, found) = lines.split_last().expect("a line");
            assert_eq!((found.len(), &last["version"]), (findings.len(), &Value::from(1)));
            found.iter().for_each(check);
        });
    }

    #[test]
    fn sarif_is_what_its_schema_says() {
        let mut schemas = Schemas::new();
        let mut compiler = Compiler::new();
        let schema: Value = serde_json::from_str(SCHEMA).expect("the schema is JSON");
        compiler.add_resource("sarif.json", schema).expect("the schema has a place");
        let schema = compiler.compile("sarif.json", &mut schemas).expect("the schema can be read");
        assert!(schemas.validate(&serde_json::json!({"version": "2.1.0"}), schema).is_err());
        in_every_code(Format::Sarif, |number, text, findings, files| {
            let log: Value = serde_json::from_str(text).expect("JSON");
            let valid = schemas.validate(&log, schema);
            assert!(valid.is_ok(), "{number}: {:#}", valid.expect_err("it is not"));
            let run = &log["runs"][0];
            for (result, finding) in run["results"].as_array().expect("a list").iter().zip(findings) {
                let rule = result["ruleIndex"].as_u64().expect("a rule") as usize;
                assert_eq!(run["tool"]["driver"]["rules"][rule]["id"], finding.code.number);
                if let Some(label) = &finding.primary {
                    let place = &result["locations"][0]["physicalLocation"]["artifactLocation"];
                    let path = files.path(label.span.file).replace(' ', "%20");
                    assert_eq!(place["uri"], format!("prod/{path}"));
                }
            }
        });
    }

    #[test]
    fn github_has_a_command_for_every_finding() {
        in_every_code(Format::Github, |_, text, findings, files| {
            assert_eq!(text.lines().count(), findings.len(), "{text}");
            for line in text.lines() {
                let (properties, _) = line[2..].split_once("::").expect("a command");
                assert!(
                    ["error ", "warning ", "notice "].iter().any(|it| properties.starts_with(it)),
                    "{line}"
                );
            }
            let repository = Repository { prefix: "" };
            let table = github::summary(findings, files, Summary::of(findings, files.len()), repository);
            let rows = table.lines().filter(|line| line.starts_with("| ") && line.ends_with(" |"));
            // Four cells: five bars that are not escaped.
            for row in rows {
                assert_eq!(row.replace("\\|", "").matches('|').count(), 5, "{row}");
            }
        });
    }

    #[test]
    fn junit_is_well_formed() {
        in_every_code(Format::Junit, |_, text, findings, files| {
            let document = roxmltree::Document::parse(text).unwrap_or_else(|error| panic!("{error}: {text}"));
            let of = |name: &str| document.descendants().filter(|node| node.has_tag_name(name)).count();
            let is_clean = |id: &FileId| {
                !findings.iter().filter_map(|it| it.primary.as_ref()).any(|label| label.span.file == *id)
            };
            let clean = files.ids().filter(is_clean).count();
            assert_eq!(of("testcase"), findings.len() + clean, "{text}");
            let heavy = findings.iter().filter(|finding| finding.severity >= Severity::Warning);
            assert_eq!(of("failure"), heavy.count(), "{text}");
        });
    }
}
