//! `start`: where in the log a task begins.

use crate::support::shop::{Shop, error};
use crate::support::{Kafka, Kind, MySql, Project, wait};
use syncc::mysql::position::Flavor;

/// Where the log of a server ends.
struct Place {
    file: String,
    offset: u64,
    /// What the server has executed; empty without GTIDs.
    gtids: String,
    /// A time at which nothing happened: before it everything before, after it everything after.
    time: String,
}

/// The place now. A second begins with it, because some logs know no others.
fn here(server: &MySql) -> Place {
    let mut sql = server.sql();
    let second = sql.one("select unix_timestamp()");
    wait::until("the next second", 10, || match sql.one("select unix_timestamp()") {
        now if now > second => Ok(()),
        now => Err(now),
    });
    let status =
        if server.kind() == Kind::MySql9_7 { "show binary log status" } else { "show master status" };
    let row = sql.text(status).remove(0);
    let text = |at: usize| row[at].clone().unwrap_or_default();
    let gtids = match server.kind().is_mariadb() {
        true => sql.one("select @@gtid_binlog_pos"),
        false => sql.one("select @@gtid_executed").replace('\n', ""),
    };
    let time = sql.one("select date_format(utc_timestamp(6), '%Y-%m-%dT%H:%i:%s.%fZ')");
    Place { file: text(0), offset: text(1).parse().expect("a number"), gtids, time }
}

/// The shop with another first start: nothing is stored of the one before.
fn anew(shop: &mut Shop<'_>, start: &str) {
    shop.project = Project::new("beginning", &[]);
    shop.project.env("SHOP_TEST_PASSWORD", "c4n4ry-secret");
    shop.prefix = shop.kafka.prefix("beginning");
    shop.text.rules = format!("  start {start}\n");
}

/// From `start` on come the rows of `items` with these ids, and no others; in the next life, too.
#[track_caller]
fn begins(shop: &mut Shop<'_>, start: &str, expected: &[i64], said: Option<&str>) {
    anew(shop, start);
    let mut syncc = shop.run();
    shop.wait_ids("items", expected);
    if let Some(place) = said {
        assert!(syncc.stderr().contains(&format!("`start at` is {place}")), "{start}: {}", syncc.stderr());
    }
    shop.stop(&mut syncc);
    let mut syncc = shop.start(&[]);
    shop.wait_streaming(&mut syncc);
    assert!(
        !syncc.stderr().contains("`start at` is"),
        "the position counts, not the place: {}",
        syncc.stderr()
    );
    shop.stop(&mut syncc);
    assert_eq!(shop.ids("items"), expected, "{start}");
}

#[track_caller]
fn refused(shop: &mut Shop<'_>, start: &str, why: &str) {
    anew(shop, start);
    let said = error(&shop.ends(&[], 20));
    assert!(said.contains("L0111") && said.contains(why), "{start}: {said}");
    let live = shop.project.syncc(&["check", "--live"]);
    let out = String::from_utf8_lossy(&live.stdout).into_owned() + &String::from_utf8_lossy(&live.stderr);
    assert!(live.status.code() == Some(1) && out.contains("L0111"), "{start}: {out}");
}

