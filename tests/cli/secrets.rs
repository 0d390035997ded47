//! A secret that stands in a file where it must not is never said again, in whatever form a command speaks.

use super::{project, run};

/// What must not be seen. It is long and mixed, so that it looks like a token where nothing else tells.
const MARKER: &str = "Zq7xW3vT9kLm2Rb8Nc5Hy4Jd6Fg1Ps0Ua";

/// One place each where people write secrets, in files that are right, wrong in other ways, and broken.
const PLACES: &[&str] = &[
    "source s mysql \"db1\" {\n  password \"MARKER\"\n}\n",
    "source s mysql \"db1\" {\n  password MARKER\n}\n",
    "source s mysql \"db1\" {\n  password \"MARKER\n}\n",
    "source s mysql \"db1\" {\n  password 'MARKER'\n}\n",
    "source s mysql \"db1\" {\n  pasword \"MARKER\"\n}\n",
    "source s mysql \"db1\" {\n  password: \"MARKER\";\n}\n",
    "source s mysql \"db1\" {\n  password env P else \"MARKER\"\n}\n",
    "source s mysql \"db1\" {\n  password param MARKER\n}\n",
    "source s mysql \"syncc:MARKER@db1:3306\"\n",
    "source s mysql \"mysql://syncc:MARKER@db1:3306/shop?x=1\" {\n  password env P\n}\n",
    "source s mysql {\n  address env A else \"syncc:MARKER@db1\"\n  password env P\n}\n",
    "target t kafka {\n  brokers \"k1\", \"syncc:MARKER@k2\"\n}\n",
    "target t kafka \"k1\" {\n  user \"syncc\" with plain\n  password \"MARKER\"\n}\n",
    "target t kafka \"k1\" {\n  registry \"https://u:MARKER@registry\"\n}\n",
    "target t kafka \"k1\" {\n  registry \"https://registry\" {\n    password \"MARKER\"\n  }\n}\n",
    "defaults {\n  mask email with sha256 salt \"MARKER\"\n}\n",
    "defaults {\n  mask email with sha256 salt MARKER\n}\n",
    "pipeline p {\n  label token \"MARKER\"\n}\n",
    "pipeline p {\n  topic \"{db}.MARKER.{table}\"\n}\n",
    "# old: password \"MARKER\"\nnonsense\n",
    "-----BEGIN PRIVATE KEY-----\nMARKER\n-----END PRIVATE KEY-----\n",
    "pipeline p {\n  label key \"-----BEGIN PRIVATE KEY----- MARKER\"\n}\n",
];

/// Every command that reads files, in every form it can speak.
const COMMANDS: &[&[&str]] = &[
    &["check"],
    &["check", "--color", "always"],
    &["check", "--format", "short"],
    &["check", "--format", "json"],
    &["check", "--format", "jsonl"],
    &["check", "--format", "sarif"],
    &["check", "--format", "github"],
    &["check", "--format", "junit"],
    &["explain", "table", "shop.orders"],
    &["graph"],
];

#[test]
fn a_secret_in_a_file_is_not_said_again() {
    for place in PLACES {
        let broken = format!("edition 2026\n{}", place.replace("MARKER", MARKER));
        let with_error = format!("{broken}sorce x\n");
        for text in [broken, with_error] {
            let files = project(&[("a.sync", &text)]);
            for command in COMMANDS {
                let output = run(files.path(), command);
                assert!(output.status.code().is_some_and(|code| code != 2), "{command:?} is known");
                for said in [output.stdout, output.stderr] {
                    let said = String::from_utf8_lossy(&said);
                    assert!(!said.contains(MARKER), "{command:?} of\n{text}\nsays\n{said}");
                }
            }
        }
    }
}
