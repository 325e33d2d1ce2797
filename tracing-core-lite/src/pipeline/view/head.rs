//! The fields of a span that are not repeated.

use opentelemetry::trace::{SpanId, SpanKind, TraceId};

use super::items::text;
use crate::span::data::DecodeError;
use crate::span::data::decode::kind_from_otlp;
use crate::wire::{Field, Fields, Malformed};

/// `SpanFlags`: the next bit is valid.
const HAS_IS_REMOTE: u32 = 0x100;
/// `SpanFlags`: the parent is remote.
const IS_REMOTE: u32 = 0x200;

/// The code of a span's status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum StatusCode {
    /// No status was set, or one that this version does not know.
    #[default]
    Unset,
    /// Success.
    Ok,
    /// A failure.
    Error,
}

/// The fields of a span that are not repeated.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct SpanHead<'a> {
    /// The trace that the span belongs to; [`TraceId::INVALID`] if it is missing.
    pub trace_id: TraceId,
    /// The span; [`SpanId::INVALID`] if it is missing.
    pub span_id: SpanId,
    /// The parent; [`SpanId::INVALID`] for a root.
    pub parent_span_id: SpanId,
    /// Trace flags in the low 8 bits; bit 8: the next bit is known; bit 9: the parent is remote.
    pub flags: u32,
    /// Start, in nanoseconds since the Unix epoch.
    pub start_time_unix_nano: u64,
    /// End, in nanoseconds since the Unix epoch.
    pub end_time_unix_nano: u64,
    /// The code of the status.
    pub status: StatusCode,
    kind: u32,
    name: &'a [u8],
    trace_state: &'a [u8],
    status_message: &'a [u8],
}

impl<'a> SpanHead<'a> {
    #[inline]
    pub(super) fn read(message: &'a [u8]) -> Result<Self, Malformed> {
        let mut head = Self {
            trace_id: TraceId::INVALID,
            span_id: SpanId::INVALID,
            parent_span_id: SpanId::INVALID,
            flags: 0,
            start_time_unix_nano: 0,
            end_time_unix_nano: 0,
            status: StatusCode::Unset,
            kind: 0,
            name: &[],
            trace_state: &[],
            status_message: &[],
        };
        let mut fields = Fields::of(message);
        while let Some((number, field)) = fields.next()? {
            head.put(number, field)?;
        }
        Ok(head)
    }

    #[inline]
    fn put(&mut self, number: u32, field: Field<'a>) -> Result<(), Malformed> {
        match number {
            1 => self.trace_id = trace_id(field.bytes()?)?,
            2 => self.span_id = span_id(field.bytes()?)?,
            3 => self.trace_state = field.bytes()?,
            4 => self.parent_span_id = span_id(field.bytes()?)?,
            5 => self.name = field.bytes()?,
            6 => self.kind = field.low32()?,
            7 => self.start_time_unix_nano = field.fixed64()?,
            8 => self.end_time_unix_nano = field.fixed64()?,
            15 => self.put_status(field.bytes()?)?,
            16 => self.flags = field.fixed32()?,
            _ => {}
        }
        Ok(())
    }

    fn put_status(&mut self, message: &'a [u8]) -> Result<(), Malformed> {
        let mut fields = Fields::of(message);
        while let Some((number, field)) = fields.next()? {
            match number {
                2 => self.status_message = field.bytes()?,
                3 => {
                    self.status = match field.low32()? {
                        1 => StatusCode::Ok,
                        2 => StatusCode::Error,
                        _ => StatusCode::Unset,
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Returns the kind. An unknown one reads as internal.
    #[must_use]
    pub fn kind(&self) -> SpanKind {
        kind_from_otlp(self.kind)
    }

    /// Returns the name.
    ///
    /// # Errors
    /// Returns an error if it is not UTF-8.
    pub fn name(&self) -> Result<&'a str, DecodeError> {
        text(self.name)
    }

    /// Returns the W3C `tracestate`, empty when there is none.
    ///
    /// # Errors
    /// Returns an error if it is not UTF-8.
    pub fn trace_state(&self) -> Result<&'a str, DecodeError> {
        text(self.trace_state)
    }

    /// Returns the message of the status, empty when there is none.
    ///
    /// # Errors
    /// Returns an error if it is not UTF-8.
    pub fn status_message(&self) -> Result<&'a str, DecodeError> {
        text(self.status_message)
    }

    /// Returns whether the span has no parent.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.parent_span_id == SpanId::INVALID
    }

    /// Returns whether the span has no parent in its process: it is a root, or its flags say that its parent is remote.
    #[must_use]
    pub fn is_local_root(&self) -> bool {
        const REMOTE: u32 = HAS_IS_REMOTE | IS_REMOTE;
        self.is_root() || self.flags & REMOTE == REMOTE
    }

    /// Returns whether the trace is marked as sampled.
    #[must_use]
    pub fn is_sampled(&self) -> bool {
        self.flags & 1 == 1
    }

    /// Returns the time from start to end in nanoseconds, or zero if the end is before the start.
    #[must_use]
    pub fn duration_nanos(&self) -> u64 {
        self.end_time_unix_nano.saturating_sub(self.start_time_unix_nano)
    }
}

#[inline]
pub(super) fn trace_id(bytes: &[u8]) -> Result<TraceId, Malformed> {
    match bytes {
        [] => Ok(TraceId::INVALID),
        bytes => {
            bytes.try_into().map(TraceId::from_bytes).map_err(|_| Malformed("a trace id is not 16 bytes"))
        }
    }
}

#[inline]
pub(super) fn span_id(bytes: &[u8]) -> Result<SpanId, Malformed> {
    match bytes {
        [] => Ok(SpanId::INVALID),
        bytes => bytes.try_into().map(SpanId::from_bytes).map_err(|_| Malformed("a span id is not 8 bytes")),
    }
}
