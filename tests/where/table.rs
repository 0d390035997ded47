//! The table: a column of every type, and values that compare in odd ways.

use crate::support::dice::Dice;
use crate::support::{Kind, Sql};
use syncc::transform::filter::quoted;

/// What the values of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    Whole,
    Year,
    Decimal,
    Real,
    Moment,
    Instant,
    Time,
    Text,
    /// Text that is not searched with `regexp`.
    Plain,
    Bytes,
    /// Only asked whether it is null.
    Other,
}

/// A column and the literals that its values and the conditions about it are made of.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) ty: String,
    pub(super) sort: Sort,
    pub(super) literals: Vec<&'static str>,
}

const WHOLE: &[&str] = &["0", "1", "-1", "2", "5", "100", "127", "-128"];
const UNSIGNED: &[&str] = &["0", "1", "2", "200", "255"];
const BIG: &[&str] =
    &["0", "-1", "9223372036854775807", "-9223372036854775808", "9007199254740993", "9007199254740992"];
const BIG_UNSIGNED: &[&str] =
    &["0", "1", "18446744073709551615", "9223372036854775808", "9223372036854775807", "18446744073709551614"];
const YEARS: &[&str] = &["0", "1901", "1970", "2000", "2024", "2155"];
const DECIMALS: &[&str] = &["0", "0.01", "-0.01", "1.5", "1.50", "99999999.99", "-99999999.99", "100", "10"];
const LONG: &[&str] = &[
    "0",
    "0.0000000001",
    "12345678901234567890.1234567891",
    "12345678901234567890.1234567890",
    "-12345678901234567890.1234567891",
    "99999999999999999999",
];
const REALS: &[&str] = &["0", "0.1", "-0.1", "0.5", "1.5", "100000", "0.30000000000000004", "0.3", "3"];
const DATES: &[&str] =
    &["'0000-00-00'", "'2024-02-29'", "'2024-03-01'", "'1970-01-01'", "'9999-12-31'", "'2023-12-31'"];
const DATETIMES: &[&str] = &[
    "'0000-00-00 00:00:00'",
    "'2024-02-29 00:00:00'",
    "'2024-02-29 23:59:59'",
    "'2024-02-29'",
    "'2024-02-29 12:00:00.5'",
    "'9999-12-31 23:59:59'",
    "'1970-01-01 00:00:00'",
    "'2024-02-29 12:00:00.000001'",
    "'2024-2-9 1:05'",
    "'2024-02-29 12:00'",
];
const INSTANTS: &[&str] = &[
    "'0000-00-00 00:00:00'",
    "'1970-01-01 00:00:01'",
    "'2024-02-29 12:00:00'",
    "'2024-02-29 12:00:00.250'",
    "'2024-02-29 12:00'",
    "'2038-01-19 03:14:07'",
    "'2024-03-01'",
];
const TIMES: &[&str] = &[
    "'00:00:00'",
    "'-00:00:01'",
    "'10:11:12'",
    "'838:59:59'",
    "'-838:59:59'",
    "'24:00:00'",
    "'100:00:01'",
    "'10:11'",
    "'1:00:00'",
];
const TEXTS: &[&str] = &[
    "''",
    "' '",
    "'a'",
    "'A'",
    "'a '",
    "'a  '",
    "'\u{e4}'",
    "'\u{df}'",
    "'ss'",
    "'SS'",
    "'e'",
    "'\u{e9}'",
    "'\u{c9}'",
    "'R\u{e9}sum\u{e9}'",
    "'resume'",
    "'stra\u{df}e'",
    "'Strasse'",
    "'%'",
    "'_'",
    "'10%'",
    "'100'",
    r"'a\\b'",
    "'x_y'",
    "'xzy'",
    "'\u{1F600}'",
    "'\u{1F601}'",
    "'\u{4e2d}'",
    "'\u{6587}'",
    "'\u{2E80}'",
    "'\u{4E36}'",
    "'a\u{300}'",
    "'\u{e0}'",
    "'\u{FB01}rst'",
    "'first'",
    "'\u{391}\u{392}'",
    "'\u{3b1}\u{3b2}'",
    "'\u{416}'",
    "'\u{436}'",
    "'i'",
    "'\u{130}'",
    "'\u{131}'",
    r"'a\t'",
    r"'a\n'",
    "'zz'",
    "'z'",
    "'\u{ac00}'",
    "'\u{1100}\u{1161}'",
    "'\u{FF21}'",
    "'\u{24d0}'",
    r"'a\0'",
    "'it''s'",
    "'draft'",
    "'DRAFT '",
];
const LATIN: &[&str] = &[
    "''",
    "' '",
    "'a'",
    "'A'",
    "'a '",
    "'\u{e4}'",
    "'\u{c4}'",
    "'\u{df}'",
    "'ss'",
    "'e'",
    "'\u{e9}'",
    "'\u{c9}'",
    "'z'",
    "'Z'",
    "'%'",
    "'10%'",
    "'x_y'",
    "'\u{e5}'",
    "'\u{20ac}'",
    r"'a\t'",
    "'draft'",
    "'Draft'",
];
const ASCII: &[&str] =
    &["''", "'a'", "'A'", "'a '", "'b'", "'B'", "'%'", "'x_y'", "'draft'", "'Draft'", r"'a\t'", "'~'", "'['"];
