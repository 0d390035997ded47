//! Keys of rows between two pages: from a row to the values that are stored and bound again, exactly.

use super::row_session::Parameter;
use crate::change::{Cell, RowBatch};
use crate::mysql::key::{KeyPart, key_parts};
use crate::mysql::value::{Date, Timestamp};

/// The values a comparison with `key` binds, in order.
pub(super) fn page_values(key: &[KeyPart]) -> Vec<Parameter> {
    let mut values = Vec::new();
    for (at, part) in key.iter().enumerate() {
        values.push(parameter(part));
        if at + 1 < key.len() {
            values.push(parameter(part));
        }
    }
    values
}

fn parameter(part: &KeyPart) -> Parameter {
    match part {
        KeyPart::Int(number) => Parameter::Int(*number),
        KeyPart::UInt(number) => Parameter::UInt(*number),
        KeyPart::Double(bits) => Parameter::Double(f64::from_bits(*bits)),
        KeyPart::Literal(text) => Parameter::Text(text.clone()),
        KeyPart::Text(bytes) | KeyPart::Bytes(bytes) => Parameter::Bytes(bytes.clone()),
    }
}

/// The key of one row of a batch; as [`key_parts`].
pub(super) fn key_of(batch: &RowBatch, row: usize, key: &[usize]) -> Option<Vec<KeyPart>> {
    let mut values = Vec::new();
    batch.row(row, &mut values);
    key_parts(&values, key)
}

/// A cell for a timestamp, from its parts in UTC. `None` for what no TIMESTAMP can be.
pub(super) fn timestamp(date: Date, second_of_day: u32, micros: u32, fsp: u8) -> Option<Cell> {
    if (date.year, date.month, date.day) == (0, 0, 0) {
        return Some(Cell::Timestamp(Timestamp { seconds: 0, micros: 0, fsp }));
    }
    let seconds = days(date)?.checked_mul(86_400)?.checked_add(i64::from(second_of_day))?;
    Some(Cell::Timestamp(Timestamp { seconds: u32::try_from(seconds).ok()?, micros, fsp }))
}

/// Days since 1970 of a whole date.
///
/// Counts years from March, so that the leap day is the last of its year.
fn days(date: Date) -> Option<i64> {
    if !(1..=12).contains(&date.month) || date.day == 0 {
        return None;
    }
    let year = i64::from(date.year) - i64::from(date.month <= 2);
    let month = (i64::from(date.month) + 9) % 12;
    let of_year = (153 * month + 2) / 5 + i64::from(date.day) - 1;
    Some(365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + of_year - 719_468)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mysql::temporal;

    #[test]
    fn timestamps_there_and_back() {
        let check = |year, month, day, second, seconds: u32| {
            let Some(Cell::Timestamp(at)) = timestamp(Date { year, month, day }, second, 5, 6) else {
                panic!("{year}-{month}-{day} is a day")
            };
            assert_eq!((at.seconds, at.micros, at.fsp), (seconds, 5, 6));
            let back = temporal::utc(at);
            let clock = u32::from(back.hour) * 3600 + u32::from(back.minute) * 60 + u32::from(back.second);
            assert_eq!((back.date.year, back.date.month, back.date.day, clock), (year, month, day, second));
        };
        check(1970, 1, 1, 1, 1);
        check(1999, 12, 31, 86_399, 946_684_799);
        check(2000, 2, 29, 0, 951_782_400);
        check(2000, 3, 1, 0, 951_868_800);
        check(2038, 1, 19, 11_647, 2_147_483_647);
        check(2106, 2, 7, 23_295, u32::MAX);
        let nothing = |year, month, day| timestamp(Date { year, month, day }, 0, 0, 0).is_none();
        assert!(nothing(2106, 2, 8) && nothing(1969, 12, 31) && nothing(2000, 0, 1) && nothing(2000, 1, 0));
        let zero = timestamp(Date { year: 0, month: 0, day: 0 }, 0, 0, 0);
        assert!(matches!(zero, Some(Cell::Timestamp(Timestamp { seconds: 0, micros: 0, fsp: 0 }))));
    }
}
