//! What no compiler checks: layers and doors as `src/ARCHITECTURE.md` has them, documents at their places, nothing
//! left lying about.
//!
//! The tables in the blocks `layers` and `doors` of that file are what is enforced; change them there, with a reason.

mod source;

use std::collections::{BTreeMap, BTreeSet};

use source::{Module, modules};

const ARCHITECTURE: &str = include_str!("../src/ARCHITECTURE.md");

/// The lines of the block of that name in the architecture.
fn table(name: &str) -> Vec<&'static str> {
    let from = ARCHITECTURE.find(&format!("```{name}\n")).unwrap_or_else(|| panic!("no block `{name}`"));
    ARCHITECTURE[from..].lines().skip(1).take_while(|line| *line != "```").collect()
}

/// Layer of each top-level module, and of all folders `io`.
struct Layers {
    of: BTreeMap<&'static str, usize>,
    io: usize,
}

impl Layers {
    fn read() -> Layers {
        let mut layers = Layers { of: BTreeMap::new(), io: usize::MAX };
        for line in table("layers") {
            let (number, names) = line.split_once(": ").expect("a line is `NUMBER: NAMES`");
            let number = number.parse().expect("a line begins with its number");
            for name in names.split_whitespace() {
                if name == "*::io" {
                    layers.io = number;
                } else {
                    assert!(layers.of.insert(name, number).is_none(), "{name} stands in two layers");
                }
            }
        }
        assert!(layers.io != usize::MAX, "no layer for the folders `io`");
        layers
    }

    /// The layer of a module path; `None` when its top-level module is in no layer.
    fn of(&self, path: &[String]) -> Option<usize> {
        let top = path.first()?.as_str();
        let own = *self.of.get(top)?;
        if !path.iter().any(|part| part == "io") {
            return Some(own);
        }
        Some(self.of.get(format!("{top}::io").as_str()).copied().unwrap_or(self.io.max(own)))
    }
}

/// What `user` does wrong by naming `used`, if anything.
fn misuse(layers: &Layers, user: &[String], used: &[String]) -> Option<String> {
    let (Some(from), Some(to)) = (layers.of(user), layers.of(used)) else {
        return Some("one of them is in no layer".to_owned());
    };
    let same_module = user[0] == used[0];
    match from.cmp(&to) {
        std::cmp::Ordering::Greater => None,
        std::cmp::Ordering::Equal if same_module => None,
        std::cmp::Ordering::Equal => Some(format!("both are in layer {from}")),
        std::cmp::Ordering::Less => Some(format!("layer {from} uses layer {to}")),
    }
}

