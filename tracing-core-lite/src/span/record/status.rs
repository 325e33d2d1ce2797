//! The status of a span.

use opentelemetry::trace::Status;

use super::bounded_text::bounded;
use crate::span::field;
use crate::wire::{self, ByteBuf};

/// Field numbers of the message `Status`.
const MESSAGE: u8 = 2;
const CODE: u8 = 3;

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Code {
    #[default]
    Unset = 0,
    Ok = 1,
    Error = 2,
}

impl Code {
    /// Returns the code after a span with this code was given the code `new`: Ok is final, and Unset does not replace an
    /// error (specification, "Set Status").
    const fn next(self, new: Self) -> Self {
        match (self, new) {
            (Code::Ok, _) | (_, Code::Ok) => Code::Ok,
            (Code::Error, Code::Unset) | (_, Code::Error) => Code::Error,
            (Code::Unset, Code::Unset) => Code::Unset,
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct SpanStatus {
    code: Code,
    /// Empty unless the code is Error.
    description: String,
}

impl SpanStatus {
    #[inline]
    pub(super) fn is_unset(&self) -> bool {
        self.code == Code::Unset
    }

    #[inline]
    pub(super) fn is_error(&self) -> bool {
        self.code == Code::Error
    }

    #[inline]
    pub(super) fn reset(&mut self) {
        self.code = Code::Unset;
        self.description.clear();
    }

    pub(super) fn set(&mut self, status: &Status) {
        match status {
            Status::Unset => self.change(Code::Unset, ""),
            Status::Ok => self.change(Code::Ok, ""),
            Status::Error { description } => self.set_error(description),
        }
    }

    pub(super) fn set_error(&mut self, description: &str) {
        self.change(Code::Error, description);
    }

    /// The description is that of the last call that had an effect.
    fn change(&mut self, new: Code, description: &str) {
        if self.code.next(new) == new {
            self.code = new;
            self.description.clear();
            self.description.push_str(bounded(description));
        }
    }

    /// Frees an unusually long description.
    pub(super) fn shrink(&mut self, keep_capacity: usize) {
        if self.description.capacity() > keep_capacity {
            self.description = String::new();
        }
    }

    /// Returns the size of the field, which is absent if the status is unset.
    pub(super) fn encoded_len(&self) -> usize {
        if self.is_unset() { 0 } else { wire::field_len(self.content_len()) }
    }

    fn content_len(&self) -> usize {
        let description =
            if self.description.is_empty() { 0 } else { wire::field_len(self.description.len()) };
        description + wire::varint_field_len(self.code as u64)
    }

    /// Writes the field. Must not be called if the status is unset.
    pub(super) fn put(&self, out: &mut ByteBuf) {
        wire::put_length(out, wire::length_tag(field::STATUS), self.content_len());
        if !self.description.is_empty() {
            wire::put_bytes(out, wire::length_tag(MESSAGE), self.description.as_bytes());
        }
        wire::put_varint_field(out, CODE, self.code as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ok_is_final_and_unset_does_not_replace_an_error() {
        use Code::{Error, Ok, Unset};
        for (from, to, expected) in [
            (Unset, Unset, Unset),
            (Unset, Ok, Ok),
            (Unset, Error, Error),
            (Ok, Unset, Ok),
            (Ok, Ok, Ok),
            (Ok, Error, Ok),
            (Error, Unset, Error),
            (Error, Ok, Ok),
            (Error, Error, Error),
        ] {
            assert_eq!(from.next(to), expected, "{from:?} to {to:?}");
        }
    }

    #[test]
    fn a_status_that_has_no_effect_leaves_the_description() {
        let mut status = SpanStatus::default();
        status.set_error("first");
        status.set(&Status::Unset);
        assert_eq!(status.description, "first");
        status.set_error("second");
        assert_eq!(status.description, "second");
        status.set(&Status::Ok);
        status.set_error("third");
        assert_eq!((status.code, status.description.as_str()), (Code::Ok, ""));
    }
}
