//! Tables whose keys are already hashes.

use std::hash::{BuildHasherDefault, Hasher};

pub(super) type IdentityState = BuildHasherDefault<Identity>;

/// A hasher for values that are already hashes.
#[derive(Debug, Default)]
pub(super) struct Identity(u64);

impl Hasher for Identity {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    #[inline]
    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}
