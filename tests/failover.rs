//! A source is lost and another server takes its place: usable, lagging, diverged.

use crate::support::shop::{CANARY, SOON, Shop, error, finished};
use crate::support::{Kafka, Kind, MySql, wait};
use serde_json::Value;

/// A primary and a replica that follows it by GTID.
struct Pair {
    primary: MySql,
    replica: MySql,
}

impl Pair {
    fn start(kind: Kind) -> Pair {
        let pair = Pair { primary: MySql::start(kind, &[]), replica: MySql::start(kind, &[]) };
        let (port, user, password) = (pair.primary.port(), MySql::USER, MySql::PASSWORD);
        pair.replica.sql().run(&match kind.is_mariadb() {
            true => format!(
                "change master to master_host = '127.0.0.1', master_port = {port}, master_user = '{user}', \
                 master_password = '{password}', master_use_gtid = slave_pos; start slave"
            ),
            false => format!(
                "change replication source to source_host = '127.0.0.1', source_port = {port}, source_user = '{user}', \
                 source_password = '{password}', source_auto_position = 1, get_source_public_key = 1; start replica"
            ),
        });
        pair
    }

    /// A shop on the primary, with the replica as its standby.
    fn shop(&self, name: &str) -> Shop<'_> {
        let mut shop = Shop::new(name, &self.primary, Kafka::shared());
        shop.text.source = format!("  standby \"{}\"\n", self.replica.address());
        shop
    }

    /// Everything the primary has executed, as GTIDs.
    fn executed(&self) -> String {
        let variable = if self.primary.kind().is_mariadb() { "@@gtid_binlog_pos" } else { "@@gtid_executed" };
        let rows = self.primary.sql().text(&format!("select {variable}"));
        rows[0][0].clone().expect("GTIDs").replace('\n', "")
    }

    /// Waits until the replica has executed what the primary has.
    fn wait_replicated(&self) {
        let gtids = self.executed();
        let wait = match self.primary.kind().is_mariadb() {
            true => format!("select master_gtid_wait('{gtids}', 60)"),
            false => format!("select wait_for_executed_gtid_set('{gtids}', 60)"),
        };
        assert_eq!(self.replica.sql().text(&wait)[0][0].as_deref(), Some("0"), "the replica follows");
    }

    /// The replica takes changes from nobody any more.
    fn promote(&self) {
        self.replica.sql().run(match self.primary.kind().is_mariadb() {
            true => "stop slave; reset slave all",
            false => "stop replica; reset replica all",
        });
    }

    /// Inserts rows at the replica.
    fn insert(&self, shop: &Shop<'_>, ids: &[i64]) {
        let mut sql = self.replica.sql();
        for id in ids {
            sql.run(&format!("insert into {}.items values ({id}, 'after {id}')", shop.db));
        }
    }
}

