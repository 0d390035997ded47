//! The pages of all codes.

use super::output::Failure;
use crate::diagnostic::CodeDoc;
use crate::statement::closest;
use crate::{check, hir, plan, project, source, statement, syntax, target};

/// All pages, in order of their codes.
pub(super) fn all() -> Vec<CodeDoc> {
    let lists = [
        syntax::codes::DOCS,
        statement::PAGES,
        hir::PAGES,
        hir::PARAM_PAGES,
        project::PAGES,
        plan::PAGES,
        plan::COMBINATION_PAGES,
        source::mysql::requirement::CODES,
        target::kafka::requirement::CODES,
        target::registry::requirement::CODES,
    ];
    let mut pages: Vec<CodeDoc> = lists.into_iter().flatten().copied().chain(check::pages()).collect();
    pages.sort_by_key(|page| page.code);
    pages
}

/// The page of a code, by its number or name.
pub(super) fn find(asked: &str) -> Result<CodeDoc, Failure> {
    let pages = all();
    let is_asked = |page: &&CodeDoc| {
        page.code.number.eq_ignore_ascii_case(asked) || page.code.name.eq_ignore_ascii_case(asked)
    };
    pages.iter().find(is_asked).copied().ok_or_else(|| {
        let known = pages.iter().flat_map(|page| [page.code.number, page.code.name]);
        let hint = match closest(asked, known) {
            Some(near) => format!("did you mean {near}?"),
            None => "`syncc explain` lists all".to_owned(),
        };
        Failure::usage(format!("there is no code \"{asked}\"; {hint}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::example_files;
    use crate::plan::compile_files;
    use crate::text::FileSet;

    fn files_of(example: &str) -> FileSet {
        let mut files = FileSet::new();
        for (name, text) in example_files(example) {
            files.add(name, text);
        }
        files
    }

    fn found_in(example: &str) -> Vec<&'static str> {
        compile_files(&files_of(example)).findings.iter().map(|finding| finding.code.number).collect()
    }

    #[test]
    fn one_page_per_code() {
        let pages = all();
        for pair in pages.windows(2) {
            assert_ne!(pair[0].code.number, pair[1].code.number);
        }
    }

    /// Codes of findings about files that need more, or less, than a file: the environment, a server, an empty directory.
    const WITHOUT_EXAMPLE: &[&str] = &["S0021", "S0109", "S0305", "S0306"];

    /// The wrong example yields exactly its code, once; the right one nothing.
    #[test]
    fn examples_prove_their_pages() {
        let mut wrong = Vec::new();
        for page in all() {
            let number = page.code.number;
            let has_example = number.starts_with('S') && !WITHOUT_EXAMPLE.contains(&number);
            if has_example == page.wrong.is_empty() || page.wrong.is_empty() != page.right.is_empty() {
                wrong.push(format!("{number}: has examples: {}", !page.wrong.is_empty()));
            }
            if page.code == statement::NOT_BUILT_YET {
                // `check` has nothing against it; a test of the plan looks at it.
                assert_eq!(found_in(page.wrong), [""; 0]);
                continue;
            }
            if has_example && found_in(page.wrong) != [number] {
                wrong.push(format!("wrong example of {number}: {:?}\n{}", found_in(page.wrong), page.wrong));
            }
            if has_example && !found_in(page.right).is_empty() {
                wrong.push(format!("right example of {number}: {:?}\n{}", found_in(page.right), page.right));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    /// Every certain repair of a wrong example mends it.
    #[test]
    fn certain_repairs_mend_the_examples() {
        let compile = |files: &FileSet| compile_files(files).findings;
        for page in all() {
            let files = files_of(page.wrong);
            let findings = compile(&files);
            let certain = |fix: &crate::diagnostic::Fix| fix.safety == crate::diagnostic::Safety::Machine;
            if findings.iter().any(|finding| finding.fixes.iter().any(certain)) && !page.wrong.is_empty() {
                let repaired = super::super::repair::rounds(&files, findings, |_| true, compile);
                let left: Vec<_> = repaired.findings.iter().map(|finding| finding.code.number).collect();
                assert!(left.is_empty(), "{}: {left:?}", page.code);
            }
        }
    }

    #[test]
    fn pages_of_all_kinds_are_here() {
        let pages = all();
        for kind in ["S0001", "S0013", "S0101", "S0403", "S0502", "L0101", "L0201", "P1001"] {
            assert!(pages.iter().any(|page| page.code.number == kind), "{kind}");
        }
    }
}
