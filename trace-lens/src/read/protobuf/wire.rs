//! Reads protobuf fields from untrusted bytes.

/// Bytes that are not protobuf, or not of the expected schema, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed {
    pub(crate) what: &'static str,
    /// How many bytes were left when the fault was met.
    pub(crate) left: usize,
}

/// The payload of a field.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Field<'a> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'a [u8]),
    Fixed32(u32),
}

impl<'a> Field<'a> {
    pub(crate) fn bytes(self) -> Option<&'a [u8]> {
        if let Field::Bytes(bytes) = self { Some(bytes) } else { None }
    }

    /// A number of any wire type.
    pub(crate) fn number(self) -> u64 {
        match self {
            Field::Varint(number) | Field::Fixed64(number) => number,
            Field::Fixed32(number) => u64::from(number),
            Field::Bytes(_) => 0,
        }
    }
}

/// Walks the fields of a message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(crate) fn new(message: &'a [u8]) -> Self {
        Self { rest: message }
    }

    /// Returns the next field and its number, `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<(u32, Field<'a>)>, Malformed> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let tag = self.varint()?;
        let number = u32::try_from(tag >> 3).map_err(|_| self.fault("a field number is out of range"))?;
        if number == 0 {
            return Err(self.fault("a field number is 0"));
        }
        let field = match tag & 7 {
            0 => Field::Varint(self.varint()?),
            1 => Field::Fixed64(u64::from_le_bytes(self.array()?)),
            2 => {
                let length = self.varint()?;
                let length = usize::try_from(length).map_err(|_| self.fault("truncated"))?;
                let Some((taken, rest)) = self.rest.split_at_checked(length) else {
                    return Err(self.fault("truncated: a field is longer than its message"));
                };
                self.rest = rest;
                Field::Bytes(taken)
            }
            5 => Field::Fixed32(u32::from_le_bytes(self.array()?)),
            _ => return Err(self.fault("unknown wire type")),
        };
        Ok(Some((number, field)))
    }

    fn fault(&self, what: &'static str) -> Malformed {
        Malformed { what, left: self.rest.len() }
    }

    #[inline]
    pub(crate) fn varint(&mut self) -> Result<u64, Malformed> {
        let mut value = 0u64;
        for (index, &byte) in self.rest.iter().take(10).enumerate() {
            value |= u64::from(byte & 0x7f) << (7 * index);
            if byte < 0x80 {
                self.rest = &self.rest[index + 1..];
                return Ok(value);
            }
        }
        Err(self.fault(if self.rest.len() < 10 { "truncated" } else { "a varint is longer than 64 bits" }))
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let Some((taken, rest)) = self.rest.split_first_chunk() else { return Err(self.fault("truncated")) };
        self.rest = rest;
        Ok(*taken)
    }
}
