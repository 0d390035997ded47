//! Masked columns from real servers into a real cluster: nothing of what they hold is in any message, and what is there in its
//! place is what the servers compute themselves.

use crate::support::shop::{CANARY, Shop, event, finished};
use crate::support::{Isolation, Kafka, Kind, MySql, wait};
use serde_json::Value;
use std::fs;

const SALT: &str = "pepper";

/// A shop with the tables `people`, keyed by a number, and `logins`, keyed by a masked name.
fn shop(mysql: &'static MySql) -> Shop<'static> {
    let mut shop = Shop::new("masks", mysql, Kafka::shared());
    let db = shop.db.clone();
    shop.sql().run(
        "create table people (
           id int primary key, email varchar(200) character set latin1, phone varchar(40), iban varchar(40),
           born date not null, salary decimal(10,2), status enum('new', 'old'), note text,
           photo varbinary(80), logged_in timestamp(3) null, ratio double, left_out text, touched int not null);
         create table logins (name varchar(100) primary key, secret text not null, n int not null)"
    );
    shop.text.include = format!("{db}.people, {db}.logins");
    shop.text.rules = "  table DB.people {
    columns except LEFT_OUT
    mask email, note, sal*, status, photo, logged_in with sha256 salt env SHOP_TEST_SALT
    mask phone keep last 2
    mask iban keep first 4
    mask born with fixed \"1900-01-01\"
    mask ratio with null
  }
  table DB.logins {
    mask Name with sha256 salt file \"salt\"
    mask secret with null
    partition by column name
  }
"
    .to_owned();
    shop.project.env("SHOP_TEST_SALT", SALT);
    fs::write(shop.project.folder().join("salt"), format!("{SALT}\n"))
        .expect("the project's folder is writable");
    shop
}

/// A person; everything that is masked or left out says the canary.
fn person(id: i64) -> String {
    format!(
        "insert into people values ({id}, 'M\u{fc}ller.{CANARY}.{id}@example.com', '{CANARY} {id}', 'DE12 {CANARY}', '1970-02-0{id}',
           {id}.50, 'new', '\u{674e}\u{96f7} {CANARY}', concat(x'00ff', '{CANARY}'), '2024-03-05 02:20:31.120', 0.1,
           '{CANARY}', 0)"
    )
}

/// Every record below the shop's prefix, committed or not, as one text: the topic, key, headers and value.
fn records(shop: &Shop<'_>) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for (topic, _) in
        shop.kafka.topics().into_iter().filter(|(topic, _)| topic.starts_with(&format!("{}.", shop.prefix)))
    {
        for record in shop.kafka.consume(&topic, Isolation::ReadUncommitted) {
            let key = String::from_utf8_lossy(record.key.as_deref().unwrap_or_default()).into_owned();
            let headers: Vec<String> = record
                .headers
                .iter()
                .map(|(name, value)| format!("{name} {}", String::from_utf8_lossy(value)))
                .collect();
            all.push((topic.clone(), format!("{key} {headers:?} {}", record.text())));
        }
    }
    all
}

/// The messages of a table in order of their offsets, of all partitions.
fn messages(shop: &Shop<'_>, table: &str) -> Vec<Value> {
    let topic = format!("{}.{table}", shop.prefix);
    let mut records = shop.kafka.consume(&topic, Isolation::ReadCommitted);
    records.sort_by_key(|record| (record.partition, record.offset));
    let read = |record: &crate::support::kafka::Received| {
        serde_json::from_str(&record.text()).expect("canal-json is JSON")
    };
    records.iter().map(read).collect()
}

/// Waits for so many messages of a table.
fn wait_messages(shop: &Shop<'_>, table: &str, n: usize) -> Vec<Value> {
    wait::until(&format!("{n} messages of {table}"), 60, || {
        let messages = messages(shop, table);
        if messages.len() == n { Ok(messages) } else { Err(format!("{} so far", messages.len())) }
    })
}

/// What the server says that the masked columns of a person are.
fn expected(shop: &Shop<'_>, id: i64) -> Vec<Option<String>> {
    let mut sql = shop.sql();
    sql.run("set time_zone = '+00:00'; set names utf8mb4");
    let hash = |column: &str| format!("sha2(concat('{SALT}', {column}), 256)");
    let query = format!(
        "select {}, right(phone, 2), left(iban, 4), {}, {}, {}, {}, {} from people where id = {id}",
        hash("convert(email using utf8mb4)"),
        hash("cast(salary as char)"),
        hash("status"),
        hash("convert(note using utf8mb4)"),
        hash("photo"),
        hash("cast(logged_in as char)"),
    );
    sql.text(&query).remove(0)
}

