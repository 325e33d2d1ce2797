//! A hash of trace ids, to divide traces evenly.

/// Returns a hash of a trace id, the same in every run.
///
/// Some tools write ids of which one half is constant or counts up, so both halves take part.
pub(crate) fn trace_hash(trace_id: u128) -> u64 {
    const MIX: u64 = 0x9e37_79b9_7f4a_7c15;
    let (high, low) = ((trace_id >> 64) as u64, trace_id as u64);
    let mut hash = (high ^ low.rotate_left(32)).wrapping_mul(MIX);
    hash = (hash ^ (hash >> 29) ^ low).wrapping_mul(MIX);
    hash ^ (hash >> 32)
}
