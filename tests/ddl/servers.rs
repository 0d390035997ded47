//! Random tables, changed by random statements on real servers: whatever a server takes, the tracker follows by the log, and both
//! have the same columns and keys behind every statement.

use super::again;
use super::follower::Follower;
use super::sequences::sequences;
use super::shown::normal;
use crate::support::dice::Dice;
use crate::support::{Kind, MySql, Sql};
use std::time::{Duration, Instant};
use syncc::mysql::binlog::query::Session;
use syncc::mysql::ddl::ir::{Generated, KeyKind, TypeKind};
use syncc::mysql::position::Flavor;
use syncc::mysql::schema::TableName;
use syncc::mysql::schema::model::{Table, Wording};

/// Tables for one server: the same ones every time, however fast it is. A number in `SYNCC_DDL_SECONDS` makes as many as fit in it.
const TABLES: u64 = 100;

/// What no statement tells by design: what servers make of labels that another character set does not have, and of keys whose columns
/// come again as others. Such a table is asked for again.
const BY_DESIGN: [&str; 2] =
    ["a label has bytes that mean nothing in the character set", "goes and comes again as another one"];

/// Statements for one table.
const STATEMENTS: usize = 8;

#[test]
fn ddl_on_mysql_9_7() {
    follow(Kind::MySql9_7);
}

#[test]
fn ddl_on_mysql_8_0() {
    follow(Kind::MySql8_0);
}

#[test]
fn ddl_on_mysql_5_7() {
    follow(Kind::MySql5_7);
}

#[test]
fn ddl_on_mariadb_10_11() {
    follow(Kind::MariaDb10_11);
}

#[test]
fn ddl_on_mariadb_11_4() {
    follow(Kind::MariaDb11_4);
}

#[test]
fn ddl_on_mariadb_11_8() {
    follow(Kind::MariaDb11_8);
}

