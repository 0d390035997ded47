//! Dates and times as numbers that are ordered as they are, and the texts that stand for them in conditions.

use crate::mysql::value::{Date, DateTime, Time};
use crate::mysql::zone::{self, NoInstant};

/// A date with its time of day, as a number: greater is later. A date alone is its midnight; the zero date is the least.
pub(super) fn of_datetime(value: DateTime) -> i64 {
    let clock = i64::from(value.hour) * 3600 + i64::from(value.minute) * 60 + i64::from(value.second);
    (days(value.date) * 86_400 + clock) * 1_000_000 + i64::from(value.micros)
}

/// A date at midnight.
pub(super) fn of_date(date: Date) -> i64 {
    days(date) * 86_400 * 1_000_000
}

/// A duration in microseconds.
pub(super) fn of_time(value: Time) -> i64 {
    let seconds = i64::from(value.hour) * 3600 + i64::from(value.minute) * 60 + i64::from(value.second);
    let micros = seconds * 1_000_000 + i64::from(value.micros);
    if value.negative { -micros } else { micros }
}

/// Dates in their order; months have 32 days here, so that any date a column can hold has its number, also `2024-02-30` and `2024-00-00`.
fn days(date: Date) -> i64 {
    (i64::from(date.year) * 13 + i64::from(date.month)) * 32 + i64::from(date.day)
}

/// What a column of dates and times can be compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Zone {
    /// The column has none.
    None,
    /// The column is an instant: texts are in the zone of the source, else in UTC, where they say nothing else.
    Utc,
}

/// Why a text is no value of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoMoment {
    /// It is not written like one.
    Text,
    /// Clocks of the zone do not tell one instant by it.
    Clock(NoInstant),
}

/// Reads `YYYY-MM-DD`, `YYYY-MM-DD hh:mm:ss` or the same with up to six digits of a fraction; at an instant also with an offset,
/// `+02:00`. As servers do it, seconds may be left out, and so may the first zero of a month, a day and an hour. At an instant a text without offset is what clocks of `clocks` show, of UTC without one.
///
/// # Errors
/// Any other text, and days that no calendar has but `0000-00-00`; an hour that is left out there, or comes twice.
pub(super) fn datetime(text: &str, zone: Zone, clocks: Option<&zone::Zone>) -> Result<i64, NoMoment> {
    let (value, has_offset) = parsed(text, zone).ok_or(NoMoment::Text)?;
    let value = match clocks {
        Some(clocks) if zone == Zone::Utc && !has_offset => clocks.utc(value).map_err(NoMoment::Clock)?,
        Some(_) | None => value,
    };
    let moment = of_datetime(value);
    // of what no TIMESTAMP can be the server makes the zero date, which is less than all of them
    let is_held =
        zone == Zone::None || moment == 0 || (first_instant()..behind_last_instant()).contains(&moment);
    is_held.then_some(moment).ok_or(NoMoment::Text)
}

/// The least value of a TIMESTAMP but the zero date.
fn first_instant() -> i64 {
    let date = Date { year: 1970, month: 1, day: 1 };
    of_datetime(DateTime { date, hour: 0, minute: 0, second: 1, micros: 0, fsp: 0 })
}

/// Behind the greatest: 32 bits of seconds, as MariaDB has them from 11.5 on.
fn behind_last_instant() -> i64 {
    let date = Date { year: 2106, month: 2, day: 7 };
    of_datetime(DateTime { date, hour: 6, minute: 28, second: 16, micros: 0, fsp: 0 })
}

/// Date and time of a text, in UTC where it has an offset, and whether it has one.
fn parsed(text: &str, zone: Zone) -> Option<(DateTime, bool)> {
    let (day, rest) = text.split_at(text.find([' ', 'T']).unwrap_or(text.len()));
    let date = date(day)?;
    if rest.is_empty() {
        return Some((DateTime { date, hour: 0, minute: 0, second: 0, micros: 0, fsp: 6 }, false));
    }
    let clock = rest.strip_prefix([' ', 'T'])?;
    let (clock, written) = match clock.find(['+', '-']) {
        Some(at) if zone == Zone::Utc => (&clock[..at], Some(offset(&clock[at..])?)),
        Some(_) => return None,
        None => (clock, None),
    };
    let offset_minutes = written.unwrap_or(0);
    let (hour, minute, second, micros) =
        clock_parts(clock, 2).filter(|_| written.is_none() || clock.len() >= 8)?;
    if hour > 23 || date.year == 0 && (hour, minute, second, micros) != (0, 0, 0, 0) {
        return None;
    }
    if offset_minutes == 0 {
        let (hour, minute, second) = (hour as u8, minute as u8, second as u8);
        return Some((DateTime { date, hour, minute, second, micros, fsp: 6 }, written.is_some()));
    }
    let minutes = i64::from(hour) * 60 + i64::from(minute) - offset_minutes;
    let date = shifted(date, minutes.div_euclid(1440))?;
    let minutes = minutes.rem_euclid(1440);
    let (hour, minute, second) = ((minutes / 60) as u8, (minutes % 60) as u8, second as u8);
    Some((DateTime { date, hour, minute, second, micros, fsp: 6 }, true))
}

