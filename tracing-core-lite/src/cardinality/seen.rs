//! The names that were seen. They are stored as hashes, so the limits also bound the memory.

use std::collections::HashSet;
use std::hash::BuildHasher;
use std::time::Instant;

use foldhash::fast::RandomState;

use super::hashes::IdentityState;
use super::limits::NameLimits;

/// Whether a name is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is within the bounds.
    Known,
    /// It is new, and the limits must be checked.
    New(u64),
}

/// The hashes of the names of one window.
#[derive(Debug)]
pub(super) struct Seen {
    state: RandomState,
    names: HashSet<u64, IdentityState>,
    plain: usize,
    by_convention: usize,
    templates: usize,
    started: Instant,
}

impl Seen {
    /// Starts a window.
    pub(super) fn new(limits: &NameLimits, now: Instant) -> Self {
        let mut seen = Self {
            state: RandomState::default(),
            names: HashSet::default(),
            plain: 0,
            by_convention: 0,
            templates: 0,
            started: now,
        };
        for name in &limits.allowed {
            seen.names.insert(seen.state.hash_one(name.as_bytes()));
        }
        seen
    }

    /// Starts a new window if this one has passed.
    pub(super) fn begin(&mut self, limits: &NameLimits, now: Instant) {
        if now.saturating_duration_since(self.started) >= limits.window {
            *self = Self::new(limits, now);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    #[inline]
    pub(super) fn look_up(&self, name: &[u8]) -> Verdict {
        let hash = self.state.hash_one(name);
        if self.names.contains(&hash) { Verdict::Known } else { Verdict::New(hash) }
    }

    /// Adds a name, unless its bound is reached. Returns whether the name may be used.
    pub(super) fn admit(&mut self, hash: u64, by_convention: bool, limits: &NameLimits) -> bool {
        let (count, bound) = if by_convention {
            (&mut self.by_convention, limits.named_by_convention)
        } else {
            (&mut self.plain, limits.names)
        };
        if *count >= bound {
            return false;
        }
        *count += 1;
        self.names.insert(hash)
    }

    /// Adds a template, unless there are as many as names are allowed. Returns whether it may be used.
    pub(super) fn admit_template(&mut self, template: &str, limits: &NameLimits) -> bool {
        match self.look_up(template.as_bytes()) {
            Verdict::Known => true,
            Verdict::New(_) if self.templates >= limits.names => false,
            Verdict::New(hash) => {
                self.templates += 1;
                self.names.insert(hash)
            }
        }
    }
}
