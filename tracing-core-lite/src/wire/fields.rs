//! A protobuf reader for untrusted bytes: it checks every length and limits every depth.

/// How deep groups may nest. They are deprecated, but legal in unknown fields.
const MAX_GROUP_DEPTH: usize = 32;

/// The error for bytes that are not protobuf, or not of the expected schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed(pub(crate) &'static str);

/// One field's payload, borrowed from the message.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Field<'a> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'a [u8]),
    Fixed32(u32),
}

impl<'a> Field<'a> {
    pub(crate) fn bytes(self) -> Result<&'a [u8], Malformed> {
        match self {
            Field::Bytes(bytes) => Ok(bytes),
            _ => Err(Malformed("a field has another wire type than its schema says")),
        }
    }

    pub(crate) fn string(self) -> Result<&'a str, Malformed> {
        std::str::from_utf8(self.bytes()?).map_err(|_| Malformed("a string is not UTF-8"))
    }

    pub(crate) fn varint(self) -> Result<u64, Malformed> {
        match self {
            Field::Varint(value) => Ok(value),
            _ => Err(Malformed("a field has another wire type than its schema says")),
        }
    }

    /// A `uint32` or an enum: protobuf keeps the low 32 bits of a longer varint.
    #[allow(clippy::cast_possible_truncation)]
    pub(crate) fn low32(self) -> Result<u32, Malformed> {
        self.varint().map(|value| value as u32)
    }

    pub(crate) fn fixed64(self) -> Result<u64, Malformed> {
        match self {
            Field::Fixed64(value) => Ok(value),
            _ => Err(Malformed("a field has another wire type than its schema says")),
        }
    }

    pub(crate) fn fixed32(self) -> Result<u32, Malformed> {
        match self {
            Field::Fixed32(value) => Ok(value),
            _ => Err(Malformed("a field has another wire type than its schema says")),
        }
    }
}

/// Walks the fields of one message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    #[inline]
    pub(crate) fn of(message: &'a [u8]) -> Self {
        Self { rest: message }
    }

    /// Returns the bytes that were not read yet.
    #[inline]
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Returns the next field with this number.
    pub(crate) fn find(&mut self, number: u32) -> Option<(u32, Field<'a>)> {
        while let Ok(Some(field)) = self.next() {
            if field.0 == number {
                return Some(field);
            }
        }
        None
    }

    /// The next field and its number; `None` at the end of the message. Groups are skipped.
    #[inline]
    pub(crate) fn next(&mut self) -> Result<Option<(u32, Field<'a>)>, Malformed> {
        while !self.rest.is_empty() {
            let (number, wire_type) = self.tag()?;
            match wire_type {
                3 => self.skip_group(number)?,
                4 => return Err(Malformed("a group ends that never began")),
                _ => return Ok(Some((number, self.payload(wire_type)?))),
            }
        }
        Ok(None)
    }

    fn tag(&mut self) -> Result<(u32, u8), Malformed> {
        let tag =
            u32::try_from(self.read_varint()?).map_err(|_| Malformed("a field number is out of range"))?;
        if tag >> 3 == 0 {
            return Err(Malformed("a field number is 0"));
        }
        Ok((tag >> 3, (tag & 7) as u8))
    }

    fn payload(&mut self, wire_type: u8) -> Result<Field<'a>, Malformed> {
        match wire_type {
            0 => Ok(Field::Varint(self.read_varint()?)),
            1 => Ok(Field::Fixed64(u64::from_le_bytes(self.array()?))),
            2 => {
                let length = self.read_varint()?;
                let length = usize::try_from(length).map_err(|_| Malformed("truncated"))?;
                Ok(Field::Bytes(self.take(length)?))
            }
            5 => Ok(Field::Fixed32(u32::from_le_bytes(self.array()?))),
            _ => Err(Malformed("unknown wire type")),
        }
    }

    fn skip_group(&mut self, number: u32) -> Result<(), Malformed> {
        let mut open = [number; MAX_GROUP_DEPTH];
        let mut depth = 1;
        while depth > 0 {
            let (number, wire_type) = self.tag()?;
            match wire_type {
                3 if depth == MAX_GROUP_DEPTH => return Err(Malformed("nested too deeply")),
                3 => {
                    open[depth] = number;
                    depth += 1;
                }
                4 if number != open[depth - 1] => return Err(Malformed("a group ends that never began")),
                4 => depth -= 1,
                _ => _ = self.payload(wire_type)?,
            }
        }
        Ok(())
    }

    #[inline]
    fn read_varint(&mut self) -> Result<u64, Malformed> {
        // Most tags and lengths take one byte.
        if let [byte @ 0..0x80, rest @ ..] = self.rest {
            self.rest = rest;
            return Ok(u64::from(*byte));
        }
        self.read_long_varint()
    }

    fn read_long_varint(&mut self) -> Result<u64, Malformed> {
        let mut value = 0u64;
        for (index, &byte) in self.rest.iter().take(10).enumerate() {
            if index == 9 && byte > 1 {
                return Err(Malformed("a varint is longer than 64 bits"));
            }
            value |= u64::from(byte & 0x7f) << (7 * index);
            if byte < 0x80 {
                self.rest = &self.rest[index + 1..];
                return Ok(value);
            }
        }
        Err(Malformed("truncated"))
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(Malformed("truncated"))?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(Malformed("truncated"))?;
        self.rest = rest;
        Ok(*taken)
    }
}

/// Calls `visit` for every field of `message`.
pub(crate) fn each_field<'a>(
    message: &'a [u8],
    mut visit: impl FnMut(u32, Field<'a>) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    let mut fields = Fields::of(message);
    while let Some((number, field)) = fields.next()? {
        visit(number, field)?;
    }
    Ok(())
}