/// Whether a text is a day of the calendar, `YYYY-MM-DD`.
pub fn is_date(text: &str) -> bool {
    text.len() == 10 && date(text).is_some_and(is_calendar_day)
}

/// Reads `[-]hh:mm:ss`, or without seconds, hours up to 838, with no more digits of a fraction than `fsp`: the server would round others.
pub(super) fn time(text: &str, fsp: u8) -> Option<i64> {
    let (negative, clock) = match text.strip_prefix('-') {
        Some(clock) => (true, clock),
        None => (false, text),
    };
    let digits = clock.split_once('.').map_or(0, |(_, digits)| digits.len());
    if digits > usize::from(fsp) {
        return None;
    }
    let (hour, minute, second, micros) = clock_parts(clock, 3)?;
    let value = Time { negative, hour, minute: minute as u8, second: second as u8, micros, fsp };
    let greatest = of_time(Time { negative: false, hour: 838, minute: 59, second: 59, micros: 0, fsp: 0 });
    Some(of_time(value)).filter(|micros| micros.abs() <= greatest)
}

fn date(text: &str) -> Option<Date> {
    let (year, rest) = text.split_once('-')?;
    let (month, day) = rest.split_once('-')?;
    let (year, month, day) = (digits(year, 4, 4)?, digits(month, 1, 2)?, digits(day, 1, 2)?);
    let date = Date { year: year as u16, month: month as u8, day: day as u8 };
    ((year, month, day) == (0, 0, 0) || is_calendar_day(date)).then_some(date)
}

fn is_calendar_day(date: Date) -> bool {
    date.year > 0
        && (1..=12).contains(&date.month)
        && date.day > 0
        && date.day <= last_day(date.year, date.month)
}

fn last_day(year: u16, month: u8) -> u8 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 => 28 + u8::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The day before, the same day, or the day after.
fn shifted(date: Date, days: i64) -> Option<Date> {
    let Date { year, month, day } = date;
    let date = match days {
        0 => date,
        1 if day < last_day(year, month) => Date { day: day + 1, ..date },
        1 if month < 12 => Date { year, month: month + 1, day: 1 },
        1 => Date { year: year + 1, month: 1, day: 1 },
        -1 if day > 1 => Date { day: day - 1, ..date },
        -1 if month > 1 => Date { year, month: month - 1, day: last_day(year, month - 1) },
        -1 => Date { year: year.checked_sub(1)?, month: 12, day: 31 },
        _ => return None,
    };
    is_calendar_day(date).then_some(date)
}

/// Hours, minutes, seconds and microseconds of `hh:mm[:ss[.ffffff]]`; hours have up to `hour_digits`.
fn clock_parts(text: &str, hour_digits: usize) -> Option<(u16, u32, u32, u32)> {
    let (clock, fraction) = match text.split_once('.') {
        Some((clock, fraction)) => (clock, Some(fraction)),
        None => (text, None),
    };
    let mut parts = clock.split(':');
    let (hour, minute) = (parts.next()?, parts.next()?);
    let second = match (parts.next(), fraction) {
        (Some(second), _) => digits(second, 2, 2)?,
        (None, None) => 0,
        (None, Some(_)) => return None,
    };
    let (hour, minute) = (digits(hour, 1, hour_digits)?, digits(minute, 2, 2)?);
    let micros = match fraction {
        None => 0,
        Some(fraction) => digits(fraction, 1, 6)? * 10u32.pow(6 - fraction.len() as u32),
    };
    (parts.next().is_none() && minute < 60 && second < 60).then_some((hour as u16, minute, second, micros))
}

/// Minutes east of `+hh:mm`, from -13:59 to +14:00 as the server takes them.
fn offset(text: &str) -> Option<i64> {
    let (hours, minutes) = text[1..].split_once(':')?;
    let minutes =
        i64::from(digits(hours, 2, 2)?) * 60 + i64::from(digits(minutes, 2, 2).filter(|m| *m < 60)?);
    let minutes = if text.starts_with('-') { -minutes } else { minutes };
    (-839..=840).contains(&minutes).then_some(minutes)
}