const CYRILLIC: &[&str] = &[
    "''",
    "'a'",
    "'\u{416}'",
    "'\u{436}'",
    "'\u{44f} '",
    "'\u{42f}'",
    "'\u{451}'",
    "'\u{401}'",
    "'\u{435}'",
];
const BYTES: &[&str] =
    &["''", "'a'", "'A'", "'a '", "'ab'", "'abc'", "'abcd'", r"'a\0'", "'\u{e9}'", "'%'", "'x_y'", "'_'"];
const LABELS: &[&str] = &["'new'", "'Paid'", "'sent out'", "''", "'paid'", "'gone'", "'NEW'"];
const MEMBERS: &[&str] = &["''", "'x'", "'x,z'", "'z'", "'x,y,z'", "'z,x'", "'X'", "'y,z'", "'q'"];

/// The columns for a server, the number of the row not among them.
pub(super) fn columns(kind: Kind) -> Vec<Column> {
    let column = |name, ty: &str, sort, literals: &[&'static str]| Column {
        name,
        ty: ty.to_owned(),
        sort,
        literals: literals.to_vec(),
    };
    let text = |name, collation: &str, literals| {
        let charset = collation.split('_').next().unwrap_or_default();
        column(
            name,
            &format!("varchar(20) character set {charset} collate {collation}"),
            Sort::Text,
            literals,
        )
    };
    let plain =
        |name, collation: &str, literals| Column { sort: Sort::Plain, ..text(name, collation, literals) };
    // MariaDB 10.11 does not know it
    let modern = if kind == Kind::MariaDb10_11 { "utf8mb4_unicode_520_ci" } else { "utf8mb4_0900_ai_ci" };
    let mut columns = vec![
        column("ti", "tinyint", Sort::Whole, WHOLE),
        column("tu", "tinyint unsigned not null", Sort::Whole, UNSIGNED),
        column("i", "int", Sort::Whole, WHOLE),
        column("m", "mediumint", Sort::Whole, WHOLE),
        column("b", "bigint", Sort::Whole, BIG),
        column("bu", "bigint unsigned", Sort::Whole, BIG_UNSIGNED),
        column("bi", "bit(8)", Sort::Whole, UNSIGNED),
        column("y", "year", Sort::Year, YEARS),
        column("de", "decimal(10,2)", Sort::Decimal, DECIMALS),
        column("dl", "decimal(40,10)", Sort::Decimal, LONG),
        column("d0", "decimal(5,0) unsigned", Sort::Decimal, UNSIGNED),
        column("f", "float", Sort::Real, REALS),
        column("d", "double", Sort::Real, REALS),
        column("da", "date", Sort::Moment, DATES),
        column("db", "date", Sort::Moment, DATES),
        column("dt", "datetime", Sort::Moment, DATETIMES),
        column("du", "datetime(6)", Sort::Moment, DATETIMES),
        column("ts", "timestamp null", Sort::Instant, INSTANTS),
        column("tt", "timestamp(3) null", Sort::Instant, INSTANTS),
        column("tm", "time", Sort::Time, TIMES),
        column("tn", "time(3)", Sort::Time, TIMES),
        text("c1", modern, TEXTS),
        text("c2", modern, TEXTS),
        text("g1", "utf8mb4_general_ci", TEXTS),
        text("g2", "utf8mb4_general_ci", TEXTS),
        text("u1", "utf8mb4_unicode_ci", TEXTS),
        text("v1", "utf8mb4_unicode_520_ci", TEXTS),
        text("n1", "utf8mb4_bin", TEXTS),
        text("l1", "latin1_swedish_ci", LATIN).plain(),
        text("l2", "latin1_general_cs", LATIN).plain(),
        text("l3", "latin1_bin", LATIN).plain(),
        text("a1", "ascii_general_ci", ASCII),
        plain("k1", "cp1251_general_ci", CYRILLIC),
        column("ch", &format!("char(10) character set utf8mb4 collate {modern}"), Sort::Text, TEXTS),
        column("tx", &format!("text character set utf8mb4 collate {modern}"), Sort::Text, TEXTS),
        column(
            "en",
            &format!("enum('new','Paid','sent out') character set utf8mb4 collate {modern}"),
            Sort::Text,
            LABELS,
        ),
        column("el", "enum('new','Paid','sent out') character set latin1", Sort::Plain, LABELS),
        column(
            "se",
            &format!("set('x','y','z') character set utf8mb4 collate {modern}"),
            Sort::Text,
            MEMBERS,
        ),
        column("vb", "varbinary(10)", Sort::Bytes, BYTES),
        column("bb", "binary(4)", Sort::Bytes, BYTES),
        column("bl", "blob", Sort::Bytes, BYTES),
        column("po", "point", Sort::Other, &["point(1,2)"]),
    ];
    // MySQL 8.0.15 does not know it yet
    if kind == Kind::MySql9_7 {
        columns.push(text("n2", "utf8mb4_0900_bin", TEXTS));
    }
    if kind != Kind::MariaDb10_11 {
        columns.push(column("js", "json", Sort::Other, &["'{}'", "'[1]'"]));
    }
    columns
}

