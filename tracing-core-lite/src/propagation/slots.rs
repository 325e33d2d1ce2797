//! The headers of all formats besides the W3C ones, found in one scan of a carrier.

use super::Extract;

/// How many names have a place of their own.
const COUNT: usize = 17;

/// The starts of names with a value for each key of baggage.
const PREFIXES: [&str; 2] = ["uberctx-", "ot-baggage-"];

/// The longest name above, in bytes.
const LONGEST: usize = 27;

/// The values of a carrier that the scanned formats read.
pub(super) struct Slots<'a> {
    carrier: &'a dyn Extract,
    values: [Slot<'a>; COUNT],
    /// Whether any name has one of the prefixes.
    has_prefixed: bool,
    is_empty: bool,
}

#[derive(Debug, Clone, Copy)]
enum Slot<'a> {
    Absent,
    One(&'a [u8]),
    Several,
}

impl<'a> Slots<'a> {
    /// Scans `carrier`. Returns `None` if it cannot list its headers.
    pub(super) fn of(carrier: &'a dyn Extract) -> Option<Self> {
        let mut slots = Self { carrier, values: [Slot::Absent; COUNT], has_prefixed: false, is_empty: true };
        let last_wins = carrier.last_wins();
        let can_list = carrier.visit_all(&mut |name, value| match index(name) {
            Some(index) => {
                let slot = &mut slots.values[index];
                *slot = match slot {
                    Slot::Absent => Slot::One(value),
                    _ if last_wins => Slot::One(value),
                    _ => Slot::Several,
                };
                slots.is_empty = false;
            }
            None if has_prefix(name) => {
                slots.has_prefixed = true;
                slots.is_empty = false;
            }
            None => {}
        });
        can_list.then_some(slots)
    }

    /// Returns whether the carrier has none of the headers.
    pub(super) fn is_empty(&self) -> bool {
        self.is_empty
    }
}

impl Extract for Slots<'_> {
    fn get(&self, name: &str) -> Option<&[u8]> {
        match index(name).map(|index| self.values[index]) {
            Some(Slot::One(value)) => Some(value),
            Some(Slot::Absent) => None,
            Some(Slot::Several) | None => self.carrier.get(name),
        }
    }

    fn for_each(&self, name: &str, visit: &mut dyn FnMut(&[u8])) {
        match index(name).map(|index| self.values[index]) {
            Some(Slot::One(value)) => visit(value),
            Some(Slot::Absent) => {}
            Some(Slot::Several) | None => self.carrier.for_each(name, visit),
        }
    }

    fn visit_all<'b>(&'b self, visit: &mut dyn FnMut(&'b str, &'b [u8])) -> bool {
        // Formats list headers only for those with a prefix.
        !self.has_prefixed || self.carrier.visit_all(visit)
    }

    fn single(&self, name: &str) -> Option<&[u8]> {
        match index(name).map(|index| self.values[index]) {
            Some(Slot::One(value)) => Some(value),
            Some(Slot::Absent | Slot::Several) => None,
            None => self.carrier.single(name),
        }
    }
}

/// Returns whether `name`, in lower case, belongs to a scanned format.
#[cfg(feature = "tower")]
#[inline]
pub(super) fn is_scanned(name: &str) -> bool {
    lower_index(name).is_some() || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

fn has_prefix(name: &str) -> bool {
    PREFIXES
        .iter()
        .any(|prefix| name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix)))
}

/// Returns the place of `name`, ignoring ASCII case.
#[inline]
fn index(name: &str) -> Option<usize> {
    if name.len() > LONGEST {
        return None;
    }
    if !name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return lower_index(name);
    }
    let mut lower = [0; LONGEST];
    let lower = &mut lower[..name.len()];
    lower.copy_from_slice(name.as_bytes());
    lower.make_ascii_lowercase();
    lower_index(std::str::from_utf8(lower).ok()?)
}

#[inline]
fn lower_index(name: &str) -> Option<usize> {
    Some(match name {
        "b3" => 0,
        "x-b3-traceid" => 1,
        "x-b3-spanid" => 2,
        "x-b3-parentspanid" => 3,
        "x-b3-sampled" => 4,
        "x-b3-flags" => 5,
        "uber-trace-id" => 6,
        "jaeger-baggage" => 7,
        "x-amzn-trace-id" => 8,
        "x-datadog-trace-id" => 9,
        "x-datadog-parent-id" => 10,
        "x-datadog-sampling-priority" => 11,
        "x-datadog-origin" => 12,
        "x-datadog-tags" => 13,
        "ot-tracer-traceid" => 14,
        "ot-tracer-spanid" => 15,
        "ot-tracer-sampled" => 16,
        _ => return None,
    })
}
