//! OpenTelemetry's member of tracestate.

use std::fmt::{self, Display, Formatter};

use opentelemetry::trace::TraceState;

use super::{OT, Randomness, Threshold};

/// The maximum length of a tracestate member's value, in bytes.
const MAX_LEN: usize = 256;

/// The value of the `ot` member of tracestate: `th`, `rv`, and other sub-keys, which are kept.
///
/// It is displayed as it is sent: `th` first, then `rv`, then the other sub-keys in their order.
///
/// Source: OpenTelemetry specification, "TraceState Handling".
///
/// ```
/// use tracing_core_lite::sampling::consistent::{OtTraceState, Threshold};
///
/// let mut ot = OtTraceState::parse("x:1;th:c;rv:ffffffffffffff")?;
/// assert_eq!(ot.adjusted_count(), 4.0);
/// ot.set_threshold(Threshold::parse("e"));
/// assert_eq!(ot.to_string(), "th:e;rv:ffffffffffffff;x:1");
/// # Ok::<(), tracing_core_lite::sampling::consistent::OtError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OtTraceState {
    threshold: Option<Threshold>,
    /// The digits as received, because upper-case ones are kept.
    rv: Option<String>,
    others: Vec<String>,
}

/// The error for a malformed value of an `ot` member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OtError {
    /// The value is not a list of keys and values.
    #[error("not a list of sub-keys and values")]
    Syntax,
    /// The value is longer than 256 bytes.
    #[error("longer than 256 bytes")]
    Size,
    /// `th` is not 1 to 14 hex digits.
    #[error("th is not 1 to 14 hex digits")]
    Threshold,
    /// `rv` is not 14 hex digits.
    #[error("rv is not 14 hex digits")]
    Randomness,
}

/// The new threshold is lower than one that has already rejected spans.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the threshold {new} is lower than {old}, which was applied before")]
#[non_exhaustive]
pub struct InconsistentThreshold {
    /// The threshold applied so far.
    pub old: Threshold,
    /// The new threshold.
    pub new: Threshold,
}

impl OtTraceState {
    /// Parses the value of an `ot` member as strictly as the specification requires.
    ///
    /// # Errors
    /// Returns an error if any part of it is malformed, or if a sub-key occurs twice.
    pub fn parse(text: &str) -> Result<Self, OtError> {
        if text.len() > MAX_LEN {
            return Err(OtError::Size);
        }
        let mut ot = Self::default();
        let mut keys = Vec::new();
        for member in text.split(';') {
            let (key, value) = member.split_once(':').ok_or(OtError::Syntax)?;
            if !valid_key(key) || !valid_value(value) || keys.contains(&key) {
                return Err(OtError::Syntax);
            }
            match key {
                "th" => ot.threshold = Some(Threshold::parse(value).ok_or(OtError::Threshold)?),
                "rv" => {
                    Randomness::parse(value).ok_or(OtError::Randomness)?;
                    ot.rv = Some(value.to_owned());
                }
                _ => ot.others.push(member.to_owned()),
            }
            keys.push(key);
        }
        Ok(ot)
    }

