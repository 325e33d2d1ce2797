//! The records of the decision topic.

use std::sync::Arc;

use prost::Message;
use tracing_core_lite::opentelemetry::trace::TraceId;
use tracing_kafka::exporter::TraceKey;
use tracing_sampling::tail::TraceDecision;

/// The version that is written unless the configuration says otherwise.
///
/// Version 2 adds the group of decisions that were made together, and what budgets have left after it.
pub(super) const VERSION: u32 = 2;
/// The oldest version that can be written.
pub(super) const OLDEST_VERSION: u32 = 1;

/// A decision in the topic. Its key is the trace id as 32 lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct DecisionRecord {
    /// The decision.
    pub decision: TraceDecision,
    /// The time of the partition at the decision, in nanoseconds since the Unix epoch.
    pub decided_at: u64,
    /// The decisions that were made together.
    pub(super) group: Option<Group>,
}

/// Decisions that were made together. They count only if all of them are there.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Group {
    pub(super) id: u64,
    pub(super) len: u32,
    /// What budgets have left, in the last record of the group.
    pub(super) budgets: Vec<u64>,
}

/// A record of the decision topic cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecisionError {
    /// The key is not a trace id.
    #[error("the key is not a trace id")]
    Key,
    /// The value is not a decision.
    #[error("the value is not a decision")]
    Malformed,
    /// A newer program wrote the record, in a version that this one cannot read.
    #[error("the record has version {0}, which this program cannot read")]
    Version(u32),
}

/// The value as it is written. Fields are only ever added.
#[derive(Clone, PartialEq, Message)]
struct Wire {
    /// The version of the writer.
    #[prost(uint32, tag = "1")]
    version: u32,
    /// The oldest version whose readers understand the record.
    #[prost(uint32, tag = "2")]
    readable_by: u32,
    #[prost(bool, tag = "3")]
    kept: bool,
    #[prost(string, optional, tag = "4")]
    policy: Option<String>,
    #[prost(fixed64, optional, tag = "5")]
    threshold: Option<u64>,
    #[prost(bool, tag = "6")]
    replaces_threshold: bool,
    #[prost(fixed64, tag = "7")]
    decided_at: u64,
    #[prost(fixed64, optional, tag = "8")]
    group: Option<u64>,
    #[prost(uint32, tag = "9")]
    group_len: u32,
    #[prost(fixed64, repeated, tag = "10")]
    budgets: Vec<u64>,
}

impl DecisionRecord {
    /// Creates a record of a decision that was made at `decided_at`, in nanoseconds since the Unix epoch.
    #[must_use]
    pub fn new(decision: TraceDecision, decided_at: u64) -> Self {
        Self { decision, decided_at, group: None }
    }

    /// Returns the key of the record.
    #[must_use]
    pub fn key(&self) -> TraceKey {
        TraceKey::new(self.decision.trace_id)
    }

    /// Returns the value of the record in this version. Versions that do not exist yet are written as the newest.
    #[must_use]
    pub fn encode(&self, version: u32) -> Vec<u8> {
        let version = version.clamp(OLDEST_VERSION, VERSION);
        let group = self.group.as_ref().filter(|_| version >= 2);
        let wire = Wire {
            version,
            readable_by: 1,
            kept: self.decision.kept,
            policy: self.decision.policy.as_deref().map(str::to_owned),
            threshold: self.decision.threshold,
            replaces_threshold: self.decision.replaces_threshold,
            decided_at: self.decided_at,
            group: group.map(|group| group.id),
            group_len: group.map_or(0, |group| group.len),
            budgets: group.map(|group| group.budgets.clone()).unwrap_or_default(),
        };
        wire.encode_to_vec()
    }

    /// Reads a record.
    ///
    /// # Errors
    /// Returns an error if it is not a decision, or if this program cannot read its version.
    pub fn decode(key: Option<&[u8]>, value: &[u8]) -> Result<Self, DecisionError> {
        let trace_id = key.and_then(TraceKey::parse).ok_or(DecisionError::Key)?.trace_id();
        if trace_id == TraceId::INVALID {
            return Err(DecisionError::Key);
        }
        let wire = Wire::decode(value).map_err(|_| DecisionError::Malformed)?;
        if wire.version == 0 || wire.readable_by == 0 {
            return Err(DecisionError::Malformed);
        }
        if wire.readable_by > VERSION {
            return Err(DecisionError::Version(wire.version));
        }
        let decision = match wire.kept {
            true => TraceDecision::kept(trace_id, wire.policy.map(Arc::from))
                .with_threshold(wire.threshold, wire.replaces_threshold),
            false => TraceDecision::dropped(trace_id),
        };
        let group = wire.group.map(|id| Group { id, len: wire.group_len, budgets: wire.budgets });
        Ok(Self { decision, decided_at: wire.decided_at, group })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id() -> TraceId {
        TraceId::from_bytes([7; 16])
    }

    #[test]
    fn records_come_back_in_their_version() {
        let kept = TraceDecision::kept(id(), Some("errors".into())).with_threshold(Some(5), true);
        for decision in [kept, TraceDecision::dropped(id())] {
            let mut record = DecisionRecord::new(decision, 42);
            record.group = Some(Group { id: 3, len: 2, budgets: vec![1, 2] });
            let read = |record: &DecisionRecord, version| {
                let key = record.key();
                DecisionRecord::decode(Some(key.as_bytes()), &record.encode(version)).unwrap()
            };
            assert_eq!(read(&record, 2), record);
            assert_eq!(read(&record, 99), record);
            let oldest = read(&record, 1);
            record.group = None;
            assert_eq!(oldest, record);
        }
    }

    #[test]
    fn newer_and_foreign_records() {
        let key = TraceKey::new(id());
        let newer = |readable_by| {
            let mut value = Wire { version: 3, readable_by, kept: true, ..Wire::default() }.encode_to_vec();
            // A field that only version 3 knows: number 15, a varint.
            value.extend([15 << 3, 1]);
            DecisionRecord::decode(Some(key.as_bytes()), &value)
        };
        assert!(newer(1).unwrap().decision.kept);
        assert_eq!(newer(3), Err(DecisionError::Version(3)));
        for (key, value, error) in [
            (None, &[][..], DecisionError::Key),
            (Some(&b"order-7"[..]), &[], DecisionError::Key),
            (Some(&[b'0'; 32]), &[], DecisionError::Key),
            (Some(key.as_bytes()), b"{}", DecisionError::Malformed),
            (Some(key.as_bytes()), &[], DecisionError::Malformed),
        ] {
            assert_eq!(DecisionRecord::decode(key, value), Err(error));
        }
    }
}
