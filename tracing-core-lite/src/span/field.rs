//! Field numbers of the OTLP message `Span`.

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

/// The tag of an attribute.
pub(super) const ATTRIBUTE: u8 = wire::length_tag(ATTRIBUTES);
