//! The bodies of the fuzz targets, called with seeds: what the repository holds, broken in many places, and texts made to
//! hurt.

mod log;
mod properties;

use crate::support::dice::Dice;
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

/// Logs of real servers, an event each, without their checksums.
fn logs() -> Vec<Vec<Vec<u8>>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/mysql/binlog/captured");
    let read = |name: &str| fs::read_to_string(folder.join(name)).expect("a captured log");
    let event = |line: &str| {
        let mut raw = Vec::new();
        for word in line.split(' ') {
            // `61*40` is 40 bytes of 61
            let (hex, times) = word.split_once('*').unwrap_or((word, "1"));
            let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex");
            let bytes: Vec<u8> = (0..hex.len()).step_by(2).map(byte).collect();
            raw.extend(bytes.repeat(times.parse().expect("a number")));
        }
        raw.truncate(raw.len() - 4);
        let size = raw.len() as u32;
        raw[9..13].copy_from_slice(&size.to_le_bytes());
        raw
    };
    ["mysql-9.7.hex", "mariadb-10.11.hex"].map(|name| read(name).lines().map(event).collect()).to_vec()
}

/// Puts something else at a place, or takes the end away.
fn broken(bytes: &mut Vec<u8>, dice: &mut Dice) {
    for _ in 0..=dice.below(3) {
        let at = dice.below(bytes.len());
        bytes[at] = match dice.below(4) {
            0 => 0,
            1 => 0xff,
            2 => bytes[at] ^ 1 << dice.below(8),
            _ => dice.below(256) as u8,
        };
    }
    if dice.below(4) == 0 {
        bytes.truncate(dice.below(bytes.len()));
    }
}

#[test]
fn events_of_the_log() {
    let mut dice = Dice::new(1);
    for log in logs() {
        log::events(&log.concat());
        let short: Vec<&Vec<u8>> = log.iter().filter(|event| event.len() < 3000).collect();
        for _ in 0..1500 {
            // a table map and what follows it, also under the number of another type
            let at = dice.below(short.len() - 2);
            let mut bytes: Vec<u8> =
                short[at..at + 2].iter().flat_map(|event| event.iter().copied()).collect();
            if dice.below(3) == 0 {
                bytes[short[at].len() + 4] = [39, 40, 42, 165, 166, 167, 169, 170][dice.below(8)];
            }
            broken(&mut bytes, &mut dice);
            log::events(&bytes);
        }
    }
}

#[test]
fn partial_updates_of_json() {
    // {"a": 1, "b": [true]} and: $.b[0] replaced, $.c inserted, $.a removed
    let before = b"\x00\x02\0\x1b\0\x12\0\x01\0\x13\0\x01\0\x05\x01\0\x02\x14\0ab\x01\0\x07\0\x04\x01\0";
    let diffs = b"\x00\x06$.b[0]\x03\x05\x09\0\x01\x03$.c\x02\x04\x01\x02\x03$.a";
    let seed = [&[before.len() as u8][..], before, diffs].concat();
    let mut dice = Dice::new(2);
    for _ in 0..20_000 {
        let mut bytes = seed.clone();
        broken(&mut bytes, &mut dice);
        log::json_diff(&bytes);
    }
}

/// The statements of the corpus, whole and with a stretch taken out or a piece of SQL put in.
#[test]
fn statements_followed() {
    const SQL: [&str; 12] =
        ["(", ")", ",", "'", "`", "/*!", "*/", "\\", " add ", " null ", "\u{0}", "\u{fffd}"];
    let corpus = include_str!("ddl/corpus.jsonl");
    let mut at = 0usize;
    for line in corpus.lines() {
        let line: serde_json::Value = serde_json::from_str(line).expect("a line of the corpus");
        let sql = line["sql"].as_str().expect("a statement");
        properties::ddl(sql);
        for n in 0..6 {
            at = at.wrapping_mul(31).wrapping_add(7919);
            let place = floor(sql, at % (sql.len() + 1));
            let end = floor(sql, place + at / 7 % 20).max(place);
            properties::ddl(&match n % 2 {
                0 => format!("{}{}{}", &sql[..place], SQL[at / 11 % SQL.len()], &sql[place..]),
                _ => format!("{}{}", &sql[..place], &sql[end..]),
            });
        }
    }
}

/// What the fuzzer found: a word that is an object to no server, and longer than a reason may be.
#[test]
fn reasons_are_short() {
    for statement in ["alter", "create", "drop", ""] {
        properties::ddl(&format!("{statement} {}", "\u{fffd}".repeat(140)));
    }
}

/// Texts made to take long or to go deep.
#[test]
fn huge_statements_end() {
    let mb = 1_000_000;
    for text in [
        "(".repeat(mb),
        format!("create table u (a int default {})", "(".repeat(mb)),
        format!("create table u (a int default {}1{})", "(".repeat(mb / 2), ")".repeat(mb / 2)),
        format!("create table u {}", "(".repeat(mb)),
        format!("create table u (a enum({}'z'))", "'x',".repeat(mb / 4)),
        format!("create table u ({} z int)", (0..20_000).map(|n| format!("c{n} int, ")).collect::<String>()),
        format!("alter table t {} add z int", "comment 'x', ".repeat(mb / 13)),
        format!("{} alter table t add z int", "set statement a=1 for ".repeat(mb / 22)),
        format!("create table u (a int) {}", "/*! ".repeat(mb / 4)),
        format!("drop table {} t", "t, ".repeat(mb / 3)),
        format!("insert into t values {}(1)", "(1),".repeat(mb / 4)),
        "`".repeat(mb),
        "case ".repeat(mb / 5),
    ] {
        properties::ddl(&text);
    }
}