/// Vectors and sequences first, on the server that random statements run on then.
fn follow(kind: Kind) {
    let server = MySql::start(kind, &[]);
    let mut follower = Follower::start(&server);
    again::vectors(&mut follower);
    let wrong = sequences(&mut follower);
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    random(&mut follower);
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

fn random(follower: &mut Follower<'_>) {
    let server = follower.server();
    let kind = server.kind();
    let db = server.database("ddl");
    let mut sql = server.sql();
    sql.run(&format!("use `{db}`; set names utf8mb4; set sql_mode = ''"));
    let name = TableName::new(&db, "t");
    let (start, seed) = (Instant::now(), number("SYNCC_DDL_SEED").unwrap_or(0x5eed));
    let patience = number("SYNCC_DDL_SECONDS").map(Duration::from_secs);
    let most = if patience.is_some() { u64::MAX } else { TABLES };
    let (mut taken, mut refused, mut tables, mut doubted) = (0, 0, 0, 0);
    for number in 0..most {
        if patience.is_some_and(|patience| start.elapsed() > patience) {
            break;
        }
        tables += 1;
        let mut dice = Dice::part(seed, number);
        sql.run("drop table if exists t");
        follower.begin(&db);
        let mut done = Vec::new();
        for at in 0..STATEMENTS {
            let mut maker = Maker { dice: &mut dice, kind };
            let statement = match follower.table(&name) {
                Some(table) if at > 0 => maker.change(table),
                Some(_) | None => maker.create(),
            };
            if sql.try_run(&statement).is_err() {
                refused += 1;
                continue;
            }
            taken += 1;
            done.push(statement);
            // a row, where the table takes one, shows that the columns are those of the log, also hidden ones
            if sql.try_run("insert into t () values ()").is_ok() {
                sql.run("delete from t");
            }
            let mut wrong = follower.catch_up(&db);
            if wrong.iter().any(|wrong| BY_DESIGN.iter().any(|design| wrong.contains(design))) {
                doubted += 1;
                break;
            }
            wrong.extend(follower.differences(&db));
            assert!(
                wrong.is_empty(),
                "{kind:?}, seed {seed}, table {number}:\n{}\nbehind\n{}",
                wrong.join("\n"),
                done.join(";\n")
            );
        }
    }
    println!(
        "ddl on {kind:?}: {taken} statements on {tables} tables, {refused} refused, {doubted} asked for, seed {seed}"
    );
    assert!(doubted * 20 <= taken, "{doubted} of {taken} statements are not followed");
    assert!(taken > 40, "{taken} statements");
}

/// What the log would tell of the session.
pub(super) fn session(sql: &mut Sql, flavor: Flavor) -> Session {
    let is_told = !sql.text("show variables like 'default_collation_for_utf8mb4'").is_empty();
    let charset_collations = charset_collations(sql);
    let (table, name) = match flavor {
        Flavor::MySql => ("collations", "collation_name"),
        Flavor::MariaDb => ("collation_character_set_applicability", "full_collation_name"),
    };
    let mut id = |variable: &str| {
        let found =
            sql.one(&format!("select id from information_schema.{table} where {name} = @@{variable}"));
        found.parse::<u16>().ok()
    };
    let utf8mb4 = if is_told { id("default_collation_for_utf8mb4") } else { None };
    let server_collation = id("collation_server");
    Session {
        sql_mode: Some(0),
        client_collation: id("collation_connection"),
        server_collation,
        utf8mb4_collation: utf8mb4,
        charset_collations,
        explicit_timestamp: Some(sql.one("select @@explicit_defaults_for_timestamp") == "1"),
        ..Session::default()
    }
}

/// `character_set_collations` of MariaDB, by the ids of the collations that are built in as defaults.
fn charset_collations(sql: &mut Sql) -> Vec<(u16, u16)> {
    let told = sql.text("show variables like 'character_set_collations'");
    let pairs = told.first().and_then(|row| row[1].clone()).unwrap_or_default();
    let pairs = pairs.split(',').filter_map(|pair| pair.split_once('='));
    let mut id = |name: &str| {
        let found = sql.one(&format!(
            "select id from information_schema.collation_character_set_applicability where full_collation_name = '{name}'"
        ));
        found.parse::<u16>().expect("an id")
    };
    pairs.map(|(charset, collation)| (id(&format!("{charset}_general_ci")), id(collation))).collect()
}

/// Columns as lines, then keys.
pub(super) fn described(table: &Table, wording: Wording) -> Vec<String> {
    let version = table.version(wording).expect("a table of a server");
    let columns = table.columns.iter().zip(&version.columns).map(|(column, known)| {
        format!(
            "{} {} {} {}{}{}",
            column.name,
            normal(&known.declared),
            // MySQL does not tell the character set of binary labels
            column.collation.as_deref().filter(|one| *one != "binary").unwrap_or("-"),
            if column.nullable { "null" } else { "not null" },
            if column.auto_increment { " auto_increment" } else { "" },
            match column.generated {
                Some(Generated::Virtual) => " virtual",
                Some(_) => " stored",
                None => "",
            },
        )
    });
    let keys =
        table.keys.iter().filter(|key| matches!(key.kind, KeyKind::Primary | KeyKind::Unique)).map(|key| {
            let parts = key.parts.iter().filter_map(|part| part.column.clone());
            format!("key {} ({})", key.name, parts.collect::<Vec<_>>().join(", "))
        });
    columns.chain(keys).collect()
}

/// The same from INFORMATION_SCHEMA, and keys from SHOW INDEX, which has them in the server's order.
pub(super) fn read(sql: &mut Sql, db: &str, table: &str) -> Vec<String> {
    let rows = sql.text(&format!(
        "select column_name, column_type, collation_name, is_nullable, extra from information_schema.columns \
         where table_schema = '{db}' and table_name = '{table}' order by ordinal_position"
    ));
    let mut described: Vec<String> = rows
        .into_iter()
        .map(|row| {
            let text = |at: usize| row[at].clone().unwrap_or_default();
            let extra = text(4).to_ascii_lowercase();
            format!(
                "{} {} {} {}{}{}",
                text(0),
                normal(&text(1)),
                row[2].as_deref().map_or("-".to_owned(), |collation| if collation == "binary" {
                    "-".to_owned()
                } else {
                    collation.replacen("utf8_", "utf8mb3_", 1)
                }),
                if text(3) == "YES" { "null" } else { "not null" },
                if extra.contains("auto_increment") { " auto_increment" } else { "" },
                match () {
                    () if extra.contains("virtual") => " virtual",
                    () if extra.contains("stored") || extra.contains("persistent") => " stored",
                    () => "",
                },
            )
        })
        .collect();
    let mut keys: Vec<(String, Vec<String>)> = Vec::new();
    for row in sql.text(&format!("show index from `{db}`.`{table}`")) {
        let text = |at: usize| row[at].clone().unwrap_or_default();
        if text(1) != "0" {
            continue;
        }
        match keys.last_mut() {
            Some((name, parts)) if *name == text(2) => parts.push(text(4)),
            Some(_) | None => keys.push((text(2), vec![text(4)])),
        }
    }
    described.extend(keys.into_iter().map(|(name, parts)| format!("key {name} ({})", parts.join(", "))));
    described
}

fn is_string(kind: TypeKind) -> bool {
    matches!(
        kind,
        TypeKind::Char | TypeKind::VarChar | TypeKind::Text | TypeKind::Blob | TypeKind::MediumText
    )
}

/// Makes statements, of which a server may refuse some.
struct Maker<'d> {
    dice: &'d mut Dice,
    kind: Kind,
}

