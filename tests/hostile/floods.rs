//! Projects of many like lines: what a generator writes by mistake, or somebody who wants the check to last.

use std::fmt::Write as _;
use syncc::text::FileSet;

/// A project of many like lines.
pub(crate) struct Flood {
    /// What there is much of.
    pub(crate) name: &'static str,
    /// Its files.
    pub(crate) files: FileSet,
    /// What is found in them.
    pub(crate) codes: &'static [&'static str],
}

const SOURCE: &str =
    "edition 2026\nsource shop mysql \"db1\" {\n  password env P\n}\ntarget bus kafka \"kafka1\"\n";

/// All of them.
pub(crate) fn floods() -> Vec<Flood> {
    vec![
        flood(
            "pipelines beside a lock",
            pipelines(150, |n| format!("topic \"p{n}.{{db}}.{{table}}\"")),
            Some(lock(2_000, false)),
            &[],
        ),
        flood(
            "pipelines with topics and columns of their own",
            pipelines(150, |n| {
                format!(
                    "topic \"p{n}.{{db}}.{{table}}\"\n  columns except c{n}\n  \
                     table shop.t{n} {{\n    topic \"own{n}\"\n    columns id, c\n  }}"
                )
            }),
            Some(lock(2_000, false)),
            &["S0212"],
        ),
        flood("captures that cross", pipeline(&crossing_captures(1_000)), None, &["S0203", "S0206"]),
        flood(
            "captures that cross, beside a lock without case",
            pipeline(&crossing_captures(1_000)),
            Some(lock(2_000, true)),
            &["S0203", "S0206"],
        ),
        flood(
            "renames with captures that cross",
            pipeline(&crossing_renames(1_000)),
            Some(lock(2_000, true)),
            &["S0401", "S0402"],
        ),
        flood(
            "table blocks with conditions that cross",
            pipeline(&crossing_blocks(1_000)),
            Some(lock(2_000, false)),
            &["S0206", "S0218"],
        ),
        flood(
            "names that are not there, where case does not count",
            pipeline(&names(20_000)),
            Some(lock(2_000, true)),
            &["S0212"],
        ),
        flood(
            "table blocks with different settings",
            pipeline(&blocks(2_000)),
            Some(lock(2_000, false)),
            &["S0218"],
        ),
        flood(
            "renamed columns",
            pipeline(&renamed_columns(2_000)),
            Some(lock(2_000, false)),
            &["S0401", "S0402"],
        ),
        flood("excludes", pipeline(&excludes(3_000)), Some(lock(2_000, false)), &[]),
    ]
}

fn flood(name: &'static str, text: String, locked: Option<String>, codes: &'static [&'static str]) -> Flood {
    let mut files = FileSet::new();
    files.add("a.sync", text);
    if let Some(lock) = locked {
        files.add("schema.lock", lock);
    }
    Flood { name, files, codes }
}

fn pipeline(lines: &str) -> String {
    format!("{SOURCE}pipeline shop from shop to bus {{\n{lines}}}\n")
}

fn pipelines(n: usize, lines: impl Fn(usize) -> String) -> String {
    let mut text = SOURCE.to_owned();
    for n in 0..n {
        let _ = write!(text, "pipeline p{n} from shop to bus {{\n  include shop.*\n  {}\n}}\n", lines(n));
    }
    text
}

/// Each takes what the others take, and gives it another topic by what it captures.
fn crossing_captures(n: usize) -> String {
    let mut text = "  include shop.*\n".to_owned();
    for n in 0..n {
        let _ = write!(
            text,
            "  include shop.*{n}_[x:0..9]*\n  table shop.*{n}_[x:0..9]* {{\n    topic \"c{n}_{{x}}\"\n  }}\n"
        );
    }
    text
}

/// Each takes what the others take, and gives it another name by what it captures.
fn crossing_renames(n: usize) -> String {
    let mut text = "  include shop.*\n".to_owned();
    for n in 0..n {
        let _ = writeln!(text, "  rename table shop.*{n}_[x:0..9]* to \"r{n}_{{x}}\"");
    }
    text
}

/// Each takes some of what the others take, under a condition of its own.
fn crossing_blocks(n: usize) -> String {
    let mut text = "  include shop.*\n".to_owned();
    for n in 0..n {
        let _ = write!(text, "  table shop.*{n}* {{\n    key c, id\n    where c <> 'x{n}'\n  }}\n");
    }
    text
}

fn names(n: usize) -> String {
    let names: Vec<String> = (0..n).map(|n| format!("shop.x{n}")).collect();
    format!("  include {}\n", names.join(", "))
}

fn blocks(n: usize) -> String {
    let mut text = "  include shop.*\n".to_owned();
    for n in 0..n {
        let _ = write!(
            text,
            "  table shop.t{n} {{\n    topic \"own{n}\"\n    key c, id\n    columns id, c, d\n    \
             where c <> 'x{n}'\n    mask d keep last {}\n  }}\n",
            n % 9 + 1
        );
    }
    text
}

fn renamed_columns(n: usize) -> String {
    let mut text = "  include shop.*\n".to_owned();
    for n in 0..n {
        let _ = write!(text, "  rename column shop.t*{n}.c to c_{n}\n  rename column shop.*.d{n} to e{n}\n");
    }
    text
}

fn excludes(n: usize) -> String {
    let mut text = "  include shop.*\n".to_owned();
    for n in 0..n {
        let _ = writeln!(text, "  exclude shop.*x{n}_*");
    }
    text
}

/// Tables of a server, which compares their names without case or not.
fn lock(n: usize, without_case: bool) -> String {
    let case = u8::from(without_case);
    let mut text =
        format!("edition 2026\nlock source shop {{\n  server \"8.4.2\"\n  lower-case-table-names {case}\n");
    for n in 0..n {
        let _ = write!(
            text,
            "  table shop.t{n} {{\n    primary id\n    column id \"int not null\"\n    \
             column c \"varchar(20)\"\n    column d \"varchar(20)\"\n  }}\n"
        );
    }
    text + "}\n"
}
