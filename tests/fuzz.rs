//! The bodies of the fuzz targets, called with seeds: what the repository holds, broken in many places, and texts made to
//! hurt.

mod properties;

use std::fs;
use std::path::{Path, PathBuf};

/// Pieces that mean something to the language.
const PIECES: [&str; 24] = [
    "{",
    "}",
    "(",
    "\"",
    "'",
    "`",
    "/",
    "\\",
    "#",
    ",",
    ".",
    "[0..9]",
    "*",
    "where ",
    " not ",
    "\n",
    "\r",
    "\t",
    "\nsource ",
    "12h",
    "env X",
    "\u{202e}",
    "\u{a0}",
    "\u{feff}",
];

/// Every `.sync` file and lock of the repository.
fn seeds() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = ["pipelines", "tests/corpus", "tests/fmt", "tests/ui", "editors"];
    let paths = folders.iter().flat_map(|folder| files(&root.join(folder)));
    let seeds: Vec<String> = paths.filter_map(|path| fs::read_to_string(path).ok()).collect();
    assert!(seeds.len() > 20, "{} seeds", seeds.len());
    seeds
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    let below = |path: PathBuf| if path.is_dir() { files(&path) } else { vec![path] };
    let is_ours =
        |path: &PathBuf| path.extension().is_some_and(|ending| ending == "sync" || ending == "lock");
    paths.into_iter().flat_map(below).filter(is_ours).collect()
}

/// The seeds, and what becomes of each when a piece is put into it, or a stretch of it is taken out.
fn broken_seeds(each: usize) -> impl Iterator<Item = String> {
    // A step that has no divisor in common with most lengths comes by many places.
    let mut at = 0usize;
    seeds().into_iter().flat_map(move |seed| {
        let mut all = vec![seed.clone()];
        for n in 0..each {
            at = at.wrapping_mul(31).wrapping_add(7919);
            let place = floor(&seed, at % (seed.len() + 1));
            let end = floor(&seed, place + at / 7 % 60);
            let piece = PIECES[at / 11 % PIECES.len()];
            all.push(match n % 2 {
                0 => format!("{}{piece}{}", &seed[..place], &seed[place..]),
                _ => format!("{}{}", &seed[..place], &seed[end..]),
            });
        }
        all
    })
}

/// The nearest place at or before `at` that begins a sign.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or_default()
}

#[test]
fn parsed_and_printed() {
    broken_seeds(20).for_each(|text| properties::parse(&text));
}

#[test]
fn formatted() {
    broken_seeds(20).for_each(|text| properties::format(&text));
}

#[test]
fn lowered_and_checked() {
    broken_seeds(4).for_each(|text| properties::check(&text));
}

#[test]
fn patterns_compared() {
    for text in [
        "a*\n*b\na*b\nab",
        "[00..63]\n[0..9][0..9]\n6?\n*",
        "t_[n:0..9]\nt_[0-9]\n/t_\\d/\nt_10",
        "/(a|b)*c/\n/(b|a)*c/\n*c\n/.*/",
        "/(?<n>[a-z]{2})_x/\n??_x\nab_x\n/[^_]+_x/",
        "a?c\na[a-c]c\nabc\n/a.c/",
        "订*\n*单\n订单\n??",
        "[a-z][0..1]\nz1\nA0\n/[[:alpha:]]1/",
        "*\n?\n**\n",
        "/a{1000}/\n/(a?){30}a{30}/\na*\n/[^a]/",
    ] {
        properties::patterns(text);
    }
}
