//! Text that is safe to print and fits its column.

use std::borrow::Cow;
use std::time::Duration;

/// Returns `text` with control characters, and characters that reorder text, written as `\u{…}`. Names of spans may come
/// from strangers, and a terminal would execute the control sequences in them.
pub(super) fn escaped(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_dangerous) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for it in text.chars() {
        if is_dangerous(it) {
            safe.extend(it.escape_default());
        } else {
            safe.push(it);
        }
    }
    Cow::Owned(safe)
}

fn is_dangerous(it: char) -> bool {
    it.is_control()
        || matches!(it, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Returns how many columns of a terminal `text` takes.
pub(super) fn width(text: &str) -> usize {
    text.chars().map(char_width).sum()
}

/// Approximates Unicode's East Asian Width: ideographs and emoji are wide, combining marks take no space.
fn char_width(it: char) -> usize {
    match it {
        '\u{0300}'..='\u{036f}' | '\u{fe00}'..='\u{fe0f}' => 0,
        '\u{1100}'..='\u{115f}'
        | '\u{2e80}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}'
        | '\u{ff00}'..='\u{ff60}'
        | '\u{ffe0}'..='\u{ffe6}'
        | '\u{1f300}'..='\u{1faff}'
        | '\u{20000}'..='\u{3fffd}' => 2,
        _ => 1,
    }
}

/// Shortens `text` to at most `columns`; `…` replaces the end.
pub(super) fn cut(text: &str, columns: usize) -> Cow<'_, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    let (mut used, mut kept) = (0, String::new());
    for it in text.chars() {
        used += char_width(it);
        if used + 1 > columns {
            break;
        }
        kept.push(it);
    }
    if columns > 0 {
        kept.push('…');
    }
    Cow::Owned(kept)
}

/// Shortens or pads `text` to exactly `columns`.
pub(super) fn fit(text: &str, columns: usize) -> String {
    let cut = cut(text, columns);
    let missing = columns.saturating_sub(width(&cut));
    format!("{cut}{}", " ".repeat(missing))
}

/// Returns three significant digits and a unit: `950 ns`, `12.3 µs`, `412 ms`, `1.50 s`, `2 min 5 s`.
pub(super) fn human(nanos: u64) -> String {
    let duration = Duration::from_nanos(nanos);
    #[allow(clippy::cast_precision_loss)]
    let scaled = |unit: f64| nanos as f64 / unit;
    match nanos {
        0..1_000 => format!("{nanos} ns"),
        1_000..999_500 => format!("{} µs", three_digits(scaled(1e3))),
        999_500..999_500_000 => format!("{} ms", three_digits(scaled(1e6))),
        999_500_000..60_000_000_000 => format!("{} s", three_digits(scaled(1e9))),
        60_000_000_000..3_600_000_000_000 => {
            format!("{} min {} s", duration.as_secs() / 60, duration.as_secs() % 60)
        }
        _ => format!("{} h {} min", duration.as_secs() / 3600, duration.as_secs() / 60 % 60),
    }
}

fn three_digits(value: f64) -> String {
    match value {
        0.0..9.995 => format!("{value:.2}"),
        9.995..99.95 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

/// Returns `1 span`, `2 spans` and so on.
pub(super) fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_three_digits_and_a_unit() {
        let cases = [
            (0, "0 ns"),
            (999, "999 ns"),
            (1_000, "1.00 µs"),
            (12_345, "12.3 µs"),
            (999_499, "999 µs"),
            (999_500, "1.00 ms"),
            (412_000_000, "412 ms"),
            (1_500_000_000, "1.50 s"),
            (59_990_000_000, "60.0 s"),
            (125_000_000_000, "2 min 5 s"),
            (7_260_000_000_000, "2 h 1 min"),
        ];
        for (nanos, expected) in cases {
            assert_eq!(human(nanos), expected);
        }
        assert!(!human(u64::MAX).is_empty());
    }

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(escaped("plain – ünïcode"), "plain – ünïcode");
        assert_eq!(escaped("\u{1b}[31mred\n\u{202e}x\u{9b}"), r"\u{1b}[31mred\n\u{202e}x\u{9b}");
    }

    #[test]
    fn columns_are_exact() {
        assert_eq!(fit("abc", 5), "abc  ");
        assert_eq!(fit("abcdef", 4), "abc…");
        assert_eq!(fit("日本語", 5), "日本…");
        assert_eq!(fit("日本語", 4), "日… ");
        assert_eq!(fit("x", 0), "");
    }
}
