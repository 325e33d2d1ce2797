//! Views of attributes and their values.

use super::items::{Items, View, sealed, text};
use crate::span::data::DecodeError;
use crate::wire::{Fields, Malformed};

/// A view of one attribute (`KeyValue`).
#[derive(Debug, Clone, Copy)]
pub struct AttributeView<'a> {
    bytes: &'a [u8],
}

impl sealed::Sealed for AttributeView<'_> {}

impl<'a> View<'a> for AttributeView<'a> {
    fn of(message: &'a [u8]) -> Self {
        Self { bytes: message }
    }
}

impl<'a> AttributeView<'a> {
    /// Returns the bytes of the message.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Returns the key, which may not be UTF-8, and the encoded value for [`ValueView::read`].
    ///
    /// # Errors
    /// Returns an error if the message is malformed.
    #[inline]
    pub fn parts(&self) -> Result<(&'a [u8], &'a [u8]), DecodeError> {
        Ok(self.split()?)
    }

    /// Returns the key and the value of an encoded `KeyValue`.
    pub(crate) fn split_bytes(bytes: &'a [u8]) -> Result<(&'a [u8], &'a [u8]), Malformed> {
        Self { bytes }.split()
    }

    #[inline]
    fn split(&self) -> Result<(&'a [u8], &'a [u8]), Malformed> {
        let mut parts: (&[u8], &[u8]) = (&[], &[]);
        let mut fields = Fields::of(self.bytes);
        while let Some((number, field)) = fields.next()? {
            match number {
                1 => parts.0 = field.bytes()?,
                2 => parts.1 = field.bytes()?,
                _ => {}
            }
        }
        Ok(parts)
    }

    /// Returns the key.
    ///
    /// # Errors
    /// Returns an error if the message is malformed.
    pub fn key(&self) -> Result<&'a str, DecodeError> {
        text(self.split()?.0)
    }

    /// Returns the value.
    ///
    /// # Errors
    /// Returns an error if the message is malformed.
    pub fn value(&self) -> Result<ValueView<'a>, DecodeError> {
        ValueView::read(self.split()?.1)
    }
}

/// A view of an attribute's value (`AnyValue`). Arrays and maps are read only when they are iterated.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum ValueView<'a> {
    /// No value.
    Empty,
    /// A string.
    Str(&'a str),
    /// A bool.
    Bool(bool),
    /// A signed 64-bit integer.
    Int(i64),
    /// A double.
    Double(f64),
    /// Encoded values, each for [`ValueView::read`].
    Array(Items<'a, &'a [u8]>),
    /// Keys and values.
    Map(Items<'a, AttributeView<'a>>),
    /// Bytes.
    Bytes(&'a [u8]),
}

impl<'a> ValueView<'a> {
    /// Reads the content of an encoded `AnyValue`.
    ///
    /// # Errors
    /// Returns an error if the message is malformed, or if a string is not UTF-8.
    #[inline]
    #[allow(clippy::cast_possible_wrap)]
    pub fn read(message: &'a [u8]) -> Result<Self, DecodeError> {
        let mut value = Self::Empty;
        let mut fields = Fields::of(message);
        while let Some((number, field)) = fields.next()? {
            value = match number {
                1 => Self::Str(text(field.bytes()?)?),
                2 => Self::Bool(field.varint()? != 0),
                3 => Self::Int(field.varint()? as i64),
                4 => Self::Double(f64::from_bits(field.fixed64()?)),
                5 => Self::Array(Items::new(field.bytes()?, 1)),
                6 => Self::Map(Items::new(field.bytes()?, 1)),
                7 => Self::Bytes(field.bytes()?),
                _ => continue,
            };
        }
        Ok(value)
    }
}