const NAMES: [&str; 10] = ["a", "B", "c", "d", "e", "f", "g", "h", "名", "i j"];

impl Maker<'_> {
    fn pick<'p>(&mut self, of: &[&'p str]) -> &'p str {
        of[self.dice.below(of.len())]
    }

    fn name(&mut self) -> String {
        let name = self.pick(&NAMES);
        let name = if self.dice.percent(10) { name.to_uppercase() } else { name.to_owned() };
        if name.contains(' ') || self.dice.percent(40) { format!("`{name}`") } else { name }
    }

    /// The name of a column that is there.
    fn known(&mut self, table: &Table) -> String {
        if table.columns.is_empty() {
            return self.name();
        }
        let name = table.columns[self.dice.below(table.columns.len())].name.clone();
        format!("`{name}`")
    }

    fn charset(&mut self) -> &'static str {
        self.pick(&[
            "",
            "",
            "",
            " character set latin1",
            " charset utf8mb4",
            " collate utf8mb4_bin",
            " character set ascii",
            " collate latin1_german1_ci",
            " character set gbk",
            " binary",
            " character set latin2 collate latin2_bin",
            " character set binary",
            " charset utf8mb3",
        ])
    }

    fn data_type(&mut self) -> String {
        let number = self.dice.below(14) + 1;
        let sign = self.pick(&["", "", " unsigned", " zerofill"]);
        let charset = self.charset();
        match self.dice.below(34) {
            0..4 => format!("int{sign}"),
            4 => format!("tinyint({}){sign}", self.dice.below(3) + 1),
            5 => format!("smallint{sign}"),
            6 => format!("mediumint({number}){sign}"),
            7 | 8 => format!("bigint{sign}"),
            9 => self
                .pick(&[
                    "bool",
                    "real",
                    "float",
                    "float(20)",
                    "float(30)",
                    "float(7,3)",
                    "double precision",
                    "double(9,2)",
                ])
                .to_owned(),
            10 => format!("decimal({},{}){sign}", number + 10, number % 9),
            11 => self.pick(&["decimal", "numeric(7)", "dec(5,5)", "fixed(9,1)"]).to_owned(),
            12 => self.pick(&["bit", "bit(9)", "year", "date", "time", "time(3)"]).to_owned(),
            13 => self
                .pick(&["datetime", "datetime(6)", "timestamp", "timestamp(2)", "timestamp null"])
                .to_owned(),
            14..17 => format!("varchar({}){charset}", number * 7),
            17 => format!("varchar({}){charset}", number * 2_000),
            18 | 19 => format!("char({number}){charset}"),
            20 => format!("{}text{charset}", self.pick(&["tiny", "", "medium", "long"])),
            21 => format!("text({}){charset}", number * 50),
            22 => format!("text({}){charset}", number * 5_000),
            23 => format!("{}blob", self.pick(&["tiny", "", "medium", "long"])),
            24 => format!("blob({})", number * 100),
            25 => format!("varbinary({number})"),
            26 => format!("binary({number})"),
            27 => format!("enum('x','y ','it''s'){charset}"),
            28 => format!("set('a','b','\\\\'){charset}"),
            29 => "json".to_owned(),
            30 => self.pick(&["point", "geometry", "geometrycollection", "polygon"]).to_owned(),
            31 => self
                .pick(&["nchar(3)", "national varchar(9)", "long varchar", "long varbinary", "long"])
                .to_owned(),
            32 => self
                .pick(&["char", "character(4)", "character varying(6)", "binary", "char(5) byte"])
                .to_owned(),
            _ if self.kind.is_mariadb() => {
                self.pick(&["uuid", "inet4", "inet6", "varchar(90) compressed"]).to_owned()
            }
            _ => "int".to_owned(),
        }
    }

    /// A column behind its name.
    fn definition(&mut self, table: Option<&Table>) -> String {
        if self.dice.percent(7) {
            let base = match table {
                Some(table) => self.known(table),
                None => "a".to_owned(),
            };
            let stored = self.pick(&["", " virtual", " stored"]);
            return format!("varchar(20){} as (concat({base}, 'x')){stored}", self.charset());
        }
        let attributes = self.pick(&[
            "",
            "",
            "",
            " not null",
            " not null",
            " null",
            " default null",
            " comment 'a, (b'",
            " unique",
            " not null unique",
            " primary key",
            " not null auto_increment unique",
            " key",
        ]);
        format!("{}{attributes}", self.data_type())
    }

    fn parts(&mut self, table: Option<&Table>) -> String {
        let count = self.dice.below(2) + 1;
        let mut parts = Vec::new();
        for _ in 0..count {
            let name = match table {
                Some(table) => self.known(table),
                None => self.name(),
            };
            let prefixes: &[&str] = match table.and_then(|table| table.column(name.trim_matches('`'))) {
                Some(column) if is_string(column.ty.kind) => &["(3)", "(3)", "", "(2) desc"],
                Some(_) | None => &["", "", "", "", " desc"],
            };
            parts.push(format!("{name}{}", self.pick(prefixes)));
        }
        parts.join(", ")
    }

    fn key(&mut self, table: Option<&Table>) -> String {
        let head = self.pick(&[
            "key",
            "unique",
            "unique key",
            "unique k1",
            "index k2",
            "primary key",
            "constraint k3 unique",
        ]);
        format!("{head} ({})", self.parts(table))
    }

    fn create(&mut self) -> String {
        let mut names: Vec<&str> = NAMES.to_vec();
        self.dice.shuffle(&mut names);
        let count = self.dice.below(6) + 1;
        let mut elements: Vec<String> = Vec::new();
        for name in &names[..count] {
            elements.push(format!("`{name}` {}", self.definition(None)));
        }
        for _ in 0..self.dice.below(3) {
            elements.push(self.key(None));
        }
        let options = self.pick(&[
            "",
            "",
            " charset latin1",
            " collate utf8mb4_bin",
            " engine=innodb default charset=gbk comment='x'",
            " character set = binary",
            " charset utf8mb3",
        ]);
        format!("create table t ({}){options}", elements.join(", "))
    }

    fn place(&mut self, table: &Table) -> String {
        match self.dice.below(5) {
            0 => " first".to_owned(),
            1 | 2 => format!(" after {}", self.known(table)),
            _ => String::new(),
        }
    }

    fn action(&mut self, table: &Table) -> String {
        match self.dice.below(17) {
            0..4 => {
                format!("add column {} {}{}", self.name(), self.definition(Some(table)), self.place(table))
            }
            4 => format!("add ({} {}, {} int)", self.name(), self.definition(Some(table)), self.name()),
            5 | 6 => format!("drop column {}", self.known(table)),
            7 | 8 => {
                format!("modify {} {}{}", self.known(table), self.definition(Some(table)), self.place(table))
            }
            9 | 10 => {
                let (old, new) = (self.known(table), self.name());
                format!("change {old} {new} {}{}", self.definition(Some(table)), self.place(table))
            }
            11 => format!("rename column {} to {}", self.known(table), self.name()),
            12 => format!("add {}", self.key(Some(table))),
            13 => "drop primary key".to_owned(),
            14 => {
                let keys: Vec<&str> = table.keys.iter().map(|key| key.name.as_str()).collect();
                let name = if keys.is_empty() { "k1" } else { self.pick(&keys) };
                format!("drop key `{name}`")
            }
            15 => format!(
                "convert to character set {}",
                self.pick(&["utf8mb4", "latin1", "gbk", "utf8mb3 collate utf8mb3_bin", "binary"])
            ),
            _ => self
                .pick(&[
                    "force",
                    "engine=innodb",
                    "charset latin1",
                    "collate utf8mb4_bin",
                    "comment 'c'",
                    "row_format=dynamic",
                ])
                .to_owned(),
        }
    }

    /// CONVERT beside another action ends MySQL 8.0.15 with a signal.
    fn converts_alone(&self) -> bool {
        self.kind == Kind::MySql8_0
    }

    /// Mostly an ALTER.
    fn change(&mut self, table: &Table) -> String {
        match self.dice.below(24) {
            0 => "optimize table t".to_owned(),
            1 => "rename table t to u, u to t".to_owned(),
            2 => "create table c like t; drop table t; rename table c to t".to_owned(),
            _ => self.alter(table),
        }
    }

    fn alter(&mut self, table: &Table) -> String {
        let count = [1, 1, 1, 2, 2, 3][self.dice.below(6)];
        let mut actions: Vec<String> = (0..count).map(|_| self.action(table)).collect();
        if let Some(at) =
            actions.iter().position(|action| self.converts_alone() && action.starts_with("convert"))
        {
            actions = vec![actions.swap_remove(at)];
        }
        format!("alter table t {}", actions.join(", "))
    }
}
