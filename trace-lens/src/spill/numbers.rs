//! Numbers of variable length.

use std::io;

/// Appends a number.
#[inline]
pub(super) fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Appends the difference of two numbers, which is short if they are close to each other.
#[inline]
#[allow(clippy::cast_possible_wrap, clippy::cast_sign_loss)]
pub(super) fn put_difference(out: &mut Vec<u8>, from: u64, to: u64) {
    let difference = to.wrapping_sub(from) as i64;
    put(out, ((difference << 1) ^ (difference >> 63)) as u64);
}

/// Reads what was appended.
#[derive(Debug)]
pub(super) struct Numbers<'a> {
    rest: &'a [u8],
}

impl<'a> Numbers<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(super) fn bytes(&mut self, length: usize) -> io::Result<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or_else(damaged)?;
        self.rest = rest;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or_else(damaged)?;
        self.rest = rest;
        Ok(*taken)
    }

    #[inline]
    pub(super) fn next(&mut self) -> io::Result<u64> {
        let mut number = 0;
        for (index, &byte) in self.rest.iter().take(10).enumerate() {
            number |= u64::from(byte & 0x7f) << (7 * index);
            if byte < 0x80 {
                self.rest = &self.rest[index + 1..];
                return Ok(number);
            }
        }
        Err(damaged())
    }

    /// Returns the number whose difference from `from` was appended.
    #[inline]
    pub(super) fn after(&mut self, from: u64) -> io::Result<u64> {
        let folded = self.next()?;
        let difference = (folded >> 1) ^ (folded & 1).wrapping_neg();
        Ok(from.wrapping_add(difference))
    }

    /// Returns a number that is used as an index or a count.
    #[inline]
    pub(super) fn index(&mut self) -> io::Result<usize> {
        usize::try_from(self.next()?).map_err(|_| damaged())
    }

    /// Returns the entry of `table` with the next number.
    #[inline]
    pub(super) fn entry<T: Copy>(&mut self, table: &[T]) -> io::Result<T> {
        let index = self.index()?;
        table.get(index).copied().ok_or_else(damaged)
    }
}

pub(super) fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "spans that were kept on disk are damaged")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_survive() {
        let all = [0, 1, 127, 128, 300, 1 << 31, u64::MAX - 1, u64::MAX];
        let mut out = Vec::new();
        for number in all {
            put(&mut out, number);
            put_difference(&mut out, 1 << 40, number);
        }
        let mut numbers = Numbers::new(&out);
        for number in all {
            assert_eq!((numbers.next().ok(), numbers.after(1 << 40).ok()), (Some(number), Some(number)));
        }
        assert!(numbers.next().is_err());
    }
}
