//! Files saved as editors, tools and ConfigMaps save them, cut short for a moment at any place: whatever is seen in between, no
//! table stops being sent, no row is lost or comes twice, and what was saved in the end takes effect.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use syncc::control::TaskState;

use crate::support::dice::Dice;
use crate::support::program::Running;
use crate::support::shop::{CANARY, SOON, Shop, finished};
use crate::support::{Isolation, Kafka, Kind, MySql, wait};

/// Tables that come one by one, an edit each.
const EDITS: usize = 10;

/// A way of saving.
#[derive(Debug, Clone, Copy)]
enum Way {
    /// A new file beside the old one, renamed over it.
    Rename,
    /// The old file is emptied, then written: VS Code.
    InPlace,
    /// The old file is renamed away, a new one written, the old one removed: Vim.
    Vim,
    /// `sed -i`.
    Sed,
    /// One file removed and written after the other: `git checkout`.
    Checkout,
    /// A directory of links, flipped: a ConfigMap.
    ConfigMap,
}

const WAYS: [Way; 6] = [Way::Rename, Way::InPlace, Way::Vim, Way::Sed, Way::Checkout, Way::ConfigMap];

/// Writes a file in two pieces with a moment between them.
fn write_slowly(file: &Path, text: &str, dice: &mut Dice) {
    let mut out = File::create(file).expect("the project's folder is writable");
    let cut = dice.below(text.len());
    let cut = (0..=cut).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    out.write_all(&text.as_bytes()[..cut]).expect("writable");
    out.flush().expect("writable");
    moment(dice);
    out.write_all(&text.as_bytes()[cut..]).expect("writable");
}

/// Sometimes shorter than files take to settle, sometimes longer.
fn moment(dice: &mut Dice) {
    thread::sleep(Duration::from_millis(dice.next() % 600));
}

/// Saves two files.
fn save(folder: &Path, files: [(&str, &str); 2], way: Way, dice: &mut Dice) {
    for (name, text) in files {
        let file = folder.join(name);
        match way {
            Way::Rename | Way::Sed => {
                let beside = folder.join(if matches!(way, Way::Sed) {
                    "sedA1b2C3".to_owned()
                } else {
                    format!(".{name}.new")
                });
                write_slowly(&beside, text, dice);
                fs::rename(&beside, &file).expect("writable");
            }
            Way::InPlace => write_slowly(&file, text, dice),
            Way::Vim => {
                let kept = folder.join(format!("{name}~"));
                fs::write(folder.join("4913"), "").expect("writable");
                fs::remove_file(folder.join("4913")).expect("writable");
                fs::rename(&file, &kept).expect("writable");
                write_slowly(&file, text, dice);
                fs::remove_file(kept).expect("writable");
            }
            Way::Checkout => {
                fs::remove_file(&file).expect("writable");
                moment(dice);
                write_slowly(&file, text, dice);
            }
            Way::ConfigMap => {}
        }
    }
    if let Way::ConfigMap = way {
        let release = format!("..{:x}", dice.next());
        fs::create_dir(folder.join(&release)).expect("writable");
        for (name, text) in files {
            write_slowly(&folder.join(&release).join(name), text, dice);
        }
        symlink(&release, folder.join("..data_tmp")).expect("writable");
        let before = fs::read_link(folder.join("..data")).ok();
        fs::rename(folder.join("..data_tmp"), folder.join("..data")).expect("writable");
        for (name, _) in files {
            symlink(format!("..data/{name}"), folder.join("link_tmp")).expect("writable");
            fs::rename(folder.join("link_tmp"), folder.join(name)).expect("writable");
        }
        if let Some(before) = before {
            fs::remove_dir_all(folder.join(before)).expect("writable");
        }
    }
}

/// `SYNCC_E2E_SEED`, or always the same.
fn seed() -> u64 {
    std::env::var("SYNCC_E2E_SEED")
        .map_or(20_260_920, |text| text.parse().expect("SYNCC_E2E_SEED is a number"))
}

#[test]
fn half_a_file_for_a_moment_changes_nothing() {
    let seed = seed();
    let mut dice = Dice::new(seed);
    let mut shop = Shop::new("half", MySql::shared(Kind::MariaDb10_11), Kafka::shared());
    for n in 0..EDITS {
        shop.table(&format!("t{n}"));
    }
    shop.table("more");
    let (db, prefix) = (shop.db.clone(), shop.prefix.clone());
    let more = |n: usize| {
        format!(
            "edition 2026\n\n# edit {n}\npipeline more from shop to bus {{\n  include {db}.more\n  topic \"{prefix}.{{table}}\"\n}}\n"
        )
    };
    shop.project.write("more.sync", &more(0));
    let mut syncc = shop.run();
    let mut tables = "DB.items".to_owned();
    let mut sent = vec![1, 2, 3];
    for n in 0..EDITS {
        let way = WAYS[(n + dice.below(2)) % WAYS.len()];
        tables += &format!(", DB.t{n}");
        shop.text.include.clone_from(&tables);
        let file = shop.file();
        save(shop.project.folder(), [("shop.sync", &file), ("more.sync", &more(n + 1))], way, &mut dice);
        eprintln!("seed {seed}, edit {n}, {way:?}");
        shop.wait_ids(&format!("t{n}"), &[1, 2, 3]);
        let what = format!("seed {seed}, edit {n}, {way:?}");
        shop.wait_status(&mut syncc, &what, |status| {
            status.refused.is_none()
                && status.tasks.len() == 2
                && status.tasks.iter().all(|task| task.state == TaskState::Streaming)
        });
        let id = 10 + n as i64;
        shop.insert("items", &[id]);
        shop.insert("more", &[id]);
        sent.push(id);
    }
    shop.wait_ids("items", &sent);
    shop.wait_ids("more", &sent);
    for n in 0..EDITS {
        shop.wait_ids(&format!("t{n}"), &[1, 2, 3]);
    }
    syncc.signal(rustix::process::Signal::TERM);
    let said = finished(&mut syncc, 0);
    assert!(!said.contains("\"task.failed\""), "{said}");
}

