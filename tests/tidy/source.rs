//! The program's own text, taken apart as far as the tidy tests need it.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

/// A file of the repository.
pub(super) struct File {
    /// Its path from the root of the repository.
    pub(super) name: String,
    /// Its text.
    pub(super) text: String,
}

/// A file of `src`.
pub(super) struct Module {
    /// Its path from the root of the repository.
    pub(super) file: String,
    /// Its module path; empty for the roots of the library and of the program.
    pub(super) path: Vec<String>,
    /// All of its text.
    pub(super) text: String,
    /// The text without comments and tests, line by line.
    code: Vec<String>,
    /// The module paths it names, from `crate` on.
    pub(super) uses: Vec<Vec<String>>,
}

impl Module {
    /// The text without comments and inline tests.
    pub(super) fn code(&self) -> String {
        self.code.join("\n")
    }

    /// The number of the first line of code (from 1) that contains `word` as a word or path of its own.
    pub(super) fn line_with(&self, word: &str) -> Option<usize> {
        let inside = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        self.code
            .iter()
            .position(|line| {
                line.match_indices(word).any(|(at, _)| {
                    !inside(line[..at].chars().next_back()) && !inside(line[at + word.len()..].chars().next())
                })
            })
            .map(|index| index + 1)
    }
}

/// All files of `src` that are not tests.
pub(super) fn modules() -> &'static [Module] {
    static MODULES: OnceLock<Vec<Module>> = OnceLock::new();
    MODULES.get_or_init(|| {
        let modules: Vec<Module> = files(&["src"], &["rs"]).into_iter().map(module).collect();
        let tests: Vec<Vec<String>> = modules.iter().flat_map(test_modules).collect();
        modules.into_iter().filter(|module| !tests.iter().any(|test| module.path.starts_with(test))).collect()
    })
}

/// The paths of the modules that `module` has only for tests, in files of their own.
fn test_modules(module: &Module) -> Vec<Vec<String>> {
    let lines: Vec<&str> = module.text.lines().map(str::trim).collect();
    let named = |pair: &[&str]| {
        let name = pair[1].strip_prefix("mod ")?.strip_suffix(';')?.to_owned();
        is_test_only(pair[0]).then(|| module.path.iter().cloned().chain([name]).collect())
    };
    lines.windows(2).filter_map(named).collect()
}

fn is_test_only(line: &str) -> bool {
    line.starts_with("#[cfg(test)]") || line.starts_with("#[cfg(all(test")
}

/// The files below `folders` whose names end in one of `endings`.
pub(super) fn files(folders: &[&str], endings: &[&str]) -> Vec<File> {
    fn walk(root: &Path, folder: &Path, endings: &[&str], found: &mut Vec<File>) {
        let Ok(entries) = fs::read_dir(folder) else { return };
        for entry in entries {
            let path = entry.expect("a folder of the repository can be read").path();
            if path.is_dir() {
                walk(root, &path, endings, found);
            } else if path.extension().is_some_and(|ending| endings.iter().any(|it| ending == *it)) {
                // what is not UTF-8 is a test's input, not a text of ours
                if let Ok(text) = fs::read_to_string(&path) {
                    let name = path.strip_prefix(root).expect("it is below the root").display().to_string();
                    found.push(File { name, text });
                }
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for folder in folders {
        walk(root, &root.join(folder), endings, &mut found);
    }
    found.sort_by(|one, other| one.name.cmp(&other.name));
    found
}

fn module(file: File) -> Module {
    let inner = file.name.trim_start_matches("src/").trim_end_matches(".rs");
    let mut path: Vec<String> = inner.split('/').map(str::to_owned).collect();
    if path.last().is_some_and(|last| last == "mod") {
        path.pop();
    }
    if ["lib", "main"].contains(&inner) {
        path.clear();
    }
    let code = code(&file.text);
    let uses = uses(&code.join("\n"), &path);
    Module { file: file.name, path, text: file.text, code, uses }
}

/// The lines without comments, up to the inline tests.
fn code(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut all = text.lines().peekable();
    while let Some(line) = all.next() {
        if is_test_only(line.trim_start())
            && all.peek().is_some_and(|next| next.trim_start().starts_with("mod ") && next.contains('{'))
        {
            break;
        }
        // a `//` inside a string is cut too; no path is written behind one
        lines.push(line.split("//").next().unwrap_or_default().to_owned());
    }
    lines
}

/// The module paths in the code: after `crate::`, and by `super::io` and `self::io` into the neighbouring folder.
fn uses(code: &str, path: &[String]) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        if !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$') {
            tree(&mut code[at + "crate::".len()..].chars().peekable(), &[], &mut found);
        }
    }
    let parent = path.split_last().map_or(&[] as &[String], |(_, parent)| parent);
    for (start, base) in [("super::io::", parent), ("self::io::", path)] {
        if code.contains(start) {
            found.push(base.iter().cloned().chain(["io".to_owned()]).collect());
        }
    }
    found
}