#[test]
fn modules_use_lower_layers_only() {
    let layers = Layers::read();
    let mut wrong = BTreeSet::new();
    for module in modules().iter().filter(|module| !module.path.is_empty()) {
        for used in &module.uses {
            if let Some(reason) = misuse(&layers, &module.path, used) {
                wrong.insert(format!("{}: uses crate::{}: {reason}", module.file, used.join("::")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", report(&wrong));
}

#[test]
fn every_top_level_module_has_a_layer() {
    let layers = Layers::read();
    let found: BTreeSet<&str> =
        modules().iter().filter_map(|module| module.path.first()).map(String::as_str).collect();
    let without: Vec<_> = found.iter().filter(|name| !layers.of.contains_key(**name)).collect();
    assert!(without.is_empty(), "in no layer: {without:?}");
}

#[track_caller]
fn check_misuse(user: &str, used: &str, wrong: bool) {
    let layers = Layers {
        of: BTreeMap::from([("low", 0), ("other", 0), ("mid", 3), ("high", 9), ("other::io", 7)]),
        io: 8,
    };
    let path = |text: &str| text.split("::").map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(misuse(&layers, &path(user), &path(used)).is_some(), wrong, "{user} uses {used}");
}

#[test]
fn an_upward_or_sideways_use_is_noticed() {
    check_misuse("mid::a", "low", false);
    check_misuse("low::a", "low::b", false);
    check_misuse("low", "mid", true);
    check_misuse("low", "other", true);
    check_misuse("mid", "mid::io", true);
    check_misuse("mid::io", "mid", false);
    check_misuse("mid::io::a", "mid::io::b", false);
    check_misuse("mid::io", "low::io", true);
    check_misuse("mid::io", "other::io", false);
    check_misuse("other::io", "mid::io", true);
    check_misuse("high", "low::io", false);
    check_misuse("mid::io", "high", true);
    check_misuse("mid", "nowhere", true);
}

/// True when the place, as a line of `doors` writes it (`*/io`, `run`, `cli/run.rs`), holds the file.
fn holds(place: &str, module: &Module) -> bool {
    match place {
        "*/io" => module.path.iter().any(|part| part == "io"),
        file if file.ends_with(".rs") => module.file == format!("src/{file}"),
        folder => module.file.starts_with(&format!("src/{folder}/")),
    }
}

#[test]
fn what_touches_the_world_comes_through_its_door() {
    let mut wrong = BTreeSet::new();
    for line in table("doors") {
        let (words, places) = line.split_once(" -> ").expect("a line is `WORDS -> PLACES`");
        let places: Vec<&str> = places.split_whitespace().collect();
        for module in modules().iter().filter(|module| !places.iter().any(|place| holds(place, module))) {
            for word in words.split_whitespace() {
                if let Some(line) = module.line_with(word) {
                    wrong.insert(format!(
                        "{}:{line}: `{word}` belongs in {}",
                        module.file,
                        places.join(", ")
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", report(&wrong));
}

#[test]
fn every_file_says_what_it_is() {
    let without: BTreeSet<String> = modules()
        .iter()
        .filter(|module| {
            let first = module.text.lines().next().unwrap_or_default();
            // the crate's documentation is the architecture itself
            !first.starts_with("//! ") && module.file != "src/lib.rs"
        })
        .map(|module| module.file.clone())
        .collect();
    assert!(without.is_empty(), "without a first line `//! …`:\n{}", report(&without));
}

#[test]
fn nothing_is_left_lying_about() {
    // spelt apart, so that this file does not contain them
    let marks = [["TO", "DO"], ["FIX", "ME"], ["XX", "X"], ["HA", "CK"]].map(|it| it.concat());
    let mut wrong = BTreeSet::new();
    let folders = ["src", "tests", "grammar", "pipelines", "editors"];
    let endings = ["rs", "md", "sync", "pest", "sql", "js", "json", "scm", "vim", "lua", "toml"];
    for file in source::files(&folders, &endings) {
        for (index, line) in file.text.lines().enumerate() {
            for word in line.split(|c: char| !c.is_alphanumeric() && c != '_') {
                if marks.iter().any(|mark| mark == word) {
                    wrong.insert(format!("{}:{}: {}", file.name, index + 1, line.trim()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", report(&wrong));
}

#[test]
fn every_code_has_one_name_and_a_page() {
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    let mut constants: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut pages = BTreeSet::new();
    let mut wrong = BTreeSet::new();
    for module in modules() {
        let code = module.code();
        for source::CodeConstant { constant, number, name } in source::codes(&code) {
            let known = names.entry(number.clone()).or_insert_with(|| name.clone());
            if *known != name {
                wrong.insert(format!("{number} is called {known} and {name}"));
            }
            constants.entry(number).or_default().push(constant);
        }
        pages.extend(source::pages(&code));
    }
    assert!(
        constants.len() > 20,
        "only {} codes were found: does this test still read them?",
        constants.len()
    );
    for (number, constants) in &constants {
        if !constants.iter().any(|constant| pages.contains(constant)) {
            wrong.insert(format!("{number} {} has no page (`CodeDoc`)", names[number]));
        }
    }
    assert!(wrong.is_empty(), "{}", report(&wrong));
}

/// The numbers of all codes of findings that the program defines.
pub(crate) fn all_codes() -> BTreeSet<String> {
    let codes = modules().iter().flat_map(|module| source::codes(&module.code()));
    codes.map(|code| code.number).collect()
}

fn report(lines: &BTreeSet<String>) -> String {
    lines.iter().map(String::as_str).collect::<Vec<_>>().join("\n")
}