/// What runs is what the files say.
#[track_caller]
fn wait_saved(shop: &Shop<'_>, syncc: &mut Running, what: &str) {
    wait::until(what, SOON, || {
        assert!(syncc.runs(), "{what}\n{}", syncc.stderr());
        let planned = shop.project.syncc(&["plan", "--detailed-exitcode"]);
        match planned.status.code() {
            Some(0) => Ok(()),
            code => Err(format!("{code:?}: {}", String::from_utf8_lossy(&planned.stdout))),
        }
    });
    shop.wait_status(syncc, what, |status| {
        status.refused.is_none()
            && status.pending.is_none()
            && status.tasks.iter().all(|task| task.state == TaskState::Streaming)
    });
}

/// Masks that come and go in one file, tables that come and go in the other. While a mask stands before and after an edit, no row
/// goes without it, and a table that was taken out sends nothing any more.
#[test]
fn half_a_file_for_a_moment_takes_no_mask_and_brings_no_table_back() {
    let seed = seed();
    let mut dice = Dice::part(seed, 1);
    let mut shop = Shop::new("masked", MySql::shared(Kind::MariaDb10_11), Kafka::shared());
    for n in 0..EDITS {
        shop.table(&format!("t{n}"));
    }
    shop.table("more");
    let (db, prefix) = (shop.db.clone(), shop.prefix.clone());
    let more = |edit: usize, masked: bool| {
        let mask = match masked {
            true => format!("  table {db}.more {{\n    mask name with null\n  }}\n"),
            false => String::new(),
        };
        format!(
            "edition 2026\n\n# edit {edit}\npipeline more from shop to bus {{\n  include {db}.more\n  topic \"{prefix}.{{table}}\"\n{mask}}}\n"
        )
    };
    let mut masked = true;
    shop.project.write("more.sync", &more(0, masked));
    let mut tables = vec!["items".to_owned()];
    let mut gone: Vec<String> = Vec::new();
    let mut syncc = shop.run();
    // whether each row of `more` is to come masked; those that were there came under the first file
    let mut expected: Vec<(i64, bool)> = vec![(1, true), (2, true), (3, true)];
    let mut id = 1_000;
    for n in 0..EDITS {
        let way = WAYS[(n + dice.below(2)) % WAYS.len()];
        let what = format!("seed {seed}, edit {n}, {way:?}");
        eprintln!("{what}");
        let before = std::mem::replace(&mut masked, dice.percent(70));
        if tables.len() > 2 && dice.percent(50) {
            gone.push(tables.remove(1 + dice.below(tables.len() - 1)));
        }
        tables.push(format!("t{n}"));
        shop.text.include = tables.iter().map(|table| format!("DB.{table}")).collect::<Vec<_>>().join(", ");
        let file = shop.file();
        let text = more(n + 1, masked);
        let over = AtomicBool::new(false);
        let written = thread::scope(|scope| {
            let writer = scope.spawn(|| {
                let mut written = Vec::new();
                // only what has one meaning all the while
                while before && masked && !over.load(Ordering::Relaxed) {
                    let next = id + written.len() as i64;
                    shop.insert("more", &[next]);
                    written.push((next, true));
                    thread::sleep(Duration::from_millis(30));
                }
                written
            });
            save(shop.project.folder(), [("shop.sync", &file), ("more.sync", &text)], way, &mut dice);
            wait_saved(&shop, &mut syncc, &what);
            over.store(true, Ordering::Relaxed);
            writer.join().expect("the writer writes")
        });
        id += written.len() as i64;
        expected.extend(written);
        // a row behind each edit, which comes as the files say now
        shop.insert("more", &[id]);
        expected.push((id, masked));
        id += 1;
        for table in &gone {
            shop.insert(table, &[id]);
        }
        let ids: Vec<i64> = expected.iter().map(|(id, _)| *id).collect();
        shop.wait_ids("more", &ids);
    }
    let records = Kafka::shared().consume(&format!("{prefix}.more"), Isolation::ReadCommitted);
    let mut found: Vec<(i64, bool)> = Vec::new();
    for record in records.iter().filter(|record| record.value.is_some()) {
        let message: Value = serde_json::from_str(&record.text()).expect("JSON");
        for row in message["data"].as_array().into_iter().flatten() {
            let id = row["id"].as_str().and_then(|id| id.parse().ok()).expect("a number");
            let in_clear = row["name"].as_str().is_some_and(|name| name.contains(CANARY));
            found.push((id, !in_clear));
        }
    }
    found.sort_unstable();
    assert_eq!(found, expected, "seed {seed}");
    for table in gone {
        assert_eq!(shop.ids(&table), [1, 2, 3], "seed {seed}: {table} was taken out");
    }
    syncc.signal(rustix::process::Signal::TERM);
    let said = finished(&mut syncc, 0);
    assert!(!said.contains("\"task.failed\""), "{said}");
}
