//! Files and directories made to hurt: each ends in findings or in a refusal, within the limits, never in a panic.
//!
//! What would take hours without a limit runs here in seconds or the test run does not end. Only floods of lines are timed,
//! by the work they take, so that a busy machine changes nothing.

mod floods;

use floods::Flood;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;
use syncc::diagnostic::Diagnostic;
use syncc::plan::compile_files;
use syncc::text::FileSet;

const ENDS: &str =
    "edition 2026\nsource shop mysql \"db1\" {\npassword env P\n}\ntarget bus kafka \"kafka1\"\n";

fn findings(text: &str) -> Vec<Diagnostic> {
    let mut files = FileSet::new();
    files.add("a.sync", text);
    compile_files(&files).findings
}

fn pipeline(lines: &str) -> String {
    format!("{ENDS}pipeline shop from shop to bus {{\n{lines}\n}}\n")
}

/// Codes of the findings, each once.
fn codes(text: &str) -> Vec<&'static str> {
    let mut codes: Vec<&str> = findings(text).iter().map(|finding| finding.code.number).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

#[test]
fn nesting() {
    assert_eq!(codes(&format!("{ENDS}{}", "a {\n".repeat(100_000))), ["S0009"]);
    assert_eq!(codes(&format!("{ENDS}{}", "{".repeat(100_000))), ["S0009"]);
    let deep = "(".repeat(100_000);
    assert_eq!(codes(&pipeline(&format!("include shop.*\ntable shop.a {{\nwhere {deep}\n}}"))), ["S0009"]);
    assert_eq!(codes(&pipeline(&format!("include {deep}"))), ["S0009"]);
    let brackets = "[".repeat(100_000);
    assert!(!codes(&pipeline(&format!("include shop.{brackets}"))).is_empty());
    // Nothing nests here, however many there are.
    let many = "table shop.a {\n}\n".repeat(5_000);
    assert_eq!(codes(&pipeline(&format!("include shop.*\n{many}"))), [""; 0]);
}

#[test]
fn what_is_no_text() {
    assert!(codes(&pipeline("include shop.a\u{0}b")).contains(&"S0010"));
    assert!(codes(&pipeline("include shop.a\u{fffd}b")).contains(&"S0010"));
    assert_eq!(codes(&pipeline("include shop.* # \u{202e}gnikam si")), ["S0007"]);
    assert_eq!(codes(&pipeline("include shop.*\nlabel team \"\u{2066}a\u{2069}\"")), ["S0007"]);
}

#[test]
fn long_lines() {
    let names: Vec<String> = (0..60_000).map(|n| format!("shop.t{n}")).collect();
    let listed = pipeline(&format!("include {}", names.join(", ")));
    assert!(listed.len() > 600_000);
    assert_eq!(codes(&listed), [""; 0]);
    let text = format!("label team \"{}\"", "x".repeat(1_000_000));
    assert_eq!(codes(&pipeline(&format!("include shop.*\n{text}"))), [""; 0]);
    assert!(!codes(&pipeline(&"x ".repeat(400_000))).is_empty());
}

#[test]
fn wide_ranges() {
    let range = "shop_[0..999999].orders_[0..999999]";
    let lines = format!(
        "include {range}\nexclude shop_[0..999998].orders_[0..999999]\nrename table {range} to orders\n\
         table {range} {{\nkey id\n}}\ntable shop_*.orders_[0..99] {{\nkey none\n}}"
    );
    // Whatever is found, it is found.
    findings(&pipeline(&lines));
    let shared: Vec<String> = (0..200).map(|n| format!("include a{n}_[0..999999].t_[00..99]")).collect();
    findings(&pipeline(&shared.join("\n")));
}

#[test]
fn many_lines_that_cross() {
    let crossing: Vec<String> =
        (0..400).map(|n| format!("include shop.a{n}_*\nexclude shop.*_b{n}")).collect();
    assert_eq!(codes(&pipeline(&crossing.join("\n"))), [""; 0]);
    let keyed: Vec<String> = (0..400)
        .map(|n| format!("include shop.t{n}\ntable shop.t{n} {{\ntopic \"all\"\nkey k{n}\n}}"))
        .collect();
    assert_eq!(codes(&pipeline(&keyed.join("\n"))), ["S0503"]);
    let renamed: Vec<String> = (0..40)
        .map(|n| format!("rename table shop.a{n}_* to x{n}\nrename table shop.*_b{n} to y{n}"))
        .collect();
    assert_eq!(codes(&pipeline(&format!("include shop.*\n{}", renamed.join("\n")))), ["S0402"]);
}

#[test]
fn many_words_that_are_none() {
    let unknown: Vec<String> = (0..3_000).map(|n| format!("wordz{n} x")).collect();
    assert_eq!(codes(&pipeline(&format!("include shop.*\n{}", unknown.join("\n")))), ["S0013"]);
}

#[test]
fn many_profiles_that_disagree() {
    let with: Vec<String> = (0..300).map(|n| format!("with p{n}")).collect();
    let profiles: Vec<String> = (0..300).map(|n| format!("profile p{n} {{\nkey k{n}\n}}")).collect();
    let text =
        format!("{}{}\n", pipeline(&format!("include shop.*\n{}", with.join("\n"))), profiles.join("\n"));
    let found = findings(&text);
    // One for each line that adds a contradiction.
    assert_eq!(found.len(), 299);
    assert!(found.iter().all(|finding| finding.code.number == "S0206"));
}

