//! Finds the messages in a stream of bytes.

use bytes::Buf;
use tracing_core_lite::Value;

use super::ending::Side;
use super::semconv::message::{ID, RECEIVED, SENT, SIZE};

/// The length of a message's prefix: a flag for compression, and the message's length in four bytes (gRPC, "gRPC over HTTP2", section "Length-Prefixed-Message").
const PREFIX: usize = 5;

/// Reads the prefixes of messages from a stream of bytes that is cut anywhere.
#[derive(Debug)]
pub(crate) struct Messages {
    /// The number of further events that may be recorded.
    left: u32,
    seen: u32,
    prefix: [u8; PREFIX],
    prefix_len: usize,
    /// Bytes of the current message that have not arrived.
    missing: usize,
}

impl Messages {
    pub(crate) fn new(most: u32) -> Self {
        Self { left: most, seen: 0, prefix: [0; PREFIX], prefix_len: 0, missing: 0 }
    }

    /// Returns whether further events may be recorded.
    #[inline]
    pub(crate) fn are_wanted(&self) -> bool {
        self.left > 0
    }

    /// Calls `found` with the number, from 1, and the size of each message that begins in `data`, until the limit is
    /// reached. The size is that of the message on the wire, which may be compressed.
    pub(crate) fn read(&mut self, data: &impl Buf, mut found: impl FnMut(u32, usize)) {
        let mut bytes = data.chunk();
        if bytes.len() < data.remaining() {
            // Only the first piece can be read without consuming it. tonic's data has one piece.
            self.left = 0;
        }
        while self.left > 0 && !bytes.is_empty() {
            let skipped = self.missing.min(bytes.len());
            self.missing -= skipped;
            bytes = &bytes[skipped..];
            let taken = (PREFIX - self.prefix_len).min(bytes.len());
            self.prefix[self.prefix_len..self.prefix_len + taken].copy_from_slice(&bytes[..taken]);
            self.prefix_len += taken;
            bytes = &bytes[taken..];
            if self.prefix_len == PREFIX {
                let [_, length @ ..] = self.prefix;
                self.missing = u32::from_be_bytes(length) as usize;
                self.prefix_len = 0;
                self.seen += 1;
                self.left -= 1;
                found(self.seen, self.missing);
            }
        }
    }
}

/// The direction of a message, seen from this process.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Direction {
    Sent,
    Received,
}

impl Side {
    pub(crate) fn of_requests(self) -> Direction {
        match self {
            Self::Client => Direction::Sent,
            Self::Server => Direction::Received,
        }
    }

    pub(crate) fn of_responses(self) -> Direction {
        match self {
            Self::Client => Direction::Received,
            Self::Server => Direction::Sent,
        }
    }
}

impl Direction {
    /// Passes the event of a message to `add`.
    pub(crate) fn event(self, id: u32, size: usize, add: impl FnOnce(&str, &[(&str, Value<'_>)])) {
        let name = match self {
            Self::Sent => SENT,
            Self::Received => RECEIVED,
        };
        add(name, &[(ID, id.into()), (SIZE, size.into())]);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn framed(sizes: &[usize]) -> Vec<u8> {
        let frame = |size: &usize| {
            let mut bytes = vec![0];
            bytes.extend((*size as u32).to_be_bytes());
            bytes.resize(PREFIX + size, 0xff);
            bytes
        };
        sizes.iter().flat_map(frame).collect()
    }

    proptest! {
        #[test]
        fn messages_are_found_however_the_bytes_are_cut(
            sizes in prop::collection::vec(0_usize..40, 0..10),
            cuts in prop::collection::vec(1_usize..20, 1..60),
            most in 0_u32..12,
        ) {
            let bytes = framed(&sizes);
            let mut messages = Messages::new(most);
            let mut found = Vec::new();
            let mut rest = &bytes[..];
            for cut in cuts.iter().cycle().take_while(|_| !bytes.is_empty()) {
                let (piece, after) = rest.split_at((*cut).min(rest.len()));
                messages.read(&piece, |id, size| found.push((id, size)));
                rest = after;
                if rest.is_empty() { break }
            }
            let expected: Vec<_> = sizes.iter().enumerate().map(|(index, size)| (index as u32 + 1, *size)).take(most as usize).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