impl Column {
    fn plain(self) -> Column {
        Column { sort: Sort::Plain, ..self }
    }

    pub(super) fn nullable(&self) -> bool {
        !self.ty.contains("not null")
    }
}

/// Makes the table `t` and its rows.
pub(super) fn fill(sql: &mut Sql, db: &str, columns: &[Column], rows: usize, dice: &mut Dice) {
    let declared: Vec<String> =
        columns.iter().map(|column| format!("{} {}", column.name, column.ty)).collect();
    sql.run(&format!("create table `{db}`.t (id int primary key, {})", declared.join(", ")));
    let mut ids: Vec<usize> = (0..rows).collect();
    dice.shuffle(&mut ids);
    for id in ids {
        let values: Vec<&str> = columns
            .iter()
            .map(|column| match column.nullable() && dice.percent(12) {
                true => "null",
                false => column.literals[dice.below(column.literals.len())],
            })
            .collect();
        sql.run(&format!("insert into `{db}`.t values ({id}, {})", values.join(", ")));
    }
}

/// A literal of the lists as a text without its quotes.
pub(super) fn text_of(literal: &str) -> String {
    let inner = &literal[1..literal.len() - 1];
    let mut out = String::new();
    let mut signs = inner.chars();
    while let Some(sign) = signs.next() {
        match sign {
            '\'' => {
                signs.next();
                out.push('\'');
            }
            '\\' => out.push(match signs.next() {
                Some('t') => '\t',
                Some('n') => '\n',
                Some('0') => '\0',
                other => other.unwrap_or('\\'),
            }),
            sign => out.push(sign),
        }
    }
    // what a condition writes is read by the server as the same text
    assert!(quoted(&out).starts_with('\''));
    out
}
