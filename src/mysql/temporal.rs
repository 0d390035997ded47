//! Text of dates and times, as the server prints them.

use super::value::{Date, DateTime, Time, Timestamp};

/// Two digits of every number below 100.
pub(crate) const PAIRS: &[u8; 200] = b"0001020304050607080910111213141516171819\
2021222324252627282930313233343536373839\
4041424344454647484950515253545556575859\
6061626364656667686970717273747576777879\
8081828384858687888990919293949596979899";

/// Two digits; numbers above 99, which the servers do not store, lose their upper digits.
#[inline]
fn write_pair(number: u8, out: &mut Vec<u8>) {
    let at = usize::from(number % 100) * 2;
    out.extend_from_slice(&PAIRS[at..at + 2]);
}

/// The first `fsp` digits of a fraction, after a point; nothing for 0.
#[inline]
fn write_fraction(micros: u32, fsp: u8, out: &mut Vec<u8>) {
    if fsp == 0 {
        return;
    }
    out.push(b'.');
    let start = out.len();
    write_pair((micros / 10_000 % 100) as u8, out);
    write_pair((micros / 100 % 100) as u8, out);
    write_pair((micros % 100) as u8, out);
    out.truncate(start + usize::from(fsp.min(6)));
}

/// `hh:mm:ss`.
#[inline]
fn write_clock(hour: u8, minute: u8, second: u8, out: &mut Vec<u8>) {
    write_pair(hour, out);
    out.push(b':');
    write_pair(minute, out);
    out.push(b':');
    write_pair(second, out);
}

/// `yyyy-mm-dd`.
pub fn write_date(date: Date, out: &mut Vec<u8>) {
    write_pair((date.year / 100 % 100) as u8, out);
    write_pair((date.year % 100) as u8, out);
    out.push(b'-');
    write_pair(date.month, out);
    out.push(b'-');
    write_pair(date.day, out);
}

/// `[-]hh:mm:ss[.ffffff]`; hours have three digits from 100 on.
pub fn write_time(time: Time, out: &mut Vec<u8>) {
    if time.negative {
        out.push(b'-');
    }
    if time.hour >= 100 {
        out.push(b'0' + (time.hour / 100 % 10) as u8);
    }
    write_clock((time.hour % 100) as u8, time.minute, time.second, out);
    write_fraction(time.micros, time.fsp, out);
}

/// `yyyy-mm-dd hh:mm:ss[.ffffff]`.
pub fn write_datetime(value: DateTime, out: &mut Vec<u8>) {
    write_date(value.date, out);
    out.push(b' ');
    write_clock(value.hour, value.minute, value.second, out);
    write_fraction(value.micros, value.fsp, out);
}

/// `yyyy-mm-dd hh:mm:ss[.ffffff]` in UTC; the zero timestamp is `0000-00-00 00:00:00`.
pub fn write_timestamp(timestamp: Timestamp, out: &mut Vec<u8>) {
    write_datetime(utc(timestamp), out);
}

/// Wall clock of a timestamp in UTC; all zero for the zero timestamp.
pub fn utc(timestamp: Timestamp) -> DateTime {
    shifted(timestamp, 0)
}

/// Wall clock of a timestamp where clocks show `offset` seconds more than UTC; all zero for the zero timestamp.
pub fn shifted(timestamp: Timestamp, offset: i32) -> DateTime {
    let Timestamp { seconds, micros, fsp } = timestamp;
    if seconds == 0 && micros == 0 {
        let date = Date { year: 0, month: 0, day: 0 };
        return DateTime { date, hour: 0, minute: 0, second: 0, micros: 0, fsp };
    }
    let seconds = i64::from(seconds) + i64::from(offset);
    let (days, clock) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    DateTime {
        date: civil(days as i32),
        hour: (clock / 3600) as u8,
        minute: (clock / 60 % 60) as u8,
        second: (clock % 60) as u8,
        micros,
        fsp,
    }
}

/// Days from 1970-01-01 to a date of the calendar that is in use since 1582, also before; none for a date that it does not
/// have, such as one with zero parts. Year 0 is that before 1.
pub fn days_since_1970(date: Date) -> Option<i32> {
    let Date { year, month, day } = date;
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let last = match month {
        4 | 6 | 9 | 11 => 30,
        2 => 28 + u8::from(leap),
        1..=12 => 31,
        _ => return None,
    };
    if day == 0 || day > last {
        return None;
    }
    // Years are counted from March, so that the leap day is the last of its year.
    let (year, month, day) = (i32::from(year), i32::from(month), i32::from(day));
    let (year, month_from_march) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    Some(year * 365 + leap_days + (153 * month_from_march + 2) / 5 + day - 1 - 719_468)
}

