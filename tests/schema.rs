//! The lock file against real servers: what is pulled is sound, stays as it is while the tables do, and tells what has changed.

use std::fs;

use crate::support::{Kind, MySql, Project, Sql};

const ANY: &str = include_str!("torture/any.sql");
const MYSQL: &str = include_str!("torture/mysql.sql");
const MYSQL_9: &str = include_str!("torture/mysql-9.sql");
const MARIADB: &str = include_str!("torture/mariadb.sql");

/// A project whose sources are all the given servers, under these names.
fn project(sources: &[(&str, &MySql)], pipeline: &str) -> Project {
    let mut text = "edition 2026\n\ntarget out stdout\n\n".to_owned();
    for (name, server) in sources {
        let (user, port) = (MySql::USER, server.port());
        text += &format!(
            "source {name} mysql \"{user}@127.0.0.1:{port}\" {{\n  password env PASSWORD\n  start now\n}}\n"
        );
    }
    text += pipeline;
    let mut project = Project::new("schema", &[("shop.sync", &text)]);
    project.env("PASSWORD", MySql::PASSWORD);
    project
}

/// Runs syncc and gives exit code and what it printed.
fn said(project: &Project, arguments: &[&str]) -> (i32, String) {
    let output = project.syncc(arguments);
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().expect("it ends by itself"), String::from_utf8_lossy(&text).into_owned())
}

#[track_caller]
fn check(project: &Project, arguments: &[&str], expected: (i32, &str)) {
    let (code, text) = said(project, arguments);
    assert_eq!((code, text.as_str()), expected, "{arguments:?}");
}

fn lock(project: &Project) -> String {
    fs::read_to_string(project.folder().join("schema.lock")).expect("the lock file was written")
}

/// Tables of every type are pulled, read back as they are, and pulled again without a change.
#[test]
fn every_type_of_column_reads_back() {
    for (kind, texts) in [
        (Kind::MySql9_7, [ANY, MYSQL, MYSQL_9].as_slice()),
        (Kind::MySql8_0, &[ANY, MYSQL]),
        (Kind::MariaDb10_11, &[ANY, MARIADB]),
    ] {
        let server = MySql::shared(kind);
        let database = server.database("locked-odds");
        let mut sql = server.sql();
        sql.run("set names utf8mb4");
        sql.run(&format!("set sql_mode = '', time_zone = '+00:00'; use `{database}`"));
        for text in texts {
            sql.run(text);
        }
        let project = project(
            &[("shop", server)],
            &format!("pipeline p from shop to out {{\n  include `{database}`.*\n}}\n"),
        );
        let (code, text) = said(&project, &["schema", "pull"]);
        assert_eq!(code, 0, "{kind:?}: {text}");
        let first = lock(&project);
        check(&project, &["fmt", "--check"], (0, ""));
        let (_, findings) = said(&project, &["check", "--format", "short"]);
        assert!(!findings.contains("schema.lock:"), "{kind:?}: {findings}");
        // Statistics of the server may have changed meanwhile.
        sql.run(&format!("analyze table `{database}`.t_int"));
        let (code, text) = said(&project, &["schema", "pull"]);
        assert_eq!((code, text.ends_with("schema.lock is up to date\n")), (0, true), "{kind:?}: {text}");
        assert_eq!(lock(&project), first, "{kind:?}");
        check(&project, &["schema", "check"], (0, "shop is as schema.lock says\n"));
    }
}

/// What a database holds besides plain tables.
fn fill(sql: &mut Sql, database: &str) {
    sql.run(&format!("use `{database}`"));
    sql.run(
        "create table orders (
           id bigint unsigned not null auto_increment primary key,
           customer_id bigint unsigned not null, order_no varchar(20) character set latin1 not null, note varchar(10),
           total decimal(10,2) not null default 0, gross decimal(12,2) as (total * 1.2) stored,
           at datetime(6) not null default current_timestamp(6),
           unique (order_no), unique (note, customer_id), index (customer_id, at), key (note(3)))",
    );
    sql.run("create table `order items` (`2nd` int, `a``b` enum('x','it''s'))");
    sql.run("create table _orders_gho (id int primary key)");
    sql.run("create view v_orders as select id from orders");
}

