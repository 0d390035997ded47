//! A machine that has hardly any time for us.

use std::process::Command;

use crate::http::{address, get};
use crate::support::process::Process;
use crate::support::run::Run;
use crate::support::shop::{SOON, Shop, event};
use crate::support::{Kafka, Kind, MySql, wait};

/// Processes that take what time there is.
const BURNERS: usize = 4;

/// Signs of life that are waited for: more than a successor misses before it takes over, four of five seconds each.
const BEATS: u64 = 8;

/// A processor that this process may use.
fn processor() -> String {
    let status = std::fs::read_to_string("/proc/self/status").expect("a running process has a status");
    let allowed =
        status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).expect("it is told");
    allowed.trim().chars().take_while(char::is_ascii_digit).collect()
}

/// F60: whoever shares one processor with four that never rest is slow, and neither taken for dead nor at a loss.
#[test]
fn who_gets_little_time_is_not_taken_for_dead() {
    let shop = Shop::new("scarce", MySql::shared(Kind::MariaDb10_11), Kafka::shared());
    let processor = processor();
    let logs = Run::get().new_folder("burners");
    let burners: Vec<Process> = (0..BURNERS)
        .map(|_| {
            let mut burner = Command::new("taskset");
            burner.args(["-c", &processor, "sh", "-c", "while :; do :; done"]);
            Process::spawn(&mut burner, &logs.join("stdout"), &logs.join("stderr"))
        })
        .collect();
    shop.save();
    let run = ["run", "--log", "json", "--listen", "127.0.0.1:0"];
    let mut syncc = shop.project.start_on(&processor, &run);
    shop.wait_streaming(&mut syncc);
    let at = address(&syncc);
    let mut second = shop.start(&["--standby", "--state", "other"]);
    second.wait_for("stands by", SOON);
    let last: i64 = 300;
    shop.insert("items", &(4..=last).collect::<Vec<_>>());
    shop.wait_ids("items", &(1..=last).collect::<Vec<_>>());

    let seq = || shop.status().map_or(0, |status| status.tasks[0].seq);
    let before = seq();
    wait::until("it says that it lives, often enough", 4 * SOON, || {
        assert!(syncc.runs(), "{}", syncc.stderr());
        assert_eq!(get(at, "/livez").0, 200, "{}", syncc.stderr());
        let beats = seq().saturating_sub(before);
        if beats >= BEATS { Ok(()) } else { Err(format!("{beats} beats\n{}", syncc.last_words())) }
    });
    shop.insert("items", &[last + 1]);
    shop.wait_ids("items", &(1..=last + 1).collect::<Vec<_>>());
    let said = second.stderr();
    assert!(!said.contains("owns the task"), "it was taken for dead: {said}");
    assert!(event(&syncc.stderr(), "owner.lost").is_none(), "{}", syncc.stderr());
    drop(burners);
    shop.stop(&mut second);
    shop.stop(&mut syncc);
}
