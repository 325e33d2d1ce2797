//! What was seen, kept and dropped, and the true counts estimated from what was kept.
