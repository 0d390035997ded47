//! Where a finding is, for readers that know the repository and not the project's directory.

use crate::text::{FileSet, Span};

/// Paths as the repository has them: those of the files, behind the project's directory.
#[derive(Debug, Clone, Copy)]
pub struct Repository<'r> {
    /// Directory of the project in the repository, with `/`; empty where both are the same.
    pub prefix: &'r str,
}

impl Repository<'_> {
    /// Path of a file, `..` taken together with what it leaves.
    pub(super) fn path(self, of_file: &str) -> String {
        let mut parts: Vec<&str> = Vec::new();
        for part in self.prefix.split('/').chain(of_file.split('/')) {
            match part {
                "" | "." => {}
                ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
                part => parts.push(part),
            }
        }
        parts.join("/")
    }
}

/// A place in lines and columns, both from 1; columns are code points, and the end is behind the last sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Region {
    pub(super) start_line: u32,
    pub(super) start_col: u32,
    pub(super) end_line: u32,
    pub(super) end_col: u32,
}

impl Region {
    pub(super) fn of(span: Span, files: &FileSet) -> Region {
        let (start, end) = (files.line_col(span.file, span.start), files.line_col(span.file, span.end));
        Region { start_line: start.line, start_col: start.col, end_line: end.line, end_col: end.col }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_repository() {
        let check = |prefix, path, expected| {
            assert_eq!(Repository { prefix }.path(path), expected, "{prefix} {path}");
        };
        check("", "shop.sync", "shop.sync");
        check("deploy/prod", "shop.sync", "deploy/prod/shop.sync");
        check("deploy/prod", "../platform/kafka.sync", "deploy/platform/kafka.sync");
        check("prod", "../../other/a.sync", "../other/a.sync");
    }
}
