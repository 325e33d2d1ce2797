//! The bytes of a batch, as a body that is sent without a copy.

use std::io::IoSlice;

use bytes::Buf;

use crate::pipeline::Batch;

/// Shows hyper all pieces at once, which then writes them and the head with one system call. As frames of their own, no more
/// than 16 would go together.
pub(super) struct Pieces {
    batch: Batch,
    /// How many pieces are sent, and how much of the next one.
    sent: usize,
    offset: usize,
    remaining: usize,
}

impl Pieces {
    pub(super) fn new(batch: Batch) -> Self {
        let remaining = batch.request_len();
        Self { batch, sent: 0, offset: 0, remaining }
    }

    /// What is not sent, the empty pieces apart.
    fn rest(&self) -> impl Iterator<Item = &[u8]> {
        let mut offset = self.offset;
        let rest = self.batch.pieces().skip(self.sent);
        rest.filter_map(move |piece| piece.get(std::mem::take(&mut offset)..))
            .filter(|piece| !piece.is_empty())
    }
}

impl Buf for Pieces {
    fn remaining(&self) -> usize {
        self.remaining
    }

    fn chunk(&self) -> &[u8] {
        self.rest().next().unwrap_or_default()
    }

    fn chunks_vectored<'a>(&'a self, to: &mut [IoSlice<'a>]) -> usize {
        to.iter_mut().zip(self.rest()).map(|(to, piece)| *to = IoSlice::new(piece)).count()
    }

    fn advance(&mut self, count: usize) {
        self.remaining = self.remaining.saturating_sub(count);
        let (mut sent, mut offset) = (self.sent, self.offset + count);
        for piece in self.batch.pieces().skip(self.sent) {
            if offset < piece.len() {
                break;
            }
            offset -= piece.len();
            sent += 1;
        }
        (self.sent, self.offset) = (sent, offset);
    }
}
