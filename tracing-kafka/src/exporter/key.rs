//! The key of a trace, and the partition that it selects.

use tracing_core_lite::opentelemetry::trace::TraceId;

/// librdkafka's name of the partitioner that the OpenTelemetry Collector uses: FNV-1a of the key. librdkafka's own default is
/// CRC32, and that of the Java client is murmur2.
pub const PARTITIONER: &str = "fnv1a_random";

/// The key of the records of a trace: its id as 32 lower-case hexadecimal digits, as the OpenTelemetry Collector's Kafka exporter
/// writes it with `partition_traces_by_id: true`.
///
/// ```
/// use tracing_core_lite::opentelemetry::trace::TraceId;
/// use tracing_kafka::exporter::TraceKey;
///
/// let key = TraceKey::new(TraceId::from_hex("5b8efff798038103d269b633813fc60c")?);
/// assert_eq!(key.as_bytes(), b"5b8efff798038103d269b633813fc60c");
/// assert_eq!(TraceKey::parse(key.as_bytes()), Some(key));
/// assert!((0..8).contains(&key.partition(8)));
/// # Ok::<(), std::num::ParseIntError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceKey {
    text: [u8; 32],
}

impl TraceKey {
    /// Returns the key of a trace.
    #[must_use]
    pub fn new(trace_id: TraceId) -> Self {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [0; 32];
        for (pair, byte) in text.chunks_exact_mut(2).zip(trace_id.to_bytes()) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        Self { text }
    }

    /// Returns the key with these bytes, or `None` if they are not 32 lower-case hexadecimal digits.
    #[must_use]
    pub fn parse(key: &[u8]) -> Option<Self> {
        let text: [u8; 32] = key.try_into().ok()?;
        text.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')).then_some(Self { text })
    }

    /// Returns the trace.
    #[must_use]
    pub fn trace_id(&self) -> TraceId {
        let value = |digit: u8| if digit.is_ascii_digit() { digit - b'0' } else { digit - b'a' + 10 };
        let mut id = [0; 16];
        for (byte, pair) in id.iter_mut().zip(self.text.chunks_exact(2)) {
            *byte = value(pair[0]) << 4 | value(pair[1]);
        }
        TraceId::from_bytes(id)
    }

    /// Returns the key as it is written.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.text
    }

    /// Returns the partition of the trace in a topic with this many partitions, or 0 if there are none.
    #[must_use]
    pub fn partition(&self, partitions: i32) -> i32 {
        let hash = self
            .text
            .iter()
            .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193));
        // The absolute value of the signed hash, as in Sarama and librdkafka.
        let hash = hash.cast_signed().unsigned_abs();
        match u32::try_from(partitions) {
            Ok(partitions) if partitions > 0 => (hash % partitions).cast_signed(),
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_lower_case_hex_and_nothing_else() {
        let id = TraceId::from_bytes(0x00ff_a0b1_0203_0405_0607_0809_0a0b_0c0d_u128.to_be_bytes());
        let key = TraceKey::new(id);
        assert_eq!(key.as_bytes(), id.to_string().as_bytes());
        assert_eq!(TraceKey::parse(key.as_bytes()).map(|key| key.trace_id()), Some(id));
        for foreign in [&b""[..], b"4711", b"00FFA0B102030405060708090A0B0C0D", &[b'g'; 32], &[b'0'; 33]] {
            assert_eq!(TraceKey::parse(foreign), None);
        }
        assert_eq!((key.partition(0), key.partition(-1), key.partition(1)), (0, 0, 0));
    }
}