#[test]
fn the_file_says_what_the_server_has() {
    let server = MySql::shared(Kind::MySql9_7);
    let database = server.database("pulled");
    let mut sql = server.sql();
    fill(&mut sql, &database);
    let project = project(
        &[("shop", server)],
        &format!("pipeline p from shop to out {{\n  include {database}.orders\n}}\n"),
    );
    let (code, text) = said(&project, &["schema", "pull"]);
    assert_eq!((code, text.lines().last()), (0, Some("schema.lock is written")), "{text}");
    let written = lock(&project);
    let tables = written.split_once("\n\n  table").expect("a table").1;
    let expected = format!(
        " {database}.`order items` {{
    rows 0
    column `2nd` \"int\"
    column `a``b` \"enum('x','it''s') collate utf8mb4_0900_ai_ci\"
  }}
  table {database}.orders {{
    rows 0
    primary id
    column id \"bigint unsigned not null\"
    column customer_id \"bigint unsigned not null\"
    column order_no \"varchar(20) collate latin1_swedish_ci not null\"
    column note \"varchar(10) collate utf8mb4_0900_ai_ci\"
    column total \"decimal(10,2) not null\"
    column gross \"decimal(12,2) generated\"
    column at \"datetime(6) not null\"
    unique order_no
    unique note, customer_id
    index customer_id, at
    index note
  }}
  view {database}.v_orders
}}
"
    );
    assert_eq!(tables, expected);
    check(&project, &["check"], (0, "no findings in 2 files\n"));
    check(
        &project,
        &["schema", "show", &format!("{database}.v_orders")],
        (0, "# shop\na view, or another object without rows of its own\n"),
    );
    let (code, text) = said(&project, &["schema", "show", &format!("{database}.orders")]);
    assert!(
        code == 0 && text.starts_with(&format!("# shop\ntable {database}.orders {{\n  rows 0\n")),
        "{text}"
    );
}

#[test]
fn what_has_changed_is_told_and_written() {
    for kind in [Kind::MySql9_7, Kind::MariaDb10_11] {
        let server = MySql::shared(kind);
        let database = server.database("drifts");
        let mut sql = server.sql();
        fill(&mut sql, &database);
        let project = project(
            &[("shop", server)],
            &format!("pipeline p from shop to out {{\n  include {database}.*\n}}\n"),
        );
        let missing = "shop is not in schema.lock; `syncc schema pull` adds it\n";
        check(&project, &["schema", "check"], (1, missing));
        assert_eq!(said(&project, &["schema", "pull", "-q"]), (0, String::new()));
        check(&project, &["schema", "check", "-q"], (0, ""));
        sql.run("alter table orders modify note varchar(20) character set latin1 collate latin1_bin, add vat int not null after id");
        sql.run("alter table `order items` add primary key (`2nd`); drop view v_orders; create table refunds (id int primary key)");
        let differences = format!(
            "  ~ column {database}.`order items`.`2nd` \"INT\" -> \"INT not null\"\n  \
             ~ primary\n"
        );
        let int = if kind == Kind::MariaDb10_11 { "int(11)" } else { "int" };
        let collation = if kind == Kind::MariaDb10_11 { "utf8mb4_general_ci" } else { "utf8mb4_0900_ai_ci" };
        let changes = differences.replace("INT", int).replace(
            "  ~ primary\n",
            &format!(
                "  + primary {database}.`order items` `2nd`\n  \
                 ~ column {database}.orders.note \"varchar(10) collate {collation}\" -> \"varchar(20) collate latin1_bin\"\n  \
                 + column {database}.orders.vat \"{int} not null\"\n  \
                 + table {database}.refunds\n  \
                 - view {database}.v_orders\n"
            ),
        );
        let told = format!("shop differs from schema.lock in 6 places\n{changes}");
        check(&project, &["schema", "check"], (1, &told));
        check(&project, &["schema", "diff"], (0, &told));
        let document: serde_json::Value =
            serde_json::from_str(&said(&project, &["schema", "diff", "--format", "json"]).1).expect("JSON");
        assert_eq!(document["sources"][0]["changes"][3]["name"], format!("{database}.orders.vat"));
        assert_eq!(document["sources"][0]["changes"][3]["from"], serde_json::Value::Null);
        let (code, text) = said(&project, &["schema", "pull", "shop"]);
        assert!(code == 0 && text.contains(&changes), "{text}");
        check(&project, &["schema", "check"], (0, "shop is as schema.lock says\n"));
    }
}

