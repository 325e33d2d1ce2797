//! Shares a goal among keys.

/// The average arrivals of one key in an interval, and its probability.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Share {
    pub(super) average: f64,
    pub(super) probability: f64,
}

/// Sets the probabilities so that `goal` traces are expected in an interval. Each key gets a part in proportion to the
/// logarithm of its average, and at least one trace unless the goal is less than one trace per key. What a rare key does
/// not need is divided among the others.
pub(super) fn share(shares: &mut [Share], goal: f64) {
    let mut order: Vec<usize> = (0..shares.len()).filter(|&index| shares[index].average > 0.0).collect();
    order.sort_by(|&a, &b| shares[a].average.total_cmp(&shares[b].average));
    let mut weights: f64 = order.iter().map(|&index| weight(shares[index].average)).sum();
    let mut rest = goal;
    let mut expected = 0.0;
    for index in order {
        let Share { average, probability } = &mut shares[index];
        let part = if weights > 0.0 { rest * weight(*average) / weights } else { 0.0 };
        let kept = part.max(1.0).min(*average);
        *probability = kept / *average;
        rest = (rest - kept).max(0.0);
        weights -= weight(*average);
        expected += kept;
    }
    if expected > goal {
        shares.iter_mut().for_each(|share| share.probability *= goal / expected);
    }
}

fn weight(average: f64) -> f64 {
    average.max(1.0).log10()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(averages: &[f64], goal: f64) -> Vec<f64> {
        let mut shares: Vec<_> =
            averages.iter().map(|&average| Share { average, probability: 0.0 }).collect();
        share(&mut shares, goal);
        shares.iter().map(|share| share.average * share.probability).collect()
    }

    #[test]
    fn by_the_logarithm() {
        let kept = kept(&[100.0, 10_000.0], 30.0);
        assert!((kept[0] - 10.0).abs() < 1e-9 && (kept[1] - 20.0).abs() < 1e-9, "{kept:?}");
    }

    #[test]
    fn a_rare_key_is_kept_and_leaves_the_rest_to_others() {
        let kept = kept(&[1000.0, 2.0, 0.5], 100.0);
        assert!((kept[1] - 2.0).abs() < 1e-9 && (kept[2] - 0.5).abs() < 1e-9, "{kept:?}");
        assert!((kept.iter().sum::<f64>() - 100.0).abs() < 1e-9, "{kept:?}");
    }

    #[test]
    fn the_goal_holds_with_more_keys_than_traces() {
        let kept = kept(&[50.0; 100], 10.0);
        assert!((kept.iter().sum::<f64>() - 10.0).abs() < 1e-9, "{kept:?}");
    }

    #[test]
    fn nothing_is_sampled_for_a_goal_of_zero() {
        assert_eq!(kept(&[50.0, 1.0], 0.0), [0.0, 0.0]);
        assert!(kept(&[], 10.0).is_empty());
    }
}
