//! One form for a value, be it told by the server or by a message of any format.

use super::message::{Cell, Format, Named};
use super::said::{Column, Table};
use crate::support::Sql;

/// What is compared; none is NULL.
pub(super) type Canonical = Option<String>;

/// All rows of a table as messages of a format should have them: what the server says, less what the format has no place for.
pub(super) fn expected(format: Format, table: &Table, sql: &mut Sql) -> Vec<Vec<Canonical>> {
    let list: Vec<String> = table.columns.iter().map(|column| asked(format, column)).collect();
    let rows = sql.text(&format!("select {} from {}", list.join(", "), table.quoted()));
    let of = |(value, column): (Option<String>, &Column)| value.and_then(|text| kept(format, column, text));
    rows.into_iter().map(|row| row.into_iter().zip(&table.columns).map(of).collect()).collect()
}

/// The expression that the server is asked for a column.
fn asked(format: Format, column: &Column) -> String {
    let name = &column.quoted;
    match column.ty.as_str() {
        "enum" | "set" if format != Format::Canal => name.clone(),
        // not by `column + 0`, which has a sign for the 64th bit
        "enum" | "set" | "bit" => format!("cast({name} as unsigned)"),
        // the server prints six digits of a FLOAT by itself
        "float" | "double" => format!("{name} * 1e0"),
        _ if column.is_bytes() || column.is_geometry() || column.ty == "vector" => format!("hex({name})"),
        _ if column.declared.contains("zerofill") => format!("{name} + 0"),
        // which is two digits otherwise
        "year" if column.declared == "year(2)" => format!("year({name})"),
        _ => name.clone(),
    }
}

/// The server's text of a value in the form that is compared, as far as the format can hold it.
fn kept(format: Format, column: &Column, text: String) -> Canonical {
    let avro = format == Format::Avro;
    let debezium = format.is_debezium();
    match column.ty.as_str() {
        // dates that no calendar has: null, or the beginning of 1970
        "date" | "datetime" | "timestamp" if (avro || debezium) && !is_in_calendar(&text) => {
            let epoch = "1970-01-01 00:00:00.000000";
            let length = if text.contains('.') { text.len() } else { text.len().min(19) };
            (!avro && !column.nullable).then(|| epoch[..length].to_owned())
        }
        "bigint" if debezium && column.declared.contains("unsigned") => {
            Some((text.parse::<u64>().expect("a number") as i64).to_string())
        }
        "tinyint" | "smallint" | "mediumint" | "int" | "bigint" | "year" => Some(whole(&text)),
        "float" => Some(float(&text)),
        "double" => Some(double(&text)),
        // the document `null`
        "json" if text == "null" && matches!(format, Format::Json | Format::Maxwell) => None,
        // an SRID has no place
        _ if column.is_geometry() && matches!(format, Format::Dts | Format::Maxwell) => {
            Some(text[8..].to_owned())
        }
        _ => Some(text),
    }
}