/// For a date that no calendar has a day before all that one has, another one for each.
pub fn day_outside(date: Date) -> i32 {
    let Date { year, month, day } = date;
    // More days than there are from the year 0 to 1970.
    -1_000_000 - ((i32::from(year) * 16 + i32::from(month)) * 32 + i32::from(day))
}

/// Date of the day `days` after 1970-01-01: years are counted from March, so that the leap day is the last of its year.
fn civil(days: i32) -> Date {
    // from 0000-03-01
    let days = (days + 719_468) as u32;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + u32::from(month <= 2);
    Date { year: year as u16, month: month as u8, day: day as u8 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[track_caller]
    fn check_timestamp(seconds: u32, micros: u32, fsp: u8, expected: &str) {
        assert_eq!(text(|out| write_timestamp(Timestamp { seconds, micros, fsp }, out)), expected);
    }

    #[test]
    fn days_are_counted() {
        let days = |year, month, day| days_since_1970(Date { year, month, day });
        assert_eq!(days(1970, 1, 1), Some(0));
        assert_eq!(days(2024, 3, 5), Some(19_787));
        assert_eq!(days(1000, 1, 1), Some(-354_285));
        assert_eq!(days(1, 1, 1), Some(-719_162));
        assert_eq!(days(0, 3, 1), Some(-719_468));
        assert_eq!(days(9999, 12, 31), Some(2_932_896));
        for (year, month, day) in
            [(0, 0, 0), (2024, 0, 1), (2024, 1, 0), (2023, 2, 29), (1900, 2, 29), (2024, 13, 1)]
        {
            assert_eq!(days(year, month, day), None);
        }
        for number in (0..100_000).step_by(7) {
            assert_eq!(days_since_1970(civil(number)), Some(number));
        }
    }

    #[test]
    fn timestamps() {
        check_timestamp(0, 0, 0, "0000-00-00 00:00:00");
        check_timestamp(0, 0, 3, "0000-00-00 00:00:00.000");
        check_timestamp(1, 0, 0, "1970-01-01 00:00:01");
        check_timestamp(0, 10, 6, "1970-01-01 00:00:00.000010");
        check_timestamp(951_782_400, 0, 0, "2000-02-29 00:00:00");
        check_timestamp(951_868_799, 0, 0, "2000-02-29 23:59:59");
        check_timestamp(951_868_800, 0, 0, "2000-03-01 00:00:00");
        check_timestamp(1_709_605_231, 120_000, 3, "2024-03-05 02:20:31.120");
        check_timestamp(i32::MAX as u32, 999_999, 6, "2038-01-19 03:14:07.999999");
        // MariaDB since 11.5
        check_timestamp(u32::MAX, 0, 0, "2106-02-07 06:28:15");
    }

    #[test]
    fn every_day_follows_its_predecessor() {
        let mut expected = Date { year: 1970, month: 1, day: 1 };
        for days in 0..=u32::MAX / 86_400 {
            assert!(civil(days as i32) == expected, "day {days}");
            let leap = expected.year.is_multiple_of(4)
                && (!expected.year.is_multiple_of(100) || expected.year.is_multiple_of(400));
            let last = match expected.month {
                2 => 28 + u8::from(leap),
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            expected.day += 1;
            if expected.day > last {
                (expected.day, expected.month) = (1, expected.month + 1);
            }
            if expected.month > 12 {
                (expected.month, expected.year) = (1, expected.year + 1);
            }
        }
    }

    #[test]
    fn times() {
        let time = |negative, hour, minute, second, micros, fsp| {
            text(|out| write_time(Time { negative, hour, minute, second, micros, fsp }, out))
        };
        assert_eq!(time(false, 12, 34, 56, 0, 0), "12:34:56");
        assert_eq!(time(true, 1, 2, 3, 0, 0), "-01:02:03");
        assert_eq!(time(true, 838, 59, 59, 0, 0), "-838:59:59");
        assert_eq!(time(true, 0, 0, 0, 500_000, 1), "-00:00:00.5");
        assert_eq!(time(false, 12, 34, 56, 789_012, 6), "12:34:56.789012");
        assert_eq!(time(false, 100, 0, 0, 120_000, 3), "100:00:00.120");
    }

    #[test]
    fn dates() {
        assert_eq!(text(|out| write_date(Date { year: 0, month: 0, day: 0 }, out)), "0000-00-00");
        assert_eq!(text(|out| write_date(Date { year: 9999, month: 12, day: 31 }, out)), "9999-12-31");
        // whatever the bytes say, writing does not fail
        let _ = text(|out| write_date(Date { year: 65535, month: 255, day: 255 }, out));
    }
}
