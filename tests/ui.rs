//! What the author of a file sees: each `ui/<area>/<case>.sync` next to the drawing of its findings, `<case>.stderr`.
//!
//! A case with several files is a directory `ui/<area>/<case>/`; one with several directories holds the project in
//! `<case>/project/`. `SNAPSHOTS=overwrite` writes what is drawn now.

use super::snapshot;
use std::fs;
use std::path::{Path, PathBuf};
use syncc::diagnostic::Summary;
use syncc::diagnostic::render::{Renderer, Style};
use syncc::plan::compile_project;
use syncc::project::{Location, Project};
use syncc::statement::secret_places;
use syncc::text::FileSet;

const STYLE: Style = Style { ascii: false, color: false, width: 100 };

#[test]
fn findings_look_as_recorded() {
    let mut failed = Vec::new();
    let mut n_cases = 0;
    for area in sorted(&root()) {
        for case in sorted(&area).into_iter().filter(|case| case.is_dir() || has_ending(case, "sync")) {
            n_cases += 1;
            let expected = case.with_extension("stderr");
            if let Err(difference) = snapshot::compare(drawn(&case), &expected) {
                failed.push(difference);
            }
        }
    }
    assert!(n_cases > 0, "no case in {}", root().display());
    assert!(failed.is_empty(), "{} of {n_cases} cases differ:\n{}", failed.len(), failed.join("\n"));
}

/// A drawing that belongs to no case would be kept for ever.
#[test]
fn every_drawing_has_its_case() {
    for area in sorted(&root()) {
        for drawing in sorted(&area).into_iter().filter(|path| has_ending(path, "stderr")) {
            let case = drawing.with_extension("sync");
            assert!(case.exists() || drawing.with_extension("").is_dir(), "{}", drawing.display());
        }
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ui")
}

fn drawn(case: &Path) -> String {
    let project = if case.join("project").is_dir() {
        let location = Location::new(case.join("project"));
        syncc::project::io::read(&location).expect("a case can be read").project
    } else {
        Project::of(texts(case))
    };
    let findings = compile_project(&project).findings;
    let files = &project.files;
    let renderer = Renderer::new(files, &secret_places(files), STYLE);
    let mut text: String = findings.iter().map(|finding| renderer.draw(finding) + "\n").collect();
    text += &format!("{}\n", Summary::of(&findings, files.len()));
    text
}

fn texts(case: &Path) -> FileSet {
    let paths = if case.is_dir() { sorted(case) } else { vec![case.to_owned()] };
    let mut files = FileSet::new();
    for path in paths {
        let name = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
        files.add(name, fs::read_to_string(&path).expect("a case can be read"));
    }
    files
}

fn sorted(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).expect("a directory of cases");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}

fn has_ending(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|found| found == ending)
}