fn a_usable_replica_is_followed(kind: Kind) {
    let pair = Pair::start(kind);
    let shop = pair.shop("failover");
    let mut syncc = shop.run();
    shop.insert("items", &[4, 5]);
    shop.wait_ids("items", &[1, 2, 3, 4, 5]);
    pair.wait_replicated();
    pair.primary.kill();
    pair.promote();
    pair.insert(&shop, &[6, 7]);
    syncc.wait_for("source.failover", SOON);
    shop.wait_ids("items", &[1, 2, 3, 4, 5, 6, 7]);
    // who compares finds the server that is read now
    let output = shop.project.syncc(&["verify", "shop", "--format", "json"]);
    let report = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{report}\n{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_str(&report).expect("a report is JSON");
    assert_eq!(report["tables"][0]["rows"], 7, "{report:#}");
    shop.stop(&mut syncc);
    // a new process finds its way by the stored position
    pair.insert(&shop, &[8]);
    let mut syncc = shop.run();
    pair.insert(&shop, &[9]);
    shop.wait_ids("items", &[1, 2, 3, 4, 5, 6, 7, 8, 9]);
    shop.stop(&mut syncc);
}

#[test]
fn a_usable_replica_of_mysql_is_followed() {
    a_usable_replica_is_followed(Kind::MySql9_7);
}

#[test]
fn a_usable_replica_of_mariadb_is_followed() {
    a_usable_replica_is_followed(Kind::MariaDb10_11);
}

/// What is prepared when a server is lost can be decided on the one that takes its place, whose log has the rows, too.
fn what_is_prepared_goes_over(kind: Kind) {
    let pair = Pair::start(kind);
    let shop = pair.shop("prepared");
    let mut syncc = shop.run();
    let row = |id: i64| format!("insert into {}.items values ({id}, 'prepared {id}')", shop.db);
    for (xid, id) in [("'yes'", 10), ("'no'", 20)] {
        shop.sql().run(&format!("xa start {xid}; {}; xa end {xid}; xa prepare {xid}", row(id)));
        shop.insert("items", &[id / 10 + 3]);
    }
    shop.wait_ids("items", &[1, 2, 3, 4, 5]);
    pair.wait_replicated();
    pair.primary.kill();
    pair.promote();
    pair.insert(&shop, &[6]);
    syncc.wait_for("source.failover", SOON);
    shop.wait_ids("items", &[1, 2, 3, 4, 5, 6]);
    // what was read before is read once more there by each life, and nothing of it is sent again
    syncc.kill();
    let mut syncc = shop.start(&[]);
    pair.insert(&shop, &[7]);
    shop.wait_ids("items", &[1, 2, 3, 4, 5, 6, 7]);
    let mut sql = pair.replica.sql();
    sql.run("xa rollback 'no'");
    sql.run("xa commit 'yes'");
    shop.wait_ids("items", &[1, 2, 3, 4, 5, 6, 7, 10]);
    syncc.kill();
    let mut syncc = shop.start(&[]);
    pair.insert(&shop, &[8]);
    shop.wait_ids("items", &[1, 2, 3, 4, 5, 6, 7, 8, 10]);
    shop.stop(&mut syncc);
}

#[test]
fn what_is_prepared_goes_over_mysql() {
    what_is_prepared_goes_over(Kind::MySql9_7);
}

#[test]
fn what_is_prepared_goes_over_mariadb() {
    what_is_prepared_goes_over(Kind::MariaDb10_11);
}

/// Domains stand to each other in any order: on the server that takes the place, what was seen of one comes behind what is new of
/// another, and a life that ends between the two goes on without sending it again.
#[test]
fn what_was_seen_of_a_domain_may_stand_behind_what_was_not_of_another() {
    let pair = Pair::start(Kind::MariaDb10_11);
    let mut shop = pair.shop("domains");
    shop.text.rules = format!("  ddl {{\n    topic \"{}.ddl\"\n  }}\n", shop.prefix);
    let mut syncc = shop.run();
    let row = |id: i64| format!("insert into {}.items values ({id}, 'of a domain {id}');", shop.db);
    shop.sql()
        .run(&format!("set gtid_domain_id = 1; xa start 'yes'; {} xa end 'yes'; xa prepare 'yes'", row(10)));
    pair.wait_replicated();
    pair.promote();
    shop.insert("items", &[4]);
    shop.wait_ids("items", &[1, 2, 3, 4]);
    let last = pair.executed();
    let last = last.split(',').find(|gtid| gtid.starts_with("0-")).expect("the first domain");
    let (server_id, number) = last[2..].split_once('-').expect("a GTID");
    // the other server has the last transaction behind new ones of the other domain: one that is sent, and one that is rolled back
    let mut sql = pair.replica.sql();
    sql.run(&format!(
        "use {}; set gtid_domain_id = 1; xa commit 'yes'; alter table items comment 'moved'",
        shop.db
    ));
    sql.run(&format!("begin; {} create temporary table t (id int); rollback", row(20)));
    sql.run(&format!(
        "set gtid_domain_id = 0, server_id = {server_id}, gtid_seq_no = {number}; insert into items values (4, '{CANARY} 4')"
    ));
    pair.primary.kill();
    syncc.wait_for("source.failover", SOON);
    syncc.wait_for("transaction.undone", SOON);
    pair.insert(&shop, &[5]);
    shop.wait_ids("items", &[1, 2, 3, 4, 5, 10]);
    syncc.kill();
    let mut syncc = shop.start(&[]);
    pair.insert(&shop, &[6]);
    shop.wait_ids("items", &[1, 2, 3, 4, 5, 6, 10]);
    shop.stop(&mut syncc);
}

#[test]
fn a_replica_that_lags_is_waited_for() {
    let pair = Pair::start(Kind::MySql9_7);
    let shop = pair.shop("lagging");
    let mut syncc = shop.run();
    pair.wait_replicated();
    pair.replica.sql().run("stop replica sql_thread");
    shop.insert("items", &[4]);
    shop.wait_ids("items", &[1, 2, 3, 4]);
    let executed = pair.executed();
    wait::until("the replica has fetched it", SOON, || {
        let status = pair.replica.sql().text("show replica status");
        let has = status.iter().flatten().flatten().any(|cell| cell.replace('\n', "") == executed);
        if has { Ok(()) } else { Err(executed.clone()) }
    });
    pair.primary.kill();
    syncc.wait_for("has not executed yet what was read", SOON);
    assert!(syncc.runs(), "it waits");
    pair.replica.sql().run("start replica sql_thread");
    syncc.wait_for("source.failover", SOON);
    pair.promote();
    pair.insert(&shop, &[5]);
    shop.wait_ids("items", &[1, 2, 3, 4, 5]);
    shop.stop(&mut syncc);
}

#[test]
fn a_server_that_has_diverged_is_refused_with_what_it_lacks() {
    let pair = Pair::start(Kind::MySql9_7);
    let mut shop = pair.shop("diverged");
    let mut syncc = shop.run();
    pair.wait_replicated();
    pair.promote();
    shop.insert("items", &[4]);
    shop.wait_ids("items", &[1, 2, 3, 4]);
    let uuid = pair.primary.sql().text("select @@server_uuid")[0][0].clone().expect("a UUID");
    pair.primary.kill();
    let said = finished(&mut syncc, 23);
    let text = error(&said);
    for part in ["diverged", &pair.replica.address(), &uuid, &format!("{}.items", shop.db)] {
        assert!(text.contains(part), "{part}: {text}");
    }
    // the first server has all that was read
    pair.primary.start_again();
    shop.insert("items", &[5]);
    let mut syncc = shop.run();
    shop.wait_ids("items", &[1, 2, 3, 4, 5]);
    shop.stop(&mut syncc);
    // and another one is not followed where that is forbidden
    shop.text.source += "  on-failover stop\n";
    pair.primary.kill();
    let said = shop.ends(&[], 23);
    assert!(error(&said).contains("on-failover stop"), "{said}");
}

/// What `check --live` finds, as `CODE line`, what it says of that, and its lines. No finding at a standby is an error.
fn live(shop: &Shop<'_>) -> (Vec<String>, String, String) {
    shop.save();
    let output = shop.project.syncc(&["check", "--live", "--format", "json"]);
    let [out, lines] =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert_eq!(output.status.code(), Some(0), "{out}\n{lines}");
    let report: Value = serde_json::from_str(&out).expect("a report is JSON");
    let found = report["diagnostics"].as_array().expect("a list").iter();
    let found = found.map(|one| {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        format!("{} {}", text(&one["code"]), one["span"]["start"]["line"])
    });
    (found.collect(), out, lines)
}

fn standbys_are_looked_at(kind: Kind) {
    let pair = Pair::start(kind);
    let mut shop = pair.shop("liveby");
    // there is one broker
    shop.text.target = "  allow L0216 because \"one broker in tests\"\n".to_owned();
    if kind.is_mariadb() {
        shop.sql().run(&format!("grant slave monitor on *.* to '{}'@'%'", shop.user));
    }
    pair.wait_replicated();
    let none: Vec<String> = Vec::new();
    let who = format!("standby {}", pair.replica.address());
    let (found, out, lines) = live(&shop);
    assert_eq!(found, none, "{out}\n{lines}");
    for item in ["connection", "log format", "rights", "replication", "retention"] {
        let is_fine = |line: &str| {
            line.starts_with("ok ") && line.contains(&who) && line.contains(&format!(" {item} "))
        };
        assert!(lines.lines().any(is_fine), "{kind:?} {item}: {lines}");
    }

    // each defect of the standby is told with its repair; MySQL keeps the format of a replica that applies
    let mut there = pair.replica.sql();
    let (verb, code, name) = match kind.is_mariadb() {
        true => ("GLOBAL", "L0106", "format"),
        false => ("PERSIST", "L0108", "row_metadata"),
    };
    let wrong = if kind.is_mariadb() { "MIXED" } else { "MINIMAL" };
    there.run(&format!("set global binlog_{name} = '{wrong}'; set global binlog_row_image = 'MINIMAL'"));
    let (mut found, out, lines) = live(&shop);
    found.sort();
    let mut expected = vec![format!("{code} 3"), "L0107 3".to_owned()];
    expected.sort();
    assert_eq!(found, expected, "{kind:?} {out}\n{lines}");
    assert!(out.contains(&format!("{who}: `binlog_{name}` is {wrong}")), "{out}");
    assert!(out.contains("`allow L0107 because"), "{out}");
    assert!(lines.lines().any(|line| line.starts_with("look ") && line.contains(&who)), "{lines}");
    let right = if kind.is_mariadb() { "ROW" } else { "FULL" };
    for repair in [format!("binlog_{name} = '{right}'"), "binlog_row_image = 'FULL'".to_owned()] {
        let repair = format!("SET {verb} {repair}");
        assert!(out.contains(&format!("{repair};")), "{repair}: {out}");
        there.run(&repair);
    }
    assert_eq!(live(&shop).0, none);

    // whether it could go on where the task stands
    shop.ends(&["--once"], 0);
    pair.wait_replicated();
    let (found, out, lines) = live(&shop);
    assert_eq!(found, none, "{out}\n{lines}");
    assert!(lines.contains("can go on here"), "{kind:?}: {lines}");
    pair.promote();
    shop.insert("items", &[4]);
    shop.ends(&["--until", "now"], 0);
    let (found, out, lines) = live(&shop);
    assert_eq!(found, ["L0111 3"], "{kind:?} {out}\n{lines}");
    assert!(out.contains("has not executed") && out.contains("and never will"), "{out}");

    // and that it does not answer, which is answered in the files
    pair.replica.kill();
    let (found, out, lines) = live(&shop);
    assert_eq!(found, ["L0101 3"], "{kind:?} {out}\n{lines}");
    shop.text.source += "  allow L0101 because \"it is being moved\"\n";
    let (found, out, lines) = live(&shop);
    assert_eq!(found, none, "{kind:?} {out}\n{lines}");
}

#[test]
fn standbys_of_mysql_are_looked_at_by_check_live() {
    standbys_are_looked_at(Kind::MySql9_7);
}

#[test]
fn standbys_of_mariadb_are_looked_at_by_check_live() {
    standbys_are_looked_at(Kind::MariaDb10_11);
}

#[test]
fn a_log_that_is_about_to_be_purged_is_told_before() {
    let mysql = MySql::start(Kind::MySql9_7, &["binlog-expire-logs-seconds=6"]);
    let shop = Shop::new("retention", &mysql, Kafka::shared());
    let mut syncc = shop.run();
    shop.insert("items", &[4]);
    shop.wait_ids("items", &[1, 2, 3, 4]);
    mysql.kill();
    syncc.wait_for("source.retention_low", SOON);
    mysql.start_again();
    shop.insert("items", &[5]);
    shop.wait_ids("items", &[1, 2, 3, 4, 5]);
    shop.stop(&mut syncc);
}
