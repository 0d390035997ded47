//! Projects to check: made, not found, so that they are the same everywhere.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// Files of the large project, with the one that declares sources and targets and the one with defaults.
const FILES: usize = 1_000;
const SOURCES: usize = 40;
const TARGETS: usize = 5;
/// Sources whose tables are in the lock file.
const LOCKED: usize = 4;
/// Databases of a source.
const DATABASES: usize = 25;

/// A project of 1,000 files with 20,000 lines: 40 sources, five clusters, a pipeline in every other file, and the tables
/// of some sources in `schema.lock`.
pub(crate) fn write_large(directory: &Path) -> std::io::Result<()> {
    fs::create_dir_all(directory)?;
    fs::write(directory.join("ends.sync"), ends())?;
    fs::write(
        directory.join("defaults.sync"),
        "edition 2026\n\ndefaults {\n  topic \"{source}.{db}.{table}\" {\n    replicas 3\n  }\n  retry for 6h\n}\n",
    )?;
    for n in 0..FILES - 2 {
        fs::write(directory.join(format!("p{n:04}.sync")), pipeline(n))?;
    }
    fs::write(directory.join("schema.lock"), lock())
}

/// A project of one file with at least `bytes` bytes.
pub(crate) fn write_single(directory: &Path, bytes: usize) -> std::io::Result<()> {
    fs::create_dir_all(directory)?;
    let mut text = ends();
    let mut n = 0;
    while text.len() < bytes {
        text += pipeline(n).trim_start_matches("edition 2026\n");
        n += 1;
    }
    fs::write(directory.join("all.sync"), text)
}

fn ends() -> String {
    let mut text = "edition 2026\n".to_owned();
    for n in 0..SOURCES {
        let _ = write!(
            text,
            "\nsource s{n:02} mysql \"syncc@db{n:02}.internal:3306\" {{\n  password env \"S{n:02}_PASSWORD\"\n}}\n"
        );
    }
    for n in 0..TARGETS {
        let _ = write!(
            text,
            "\ntarget t{n} kafka \"kafka{n}.internal:9093\" {{\n  user \"syncc\" with scram-sha-512\n  \
             password env T{n}_PASSWORD\n  compression zstd\n}}\n"
        );
    }
    text
}

/// A pipeline of 20 lines that shares its databases with none of its source's others.
fn pipeline(n: usize) -> String {
    let (source, target, db) = (n % SOURCES, n % TARGETS, n / SOURCES % DATABASES);
    let name = ["orders", "customers", "payments", "stock", "audit"][n % 5];
    // What the lock file knows holds no archive.
    let (archive, old, shards) = match source < LOCKED {
        true => (format!("app{db}.{name}"), format!("{name}_old"), format!("app{db}.*")),
        false => {
            let old = format!("\"{name}_old_{{n}}\"");
            (format!("log{db}.{name}_[n:00..15]"), old, format!("app{db}.{name}_*"))
        }
    };
    format!(
        "edition 2026\n\
         \n\
         ## Number {n} of many.\n\
         pipeline p{n:04} from s{source:02} to t{target} {{\n  \
           include app{db}.*\n  \
           include {archive}\n  \
           exclude app{db}.tmp_*, app{db}.*_bak\n  \
           rename database app{db} to {name}{n}\n  \
           rename table {archive} to {old}\n  \
           table app{db}.{name} {{\n    \
             partition by column customer_id\n    \
             columns except internal_*, secret\n  \
           }}\n  \
           table {shards} {{\n    \
             partition by key\n  \
           }}\n  \
           retry errors for 5m\n  \
           label team \"team-{name}\"\n\
         }}\n"
    )
}

/// The tables of the first sources.
fn lock() -> String {
    let mut text = "edition 2026\n".to_owned();
    for n in 0..LOCKED {
        let _ = write!(
            text,
            "\nlock source s{n:02} {{\n  server \"8.4.2\"\n  lower-case-table-names 0\n  binlog-expires 7d\n  \
             pulled 2026-09-20\n"
        );
        for db in 0..DATABASES {
            for table in ["orders", "customers", "payments", "stock", "audit"] {
                let _ = write!(
                    text,
                    "\n  table app{db}.{table} {{\n    rows 1_000_000\n    primary id\n    \
                     column id \"bigint unsigned not null\"\n    column customer_id \"bigint unsigned not null\"\n    \
                     column status \"varchar(20) not null\"\n    column secret \"varchar(64)\"\n  }}\n"
                );
            }
        }
        text += "}\n";
    }
    text
}
