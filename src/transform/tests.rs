use super::*;
use crate::change::RowChange;
use crate::mysql::column_type::{ColumnType, Labels, Text};
use crate::mysql::schema::{Column, TableName, TableVersion};
use crate::mysql::value::{Date, DateTime, Decimal, Json, Time, Timestamp, Value};
use proptest::prelude::*;
use secrecy::SecretString;

fn text(charset: &str) -> Text {
    Text { charset: charset.into(), max_bytes: 255, compressed: false }
}

fn varchar(charset: &str) -> ColumnType {
    ColumnType::VarChar(text(charset))
}

fn labels() -> Labels {
    Labels { labels: vec!["new".into(), "päid".into(), "sent".into()] }
}

fn table(types: &[ColumnType]) -> TableVersion {
    let column = |(n, ty): (usize, &ColumnType)| Column {
        name: format!("c{n}"),
        ty: ty.clone(),
        nullable: false,
        declared: "declared".into(),
        hidden: false,
        collation: None,
    };
    TableVersion {
        name: TableName::new("shop", "t"),
        columns: types.iter().enumerate().map(column).collect(),
        primary_key: vec![0],
        unique_keys: Vec::new(),
    }
}

/// What stands in the only cell of a row.
fn shown(value: &Value<'_>) -> String {
    match value {
        Value::Null => "NULL".into(),
        Value::Text(bytes) => String::from_utf8(bytes.to_vec()).expect("masked text is UTF-8"),
        Value::Int(number) => format!("{number}"),
        Value::UInt(number) => format!("{number}u"),
        Value::Decimal(Decimal::Text(bytes)) => String::from_utf8_lossy(bytes).into_owned(),
        Value::Double(number) => format!("{number:?}"),
        Value::Enum(index) => format!("label {index}"),
        Value::Date(date) => format!("{}-{}-{}", date.year, date.month, date.day),
        Value::DateTime(at) => format!("{}:{}:{}.{}", at.hour, at.minute, at.second, at.micros),
        other => panic!("no mask makes {other:?}"),
    }
}

fn masked(mask: Mask, ty: &ColumnType, value: Value<'_>) -> String {
    let (mut mask, _) = RowMask::build(&table(std::slice::from_ref(ty)), &[(0, mask)]).expect("it fits");
    let change = RowChange::Insert { after: &[value] };
    let shown = mask.masked(&change, |change| match change {
        RowChange::Insert { after } => shown(&after[0]),
        RowChange::Update { .. } | RowChange::Delete { .. } => panic!("an insert stays one"),
    });
    shown.expect("the row fits").0
}

fn sha256(salt: &str) -> Mask {
    Mask::Sha256 { salt: (!salt.is_empty()).then(|| SecretString::from(salt.to_owned())) }
}

/// SHA-256 of bytes, by what `sha256sum` printed.
#[test]
fn hashes_are_those_of_salt_and_text() {
    let utf8 = varchar("utf8mb4");
    let check = |salt, value, hash: &str| assert_eq!(masked(sha256(salt), &utf8, value), hash);
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    check("", Value::Text(b""), empty);
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    check("", Value::Text(b"abc"), abc);
    check("a", Value::Text(b"bc"), abc);
    check("abc", Value::Text(b""), abc);
    check("abc", Value::Null, "NULL");
}

