//! Statistical tests.

/// Returns the natural logarithm of the gamma function, for arguments above 0 (Lanczos' approximation).
fn ln_gamma(x: f64) -> f64 {
    const G: f64 = 7.0;
    const C: [f64; 9] = [
        0.999_999_999_999_809_9,
        676.520_368_121_885_1,
        -1_259.139_216_722_402_8,
        771.323_428_777_653_1,
        -176.615_029_162_140_6,
        12.507_343_278_686_905,
        -0.138_571_095_265_720_12,
        9.984_369_578_019_572e-6,
        1.505_632_735_149_311_6e-7,
    ];
    let x = x - 1.0;
    let t = x + G + 0.5;
    let mut sum = C[0];
    for (index, c) in (1u32..).zip(&C[1..]) {
        sum += c / (x + f64::from(index));
    }
    0.5 * (2.0 * std::f64::consts::PI).ln() + (x + 0.5) * t.ln() - t + sum.ln()
}

#[allow(clippy::cast_precision_loss)]
fn ln_choose(n: u64, k: u64) -> f64 {
    ln_gamma(n as f64 + 1.0) - ln_gamma(k as f64 + 1.0) - ln_gamma((n - k) as f64 + 1.0)
}

/// Returns the probability that a selection of `selected` of `total` traces holds at least `both` of the `with` traces
/// that have an attribute, if the attribute had nothing to do with the selection (Fisher's exact test, one-sided).
#[must_use]
pub fn fisher(both: u64, selected: u64, with: u64, total: u64) -> f64 {
    let most = selected.min(with);
    if both > most || selected > total || with > total {
        return 1.0;
    }
    let all = ln_choose(total, selected);
    let mut sum = 0.0;
    for k in both..=most {
        if selected - k > total - with {
            continue;
        }
        let term = (ln_choose(with, k) + ln_choose(total - with, selected - k) - all).exp();
        sum += term;
        // Terms decrease from here on, and the rest is negligible.
        if term < sum * 1e-12 {
            break;
        }
    }
    sum.min(1.0)
}

/// Returns the statistic of the G-test of independence for a table of two by two.
#[must_use]
#[allow(clippy::cast_precision_loss)]
pub fn g_statistic(both: u64, selected: u64, with: u64, total: u64) -> f64 {
    let cells = [
        (both, selected, with),
        (selected - both, selected, total - with),
        (with - both, total - selected, with),
        (total + both - selected - with, total - selected, total - with),
    ];
    let term = |(seen, row, column): (u64, u64, u64)| {
        let expected = row as f64 * column as f64 / total as f64;
        if seen == 0 || expected == 0.0 { 0.0 } else { seen as f64 * (seen as f64 / expected).ln() }
    };
    2.0 * cells.into_iter().map(term).sum::<f64>()
}

/// Returns the bounds of a share `part / whole` at 95 % confidence (Wilson's interval); 0 to 1 without data.
#[must_use]
#[allow(clippy::cast_precision_loss)]
pub fn wilson(part: u64, whole: u64) -> (f64, f64) {
    const Z: f64 = 1.96;
    if whole == 0 {
        return (0.0, 1.0);
    }
    let (n, p) = (whole as f64, part.min(whole) as f64 / whole as f64);
    let center = p + Z * Z / (2.0 * n);
    let spread = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + Z * Z / n;
    (((center - spread) / scale).max(0.0), ((center + spread) / scale).min(1.0))
}

/// Returns the p-value of the Mann-Whitney U test for two samples (normal approximation with ties). Each sample consists of
/// values, in ascending order, and their counts.
#[must_use]
#[allow(clippy::cast_precision_loss)]
pub fn mann_whitney(left: &[(u64, u64)], right: &[(u64, u64)]) -> f64 {
    let count = |sample: &[(u64, u64)]| sample.iter().map(|it| it.1).sum::<u64>() as f64;
    let (n1, n2) = (count(left), count(right));
    if n1 == 0.0 || n2 == 0.0 {
        return 1.0;
    }
    let mut values: Vec<u64> = left.iter().chain(right).map(|it| it.0).collect();
    values.sort_unstable();
    values.dedup();
    let at = |sample: &[(u64, u64)], value: u64| {
        sample.iter().filter(|it| it.0 == value).map(|it| it.1).sum::<u64>()
    };
    let (mut rank, mut rank_sum, mut ties) = (0.0, 0.0, 0.0);
    for value in values {
        let (a, b) = (at(left, value) as f64, at(right, value) as f64);
        let tied = a + b;
        rank_sum += a * (rank + (tied + 1.0) / 2.0);
        ties += tied * tied * tied - tied;
        rank += tied;
    }
    let n = n1 + n2;
    let u = rank_sum - n1 * (n1 + 1.0) / 2.0;
    let variance = n1 * n2 / 12.0 * (n + 1.0 - ties / (n * (n - 1.0).max(1.0)));
    if variance <= 0.0 {
        return 1.0;
    }
    let z = ((u - n1 * n2 / 2.0).abs() - 0.5).max(0.0) / variance.sqrt();
    2.0 * upper_tail(z)
}

/// The probability that a standard normal variable exceeds `z`, for `z` of at least 0 (Abramowitz and Stegun 7.1.26).
fn upper_tail(z: f64) -> f64 {
    let x = z / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let poly = t
        * (0.254_829_592
            + t * (-0.284_496_736 + t * (1.421_413_741 + t * (-1.453_152_027 + t * 1.061_405_429))));
    0.5 * poly * (-x * x).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fisher_agrees_with_known_values() {
        // A lady tasting tea: all four right of eight cups.
        assert!((fisher(4, 4, 4, 8) - 1.0 / 70.0).abs() < 1e-9);
        assert!((fisher(3, 4, 4, 8) - 17.0 / 70.0).abs() < 1e-9);
        assert!((fisher(0, 4, 4, 8) - 1.0).abs() < 1e-9);
        assert!((fisher(5, 4, 4, 8) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn no_association_says_nothing() {
        assert!(g_statistic(10, 100, 100, 1000).abs() < 1e-9);
        assert!(g_statistic(50, 100, 100, 1000) > 100.0);
    }

    #[test]
    fn equal_samples_do_not_differ() {
        let sample: Vec<(u64, u64)> = (0..100).map(|it| (it, 1)).collect();
        let later: Vec<(u64, u64)> = (50..150).map(|it| (it, 1)).collect();
        assert!(mann_whitney(&sample, &sample) > 0.9);
        assert!(mann_whitney(&sample, &later) < 1e-6);
    }

    #[test]
    fn intervals_contain_the_share() {
        let (low, high) = wilson(5, 10);
        assert!(low > 0.2 && low < 0.3 && high > 0.7 && high < 0.8, "{low} {high}");
        assert_eq!(wilson(0, 0), (0.0, 1.0));
    }
}
