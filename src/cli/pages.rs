//! The pages of all codes.

use crate::diagnostic::CodeDoc;
use crate::{check, hir, plan, source, statement, syntax, target};

/// All pages, in order of their codes.
pub(super) fn all() -> Vec<CodeDoc> {
    let rules = check::RULES.iter().map(|rule| &rule.doc);
    let mut pages: Vec<CodeDoc> = syntax::codes::DOCS
        .iter()
        .chain(statement::PAGES)
        .chain(hir::PAGES)
        .chain(plan::PAGES)
        .chain(rules)
        .copied()
        .collect();
    pages.extend(source::mysql::CODES.iter().chain(target::kafka::requirement::CODES));
    pages.sort_by_key(|page| page.code);
    pages
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::FileSet;
    use std::collections::BTreeSet;

    fn found_in(text: &str) -> BTreeSet<&'static str> {
        let mut files = FileSet::new();
        files.add("a.sync", text);
        super::super::front::compile(&files).findings.iter().map(|finding| finding.code.number).collect()
    }

    #[test]
    fn one_page_per_code() {
        let pages = all();
        for pair in pages.windows(2) {
            assert_ne!(pair[0].code.number, pair[1].code.number);
        }
    }

    /// The wrong example yields exactly its code, the right one nothing.
    #[test]
    fn examples_prove_their_pages() {
        for page in all() {
            if !page.wrong.is_empty() {
                assert_eq!(found_in(page.wrong), BTreeSet::from([page.code.number]), "{}", page.wrong);
            }
            if !page.right.is_empty() {
                assert_eq!(
                    found_in(page.right),
                    BTreeSet::new(),
                    "right example of {}: {}",
                    page.code,
                    page.right
                );
            }
        }
    }
}
