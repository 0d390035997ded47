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
            Some(2_000),
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
            Some(2_000),
            &["S0212"],
        ),
        flood("captures that cross", pipeline(&crossing_captures(1_000)), None, &["S0203", "S0206"]),
        flood(
            "captures that cross, beside a lock",
            pipeline(&crossing_captures(1_000)),
            Some(2_000),
            &["S0203", "S0206"],
        ),
        flood("table blocks with different settings", pipeline(&blocks(2_000)), Some(2_000), &["S0218"]),
        flood("renamed columns", pipeline(&renamed_columns(2_000)), Some(2_000), &["S0401", "S0402"]),
        flood("excludes", pipeline(&excludes(3_000)), Some(2_000), &[]),
    ]
}

fn flood(name: &'static str, text: String, locked: Option<usize>, codes: &'static [&'static str]) -> Flood {
    let mut files = FileSet::new();
    files.add("a.sync", text);
    if let Some(n_tables) = locked {
        files.add("schema.lock", lock(n_tables));
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

fn lock(n: usize) -> String {
    let mut text = "edition 2026\nlock source shop {\n  server \"8.4.2\"\n".to_owned();
    for n in 0..n {
        let _ = write!(
            text,
            "  table shop.t{n} {{\n    primary id\n    column id \"int not null\"\n    \
             column c \"varchar(20)\"\n    column d \"varchar(20)\"\n  }}\n"
        );
    }
    text + "}\n"
}
