//! Times and durations, in the spellings of different tools.

/// Reads an RFC 3339 time as nanoseconds since the Unix epoch. Times before it are 0.
pub(crate) fn rfc3339(text: &str) -> Option<u64> {
    let text = text.trim();
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<i64>().ok();
    let separator = |at: usize| text.as_bytes().get(at).copied();
    if separator(4)? != b'-' || separator(7)? != b'-' || !matches!(separator(10)?, b'T' | b't' | b' ') {
        return None;
    }
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    let rest = text.get(19..)?;
    let digits = rest.strip_prefix('.').map_or(0, |it| it.bytes().take_while(u8::is_ascii_digit).count());
    let nanos = if digits == 0 { 0 } else { fraction(&rest[1..=digits]) };
    let zone = &rest[if digits == 0 { 0 } else { digits + 1 }..];
    let offset = zone_offset(zone)?;
    let seconds = days_from_civil(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second - offset;
    let total = i128::from(seconds) * 1_000_000_000 + i128::from(nanos);
    Some(u64::try_from(total.max(0)).unwrap_or(u64::MAX))
}

/// Reads a duration such as `0.012s`, `12ms`, `3m` or `1h` as nanoseconds.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
pub(crate) fn duration(text: &str) -> Option<u64> {
    let text = text.trim();
    let unit_at = text.find(|it: char| !it.is_ascii_digit() && it != '.')?;
    let number: f64 = text[..unit_at].parse().ok()?;
    let unit = match text[unit_at..].trim() {
        "ns" => 1.0,
        "us" | "µs" | "μs" => 1e3,
        "ms" => 1e6,
        "s" => 1e9,
        "m" | "min" => 60e9,
        "h" => 3_600e9,
        "d" => 86_400e9,
        _ => return None,
    };
    Some((number * unit).round() as u64)
}

fn fraction(digits: &str) -> i64 {
    let nine: String = digits.chars().chain(std::iter::repeat('0')).take(9).collect();
    nine.parse().unwrap_or(0)
}

fn zone_offset(zone: &str) -> Option<i64> {
    match zone.as_bytes() {
        [] | [b'Z' | b'z'] => Some(0),
        [sign @ (b'+' | b'-'), ..] => {
            let digits: String = zone[1..].chars().filter(char::is_ascii_digit).collect();
            let hours: i64 = digits.get(0..2)?.parse().ok()?;
            let minutes: i64 = digits.get(2..4).unwrap_or("0").parse().ok()?;
            let seconds = hours * 3_600 + minutes * 60;
            Some(if *sign == b'-' { -seconds } else { seconds })
        }
        _ => None,
    }
}

/// Days from the Unix epoch to a date of the Gregorian calendar (Howard Hinnant's `days_from_civil`).
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year - era * 400;
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc3339_is_read() {
        for (text, expected) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2024-02-29T12:34:56.789Z", Some(1_709_210_096_789_000_000)),
            ("2024-02-29T14:34:56.789+02:00", Some(1_709_210_096_789_000_000)),
            ("1960-01-01T00:00:00Z", Some(0)),
            ("yesterday", None),
            ("2024-02-29", None),
        ] {
            assert_eq!(rfc3339(text), expected, "{text}");
        }
    }

    #[test]
    fn durations_are_read() {
        for (text, expected) in
            [("0.5s", Some(500_000_000)), ("12ms", Some(12_000_000)), ("7", None), ("x", None)]
        {
            assert_eq!(duration(text), expected, "{text}");
        }
    }
}
