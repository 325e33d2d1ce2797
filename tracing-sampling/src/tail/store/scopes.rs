//! The bytes around spans, stored once for all traces.

use std::sync::Arc;

use foldhash::HashMap;

use crate::tail::size::Origin;

/// The memory of a scope entry in addition to its bytes: the slot, the map entry and two allocations.
const ENTRY: usize = 160;

/// The fields of a `ResourceSpans` and a `ScopeSpans` around their spans.
#[derive(Debug)]
pub(in crate::tail) struct ScopeHead {
    bytes: Arc<[u8]>,
    /// Where the bytes of the scope begin.
    middle: usize,
    /// Conditions that an attribute of the resource satisfies.
    pub(in crate::tail) matched: u128,
    references: usize,
}

impl ScopeHead {
    pub(in crate::tail) fn resource(&self) -> &[u8] {
        &self.bytes[..self.middle]
    }

    pub(in crate::tail) fn scope(&self) -> &[u8] {
        &self.bytes[self.middle..]
    }

    /// Returns where spans of this scope come from: the `ResourceSpans` number `part`, and the scope `number`.
    pub(in crate::tail) fn origin(&self, part: u64, number: u32) -> Origin<'_> {
        Origin { part, scope: number, resource_head: self.resource(), scope_head: self.scope() }
    }
}

/// Scope heads, counted by reference.
#[derive(Debug, Default)]
pub(in crate::tail) struct ScopeHeads {
    slots: Vec<Option<ScopeHead>>,
    free: Vec<u32>,
    by_bytes: HashMap<(usize, Arc<[u8]>), u32>,
    held: usize,
}

impl ScopeHeads {
    /// Returns the memory that the heads occupy, in bytes.
    pub(in crate::tail) fn held(&self) -> usize {
        self.held
    }

    /// Returns the number of the head with these bytes, with one more reference. `matched` is called for a new one.
    pub(in crate::tail) fn acquire(
        &mut self,
        bytes: &[u8],
        middle: usize,
        matched: impl FnOnce() -> u128,
    ) -> u32 {
        let key = (middle, Arc::from(bytes));
        if let Some(&number) = self.by_bytes.get(&key) {
            self.reference(number);
            return number;
        }
        self.held += bytes.len() + ENTRY;
        let head = ScopeHead { bytes: Arc::clone(&key.1), middle, matched: matched(), references: 1 };
        let number = match self.free.pop() {
            Some(number) => {
                self.slots[number as usize] = Some(head);
                number
            }
            None => {
                self.slots.push(Some(head));
                self.slots.len() as u32 - 1
            }
        };
        self.by_bytes.insert(key, number);
        number
    }

    pub(in crate::tail) fn reference(&mut self, number: u32) {
        if let Some(Some(head)) = self.slots.get_mut(number as usize) {
            head.references += 1;
        }
    }

    pub(in crate::tail) fn get(&self, number: u32) -> Option<&ScopeHead> {
        self.slots.get(number as usize)?.as_ref()
    }

    /// Releases one reference.
    pub(in crate::tail) fn release(&mut self, number: u32) {
        let Some(slot) = self.slots.get_mut(number as usize) else { return };
        let Some(head) = slot else { return };
        head.references -= 1;
        if head.references == 0 {
            self.held -= head.bytes.len() + ENTRY;
            self.by_bytes.remove(&(head.middle, Arc::clone(&head.bytes)));
            *slot = None;
            self.free.push(number);
            if self.by_bytes.is_empty() {
                *self = Self::default();
            }
        }
    }

    /// Evaluates the conditions on all resources again, after a change of the policies.
    pub(in crate::tail) fn rematch(&mut self, mut matched: impl FnMut(&[u8]) -> u128) {
        for head in self.slots.iter_mut().flatten() {
            head.matched = matched(&head.bytes[..head.middle]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_heads_are_stored_once_and_freed_with_the_last_reference() {
        let mut heads = ScopeHeads::default();
        let first = heads.acquire(b"resource+scope", 8, || 5);
        assert_eq!(heads.acquire(b"resource+scope", 8, || unreachable!()), first);
        assert_ne!(heads.acquire(b"resource+scope", 9, || 0), first, "another split");
        let head = heads.get(first).unwrap();
        assert_eq!((head.resource(), head.scope(), head.matched), (&b"resource"[..], &b"+scope"[..], 5));
        heads.release(first);
        assert!(heads.get(first).is_some());
        heads.release(first);
        assert!(heads.get(first).is_none());
        heads.release(1);
        assert_eq!(heads.held(), 0);
    }
}
