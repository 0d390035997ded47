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
    /// Bytes that are no text, in order of their places.
    stand_ins: Vec<StandIn>,
    /// Byte offset at which each line begins.
    line_starts: Vec<u32>,
    /// Columns that begin before each [`STEP`] bytes, from the start of the file.
    columns: Vec<u32>,
}

/// A [`char::REPLACEMENT_CHARACTER`] in place of bytes that are not UTF-8.
#[derive(Debug, Clone, Copy)]
struct StandIn {
    /// End of the sign in the text.
    end: u32,
    /// End of the bytes in the file.
    file_end: u32,
}

/// Text of a file, and where signs stand in for bytes that are not UTF-8.
fn decoded(bytes: Vec<u8>) -> (String, Vec<StandIn>) {
    let bytes = match String::from_utf8(bytes) {
        Ok(text) => return (text, Vec::new()),
        Err(failed) => failed.into_bytes(),
    };
    let mut text = String::with_capacity(bytes.len());
    let mut stand_ins = Vec::new();
    let mut file_end = 0;
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        file_end += chunk.valid().len() + chunk.invalid().len();
        if !chunk.invalid().is_empty() {
            text.push(char::REPLACEMENT_CHARACTER);
            stand_ins.push(StandIn { end: text.len() as u32, file_end: file_end as u32 });
        }
    }
    (text, stand_ins)
}

/// Distance of the places whose column is remembered, in bytes: however long a line is, no more is counted.
const STEP: usize = 1024;

/// A byte that begins a sign with a column of its own: all signs but byte order marks.
fn begins_column(text: &[u8], at: usize) -> bool {
    let begins_sign = text[at] & 0b1100_0000 != 0b1000_0000;
    begins_sign && !text[at..].starts_with("\u{FEFF}".as_bytes())
}

impl File {
    fn new(path: String, text: String, stand_ins: Vec<StandIn>) -> File {
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
        File { path, text, stand_ins, line_starts, columns }
    }

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
        self.files.push(File::new(path.into(), text.into(), Vec::new()));
        FileId(self.files.len() as u32 - 1)
    }

    /// Adds a file as it lies on the disk. Bytes that are not UTF-8 become U+FFFD in its text.
    pub fn add_bytes(&mut self, path: impl Into<String>, bytes: Vec<u8>) -> FileId {
        let (text, stand_ins) = decoded(bytes);
        self.files.push(File::new(path.into(), text, stand_ins));
        FileId(self.files.len() as u32 - 1)
    }

    /// Gives a file another text.
    pub fn replace(&mut self, id: FileId, text: impl Into<String>) {
        let file = &mut self.files[id.0 as usize];
        *file = File::new(std::mem::take(&mut file.path), text.into(), Vec::new());
    }

    /// The same files under other paths.
    pub fn with_paths(&self, path: impl Fn(&str) -> String) -> FileSet {
        let mut files = self.clone();
        for file in &mut files.files {
            file.path = path(&file.path);
        }
        files
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

    /// True when the file is UTF-8 without a NUL, so that its text may be written back.
    pub fn is_text(&self, id: FileId) -> bool {
        !self.text(id).contains([char::REPLACEMENT_CHARACTER, '\0'])
    }

    /// The place in the bytes of the file of a place in its text.
    pub fn file_offset(&self, id: FileId, offset: u32) -> u32 {
        let stand_ins = &self.files[id.0 as usize].stand_ins;
        match stand_ins.partition_point(|one| one.end <= offset) {
            0 => offset,
            n => stand_ins[n - 1].file_end + (offset - stand_ins[n - 1].end),
        }
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
    fn bytes_that_are_no_text_keep_their_places() {
        let mut files = FileSet::new();
        let id = files.add_bytes("a.sync", b"a\xff\xffb\xe2\x82 c\nd".to_vec());
        let text = files.text(id).to_owned();
        assert_eq!(text, "a\u{FFFD}\u{FFFD}b\u{FFFD} c\nd");
        let place = |sign| {
            let at = text.find(sign).expect("it is there") as u32;
            (files.file_offset(id, at), files.line_col(id, at).col)
        };
        assert_eq!([place('a'), place('b'), place('c'), place('d')], [(0, 1), (3, 4), (7, 7), (9, 1)]);
        assert_eq!(files.file_offset(id, text.len() as u32), 10);
        assert!(!files.is_text(id));
        files.replace(id, "b");
        assert!(files.is_text(id) && files.file_offset(id, 1) == 1);
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