/// Reads one tree of `use` (`a::{b, c::d}`) and adds its paths.
fn tree(
    rest: &mut std::iter::Peekable<std::str::Chars<'_>>,
    prefix: &[String],
    found: &mut Vec<Vec<String>>,
) {
    let mut path = prefix.to_vec();
    loop {
        while rest.next_if(|c| c.is_whitespace()).is_some() {}
        if rest.next_if_eq(&'{').is_some() {
            loop {
                tree(rest, &path, found);
                while rest.next_if(|c| c.is_whitespace()).is_some() {}
                if rest.next_if_eq(&',').is_none() {
                    rest.next_if_eq(&'}');
                    return;
                }
            }
        }
        let mut name = String::new();
        while let Some(c) = rest.next_if(|c| c.is_alphanumeric() || *c == '_') {
            name.push(c);
        }
        if !name.is_empty() {
            path.push(name);
        }
        if rest.next_if_eq(&':').is_none() || rest.next_if_eq(&':').is_none() {
            if path.len() > prefix.len() {
                found.push(path);
            }
            return;
        }
    }
}

/// `const CONSTANT: Code = Code::new("NUMBER", "NAME")`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct CodeConstant {
    /// The constant's name.
    pub(super) constant: String,
    /// The code's number.
    pub(super) number: String,
    /// The code's name.
    pub(super) name: String,
}

/// The codes that a text defines as constants.
pub(super) fn codes(code: &str) -> Vec<CodeConstant> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices(": Code = ") {
        let constant = identifier_before(&code[..at]);
        let value: Vec<&str> = code[at..].splitn(5, '"').collect();
        if let [call, number, between, name, _] = value.as_slice()
            && call.contains("new(")
            && between.trim() == ","
            && is_code(number)
        {
            let [constant, number, name] = [constant, *number, *name].map(str::to_owned);
            found.push(CodeConstant { constant, number, name });
        }
    }
    found
}

/// The constants of codes that a text has pages for: `code: CONSTANT` in a literal, or `page(CONSTANT`.
pub(super) fn pages(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for start in ["code: ", "page("] {
        for (at, _) in code.match_indices(start) {
            let value = code[at + start.len()..].trim_start();
            let end =
                value.find(|c: char| !c.is_alphanumeric() && c != '_' && c != ':').unwrap_or(value.len());
            found.push(value[..end].rsplit("::").next().unwrap_or_default().to_owned());
        }
    }
    found
}

fn identifier_before(text: &str) -> &str {
    let start = text.rfind(|c: char| !c.is_alphanumeric() && c != '_').map_or(0, |at| at + 1);
    &text[start..]
}

/// A letter and four digits.
fn is_code(word: &str) -> bool {
    word.len() == 5
        && word.starts_with(|c: char| c.is_ascii_uppercase())
        && word[1..].chars().all(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_uses(code: &str, path: &str, expected: &[&str]) {
        let path: Vec<String> = path.split("::").map(str::to_owned).collect();
        let found: Vec<String> = uses(code, &path).iter().map(|it| it.join("::")).collect();
        assert_eq!(found, expected, "{code}");
    }

    #[test]
    fn paths_are_found() {
        check_uses("use crate::a::B;", "m", &["a::B"]);
        check_uses("use crate::{a::{B, c::D}, e};", "m", &["a::B", "a::c::D", "e"]);
        check_uses(
            "use crate::a::{\n    B,\n    C,\n};\nlet x = crate::d::e();",
            "m",
            &["a::B", "a::C", "d::e"],
        );
        check_uses("use crate::a::{self, io::X};", "m", &["a::self", "a::io::X"]);
        check_uses("use super::io::X;", "m::n", &["m::io"]);
        check_uses("$crate::a; mycrate::a", "m", &[]);
    }

    #[test]
    fn comments_and_tests_are_no_code() {
        assert_eq!(code("a // b\n/// c\n#[cfg(test)]\nmod tests {\nd"), ["a ", ""]);
    }

    #[test]
    fn codes_and_pages_are_found() {
        let text = "pub const AB: Code = Code::new(\"S0001\", \"a-b\"); CodeDoc { code: x::AB, what } page(\n  CD, \"\")";
        let [constant, number, name] = ["AB", "S0001", "a-b"].map(str::to_owned);
        assert_eq!(codes(text), [CodeConstant { constant, number, name }]);
        assert_eq!(pages(text), ["AB", "CD"]);
    }
}
