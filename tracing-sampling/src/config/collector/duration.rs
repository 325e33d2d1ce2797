//! Durations as Go writes them: `1h30m`, `1.5s`, `200ms`.

use std::time::Duration;

use serde::{Deserialize, Deserializer, de};

/// A duration as the Collector's configuration writes it, such as `1m30s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GoDuration(pub Duration);

/// Units and their length in seconds. Longer names first, where one begins with another.
const UNITS: [(&str, f64); 8] = [
    ("ns", 1e-9),
    ("us", 1e-6),
    ("µs", 1e-6),
    ("μs", 1e-6),
    ("ms", 1e-3),
    ("s", 1.0),
    ("m", 60.0),
    ("h", 3600.0),
];

impl GoDuration {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut rest = text.trim();
        if rest == "0" {
            return Some(Self(Duration::ZERO));
        }
        let mut seconds = 0.0;
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
            let number: f64 = rest[..digits].parse().ok()?;
            rest = &rest[digits..];
            let (unit, length) = UNITS.iter().find(|(unit, _)| rest.starts_with(unit))?;
            seconds += number * length;
            rest = &rest[unit.len()..];
        }
        if text.trim().is_empty() { None } else { Duration::try_from_secs_f64(seconds).ok().map(Self) }
    }
}

impl<'de> Deserialize<'de> for GoDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            de::Error::custom(format!(
                "{text:?} is not a duration; valid are numbers with a unit, such as 500ms, 30s and 1m30s"
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_of_go() {
        for (text, millis) in [
            ("30s", Some(30_000)),
            ("1m30s", Some(90_000)),
            ("1.5s", Some(1_500)),
            ("200ms", Some(200)),
            ("1h", Some(3_600_000)),
            ("0", Some(0)),
            ("5000us", Some(5)),
            ("", None),
            ("30", None),
            ("s", None),
            ("-1s", None),
            ("1 s", None),
            ("1e9h", None),
        ] {
            let parsed = GoDuration::parse(text).map(|it| it.0.as_millis());
            assert_eq!(parsed, millis, "{text}");
        }
    }
}
