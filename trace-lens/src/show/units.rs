//! Formats durations, shares and sizes for text output.

/// Returns a duration in the unit that suits it, with three digits: `1.25 s`.
#[must_use]
#[allow(clippy::cast_precision_loss)]
pub fn duration(nanos: u64) -> String {
    let (unit, size) = match nanos {
        0..1_000 => return format!("{nanos} ns"),
        1_000..1_000_000 => ("µs", 1e3),
        1_000_000..1_000_000_000 => ("ms", 1e6),
        1_000_000_000..60_000_000_000 => ("s", 1e9),
        60_000_000_000..3_600_000_000_000 => ("min", 60e9),
        _ => ("h", 3_600e9),
    };
    format!("{} {unit}", three_digits(nanos as f64 / size))
}

/// Returns a duration with its sign.
#[must_use]
pub fn signed_duration(nanos: i64) -> String {
    let sign = if nanos < 0 { "-" } else { "+" };
    format!("{sign}{}", duration(nanos.unsigned_abs()))
}

/// Returns a share of 0 to 1 in percent: `12.5 %`. Shares below 1 are never rounded to 100 %.
#[must_use]
pub fn percent(share: f64) -> String {
    let percent = share.clamp(0.0, 1.0) * 100.0;
    match percent {
        0.0 => "0 %".to_owned(),
        it if it >= 100.0 => "100 %".to_owned(),
        it if it < 0.1 => "< 0.1 %".to_owned(),
        it if it > 99.9 => "> 99.9 %".to_owned(),
        it if (it - it.round()).abs() < 0.05 => format!("{it:.0} %"),
        it => format!("{it:.1} %"),
    }
}

/// Returns a number of bytes in the unit that suits it, in powers of ten: `864 GB`.
#[must_use]
pub fn bytes(bytes: f64) -> String {
    scaled(bytes, &["B", "kB", "MB", "GB", "TB", "PB", "EB"])
}

/// Returns a count in thousands or millions where it is long: `86.4 M`.
#[must_use]
pub fn count(count: f64) -> String {
    if count < 10_000.0 {
        three_digits(count)
    } else {
        scaled(count, &["", "k", "M", "G", "T"]).trim_end().to_owned()
    }
}

/// Returns an hour, counted from the begin of 1970, in UTC: `2026-11-30T19`.
#[must_use]
pub fn utc_hour(hours: u64) -> String {
    // Days in eras of 400 years that begin in March, so that leap days come last. Source: Howard Hinnant,
    // "chrono-Compatible Low-Level Date Algorithms".
    let days = hours / 24 + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, next_year) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    format!("{:04}-{month:02}-{day:02}T{:02}", era * 400 + year + next_year, hours % 24)
}

fn scaled(number: f64, units: &[&str]) -> String {
    let (mut number, mut unit) = (number, 0);
    while number >= 999.5 && unit + 1 < units.len() {
        number /= 1e3;
        unit += 1;
    }
    format!("{} {}", three_digits(number), units[unit])
}

fn three_digits(number: f64) -> String {
    let decimals = match number.abs() {
        it if it >= 99.95 => 0,
        it if it >= 9.995 => 1,
        _ => 2,
    };
    let text = format!("{number:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        for (nanos, expected) in [
            (0, "0 ns"),
            (1_500, "1.5 µs"),
            (2_500_000_000, "2.5 s"),
            (123_456_789, "123 ms"),
            (90_000_000_000, "1.5 min"),
        ] {
            assert_eq!(duration(nanos), expected);
        }
        for (share, expected) in
            [(0.8, "80 %"), (0.125, "12.5 %"), (0.9999, "> 99.9 %"), (1.0, "100 %"), (0.0, "0 %")]
        {
            assert_eq!(percent(share), expected);
        }
        for (hours, expected) in [
            (0, "1970-01-01T00"),
            (472_222, "2023-11-14T22"),
            (264_407, "2000-02-29T23"),
            (498_855, "2026-11-28T15"),
        ] {
            assert_eq!(utc_hour(hours), expected);
        }
        assert_eq!(bytes(25.92e12), "25.9 TB");
        assert_eq!(count(86_400_000.0), "86.4 M");
    }
}
