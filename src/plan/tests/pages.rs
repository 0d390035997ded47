//! What the manual shows.

use super::super::*;
use super::shown;
use crate::diagnostic::Severity;

/// No error and no warning is said about the projects of the manual, of several directories and with a lock file.
#[test]
fn the_projects_of_the_manual_compile() {
    let corpus = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    for project in ["large/prod", "shop"] {
        let location = crate::project::Location {
            root: Some(corpus.clone()),
            ..crate::project::Location::new(corpus.join(project))
        };
        let project = crate::project::io::read(&location).expect("a project").project;
        let mut compiled = compile_project(&project);
        compiled.findings.retain(|finding| finding.severity > Severity::Advice);
        assert_eq!(compiled.findings, [], "{}", location.directory.display());
        assert!(compiled.plan.is_some());
    }
}

#[test]
fn pages_show_what_they_say() {
    let pages = crate::statement::PAGES.iter().chain(crate::hir::PAGES);
    // What is not executed is found by `run` alone.
    for page in pages.filter(|page| page.code != crate::statement::NOT_BUILT_YET) {
        let found = shown(&[page.wrong]);
        assert!(found.lines().count() == 1 && found.contains(page.code.number), "{}: {found}", page.code);
        assert_eq!(shown(&[page.right]), "", "{}", page.code);
    }
}