/// The value of a message in the same form.
pub(super) fn found(format: Format, column: &Column, value: &Named, sql: &mut Sql) -> Canonical {
    let cell = &value.cell;
    if *cell == Cell::Null {
        return None;
    }
    let digits = column.digits();
    Some(match column.ty.as_str() {
        "tinyint" | "smallint" | "mediumint" | "int" | "bigint" | "year" => match cell {
            Cell::Bytes(bytes) => decimal_of(bytes, 0),
            Cell::Record(_) => whole(cell.field("year").text()),
            cell => whole(cell.text()),
        },
        "bit" => match cell {
            Cell::Bool(bit) => u8::from(*bit).to_string(),
            Cell::Bytes(bytes) if format == Format::Avro => decimal_of(bytes, 0),
            Cell::Bytes(bytes) => lowest_first(bytes),
            Cell::Text(text) if format.is_debezium() => lowest_first(&base64(text)),
            cell => cell.text().to_owned(),
        },
        "decimal" => match cell {
            Cell::Bytes(bytes) => decimal_of(
                bytes,
                digits.split_once(',').map_or(0, |(_, scale)| scale.parse().expect("a scale")),
            ),
            cell => plain(cell.text()),
        },
        "float" => float(cell.text()),
        "double" => double(cell.text()),
        "date" | "datetime" | "timestamp" | "time" => clock(format, column, cell, digits),
        "enum" => cell.text().to_owned(),
        "set" => match cell {
            Cell::List(labels) => labels.iter().map(Cell::text).collect::<Vec<_>>().join(","),
            cell => cell.text().to_owned(),
        },
        "json" => match (format, &value.written) {
            (Format::Json | Format::Maxwell, Some(written)) => written.clone(),
            _ => cell.text().to_owned(),
        },
        "vector" => match cell {
            Cell::Bytes(bytes) => hex(bytes),
            Cell::Text(text) => vector(&Cell::of_json(text)),
            list => vector(list),
        },
        _ if column.is_geometry() => geometry(format, cell, sql),
        _ if column.is_bytes() => match cell {
            Cell::Bytes(bytes) => hex(bytes),
            Cell::Text(text) if format == Format::Canal => hex(&latin1(text)),
            cell => hex(&base64(cell.text())),
        },
        _ => match cell {
            Cell::Text(text) => text.clone(),
            other => format!("no text: {other:?}"),
        },
    })
}

fn whole(text: &str) -> String {
    text.parse::<i128>().map_or_else(|_| format!("no number: {text}"), |number| number.to_string())
}

/// The 32 bits.
fn float(text: &str) -> String {
    text.parse::<f32>().map_or_else(|_| format!("no number: {text}"), |it| format!("{:08x}", it.to_bits()))
}

/// The 64 bits.
fn double(text: &str) -> String {
    text.parse::<f64>().map_or_else(|_| format!("no number: {text}"), |it| format!("{:016x}", it.to_bits()))
}

/// A decimal without an exponent, with all digits that it has.
fn plain(text: &str) -> String {
    let Some((mantissa, exponent)) = text.split_once('E') else { return text.to_owned() };
    let sign = if mantissa.starts_with('-') { "-" } else { "" };
    let (front, behind) =
        mantissa.trim_start_matches('-').split_once('.').unwrap_or((mantissa.trim_start_matches('-'), ""));
    let zeros =
        exponent.strip_prefix('-').expect("only tiny ones have one").parse::<usize>().expect("a number");
    format!("{sign}0.{}{front}{behind}", "0".repeat(zeros - front.len()))
}

/// The digits of a number of any length, its highest byte first, in two's complement.
fn decimal_of(bytes: &[u8], scale: usize) -> String {
    let negative = bytes.first().is_some_and(|byte| byte & 0x80 != 0);
    let mut rest = bytes.to_vec();
    if negative {
        let mut carry = true;
        for byte in rest.iter_mut().rev() {
            let (sum, more) = (!*byte).overflowing_add(u8::from(carry));
            (*byte, carry) = (sum, more);
        }
    }
    let mut digits = Vec::new();
    while rest.iter().any(|byte| *byte != 0) || digits.len() <= scale {
        let mut left = 0;
        for byte in &mut rest {
            let value = left * 256 + u32::from(*byte);
            *byte = (value / 10) as u8;
            left = value % 10;
        }
        digits.push(char::from_digit(left, 10).expect("a digit"));
    }
    let mut text: String = digits.iter().rev().collect();
    if scale > 0 {
        text.insert(text.len() - scale, '.');
    }
    if negative { format!("-{text}") } else { text }
}

fn lowest_first(bytes: &[u8]) -> String {
    bytes.iter().rev().fold(0_u64, |number, byte| number << 8 | u64::from(*byte)).to_string()
}

fn base64(text: &str) -> Vec<u8> {
    data_encoding::BASE64
        .decode(text.as_bytes())
        .unwrap_or_else(|error| format!("{error}: {text}").into_bytes())
}

fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|byte| u8::try_from(u32::from(byte)).expect("a byte for each character")).collect()
}

fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXUPPER.encode(bytes)
}

fn vector(list: &Cell) -> String {
    let Cell::List(numbers) = list else { return format!("no vector: {list:?}") };
    let bytes =
        numbers.iter().flat_map(|number| number.text().parse::<f32>().expect("a number").to_le_bytes());
    hex(&bytes.collect::<Vec<_>>())
}

/// SRID and WKB, or the latter alone.
fn geometry(format: Format, cell: &Cell, sql: &mut Sql) -> String {
    let wkb = |cell: &Cell| match cell.field(if format == Format::Dts { "value" } else { "wkb" }) {
        Cell::Bytes(bytes) => bytes.clone(),
        text => base64(text.text()),
    };
    match (format, cell) {
        (Format::Canal, cell) => hex(&latin1(cell.text())),
        // read by the server, as what it would be there
        (Format::Maxwell, cell) => {
            // MariaDB does not know the parentheses that stand around each of many points
            let text = match cell.text().strip_prefix("MULTIPOINT ") {
                Some(points) => format!("MULTIPOINT ({})", points.replace(['(', ')'], "")),
                None => cell.text().to_owned(),
            };
            sql.one(&format!("select hex(st_geomfromtext('{text}'))"))[8..].to_owned()
        }
        (Format::Dts, cell) => hex(&wkb(cell)),
        (_, cell) => {
            let bytes = wkb(cell);
            if let Cell::Record(fields) = cell
                && fields.iter().any(|(name, _)| name == "x")
            {
                let at = |from| f64::from_le_bytes(bytes[from..from + 8].try_into().expect("eight bytes"));
                let told = ["x", "y"].map(|name| cell.field(name).text().parse::<f64>().expect("a number"));
                assert_eq!(told, [at(5), at(13)], "{cell:?}");
            }
            let srid = match cell.field("srid") {
                Cell::Null => 0,
                srid => srid.text().parse::<u32>().expect("an SRID"),
            };
            hex(&[&srid.to_le_bytes()[..], &bytes].concat())
        }
    }
}

/// A date or a time as the server prints it.
fn clock(format: Format, column: &Column, cell: &Cell, digits: &str) -> String {
    let digits: usize = if column.ty == "date" { 0 } else { digits.parse().expect("digits of a fraction") };
    let number = |cell: &Cell| cell.text().parse::<i64>().expect("a number");
    match (cell, column.ty.as_str()) {
        (Cell::Text(text), "timestamp") if format.is_debezium() => {
            let text = text.strip_suffix('Z').unwrap_or("no Z").replacen('T', " ", 1);
            // of the beginning of 1970, which stands for no time, whole seconds
            if text == "1970-01-01 00:00:00" && digits > 0 {
                format!("{text}.{}", "0".repeat(digits))
            } else {
                text
            }
        }
        (Cell::Text(text), "timestamp") if format == Format::Json => {
            text.strip_suffix('Z').unwrap_or("no Z").replacen('T', " ", 1)
        }
        (Cell::Text(text), _) => text.clone(),
        (Cell::Number(_), "date") => date(number(cell)),
        (Cell::Number(_), "time") => time(number(cell), digits),
        (Cell::Number(_), "datetime") if format != Format::Avro && digits <= 3 => {
            instant(number(cell) * 1_000, digits)
        }
        (Cell::Number(_), _) => instant(number(cell), digits),
        (Cell::Record(_), "timestamp") => {
            match (number(cell.field("timestamp")), number(cell.field("millis"))) {
                (0, 0) => with_digits("0000-00-00 00:00:00".into(), 0, digits),
                (seconds, micros) => instant(seconds * 1_000_000 + micros, digits),
            }
        }
        (Cell::Record(_), ty) => {
            let [year, month, day, hour, minute, second, micros] =
                ["year", "month", "day", "hour", "minute", "second", "millis"].map(|name| {
                    match cell.field(name) {
                        Cell::Null => None,
                        part => Some(number(part)),
                    }
                });
            let date = || {
                format!(
                    "{:04}-{:02}-{:02}",
                    year.expect("a year"),
                    month.expect("a month"),
                    day.expect("a day")
                )
            };
            let parts = [hour, minute, second, micros];
            match ty {
                "date" => {
                    assert_eq!(parts, [None; 4]);
                    date()
                }
                "time" => {
                    assert_eq!([year, month, day], [None; 3]);
                    let [hour, minute, second, micros] = parts.map(|part| part.expect("all parts of a time"));
                    time(((hour * 60 + minute) * 60 + second) * 1_000_000 + micros, digits)
                }
                _ => {
                    let [hour, minute, second, micros] = parts.map(|part| part.expect("all parts of a time"));
                    with_digits(format!("{} {hour:02}:{minute:02}:{second:02}", date()), micros, digits)
                }
            }
        }
        (other, _) => format!("no time: {other:?}"),
    }
}