#[test]
fn many_masks() {
    let blocks: Vec<String> = (0..300)
        .map(|n| {
            format!(
                "table shop.a{n}_* {{\nmask c with null\n}}\ntable shop.*_b{n} {{\nmask c keep last 4\n}}"
            )
        })
        .collect();
    let found = findings(&pipeline(&format!("include shop.*\n{}", blocks.join("\n"))));
    assert!(!found.is_empty() && found.iter().all(|finding| finding.code.number == "S0206"), "{found:?}");
    let columns: Vec<String> =
        (0..150).map(|n| format!("mask c{n}_* with null\nmask c{n}_*_d keep last 4")).collect();
    assert_eq!(codes(&pipeline(&format!("include shop.*\n{}", columns.join("\n")))), ["S0206"]);
}

#[test]
fn what_is_not_compared_is_said() {
    // They cross in more pairs than are compared, and none of them disagrees with another.
    let same: Vec<String> = (0..2_200).map(|n| format!("mask *c{n}* with null")).collect();
    let found = findings(&pipeline(&format!("include shop.*\n{}", same.join("\n"))));
    let said: Vec<&str> = found.iter().map(|finding| finding.message.as_str()).collect();
    assert_eq!(said, ["there are too many masks to compare each with each other"]);
}

/// A flood takes a second or two of work, ten times that without optimisation, and its like used to take many minutes.
const FLOOD_MAX: Duration = Duration::from_secs(120);

/// What this thread has worked so far: what others do meanwhile does not count.
fn worked() -> Duration {
    let counters = fs::read_to_string("/proc/thread-self/schedstat").expect("Linux counts it");
    let worked_ns = counters.split(' ').next().and_then(|first| first.parse().ok());
    Duration::from_nanos(worked_ns.expect("the first is the time on a processor"))
}

#[test]
fn floods_end() {
    for Flood { name, files, codes } in floods::floods() {
        let start = worked();
        let findings = compile_files(&files).findings;
        let took = worked() - start;
        let found: BTreeSet<&str> = findings.iter().map(|finding| finding.code.number).collect();
        assert_eq!(Vec::from_iter(found), codes, "{name}");
        assert!(took < FLOOD_MAX, "{name}: {took:?}");
    }
}

#[test]
fn large_expressions() {
    assert_eq!(codes(&pipeline("include shop./(((a{100}){100}){100}){100}/")), ["S0208"]);
    assert_eq!(
        codes(&pipeline("include shop./(?:a?){500}a{500}/")).first().copied().unwrap_or("none"),
        "none"
    );
    let long = format!("include shop./{}/", "(a|b)*c".repeat(5_000));
    findings(&pipeline(&long));
    let many: Vec<String> = (0..100).map(|n| format!("include shop./.*[a-f]{{{n}}}.{{8}}x/")).collect();
    findings(&pipeline(&many.join("\n")));
}

fn check(directory: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_syncc"))
        .args(["check", "--format", "short"])
        .current_dir(directory)
        .stdin(Stdio::null())
        .output()
        .expect("the program starts")
}

/// Exit code, and what was said on both streams.
fn said(directory: &Path) -> (Option<i32>, String) {
    let output = check(directory);
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&text).into_owned())
}

#[track_caller]
fn is_refused(directory: &Path, why: &str) {
    let (code, text) = said(directory);
    assert!(matches!(code, Some(1 | 2)) && text.contains(why), "{code:?}: {text}");
}

#[test]
fn what_is_no_file_and_what_is_too_large() {
    let directory = |prepare: fn(&Path)| {
        let directory = tempfile::tempdir().expect("a temporary directory");
        prepare(directory.path());
        directory
    };
    let large = directory(|at| {
        // No byte of it is on the disk.
        let file = fs::File::create(at.join("a.sync")).expect("a file");
        file.set_len(100 << 20).expect("a length");
    });
    is_refused(large.path(), "larger than 1048576 bytes");
    let around = directory(|at| {
        symlink("b.sync", at.join("a.sync")).expect("a link");
        symlink("a.sync", at.join("b.sync")).expect("a link");
    });
    is_refused(around.path(), "a.sync");
    let pipe = directory(|at| {
        let pipe = at.join("a.sync");
        rustix::fs::mkfifoat(rustix::fs::CWD, pipe, rustix::fs::Mode::RUSR).expect("a pipe");
    });
    is_refused(pipe.path(), "no regular file");
    let folder = directory(|at| fs::create_dir(at.join("x.sync")).expect("a directory"));
    is_refused(folder.path(), "no regular file");
    let bytes = directory(|at| {
        fs::write(at.join("a.sync"), b"edition 2026\nsource \xff\xfe mysql\n").expect("a file")
    });
    is_refused(bytes.path(), "S0010");
    let wide = directory(|at| {
        let text: Vec<u8> = "edition 2026\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        fs::write(at.join("a.sync"), text).expect("a file");
    });
    is_refused(wide.path(), "S0010");
    let many = directory(|at| {
        for n in 0..20_000 {
            fs::File::create(at.join(format!("{n}.sync"))).expect("a file");
        }
    });
    is_refused(many.path(), "more than 10000");
    let used = directory(|at| {
        symlink(at, at.join("again")).expect("a link");
        fs::write(at.join("a.sync"), "edition 2026\nuse \"again/again/again\"\n").expect("a file");
    });
    let (code, text) = said(used.path());
    assert!(code.is_some_and(|code| code <= 2), "{code:?}: {text}");
}

#[test]
fn a_file_that_may_not_be_read() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().expect("a temporary directory");
    let file = directory.path().join("a.sync");
    fs::write(&file, "edition 2026\n").expect("a file");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o000)).expect("permissions");
    let readable = fs::read(&file).is_ok();
    let (code, text) = said(directory.path());
    // Who may read everything may read this one, too.
    match readable {
        true => assert_eq!(code, Some(0), "{text}"),
        false => assert!(code == Some(2) && text.contains("a.sync"), "{code:?}: {text}"),
    }
}
