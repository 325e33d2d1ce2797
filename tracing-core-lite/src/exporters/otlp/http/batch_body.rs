//! The bytes of a batch as a request body, sent without a copy.

use std::io::IoSlice;

use bytes::Buf;

use crate::pipeline::Batch;

/// Offers all slices of a batch to hyper at once, which then writes them and the head with one system call. If each slice
/// were a frame of the body, hyper would write at most 16 of them together.
pub(super) struct BatchBody {
    batch: Batch,
    /// The number of slices that were sent whole.
    sent: usize,
    /// How much of the next slice was sent.
    offset: usize,
    remaining: usize,
}

impl BatchBody {
    pub(super) fn new(batch: Batch) -> Self {
        let remaining = batch.request_len();
        Self { batch, sent: 0, offset: 0, remaining }
    }

    /// The slices that were not sent yet. Empty ones are left out.
    fn unsent(&self) -> impl Iterator<Item = &[u8]> {
        let mut offset = self.offset;
        let slices = self.batch.slices().skip(self.sent);
        slices
            .filter_map(move |slice| slice.get(std::mem::take(&mut offset)..))
            .filter(|slice| !slice.is_empty())
    }
}

impl Buf for BatchBody {
    fn remaining(&self) -> usize {
        self.remaining
    }

    fn chunk(&self) -> &[u8] {
        self.unsent().next().unwrap_or_default()
    }

    fn chunks_vectored<'a>(&'a self, to: &mut [IoSlice<'a>]) -> usize {
        to.iter_mut().zip(self.unsent()).map(|(to, slice)| *to = IoSlice::new(slice)).count()
    }

    fn advance(&mut self, count: usize) {
        self.remaining = self.remaining.saturating_sub(count);
        let (mut sent, mut offset) = (self.sent, self.offset + count);
        for slice in self.batch.slices().skip(self.sent) {
            if offset < slice.len() {
                break;
            }
            offset -= slice.len();
            sent += 1;
        }
        (self.sent, self.offset) = (sent, offset);
    }
}
