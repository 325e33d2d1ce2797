//! A Bloom filter of the keys that a span has.

/// Tells that a key was certainly not set before, or that it may have been.
///
/// The set has 1,024 bits, so that a search through the encoded attributes is rarely needed.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct KeyFilter([u64; 16]);

/// The place of a key's bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct KeyPlace {
    slot: usize,
    bit: u64,
}

impl KeyPlace {
    /// The number of places.
    pub(super) const COUNT: usize = 1024;

    /// Returns the number of the place, below [`COUNT`](KeyPlace::COUNT).
    #[inline]
    pub(super) fn number(self) -> usize {
        (self.slot % 16) * 64 + self.bit.trailing_zeros() as usize % 64
    }
}

impl KeyFilter {
    #[inline(always)]
    pub(super) fn place_of(key: &str) -> KeyPlace {
        // `server.address` and `client.address` differ at the front, `url.path` and `url.query` at the end.
        let bytes = key.as_bytes();
        let word = match (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
            (Some(first), Some(last)) => {
                u64::from_le_bytes(*first).rotate_left(20) ^ u64::from_le_bytes(*last)
            }
            _ => bytes.iter().fold(0, |word, byte| (word << 8) | u64::from(*byte)),
        };
        let hash = (word ^ bytes.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 54;
        KeyPlace { slot: (hash >> 6) as usize, bit: 1 << (hash & 63) }
    }

    /// Inserts a key. Returns whether it is certainly new.
    #[inline]
    pub(super) fn insert(&mut self, place: KeyPlace) -> bool {
        let word = &mut self.0[place.slot % 16];
        let is_new = *word & place.bit == 0;
        *word |= place.bit;
        is_new
    }

    /// Inserts all keys of `other` if they are certainly new.
    #[inline]
    pub(super) fn insert_all(&mut self, other: &Self) -> bool {
        let are_new =
            std::iter::zip(&self.0, &other.0).fold(0, |common, (own, new)| common | (own & new)) == 0;
        if are_new {
            std::iter::zip(&mut self.0, &other.0).for_each(|(own, new)| *own |= new);
        }
        are_new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_keys_do_not_collide() {
        let mut filter = KeyFilter::default();
        let keys = [
            "http.request.method",
            "http.route",
            "http.response.status_code",
            "url.scheme",
            "url.path",
            "url.query",
            "server.address",
            "server.port",
            "client.address",
            "network.peer.address",
            "network.peer.port",
            "network.protocol.version",
            "user_agent.original",
            "error.type",
        ];
        let collisions = keys.iter().filter(|key| !filter.insert(KeyFilter::place_of(key))).count();
        assert_eq!(collisions, 0);
    }
}
