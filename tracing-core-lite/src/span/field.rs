//! Field numbers of the OTLP messages `Span`, `Span.Event` and `Span.Link`, and sizes of fields of `Span`.

use crate::wire;

pub(super) const TRACE_ID: u8 = 1;
pub(super) const SPAN_ID: u8 = 2;
pub(super) const TRACE_STATE: u8 = 3;
pub(super) const PARENT_SPAN_ID: u8 = 4;
pub(super) const NAME: u8 = 5;
pub(super) const KIND: u8 = 6;
pub(super) const START: u8 = 7;
pub(super) const END: u8 = 8;
pub(super) const ATTRIBUTES: u8 = 9;
pub(super) const DROPPED_ATTRIBUTES: u8 = 10;
pub(super) const EVENT: u8 = 11;
pub(super) const DROPPED_EVENTS: u8 = 12;
pub(super) const LINK: u8 = 13;
pub(super) const DROPPED_LINKS: u8 = 14;
pub(super) const STATUS: u8 = 15;

pub(super) const EVENT_TIME: u8 = 1;
pub(super) const EVENT_NAME: u8 = 2;
pub(super) const EVENT_ATTRIBUTES: u8 = 3;
pub(super) const EVENT_DROPPED_ATTRIBUTES: u8 = 4;

pub(super) const LINK_TRACE_ID: u8 = 1;
pub(super) const LINK_SPAN_ID: u8 = 2;
pub(super) const LINK_TRACE_STATE: u8 = 3;
pub(super) const LINK_ATTRIBUTES: u8 = 4;
pub(super) const LINK_DROPPED_ATTRIBUTES: u8 = 5;
pub(super) const LINK_FLAGS: u8 = 6;

/// The tag of an attribute.
pub(super) const ATTRIBUTE: u8 = wire::length_tag(ATTRIBUTES);

/// The tag of `flags`, field 16.
pub(super) const FLAGS_TAG: [u8; 2] = wire::wide_fixed32_tag(16);

/// The size of a trace id with its tag and length.
pub(super) const TRACE_ID_LEN: usize = wire::field_len(16);

/// The size of a span id with its tag and length.
pub(super) const SPAN_ID_LEN: usize = wire::field_len(8);

/// The size of the kind.
pub(super) const KIND_LEN: usize = 2;

/// The size of the flags.
pub(super) const FLAGS_LEN: usize = FLAGS_TAG.len() + 4;