    /// Parses as much of the value as possible. A malformed `th` or `rv` is left out, and other sub-keys are kept so
    /// that they are sent on. The result is empty if `text` is longer than 256 bytes.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let mut ot = Self::default();
        if text.len() > MAX_LEN {
            return ot;
        }
        for member in text.split(';').filter(|member| !member.is_empty()) {
            match member.split_once(':') {
                Some(("th", value)) => ot.threshold = ot.threshold.or(Threshold::parse(value)),
                Some(("rv", value)) => {
                    ot.rv = ot.rv.or_else(|| Randomness::parse(value).map(|_| value.to_owned()));
                }
                _ => ot.others.push(member.to_owned()),
            }
        }
        ot
    }

    /// Returns the `ot` member of `trace_state`, parsed with [`read`](OtTraceState::read).
    #[must_use]
    pub fn of(trace_state: &TraceState) -> Self {
        trace_state.get(OT).map(Self::read).unwrap_or_default()
    }

    /// Returns `trace_state` with this as its first member, or without an `ot` member if this is empty.
    #[must_use]
    pub fn put_into(&self, trace_state: &TraceState) -> TraceState {
        let text = self.to_string();
        let changed = if text.is_empty() { trace_state.delete(OT) } else { trace_state.insert(OT, text) };
        changed.unwrap_or_else(|_| trace_state.clone())
    }

    /// Returns `th`, the threshold that the trace passed. `None` if it is unknown.
    #[must_use]
    pub fn threshold(&self) -> Option<Threshold> {
        self.threshold
    }

    /// Returns `rv`, the randomness that replaces that of the trace id.
    #[must_use]
    pub fn randomness(&self) -> Option<Randomness> {
        self.rv.as_deref().and_then(Randomness::parse)
    }

    /// Returns the other sub-keys with their values, as received.
    pub fn others(&self) -> impl Iterator<Item = &str> {
        self.others.iter().map(String::as_str)
    }

    /// Returns the number of spans that a span with this member represents, or 0 if it is unknown.
    #[must_use]
    pub fn adjusted_count(&self) -> f64 {
        self.threshold.map_or(0.0, Threshold::adjusted_count)
    }

    /// Sets or removes `th`. For a head sampler, whose decision does not depend on earlier ones. A threshold that
    /// rejects everything is not a valid value of `th` and removes it.
    pub fn set_threshold(&mut self, threshold: Option<Threshold>) {
        self.threshold = threshold.filter(|&threshold| threshold != Threshold::NEVER);
    }

    /// Sets `rv`, for a trace whose id must not decide.
    pub fn set_randomness(&mut self, randomness: Randomness) {
        self.rv = Some(format!("{:014x}", randomness.get()));
    }

    /// Raises `th`. For a sampler that only sees traces that passed the threshold so far.
    ///
    /// # Errors
    /// Returns an error, and changes nothing, if `threshold` is lower than the current one.
    pub fn raise_threshold(&mut self, threshold: Threshold) -> Result<(), InconsistentThreshold> {
        match self.threshold {
            Some(old) if threshold < old => Err(InconsistentThreshold { old, new: threshold }),
            _ => {
                self.set_threshold(Some(threshold));
                Ok(())
            }
        }
    }
}

/// If `th` does not fit into 256 bytes together with the other sub-keys, it is left out: an unknown count is better
/// than a wrong one.
impl Display for OtTraceState {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut kept = self.rv.iter().map(|rv| format!("rv:{rv}")).collect::<Vec<_>>();
        kept.extend(self.others().map(str::to_owned));
        let kept = kept.join(";");
        let Some(threshold) = self.threshold else { return f.write_str(&kept) };
        let threshold = format!("th:{threshold}");
        match kept.as_str() {
            "" => f.write_str(&threshold),
            kept if kept.len() + 1 + threshold.len() <= MAX_LEN => write!(f, "{threshold};{kept}"),
            kept => f.write_str(kept),
        }
    }
}

/// `key = lcalpha *( lcalpha / DIGIT )`.
fn valid_key(key: &str) -> bool {
    key.starts_with(|first: char| first.is_ascii_lowercase())
        && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

/// `value = *( ucalpha / lcalpha / DIGIT / "." / "_" / "-" )`.
fn valid_value(value: &str) -> bool {
    value.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_that_does_not_fit_is_left_out() {
        let text = format!("rv:ffffffffffffff;x:{}", "_".repeat(232));
        let mut ot = OtTraceState::read(&text);
        ot.set_threshold(Threshold::parse("8"));
        assert_eq!(ot.to_string(), text);
        let mut shorter = OtTraceState::read(&text[..text.len() - 1]);
        shorter.set_threshold(Threshold::parse("8"));
        assert!(shorter.to_string().starts_with("th:8;rv:"));
    }

    #[test]
    fn the_first_of_duplicates_is_read() {
        assert_eq!(OtTraceState::parse("th:8;th:c"), Err(OtError::Syntax));
        assert_eq!(OtTraceState::read("th:8;th:c").to_string(), "th:8");
    }
}
