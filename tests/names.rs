//! Names of tables and columns that mean something to SQL, to patterns or to JSON: they are names and nothing else.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::shop::{SOON, Shop};
use crate::support::{Isolation, Kafka, Kind, MySql, wait};

/// Names of tables, each with two rows there and two that come.
fn names() -> Vec<String> {
    let odd = [
        "x`; DROP TABLE victims; -- x",
        "it's",
        "say \"so\"",
        "back\\slash\\",
        "100%",
        "a_b",
        "aXb",
        "a%b",
        "two\nlines",
        "表名",
        "größe",
        "select",
        "Case",
        "cASE",
        "/* comment */",
        "{table}",
        "$1",
    ];
    let mut names: Vec<String> = odd.map(str::to_owned).to_vec();
    names.push("n".repeat(64));
    names
}

/// As a name stands in SQL.
fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// Loaded and followed, under the rules of the server that are the worst for quotes.
fn come_as_they_are(kind: Kind) {
    let server = MySql::start(kind, &[]);
    server.sql().run("set global sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,STRICT_TRANS_TABLES'");
    let mut shop = Shop::new("names", &server, Kafka::shared());
    let names = names();
    let mut sql = shop.sql();
    sql.run("create table victims (id int primary key, name text)");
    let insert = |sql: &mut crate::support::Sql, n: usize, nth: usize| {
        sql.run(&format!("insert into {} values ({}, 'x')", quoted(&names[n]), n * 10 + nth));
    };
    for (n, name) in names.iter().enumerate() {
        // the table is named as its second column is, which is not a word of SQL to anybody then
        let column = quoted(&format!("c{}", name.chars().take(60).collect::<String>().trim_end()));
        sql.run(&format!("create table {} (id int primary key, {column} text)", quoted(name)));
        insert(&mut sql, n, 0);
        insert(&mut sql, n, 1);
    }
    shop.text.include = "DB.*".to_owned();
    shop.text.topic = "PREFIX.all".to_owned();
    shop.save();
    let mut syncc = shop.start(&[]);
    shop.wait_streaming(&mut syncc);
    for (n, name) in names.iter().enumerate() {
        insert(&mut sql, n, 2);
        sql.run(&format!("alter table {} add column `more``` int", quoted(name)));
        sql.run(&format!("insert into {} values ({}, 'x', 7)", quoted(name), n * 10 + 3));
    }
    let expected: BTreeMap<String, Vec<i64>> = names
        .iter()
        .enumerate()
        .map(|(n, name)| (name.clone(), (0..4).map(|nth| (n * 10 + nth) as i64).collect()))
        .collect();
    wait::until("all rows of all names", SOON, || {
        assert!(syncc.runs(), "{}", syncc.stderr());
        let mut found: BTreeMap<String, Vec<i64>> = BTreeMap::new();
        let records = Kafka::shared().consume(&format!("{}.all", shop.prefix), Isolation::ReadCommitted);
        for record in records.iter().filter(|record| record.value.is_some()) {
            let message: Value = serde_json::from_str(&record.text()).expect("JSON");
            let table = message["table"].as_str().expect("a table").to_owned();
            for row in message["data"].as_array().into_iter().flatten() {
                let id = row["id"].as_str().and_then(|id| id.parse().ok()).expect("a number");
                found.entry(table.clone()).or_default().push(id);
            }
        }
        found.remove("items");
        found.values_mut().for_each(|ids| ids.sort_unstable());
        if found == expected { Ok(()) } else { Err(format!("{found:?}\n{}", syncc.stderr())) }
    });
    assert_eq!(sql.text("select count(*) from victims"), [[Some("0".to_owned())]], "it is still there");
    shop.stop(&mut syncc);
}

#[test]
fn odd_names_come_as_they_are_mariadb() {
    come_as_they_are(Kind::MariaDb10_11);
}

#[test]
fn odd_names_come_as_they_are_mysql() {
    come_as_they_are(Kind::MySql9_7);
}