/// The same of a message.
fn found(message: &Value) -> Vec<Option<String>> {
    let row = &message["data"][0];
    let text = |column: &str| row[column].as_str().map(str::to_owned);
    let cut = |column: &str, from: usize, to: usize| {
        let text = text(column)?;
        let signs: Vec<char> = text.chars().collect();
        let kept = signs.len() - to..signs.len() - from;
        assert!(signs.iter().enumerate().all(|(at, sign)| kept.contains(&at) || *sign == '*'), "{text}");
        Some(signs[kept].iter().collect())
    };
    let length = |column: &str| text(column).map_or(0, |text| text.chars().count());
    assert_eq!(row["born"], "1900-01-01");
    assert!(row["ratio"].is_null() && row.get("left_out").is_none());
    vec![
        text("email"),
        cut("phone", 0, 2),
        cut("iban", length("iban") - 4, length("iban")),
        text("salary"),
        text("status"),
        text("note"),
        text("photo"),
        text("logged_in"),
    ]
}

fn masked_wherever_a_row_goes(mysql: &'static MySql) {
    let shop = shop(mysql);
    for id in 1..=3 {
        shop.sql().run(&person(id));
    }
    shop.sql().run(&format!(
        "insert into logins values ('{CANARY} one', '{CANARY}', 1), ('{CANARY} two', '{CANARY}', 2)"
    ));
    let mut syncc = shop.run();
    let loaded = wait_messages(&shop, "people", 3);
    for (message, id) in loaded.iter().zip(1..) {
        assert_eq!(found(message), expected(&shop, id), "a loaded row");
    }

    // The log writes the same bytes for the same values.
    shop.sql().run("update people set touched = touched + 1 where id = 1");
    let updated = wait_messages(&shop, "people", 4).pop().expect("four messages");
    assert_eq!(found(&updated), expected(&shop, 1), "a row of the log");
    assert_eq!(updated["old"].to_string(), r#"[{"touched":"0"}]"#);
    assert_eq!(
        (&updated["mysqlType"], &updated["sqlType"]),
        (&loaded[0]["mysqlType"], &loaded[0]["sqlType"])
    );
    let types = &updated["mysqlType"];
    assert_eq!(
        (&types["email"], &types["phone"], &types["born"]),
        (&"char(64)".into(), &"varchar(40)".into(), &"date".into())
    );

    // Every kind of change.
    let mut sql = shop.sql();
    sql.run(&person(4));
    sql.run(&format!(
        "update people set email = 'x{CANARY}', phone = '{CANARY} 99', iban = 'FR99 {CANARY}', born = '1999-09-09', salary = 1,
           status = 'old', note = '{CANARY}2', photo = '{CANARY}', logged_in = now(3), ratio = 2, left_out = '{CANARY}2'
         where id = 2"
    ));
    sql.run("update people set id = 30 where id = 3");
    sql.run("delete from people where id = 1");
    sql.run("update people set left_out = null, ratio = 3, born = '2000-01-01' where id = 2");
    sql.run(&format!("insert into logins values ('{CANARY} three', '{CANARY}', 3)"));
    sql.run(&format!("update logins set n = 10 where name = '{CANARY} one'"));
    sql.run(&format!("update logins set name = '{CANARY} five' where n = 2"));
    sql.run(&format!("delete from logins where name = '{CANARY} three'"));
    let people = wait_messages(&shop, "people", 4 + 6);
    assert_eq!(found(&people[4]), expected(&shop, 4));
    assert_eq!(found(&people[5]), expected(&shop, 2));
    // Only what is masked or left out has changed: there is nothing to tell.
    assert_eq!(people[9]["old"].to_string(), "[{}]");
    wait_messages(&shop, "logins", 2 + 5);
    shop.stop(&mut syncc);

    let all = records(&shop);
    assert!(all.len() > 17, "{all:?}");
    for (topic, record) in all {
        assert!(!record.contains(CANARY), "in {topic}: {record}");
    }
}

#[test]
fn masked_columns_are_masked_wherever_a_row_goes() {
    masked_wherever_a_row_goes(MySql::shared(Kind::MySql9_7));
    masked_wherever_a_row_goes(MySql::shared(Kind::MariaDb10_11));
}

/// Without its salt nothing is sent; a value that the column cannot have stops the table, and says so without a value.
#[test]
fn masks_that_cannot_be_made() {
    let mut shop = shop(MySql::shared(Kind::MariaDb10_11));
    shop.sql().run(&person(1));
    fs::remove_file(shop.project.folder().join("salt")).expect("it is there");
    let said = shop.ends(&[], 20);
    assert!(said.contains("the secret file") && said.contains("salt"), "{said}");
    fs::write(shop.project.folder().join("salt"), SALT).expect("the project's folder is writable");
    shop.text.rules = shop.text.rules.replace("1900-01-01", "someday");
    shop.save();
    let said = finished(&mut shop.start(&[]), 25);
    let failed = event(&said, "task.failed").expect("the task says why");
    let text = failed["error"]["text"].as_str().expect("an error has a text");
    assert!(text.contains("`mask` of column `born`") && text.contains("not a date"), "{text}");
}
