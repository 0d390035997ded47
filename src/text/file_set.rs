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
    /// Columns that begin before each [`STEP`] bytes, from the start of the file.
    columns: Vec<u32>,
}

/// Distance of the places whose column is remembered, in bytes: however long a line is, no more is counted.
const STEP: usize = 1024;

/// A byte that begins a sign with a column of its own: all signs but byte order marks.
fn begins_column(text: &[u8], at: usize) -> bool {
    let begins_sign = text[at] & 0b1100_0000 != 0b1000_0000;
    begins_sign && !text[at..].starts_with("\u{FEFF}".as_bytes())
}

impl File {
    /// Columns that begin before a byte.
    fn columns_before(&self, offset: usize) -> u32 {
        let step = offset / STEP;
        let bytes = self.text.as_bytes();
        let rest = (step * STEP..offset).filter(|&at| begins_column(bytes, at)).count();
        self.columns[step] + rest as u32
    }
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
        let bytes = text.as_bytes();
        let ends_line = |at: &usize| bytes[*at] == b'\n' || bytes.get(at + 1) != Some(&b'\n');
        let mut line_starts = vec![0];
        line_starts
            .extend(memchr::memchr2_iter(b'\n', b'\r', bytes).filter(ends_line).map(|at| at as u32 + 1));
        let mut columns = vec![0];
        let mut count = 0;
        for at in 0..bytes.len() {
            count += u32::from(begins_column(bytes, at));
            if (at + 1) % STEP == 0 {
                columns.push(count);
            }
        }
        self.files.push(File { path: path.into(), text, line_starts, columns });
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

    /// Number of lines of a file; the piece behind the last line end counts, also when it is empty.
    pub fn n_lines(&self, id: FileId) -> u32 {
        self.files[id.0 as usize].line_starts.len() as u32
    }

    /// Place of a line, which counts from 1, with its line end; empty behind the last line.
    pub fn line_span(&self, id: FileId, line: u32) -> Span {
        let file = &self.files[id.0 as usize];
        let end = file.text.len() as u32;
        let start_of = |line: usize| file.line_starts.get(line).copied().unwrap_or(end);
        Span::new(id, start_of(line.saturating_sub(1) as usize), start_of(line as usize))
    }

    /// Line of a byte offset, from 1; the last one when it lies behind the end.
    pub fn line(&self, id: FileId, offset: u32) -> u32 {
        let file = &self.files[id.0 as usize];
        file.line_starts.partition_point(|&start| start <= offset) as u32
    }

    /// Line and column of a byte offset; of the sign it lies in, and of the end when it lies behind it.
    pub fn line_col(&self, id: FileId, offset: u32) -> LineCol {
        let file = &self.files[id.0 as usize];
        let mut offset = offset.min(file.text.len() as u32);
        while !file.text.is_char_boundary(offset as usize) {
            offset -= 1;
        }
        let line = file.line_starts.partition_point(|&start| start <= offset) - 1;
        let start = file.line_starts[line] as usize;
        let col = file.columns_before(offset as usize) - file.columns_before(start);
        LineCol { line: line as u32 + 1, col: col + 1 }
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

    #[test]
    fn columns_of_long_lines_are_those_that_are_counted() {
        let text = format!("{}\n{}", "ö\u{FEFF}a 商😀".repeat(500), "x".repeat(3000));
        let mut files = FileSet::new();
        let id = files.add("a.sync", text.as_str());
        for (at, _) in text.char_indices().chain([(text.len(), ' ')]) {
            let before = &text[text[..at].rfind('\n').map_or(0, |end| end + 1)..at];
            let col = before.chars().filter(|&sign| sign != '\u{FEFF}').count() as u32 + 1;
            assert_eq!(files.line_col(id, at as u32).col, col, "byte {at}");
        }
    }

    #[test]
    fn every_line_end_of_the_language_counts() {
        let mut files = FileSet::new();
        let id = files.add("a.sync", "a\r\nb\rc\n");
        let lines: Vec<_> =
            (1..=files.n_lines(id)).map(|line| files.slice(files.line_span(id, line))).collect();
        assert_eq!(lines, ["a\r\n", "b\r", "c\n", ""]);
        assert_eq!(files.line_col(id, 5), LineCol { line: 3, col: 1 });
    }
}
