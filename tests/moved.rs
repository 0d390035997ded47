//! Renamed pipelines, sources and targets: their state goes with them, and nothing is sent twice.

use crate::support::program::Running;
use crate::support::shop::{Shop, finished};
use crate::support::{Kafka, Kind, MySql};

/// Waits until the task of this pipeline follows the log, alone.
#[track_caller]
fn wait_task(shop: &Shop<'_>, syncc: &mut Running, task: &str) {
    shop.wait_status(syncc, &format!("{task} alone follows the log"), |status| {
        let [one] = status.tasks.as_slice() else { return false };
        one.task == task && one.state.sends()
    });
}

/// What `syncc plan` prints; it must end with this code.
#[track_caller]
fn planned(shop: &Shop<'_>, arguments: &[&str], code: i32) -> String {
    let output = shop.project.syncc(&[&["plan"], arguments].concat());
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(code), "{said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

fn renames(kind: Kind) {
    let mut shop = Shop::new("moved", MySql::shared(kind), Kafka::shared());
    let mut syncc = shop.run();
    shop.insert("items", &[4]);
    shop.wait_ids("items", &[1, 2, 3, 4]);

    // while it runs
    shop.edit(|text| {
        text.pipeline = "store".to_owned();
        text.rest = "moved pipeline shop to store\n".to_owned();
    });
    wait_task(&shop, &mut syncc, "store.shop.bus");
    shop.insert("items", &[5]);
    shop.wait_ids("items", &[1, 2, 3, 4, 5]);
    shop.stop(&mut syncc);

    // while nothing runs, two steps at once; a plan says what happens
    shop.text.pipeline = "market".to_owned();
    shop.text.rest = "moved pipeline shop to store\nmoved pipeline store to market\n".to_owned();
    shop.insert("items", &[6]);
    shop.save();
    let said = planned(&shop, &["--against", "state"], 0);
    assert!(said.contains("store.shop.bus -> market.shop.bus"), "{said}");
    // it dies when one name has the state and the other one has not lost it yet
    let mut syncc =
        shop.project.start_with(&["run", "--log", "json"], &[("FAILPOINTS", "moved.given=return")]);
    assert!(syncc.wait(60).is_none(), "it was to die: {}", syncc.stderr());
    let mut syncc = shop.start(&[]);
    wait_task(&shop, &mut syncc, "market.shop.bus");
    shop.wait_ids("items", &[1, 2, 3, 4, 5, 6]);
    syncc.kill();

    // nobody says that it was renamed: it is not begun anew behind anybody's back
    shop.text.pipeline = "shop".to_owned();
    shop.text.rest = String::new();
    let said = shop.ends(&[], 4);
    assert!(said.contains("moved pipeline market to shop"), "{said}");
    shop.text.rest = "moved pipeline market to shop\n".to_owned();
    shop.insert("items", &[7]);
    let mut syncc = shop.run();
    shop.wait_ids("items", &[1, 2, 3, 4, 5, 6, 7]);

    // source and target, too
    let renamed = shop.file().replace("source shop", "source eu").replace("target bus", "target lake");
    let renamed = renamed.replace("from shop to bus", "from eu to lake");
    shop.project.write("shop.sync", &format!("{renamed}moved source shop to eu\nmoved target bus to lake\n"));
    wait_task(&shop, &mut syncc, "shop.eu.lake");
    shop.insert("items", &[8]);
    shop.wait_ids("items", &[1, 2, 3, 4, 5, 6, 7, 8]);
    syncc.signal(rustix::process::Signal::TERM);
    finished(&mut syncc, 0);
    assert_eq!(shop.ids("items"), [1, 2, 3, 4, 5, 6, 7, 8], "nothing was loaded or sent again");
}

#[test]
fn state_goes_with_the_name_mariadb() {
    renames(Kind::MariaDb10_11);
}

#[test]
fn state_goes_with_the_name_mysql() {
    renames(Kind::MySql9_7);
}

/// State does not go to another cluster with a name: the target there would begin anew, in silence.
#[test]
fn a_target_on_another_cluster_is_no_move() {
    let mut shop = Shop::new("cluster", MySql::shared(Kind::MariaDb10_11), Kafka::shared());
    let other = Kafka::start_another_cluster();
    let mut syncc = shop.run();
    shop.insert("items", &[4]);
    shop.wait_ids("items", &[1, 2, 3, 4]);
    let right = shop.file();
    shop.text.brokers = other.brokers();
    shop.text.rest = "moved target bus to lake\n".to_owned();
    let moved = shop
        .file()
        .replace("target bus kafka", "target lake kafka")
        .replace("shop to bus {", "shop to lake {");
    shop.project.write("shop.sync", &moved);

    // while it runs: what runs goes on
    let status = shop.wait_refused(&mut syncc, Some("P1005"));
    let refused = format!("{:?}", status.refused);
    assert_eq!(status.tasks[0].task, "shop.shop.bus", "{refused}");
    shop.insert("items", &[5]);
    shop.wait_ids("items", &[1, 2, 3, 4, 5]);
    // nor by its address alone
    shop.project.write("shop.sync", &right.replace(&Kafka::shared().brokers(), &other.brokers()));
    let said = shop.project.syncc(&["reload"]);
    let text = String::from_utf8_lossy(&said.stderr).into_owned() + &String::from_utf8_lossy(&said.stdout);
    assert_eq!(said.status.code(), Some(4), "{text}");
    assert!(text.contains("P1005"), "{text}");
    shop.stop(&mut syncc);

    // while nothing runs
    shop.project.write("shop.sync", &moved);
    let mut syncc = shop.start(&[]);
    let said = finished(&mut syncc, 4);
    for part in
        ["P1005 other-server", "shop.shop.bus", "shop.shop.lake", "a target of its own, without `moved`"]
    {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!other.topics().iter().any(|(name, _)| name.starts_with(&shop.prefix)), "{:?}", other.topics());

    // the old name is as it was
    shop.project.write("shop.sync", &right);
    shop.insert("items", &[6]);
    let mut syncc = shop.start(&[]);
    shop.wait_ids("items", &[1, 2, 3, 4, 5, 6]);
    shop.stop(&mut syncc);
}
