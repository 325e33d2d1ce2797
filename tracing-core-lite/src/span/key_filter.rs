//! Tells at a glance that a span does not have a key yet.

/// Says for sure that a key was not set before, or that it may have been.
///
/// A set of 1,024 bits: with 20 attributes, a search through the bytes is needed for one attribute in 100. With 256 bits, a span
/// of 128 attributes took 4.3 µs instead of 2.4, and one of 8 as long as now.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct KeyFilter([u64; 16]);

impl KeyFilter {
    #[inline]
    pub(super) fn may_contain_then_insert(&mut self, key: &str) -> bool {
        // `server.address` and `client.address` differ at the front, `url.path` and `url.query` at the end.
        let bytes = key.as_bytes();
        let word = match (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
            (Some(first), Some(last)) => {
                u64::from_le_bytes(*first).rotate_left(20) ^ u64::from_le_bytes(*last)
            }
            _ => bytes.iter().fold(0, |word, byte| (word << 8) | u64::from(*byte)),
        };
        let hash = (word ^ bytes.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 54;
        let (slot, bit) = ((hash >> 6) as usize, 1 << (hash & 63));
        let contained = self.0[slot] & bit != 0;
        self.0[slot] |= bit;
        contained
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_keys_are_told_apart() {
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
        let collisions = keys.iter().filter(|key| filter.may_contain_then_insert(key)).count();
        assert_eq!(collisions, 0);
    }
}
