//! The files being compiled, in memory.

use super::{FileId, Span};

/// Paths and texts of a project; paths are relative to the project directory, with `/`.
#[derive(Debug, Clone, Default)]
pub struct FileSet {
    files: Vec<File>,
}

#[derive(Debug, Clone)]
struct File {
    path: String,
    text: String,
    /// Byte offset at which each line begins.
    line_starts: Vec<u32>,
}

/// A place for people: both count from 1, `col` in Unicode code points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineCol {
    /// Line.
    pub line: u32,
    /// Column.
    pub col: u32,
}

impl FileSet {
    /// An empty set.
    pub fn new() -> FileSet {
        FileSet::default()
    }

    /// Adds a file and returns its id. Ids rise in order of adding.
    pub fn add(&mut self, path: impl Into<String>, text: impl Into<String>) -> FileId {
        let text = text.into();
        let mut line_starts = vec![0];
        line_starts
            .extend(text.bytes().enumerate().filter(|&(_, b)| b == b'\n').map(|(at, _)| at as u32 + 1));
        self.files.push(File { path: path.into(), text, line_starts });
        FileId(self.files.len() as u32 - 1)
    }

    /// Number of files.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// True when there is no file.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// All ids in order.
    pub fn ids(&self) -> impl Iterator<Item = FileId> + use<> {
        (0..self.files.len() as u32).map(FileId)
    }

    /// Path of a file.
    pub fn path(&self, id: FileId) -> &str {
        &self.files[id.0 as usize].path
    }

    /// Text of a file.
    pub fn text(&self, id: FileId) -> &str {
        &self.files[id.0 as usize].text
    }

    /// The text a span covers.
    pub fn slice(&self, span: Span) -> &str {
        &self.text(span.file)[span.start as usize..span.end as usize]
    }

    /// Line and column of a byte offset.
    pub fn line_col(&self, id: FileId, offset: u32) -> LineCol {
        let file = &self.files[id.0 as usize];
        let line = file.line_starts.partition_point(|&start| start <= offset) - 1;
        let before = &file.text[file.line_starts[line] as usize..offset as usize];
        let col = before.chars().filter(|&c| c != '\u{FEFF}').count();
        LineCol { line: line as u32 + 1, col: col as u32 + 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_code_points_not_bytes() {
        let mut files = FileSet::new();
        let id = files.add("a.sync", "edition 2026\nö x");
        assert_eq!(files.line_col(id, 0), LineCol { line: 1, col: 1 });
        assert_eq!(files.line_col(id, 16), LineCol { line: 2, col: 3 });
    }
}
