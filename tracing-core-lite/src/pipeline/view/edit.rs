//! Changes to an encoded span.

use super::items::each_raw_field;
use super::span::SpanView;
use super::value::AttributeView;
use crate::sampling::consistent::{OT, OtTraceState, Threshold};
use crate::span::Value;
use crate::span::data::DecodeError;
use crate::span::encode;
use crate::wire::{self, ByteBuf};

/// The field `trace_state` of `Span`.
const TRACE_STATE: u32 = 3;
/// The field `name` of `Span`.
const NAME: u32 = 5;
/// The field `attributes` of `Span`.
const ATTRIBUTES: u32 = 9;
/// The maximum number of members of a tracestate (W3C Trace Context, section "list").
const MAX_MEMBERS: usize = 32;

/// Changes to make to an encoded span while it is copied: attributes to set, attributes to remove, a new name and a new
/// tracestate.
/// All other fields keep their bytes.
///
/// ```
/// use tracing_core_lite::pipeline::view::{SpanEdit, SpanView, ValueView};
///
/// let mut edit = SpanEdit::new();
/// edit.set_attribute("tracing_suite.sampling.policy", "errors");
/// edit.remove_attribute("http.request.header.cookie");
/// let mut changed = Vec::new();
/// edit.apply(&SpanView::new(&[]), &mut changed)?;
/// let value = SpanView::new(&changed).attribute("tracing_suite.sampling.policy")?;
/// assert!(matches!(value, Some(ValueView::Str("errors"))));
/// # Ok::<(), tracing_core_lite::span::data::DecodeError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct SpanEdit {
    removed: Vec<String>,
    /// Encoded fields.
    added: ByteBuf,
    trace_state: Option<String>,
    name: Option<String>,
}

impl SpanEdit {
    /// Creates an edit that changes nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets an attribute. It replaces one that the span has under this key.
    pub fn set_attribute<'v>(&mut self, key: &str, value: impl Into<Value<'v>>) {
        self.remove_attribute(key);
        encode::put_key_value(&mut self.added, wire::length_tag(ATTRIBUTES as u8), key, &value.into(), None);
    }

    /// Removes an attribute that the span has.
    pub fn remove_attribute(&mut self, key: &str) {
        self.removed.push(key.to_owned());
    }

    /// Replaces the name.
    pub fn set_name(&mut self, name: impl Into<String>) {
        self.name = Some(name.into());
    }

    /// Replaces the tracestate. An empty one is removed.
    pub fn set_trace_state(&mut self, trace_state: impl Into<String>) {
        self.trace_state = Some(trace_state.into());
    }

    /// Sets `th` in the `ot` member of `trace_state`, which is that of the span: the threshold that its trace has passed
    /// (OpenTelemetry specification, "TraceState: Probability Sampling").
    pub fn set_threshold(&mut self, trace_state: &str, threshold: Threshold) {
        self.set_trace_state(with_threshold(trace_state, threshold));
    }

    /// Appends the changed content of `span` to `out`.
    ///
    /// # Errors
    /// Returns an error if the span is malformed.
    pub fn apply(&self, span: &SpanView<'_>, out: &mut Vec<u8>) -> Result<(), DecodeError> {
        let mut result = Ok(());
        each_raw_field(span.bytes(), |number, raw| match number {
            TRACE_STATE if self.trace_state.is_some() => {}
            NAME if self.name.is_some() => {}
            ATTRIBUTES if !self.removed.is_empty() => match self.removes(raw) {
                Ok(true) => {}
                Ok(false) => out.extend_from_slice(raw),
                Err(error) => result = Err(error),
            },
            _ => out.extend_from_slice(raw),
        })?;
        result?;
        if let Some(name) = &self.name {
            put_text(out, NAME, name);
        }
        if let Some(trace_state) = self.trace_state.as_deref().filter(|text| !text.is_empty()) {
            put_text(out, TRACE_STATE, trace_state);
        }
        out.extend_from_slice(self.added.as_slice());
        Ok(())
    }

    /// Returns whether the attribute in this field is removed.
    fn removes(&self, raw: &[u8]) -> Result<bool, DecodeError> {
        let mut items = super::Items::<AttributeView<'_>>::new(raw, ATTRIBUTES);
        let Some(attribute) = items.next() else { return Ok(false) };
        let (key, _) = attribute?.parts()?;
        Ok(self.removed.iter().any(|removed| removed.as_bytes() == key))
    }
}

fn put_text(out: &mut Vec<u8>, number: u32, text: &str) {
    let mut field = ByteBuf::default();
    wire::put_bytes(&mut field, wire::length_tag(number as u8), text.as_bytes());
    out.extend_from_slice(field.as_slice());
}

/// Returns `trace_state` with `th` of its `ot` member set to `threshold`. The member is put first, and other members keep
/// their order.
fn with_threshold(trace_state: &str, threshold: Threshold) -> String {
    let members = || trace_state.split(',').map(str::trim).filter(|member| !member.is_empty());
    let ot_value =
        |member: &'_ str| member.strip_prefix(OT).and_then(|rest| rest.strip_prefix('=')).is_some();
    let mut ot = members()
        .find(|member| ot_value(member))
        .map(|member| OtTraceState::read(&member[OT.len() + 1..]))
        .unwrap_or_default();
    ot.set_threshold(Some(threshold));
    let ot = ot.to_string();
    let mut changed = if ot.is_empty() { String::new() } else { format!("{OT}={ot}") };
    for member in members().filter(|member| !ot_value(member)).take(MAX_MEMBERS - 1) {
        if !changed.is_empty() {
            changed.push(',');
        }
        changed.push_str(member);
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_threshold_goes_into_the_member_of_opentelemetry() {
        let threshold = Threshold::parse("c").unwrap();
        for (before, after) in [
            ("", "ot=th:c"),
            ("a=1", "ot=th:c,a=1"),
            ("a=1, ot=rv:00000000000000;th:8;x:y ,b=2", "ot=th:c;rv:00000000000000;x:y,a=1,b=2"),
            ("other=1,otter=2", "ot=th:c,other=1,otter=2"),
            (",,", "ot=th:c"),
        ] {
            assert_eq!(with_threshold(before, threshold), after, "{before}");
        }
        assert_eq!(with_threshold("ot=th:8,a=1", Threshold::NEVER), "a=1");
        let many: Vec<_> = (0..32).map(|index| format!("m{index}=1")).collect();
        assert_eq!(with_threshold(&many.join(","), threshold).split(',').count(), MAX_MEMBERS);
    }
}