/// With so many digits of a fraction; what they leave out is shown.
fn with_digits(text: String, micros: i64, digits: usize) -> String {
    let fraction = format!("{micros:06}");
    let (kept, left) = fraction.split_at(digits);
    let left = if left.bytes().all(|digit| digit == b'0') { String::new() } else { format!(" and {left}") };
    if digits == 0 { format!("{text}{left}") } else { format!("{text}.{kept}{left}") }
}

fn time(micros: i64, digits: usize) -> String {
    let sign = if micros < 0 { "-" } else { "" };
    let seconds = micros.abs() / 1_000_000;
    let clock = format!("{sign}{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    with_digits(clock, micros.abs() % 1_000_000, digits)
}

fn instant(micros: i64, digits: usize) -> String {
    let (days, left) = (micros.div_euclid(86_400_000_000), micros.rem_euclid(86_400_000_000));
    let seconds = left / 1_000_000;
    let clock = format!("{} {:02}:{:02}:{:02}", date(days), seconds / 3600, seconds / 60 % 60, seconds % 60);
    with_digits(clock, left % 1_000_000, digits)
}

/// The date of a day since 1970, counted by years and months.
fn date(days: i64) -> String {
    let (mut year, mut left) = (1970, days);
    let length = |year: i64| if is_leap(year) { 366 } else { 365 };
    while left < 0 {
        year -= 1;
        left += length(year);
    }
    while left >= length(year) {
        left -= length(year);
        year += 1;
    }
    let mut month = 1;
    while left >= days_of(year, month) {
        left -= days_of(year, month);
        month += 1;
    }
    format!("{year:04}-{month:02}-{:02}", left + 1)
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_of(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Whether there is such a date.
pub(super) fn is_in_calendar(text: &str) -> bool {
    let part = |range: std::ops::Range<usize>| text[range].parse::<i64>().expect("digits");
    let (year, month, day) = (part(0..4), part(5..7), part(8..10));
    (1..=12).contains(&month) && (1..=days_of(year, month)).contains(&day)
}

#[test]
fn forms_of_numbers_and_times() {
    assert_eq!(decimal_of(&[0x07, 0xcf], 2), "19.99");
    assert_eq!(decimal_of(&[0xff], 10), "-0.0000000001");
    assert_eq!(decimal_of(&[0], 2), "0.00");
    assert_eq!(decimal_of(&[0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 0), u64::MAX.to_string());
    assert_eq!([plain("0E-10"), plain("-1.2E-7"), plain("1.50")], ["0.0000000000", "-0.00000012", "1.50"]);
    assert_eq!([date(0), date(19787), date(-719_528)], ["1970-01-01", "2024-03-05", "0000-01-01"]);
    assert_eq!(instant(-1, 6), "1969-12-31 23:59:59.999999");
    assert_eq!([time(-1, 6), time(-3_723_000_000, 0)], ["-00:00:00.000001", "-01:02:03"]);
    assert_eq!(time(1_500_000, 0), "00:00:01 and 500000");
    assert!(is_in_calendar("2024-02-29") && !is_in_calendar("2023-02-29") && !is_in_calendar("0000-00-00"));
}