fn check(kind: Kind, gtids: bool) {
    let server = MySql::start(kind, &[]);
    if !gtids {
        for mode in ["on_permissive", "off_permissive", "off"] {
            server.sql().run(&format!("set global gtid_mode = {mode}"));
        }
    }
    let flavor = if kind.is_mariadb() { Flavor::MariaDb } else { Flavor::MySql };
    let mut shop = Shop::new("beginning", &server, Kafka::shared());
    let flush = || server.sql().run("flush binary logs");
    shop.insert("items", &[4]);
    flush();
    shop.insert("items", &[5]);
    let place = here(&server);
    shop.insert("items", &[6]);
    flush();
    shop.insert("items", &[7]);

    let Place { file, offset, gtids: set, time } = &place;
    let at = format!("{file}:{offset}");
    begins(&mut shop, &format!("at binlog \"{at}\""), &[6, 7], Some(&at));
    begins(&mut shop, &format!("at {time}"), &[6, 7], Some(&at));
    begins(&mut shop, &format!("at binlog \"{file}:4\""), &[5, 6, 7], Some(&format!("{file}:4")));
    let later = here(&server);
    begins(&mut shop, &format!("at {}", later.time), &[], Some(&format!("{}:{}", later.file, later.offset)));
    if gtids {
        begins(&mut shop, &format!("at gtid \"{set}\""), &[6, 7], None);
    } else {
        refused(&mut shop, "at gtid \"3e11fa47-71ca-11e1-9e33-c80aa9429562:1\"", "`gtid_mode` is OFF");
    }
    // `now` is now
    anew(&mut shop, "now");
    let mut syncc = shop.run();
    shop.insert("items", &[8]);
    shop.wait_ids("items", &[8]);
    shop.stop(&mut syncc);

    refused(&mut shop, "at 2100-01-01T00:00:00Z", "has yet to come");
    refused(
        &mut shop,
        "at 2001-01-01T00:00:00Z",
        "the log does not reach back to 2001-01-01 00:00:00 UTC; its oldest file",
    );
    refused(&mut shop, "at binlog \"other.000001:4\"", "has no log file `other.000001`");
    refused(&mut shop, &format!("at binlog \"{}:99999999\"", later.file), "lies behind the end of the log");
    refused(
        &mut shop,
        &format!("at binlog \"{file}:{}\"", offset + 1),
        "does not lie between two transactions",
    );
    if gtids {
        let (future, past) = match flavor {
            Flavor::MySql => {
                let uuid = server.sql().one("select @@server_uuid");
                (format!("{uuid}:1-99999"), format!("{uuid}:1"))
            }
            Flavor::MariaDb => {
                let id = server.sql().one("select @@server_id");
                (format!("0-{id}-99999"), format!("0-{id}-1"))
            }
        };
        refused(&mut shop, &format!("at gtid \"{future}\""), "the server has not executed");
        server.sql().run(&format!("purge binary logs to '{}'", later.file));
        refused(&mut shop, &format!("at gtid \"{past}\""), "`start at gtid`: ");
        refused(&mut shop, &format!("at binlog \"{at}\""), "has no log file");
        refused(&mut shop, &format!("at {time}"), "does not reach back");
    }
}

#[test]
fn at_a_place_of_mysql_with_gtids() {
    check(Kind::MySql9_7, true);
}

#[test]
fn at_a_place_of_mysql_without_gtids() {
    check(Kind::MySql5_7, false);
}

#[test]
fn at_a_place_of_mariadb() {
    check(Kind::MariaDb10_11, true);
}

/// Columns of a place in the past: where the log names them they are those, where it does not, those that no statement has
/// touched since count, and rows of the others stop the task.
#[test]
fn tables_have_the_columns_of_that_place() {
    for (kind, bare) in [(Kind::MySql9_7, "MINIMAL"), (Kind::MariaDb10_11, "NO_LOG")] {
        let server = MySql::start(kind, &[&format!("binlog-row-metadata={bare}")]);
        let mut shop = Shop::new("beginning", &server, Kafka::shared());
        shop.table("other");
        let place = here(&server);
        let at = format!("at binlog \"{}:{}\"", place.file, place.offset);
        shop.insert("other", &[4]);
        shop.insert("items", &[4]);
        shop.sql().run("truncate other; insert into other values (5, 'c4n4ry')");
        begins(&mut shop, &at, &[4], None);

        shop.sql()
            .run("alter table items add column extra int first; insert into items values (1, 5, 'c4n4ry')");
        shop.text.include = "DB.other".to_owned();
        anew(&mut shop, &at);
        let mut syncc = shop.run();
        shop.wait_ids("other", &[4, 5]);
        shop.stop(&mut syncc);
        shop.text.include = "DB.*".to_owned();
        anew(&mut shop, &at);
        let said = error(&shop.ends(&[], 25));
        let items = format!("{}.items", shop.db);
        assert!(said.contains("are not proven") && said.contains(&items), "{said}");

        // from a place on where the log names columns
        server.sql().run("set global binlog_row_metadata = 'FULL'");
        let place = here(&server);
        shop.sql().run("insert into items values (1, 6, 'c4n4ry')");
        shop.sql().run("alter table items drop column extra; insert into items values (7, 'c4n4ry')");
        shop.text.include = "DB.items".to_owned();
        begins(&mut shop, &format!("at binlog \"{}:{}\"", place.file, place.offset), &[6, 7], None);
    }
}
