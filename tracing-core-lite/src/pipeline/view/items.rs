//! Iterates over repeated messages.

use std::marker::PhantomData;

use crate::span::data::DecodeError;
use crate::wire::{Fields, Malformed};

/// A message that a view borrows. This trait is sealed.
pub trait View<'a>: sealed::Sealed + Sized {
    /// Creates a view of the content of an encoded message. Nothing is checked yet.
    fn of(message: &'a [u8]) -> Self;
}

pub(super) mod sealed {
    pub trait Sealed {}
}

impl sealed::Sealed for &[u8] {}

impl<'a> View<'a> for &'a [u8] {
    fn of(message: &'a [u8]) -> Self {
        message
    }
}

/// An iterator over the messages in one repeated field. After an error it ends.
#[derive(Debug, Clone)]
pub struct Items<'a, T> {
    fields: Fields<'a>,
    number: u32,
    item: PhantomData<fn() -> T>,
}

impl<'a, T> Items<'a, T> {
    pub(super) fn new(message: &'a [u8], number: u32) -> Self {
        Self { fields: Fields::of(message), number, item: PhantomData }
    }

    #[inline]
    fn advance(&mut self) -> Result<Option<&'a [u8]>, Malformed> {
        while let Some((number, field)) = self.fields.next()? {
            if number == self.number {
                return field.bytes().map(Some);
            }
        }
        Ok(None)
    }
}

impl<'a, T: View<'a>> Iterator for Items<'a, T> {
    type Item = Result<T, DecodeError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        match self.advance() {
            Ok(message) => message.map(|message| Ok(T::of(message))),
            Err(malformed) => {
                self.fields = Fields::of(&[]);
                Some(Err(malformed.into()))
            }
        }
    }
}

impl From<Malformed> for DecodeError {
    fn from(Malformed(reason): Malformed) -> Self {
        Self(reason)
    }
}

/// Calls `visit` with each field of `message`: its number and its bytes, tag included.
pub(crate) fn each_raw_field<'a>(
    message: &'a [u8],
    mut visit: impl FnMut(u32, &'a [u8]),
) -> Result<(), Malformed> {
    let mut fields = Fields::of(message);
    loop {
        let before = fields.rest();
        let Some((number, _)) = fields.next()? else { return Ok(()) };
        visit(number, &before[..before.len() - fields.rest().len()]);
    }
}

/// Returns the last field with this number, which is the one that counts.
pub(super) fn last_message(message: &[u8], wanted: u32) -> Result<&[u8], Malformed> {
    let mut last: &[u8] = &[];
    let mut fields = Fields::of(message);
    while let Some((number, field)) = fields.next()? {
        if number == wanted {
            last = field.bytes()?;
        }
    }
    Ok(last)
}

pub(super) fn text(bytes: &[u8]) -> Result<&str, DecodeError> {
    std::str::from_utf8(bytes).map_err(|_| DecodeError("a string is not UTF-8"))
}
