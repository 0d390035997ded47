//! Files saved as editors, tools and ConfigMaps save them, cut short for a moment at any place: whatever is seen in between, no
//! table stops being sent, no row is lost or comes twice, and what was saved in the end takes effect.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::thread;
use std::time::Duration;

use syncc::control::TaskState;

use crate::support::dice::Dice;
use crate::support::shop::{Shop, finished};
use crate::support::{Kafka, Kind, MySql};

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

#[test]
fn half_a_file_for_a_moment_changes_nothing() {
    let seed = 20_260_920;
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