/// Shards with one schema share a block; one that differs has its own, and a pull of it alone leaves the others.
#[test]
fn sources_of_a_range_share_a_block() {
    let servers =
        [MySql::shared(Kind::MySql9_7), MySql::shared(Kind::MySql9_7), MySql::shared(Kind::MariaDb10_11)];
    let database = servers[0].database("shard");
    servers[2].sql().run(&format!("create database `{database}`"));
    for server in [servers[0], servers[2]] {
        server.sql().run(&format!("create table `{database}`.t (id int primary key)"));
    }
    let sources = [("s_0", servers[0]), ("s_1", servers[1]), ("s_2", servers[2])];
    let pipeline = format!(
        "pipeline p {{\n  from s_0\n  from s_1\n  from s_2\n  to out\n  include {database}.t\n  key origin, id\n}}\n"
    );
    let project = project(&sources, &pipeline);
    assert_eq!(said(&project, &["schema", "pull", "-q"]).0, 0);
    let heads = |text: &str| -> Vec<String> {
        text.lines().filter(|line| line.starts_with("lock")).map(str::to_owned).collect()
    };
    assert_eq!(heads(&lock(&project)), ["lock source s_[0..1] {", "lock source s_2 {"]);
    check(&project, &["check"], (0, "no findings in 2 files\n"));
    servers[2].sql().run(&format!("alter table `{database}`.t add n int"));
    assert_eq!(said(&project, &["schema", "pull", "-q", "s_2"]).0, 0);
    assert_eq!(heads(&lock(&project)), ["lock source s_[0..1] {", "lock source s_2 {"]);
    assert!(lock(&project).contains("column n \"int(11)\""));
    let (code, text) = said(&project, &["schema", "pull", "s_3"]);
    assert_eq!((code, text.contains("no pipeline reads a source \"s_3\"")), (2, true), "{text}");
}

/// A lock file that speaks of tables long gone does not stand in the way of a new one; files with errors do.
#[test]
fn errors_of_the_files_come_first() {
    let server = MySql::shared(Kind::MySql9_7);
    let database = server.database("stale");
    server.sql().run(&format!("create table `{database}`.t (id int primary key)"));
    let pipeline =
        |table: &str| format!("pipeline p from shop to out {{\n  include {database}.{table}\n}}\n");
    let mut project = project(&[("shop", server)], &pipeline("t"));
    project.write(
        "schema.lock",
        "edition 2026\n\nlock source shop {\n  table old.t {\n    column id \"itn\"\n  }\n}\n",
    );
    let (code, text) = said(&project, &["schema", "check"]);
    assert_eq!((code, text.contains("\"itn\" is no type of a column")), (1, true), "{text}");
    let (code, text) = said(&project, &["schema", "pull"]);
    assert_eq!((code, text.contains("it is written anew")), (0, true), "{text}");
    assert!(!lock(&project).contains("old.t"));
    let before = lock(&project);
    project.write("more.sync", "edition 2026\npipelin x\n");
    let (code, text) = said(&project, &["schema", "pull"]);
    assert_eq!((code, text.contains("S0013")), (1, true), "{text}");
    fs::remove_file(project.folder().join("more.sync")).expect("the file is there");
    project.env("PASSWORD", "wrong");
    let (code, text) = said(&project, &["schema", "pull"]);
    assert_eq!((code, text.contains("source `shop`: login of `syncc`")), (3, true), "{text}");
    assert_eq!(lock(&project), before, "nothing is written when a server cannot be asked");
}