fn digits(text: &str, least: usize, most: usize) -> Option<u32> {
    let fits = (least..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(year: u16, month: u8, day: u8, hour: u8, micros: u32) -> i64 {
        of_datetime(DateTime { date: Date { year, month, day }, hour, minute: 0, second: 0, micros, fsp: 6 })
    }

    #[test]
    fn texts_of_moments() {
        let plain = |text: &str| datetime(text, Zone::None, None).ok();
        assert_eq!(plain("2024-02-29"), Some(moment(2024, 2, 29, 0, 0)));
        assert_eq!(plain("2024-02-29 23:00:00.5"), Some(moment(2024, 2, 29, 23, 500_000)));
        assert_eq!(plain("2024-02-29T23:00:00"), Some(moment(2024, 2, 29, 23, 0)));
        assert_eq!(plain("2024-2-9 1:00"), plain("2024-02-09 01:00:00"));
        assert_eq!(plain("0000-00-00"), Some(0));
        for text in [
            "2023-02-29",
            "2024-13-01",
            "24-01-01",
            "2024-01-01 10",
            "2024-01-01 10:00.5",
            "2024-01-01 24:00:00",
            "0000-00-00 10:00:00",
            "2024-01-01 10:00:00+02:00",
            "2024-01-01 10:00:00.1234567",
            "2024-01-01x",
            "",
            "2024-01-0\u{e9}",
            "0000-01-01",
        ] {
            assert_eq!(plain(text), None, "{text}");
        }
    }

    #[test]
    fn offsets_lead_to_utc() {
        let utc = |text: &str| datetime(text, Zone::Utc, None).ok();
        assert_eq!(utc("2024-03-01 01:00:00+02:00"), Some(moment(2024, 2, 29, 23, 0)));
        assert_eq!(utc("2023-12-31 23:00:00-01:00"), Some(moment(2024, 1, 1, 0, 0)));
        assert_eq!(utc("2024-01-01 00:00:00+14:01"), None);
        assert_eq!(utc("2024-01-01 10:00:00"), Some(moment(2024, 1, 1, 10, 0)));
    }

    #[test]
    fn texts_are_what_clocks_of_the_source_show() {
        let berlin = zone::Zone::from_name("Europe/Berlin");
        let instant = |text: &str| datetime(text, Zone::Utc, berlin.as_ref());
        assert_eq!(instant("2024-03-01"), Ok(moment(2024, 2, 29, 23, 0)));
        assert_eq!(instant("2024-07-01 12:00:00.5"), Ok(moment(2024, 7, 1, 10, 500_000)));
        assert_eq!(instant("2024-07-01 12:00:00+05:00"), Ok(moment(2024, 7, 1, 7, 0)));
        assert_eq!(instant("2024-07-01 12:00:00+00:00"), Ok(moment(2024, 7, 1, 12, 0)));
        assert_eq!(instant("0000-00-00"), Ok(0));
        // before the first instant there, behind it in UTC
        assert_eq!(instant("1970-01-01 00:59:59"), Err(NoMoment::Text));
        assert!(datetime("1970-01-01 00:59:59", Zone::Utc, None).is_ok());
        assert_eq!(instant("2200-01-01"), Err(NoMoment::Text));
        assert_eq!(instant("2024-03-31 02:00:00"), Err(NoMoment::Clock(NoInstant::Never)));
        assert_eq!(instant("2024-10-27 02:59:59"), Err(NoMoment::Clock(NoInstant::Twice)));
        assert_eq!(instant("yesterday"), Err(NoMoment::Text));
        // a column without zone is what it says
        let plain = datetime("2024-03-31 02:00:00", Zone::None, berlin.as_ref());
        assert_eq!(plain, Ok(moment(2024, 3, 31, 2, 0)));
    }

    #[test]
    fn texts_of_times() {
        assert_eq!(time("-838:59:59", 0), Some(-3_020_399_000_000));
        assert_eq!(time("10:00:00.25", 2), Some(36_000_250_000));
        assert_eq!((time("10:00", 0), time("-1:00:00", 0)), (Some(36_000_000_000), Some(-3_600_000_000)));
        for text in ["839:00:00", "10", "10:60:00", "10:00:00.5", "10:00.5"] {
            assert_eq!(time(text, 0), None, "{text}");
        }
    }

    #[test]
    fn days_are_in_order_also_where_no_calendar_has_them() {
        let dates = [
            (0, 0, 0),
            (2024, 0, 0),
            (2024, 1, 0),
            (2024, 1, 1),
            (2024, 1, 31),
            (2024, 2, 0),
            (2024, 12, 31),
            (2025, 0, 0),
        ];
        let numbers: Vec<i64> =
            dates.iter().map(|&(year, month, day)| of_date(Date { year, month, day })).collect();
        assert!(numbers.is_sorted());
    }
}