/// The text of each type: the hash of a value is that of a text column that holds it.
#[test]
fn the_text_of_a_value() {
    let check = |ty: ColumnType, value: Value<'_>, text: &str| {
        let plain = masked(sha256("s"), &varchar("utf8mb4"), Value::Text(text.as_bytes()));
        assert_eq!(masked(sha256("s"), &ty, value), plain, "{ty:?} is hashed as {text}");
    };
    let date = Date { year: 2024, month: 2, day: 29 };
    let time = Time { negative: true, hour: 101, minute: 2, second: 3, micros: 500_000, fsp: 1 };
    let at = DateTime { date, hour: 1, minute: 2, second: 3, micros: 120_000, fsp: 3 };
    check(ColumnType::BigInt { unsigned: false }, Value::Int(-7), "-7");
    check(ColumnType::BigInt { unsigned: true }, Value::UInt(u64::MAX), "18446744073709551615");
    check(ColumnType::Bit { bits: 9 }, Value::Bit(257), "257");
    check(ColumnType::Year, Value::Year(0), "0000");
    check(ColumnType::Year, Value::Year(2024), "2024");
    check(ColumnType::Decimal { precision: 10, scale: 2 }, Value::Decimal(Decimal::Text(b"007.50")), "7.50");
    check(
        ColumnType::Decimal { precision: 10, scale: 2 },
        Value::Decimal(Decimal::Packed { bytes: &[0x80, 0, 0, 7, 50], precision: 10, scale: 2 }),
        "7.50",
    );
    check(ColumnType::Float, Value::Float(0.1), "0.1");
    check(ColumnType::Double, Value::Double(100.0), "100");
    check(ColumnType::Double, Value::Double(1e21), "1000000000000000000000");
    check(ColumnType::Date, Value::Date(date), "2024-02-29");
    check(ColumnType::Time { fsp: 1 }, Value::Time(time), "-101:02:03.5");
    check(ColumnType::DateTime { fsp: 3 }, Value::DateTime(at), "2024-02-29 01:02:03.120");
    let instant = Timestamp { seconds: 1_709_605_231, micros: 0, fsp: 0 };
    check(ColumnType::Timestamp { fsp: 0 }, Value::Timestamp(instant), "2024-03-05 02:20:31");
    check(varchar("latin1"), Value::Text(b"M\xFCller"), "Müller");
    check(ColumnType::Enum(labels()), Value::Enum(2), "päid");
    check(ColumnType::Enum(labels()), Value::Enum(0), "");
    check(ColumnType::Set(labels()), Value::Set(0b101), "new,sent");
    check(ColumnType::Json, Value::Json(Json::Text(br#"{"a": 1}"#)), r#"{"a": 1}"#);
    check(ColumnType::VarBinary { bytes: 9 }, Value::Bytes("ü".as_bytes()), "ü");
    check(ColumnType::Geometry, Value::Geometry(b"\0\0wkb"), "\0\0wkb");
    check(ColumnType::Vector, Value::Vector(b"\0\0\0\x40"), "\0\0\0\x40");
    check(ColumnType::Inet4, Value::Inet4(&[192, 0, 2, 1]), "192.0.2.1");
    check(ColumnType::Uuid, Value::Uuid(&[0x11; 16]), "11111111-1111-1111-1111-111111111111");
}

#[test]
fn characters_are_kept_or_covered() {
    let utf8 = varchar("utf8mb4");
    let check = |mask, ty: &ColumnType, value: &[u8], expected: &str| {
        let value =
            if matches!(ty, ColumnType::VarBinary { .. }) { Value::Bytes(value) } else { Value::Text(value) };
        assert_eq!(masked(mask, ty, value), expected);
    };
    check(Mask::KeepLast(4), &utf8, b"+49 170 1234567", "***********4567");
    check(Mask::KeepFirst(2), &utf8, b"4111222233334444", "41**************");
    check(Mask::KeepLast(2), &utf8, "李雷🎉é".as_bytes(), "**🎉é");
    check(Mask::KeepFirst(1), &varchar("latin1"), b"\xFCber", "ü***");
    // a combining sign is a character of its own
    check(Mask::KeepLast(1), &utf8, "ae\u{301}".as_bytes(), "**\u{301}");
    // what is no longer than what is kept is not shown
    check(Mask::KeepLast(4), &utf8, b"1234", "****");
    check(Mask::KeepLast(4), &utf8, b"12", "**");
    check(Mask::KeepFirst(4), &utf8, b"", "");
    check(Mask::KeepLast(4), &utf8, b"12345", "*2345");
    check(Mask::KeepLast(0), &utf8, b"12", "**");
    check(Mask::KeepLast(2), &ColumnType::VarBinary { bytes: 9 }, b"a\xFFb", "*\u{FF}b");
    assert_eq!(masked(Mask::KeepLast(2), &ColumnType::Int { unsigned: false }, Value::Int(-123)), "**23");
    assert_eq!(masked(Mask::KeepLast(2), &utf8, Value::Null), "NULL");
}

#[test]
fn fixed_values_are_of_the_columns_type() {
    let check = |ty: &ColumnType, written: &str, expected: &str| {
        let made =
            Fixed::parse(written, ty).map(|fixed| shown(&fixed.value())).map_err(|why| why.to_string());
        assert_eq!(made.unwrap_or_else(|why| why), expected, "{ty:?} {written}");
    };
    let int = |unsigned| ColumnType::TinyInt { unsigned };
    let decimal = ColumnType::Decimal { precision: 5, scale: 2 };
    check(&varchar("latin1"), "hidden", "hidden");
    check(&int(false), "-128", "-128");
    check(&int(false), "128", "the fixed text is not a whole number from -128 to 127");
    check(&int(true), "255", "255u");
    check(&int(true), "x", "the fixed text is not a whole number from 0 to 255");
    check(&ColumnType::BigInt { unsigned: false }, "-9223372036854775808", "-9223372036854775808");
    check(&decimal, "1.5", "1.50");
    check(&decimal, "-007", "-007.00");
    check(&decimal, "1000", "the fixed text is not a number of the type decimal(5,2)");
    check(&decimal, "1.234", "the fixed text is not a number of the type decimal(5,2)");
    check(&decimal, "", "the fixed text is not a number of the type decimal(5,2)");
    check(&ColumnType::Double, "1e3", "1000.0");
    check(&ColumnType::Double, "inf", "the fixed text is not a number");
    check(&ColumnType::Date, "2024-02-29", "2024-2-29");
    check(&ColumnType::Date, "2023-02-29", "the fixed text is not a date such as 1970-01-01");
    check(&ColumnType::DateTime { fsp: 3 }, "1970-01-01 01:02:03.5", "1:2:3.500000");
    let no_time = "the fixed text is not a date and time such as 1970-01-01 00:00:00";
    check(&ColumnType::DateTime { fsp: 0 }, "1970-01-01 01:02:03.5", no_time);
    check(&ColumnType::Enum(labels()), "sent", "label 3");
    check(&ColumnType::Enum(labels()), "Sent", "the fixed text is not a label of the column");
    check(&ColumnType::Json, "{}", "a column of this type takes no fixed text");
}

#[test]
fn what_messages_say_about_a_masked_column() {
    let check = |mask: Mask, ty: ColumnType, declared: &str, nullable: bool| {
        let (_, seen) = RowMask::build(&table(std::slice::from_ref(&ty)), &[(0, mask)]).expect("it fits");
        let column = &seen.columns[0];
        assert_eq!((column.declared.as_str(), column.nullable), (declared, nullable), "{ty:?}");
        if let Some(text) = column.ty.as_text() {
            assert_eq!(text.charset == MASKED_CHARSET, column.ty != ty);
        }
    };
    let int = ColumnType::Int { unsigned: false };
    check(sha256(""), int.clone(), "char(64)", false);
    check(sha256(""), varchar("latin1"), "char(64)", false);
    check(Mask::KeepLast(4), varchar("latin1"), "declared", false);
    check(Mask::KeepFirst(4), int.clone(), "text", false);
    check(Mask::Null, int.clone(), "declared", true);
    check(Mask::Fixed("7".into()), int, "declared", false);
    check(Mask::Fixed("x".into()), varchar("latin1"), "declared", false);
}

#[test]
fn all_images_are_masked() {
    let types = [ColumnType::Int { unsigned: false }, varchar("utf8mb4"), varchar("utf8mb4")];
    let masks = [(1, Mask::KeepLast(1)), (2, Mask::Null)];
    let (mut mask, _) = RowMask::build(&table(&types), &masks).expect("they fit");
    let row = |id, a, b| [Value::Int(id), Value::Text(a), Value::Text(b)];
    let (before, after) = (row(1, b"before".as_slice(), b"x".as_slice()), row(1, b"after", b"y"));
    let all = |row: &[Value<'_>]| row.iter().map(shown).collect::<Vec<_>>().join(" ");
    let mut check = |change: RowChange<'_, '_>, expected: &str| {
        let shown = mask.masked(&change, |change| match change {
            RowChange::Insert { after } => format!("insert {}", all(after)),
            RowChange::Update { before, after } => format!("update {} to {}", all(before), all(after)),
            RowChange::Delete { before } => format!("delete {}", all(before)),
        });
        assert_eq!(shown.map(|(shown, _)| shown), Ok(expected.to_owned()));
    };
    check(RowChange::Insert { after: &after }, "insert 1 ****r NULL");
    check(RowChange::Update { before: &before, after: &after }, "update 1 *****e NULL to 1 ****r NULL");
    check(RowChange::Delete { before: &before }, "delete 1 *****e NULL");
}

#[test]
fn rows_and_masks_that_do_not_fit() {
    let types = [varchar("utf8mb4"), ColumnType::Enum(labels())];
    let build = |masks: &[(usize, Mask)]| RowMask::build(&table(&types), masks);
    let refused = build(&[(1, Mask::Fixed("x".into()))]).map(|_| ()).expect_err("no label");
    assert_eq!(refused.to_string(), "`mask` of column `c1`: the fixed text is not a label of the column");
    let (mut mask, _) = build(&[(0, sha256("")), (1, sha256(""))]).expect("they fit");
    let mut refused = |row: &[Value<'_>]| {
        mask.masked(&RowChange::Insert { after: row }, |_| ()).expect_err("it does not fit").to_string()
    };
    assert_eq!(refused(&[Value::Null]), "the row has 1 values, the table 2 columns");
    assert_eq!(refused(&[Value::Null, Value::Enum(4)]), "column `c1` holds an index without a label");
    assert_eq!(
        refused(&[Value::Null, Value::Text(b"x")]),
        "column `c1` holds text, but its type has no characters"
    );
}

#[test]
fn neither_salt_nor_row_is_shown() {
    let version = table(&[varchar("utf8mb4")]);
    let masks = [(0, sha256("hunter2"))];
    let (mut mask, _) = RowMask::build(&version, &masks).expect("it fits");
    let row = [Value::Text(b"hunter3")];
    mask.masked(&RowChange::Insert { after: &row }, |_| ()).expect("the row fits");
    let shown = format!("{mask:?} {masks:?}");
    assert!(!shown.contains("hunter"), "{shown}");
}

#[test]
fn broken_text_is_counted_in_the_row_as_it_is() {
    let (mut mask, _) = RowMask::build(&table(&[varchar("utf8mb4")]), &[(0, sha256(""))]).expect("it fits");
    let (before, after) = ([Value::Text(b"\xFF")], [Value::Text(b"\xFF.\xFF")]);
    let update = RowChange::Update { before: &before, after: &after };
    assert_eq!(mask.masked(&update, |_| ()), Ok(((), 2)));
}

proptest! {
    /// As many characters as before, those that are kept the same, none of the others shown; a short text shows none.
    #[test]
    fn kept_characters(text in any::<String>(), n in 0_u32..6, at_end: bool) {
        let mask = if at_end { Mask::KeepLast(n) } else { Mask::KeepFirst(n) };
        let made = masked(mask, &varchar("utf8mb4"), Value::Text(text.as_bytes()));
        let (was, is): (Vec<char>, Vec<char>) = (text.chars().collect(), made.chars().collect());
        prop_assert_eq!(was.len(), is.len());
        let n = if was.len() <= n as usize { 0 } else { n as usize };
        for (at, (was, is)) in was.iter().zip(&is).enumerate() {
            let kept = if at_end { at >= made.chars().count() - n } else { at < n };
            prop_assert_eq!(*is, if kept { *was } else { '*' });
        }
    }

    /// The same text has the same hash, whatever stood in the buffers before.
    #[test]
    fn hashes_depend_on_salt_and_text_alone(texts in prop::collection::vec(any::<String>(), 1..4)) {
        let version = table(&[varchar("utf8mb4")]);
        let (mut mask, _) = RowMask::build(&version, &[(0, sha256("pepper"))]).expect("it fits");
        for text in &texts {
            let row = [Value::Text(text.as_bytes())];
            let hash = mask.masked(&RowChange::Insert { after: &row }, |change| match change {
                RowChange::Insert { after } => shown(&after[0]),
                RowChange::Update { .. } | RowChange::Delete { .. } => String::new(),
            });
            let alone = masked(sha256("pepper"), &varchar("utf8mb4"), row[0]);
            prop_assert_eq!(hash.map(|(hash, _)| hash), Ok(alone));
        }
    }
}
