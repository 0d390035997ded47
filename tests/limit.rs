//! How fast a stream may go (`limit`).

use std::time::Instant;

use crate::support::shop::Shop;
use crate::support::{Isolation, Kafka, Kind, MySql};

/// Bytes a second that the tests allow.
const LIMIT: u64 = 20 << 10;

/// Bytes of the text of a row.
const TEXT: u64 = 10_000;

/// Bytes of keys and values of the topic's committed messages, and the ids in them.
fn sent(shop: &Shop<'_>) -> (u64, usize) {
    let records = shop.kafka.consume(&format!("{}.items", shop.prefix), Isolation::ReadCommitted);
    let bytes = |part: &Option<Vec<u8>>| part.as_ref().map_or(0, |part| part.len() as u64);
    (records.iter().map(|record| bytes(&record.key) + bytes(&record.value)).sum(), records.len())
}

/// Waits for so many messages; at no time there are more bytes than the limit has allowed since `began`, when there were
/// `before`, and one event for each start.
#[track_caller]
fn wait_paced(shop: &Shop<'_>, n: usize, began: Instant, before: u64, n_starts: u64) {
    loop {
        let (bytes, n_sent) = sent(shop);
        let passed_ms = u64::try_from(began.elapsed().as_millis()).expect("a test is short");
        // A tenth of a second counts that had passed before.
        let allowed = LIMIT * (passed_ms + 100 * n_starts) / 1_000 + n_starts * (TEXT + 1_000);
        assert!(bytes - before <= allowed, "{} bytes in {passed_ms} ms", bytes - before);
        if n_sent >= n {
            return;
        }
        assert!(passed_ms < 120_000, "{n_sent} of {n} messages");
        std::thread::yield_now();
    }
}

#[test]
fn a_stream_keeps_to_its_limit_over_a_death_and_an_edit() {
    for kind in [Kind::MySql9_7, Kind::MariaDb10_11] {
        let mut shop = Shop::new("limit", MySql::shared(kind), Kafka::shared());
        shop.text.rules = "  limit 20KiB/s\n  commit every 100ms\n".to_owned();
        let mut syncc = shop.run();
        let mut sql = shop.sql();
        let (before, loaded) = sent(&shop);
        assert_eq!(loaded, 3, "existing rows are loaded without it");
        let began = Instant::now();
        for id in 4..=23 {
            sql.run(&format!("insert into items values ({id}, repeat('x', {TEXT}))"));
        }
        wait_paced(&shop, 8, began, before, 1);
        syncc.kill();
        let mut syncc = shop.start(&[]);
        wait_paced(&shop, 23, began, before, 2);

        // One transaction that would take minutes: an edit that lifts the limit does not wait for its end.
        let rows: Vec<String> = (24..=400).map(|id| format!("({id}, repeat('x', {TEXT}))")).collect();
        sql.run(&format!("insert into items values {}", rows.join(", ")));
        shop.wait_status(&mut syncc, "the limit holds it back", |status| {
            status.tasks.iter().any(|task| task.waiting.as_deref() == Some("for its pipeline's `limit`"))
        });
        shop.edit(|text| text.rules = "  commit every 100ms\n".to_owned());
        shop.wait_ids("items", &(1..=400).collect::<Vec<_>>());
        shop.stop(&mut syncc);
    }
}
