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
    /// The value of each name that has exactly one.
    values: [Option<&'a [u8]>; COUNT],
    /// A bit for each name with several values.
    several: u32,
    /// Whether any name has one of the prefixes.
    has_prefixed: bool,
    is_empty: bool,
}

impl<'a> Slots<'a> {
    /// Scans `carrier`. Returns `None` if it cannot list its headers.
    pub(super) fn of(carrier: &'a dyn Extract) -> Option<Self> {
        let mut slots =
            Self { carrier, values: [None; COUNT], several: 0, has_prefixed: false, is_empty: true };
        let last_wins = carrier.last_wins();
        let can_list = carrier.visit_all(&mut |name, value| {
            if may_be_scanned(name) {
                slots.add(name, value, last_wins);
            }
        });
        can_list.then_some(slots)
    }

    fn add(&mut self, name: &str, value: &'a [u8], last_wins: bool) {
        if let Some(index) = index(name) {
            let is_repeated = self.values[index].replace(value).is_some() && !last_wins;
            self.several |= u32::from(is_repeated) << index;
            self.is_empty = false;
        } else if has_prefix(name) {
            self.has_prefixed = true;
            self.is_empty = false;
        }
    }

    /// Returns whether the carrier has none of the headers.
    pub(super) fn is_empty(&self) -> bool {
        self.is_empty
    }

    #[inline]
    fn has_several(&self, index: usize) -> bool {
        self.several >> index & 1 == 1
    }
}

impl Extract for Slots<'_> {
    fn get(&self, name: &str) -> Option<&[u8]> {
        match index(name) {
            Some(index) if !self.has_several(index) => self.values[index],
            _ => self.carrier.get(name),
        }
    }

    fn for_each(&self, name: &str, visit: &mut dyn FnMut(&[u8])) {
        match index(name) {
            Some(index) if !self.has_several(index) => self.values[index].into_iter().for_each(visit),
            _ => self.carrier.for_each(name, visit),
        }
    }

    fn visit_all<'b>(&'b self, visit: &mut dyn FnMut(&'b str, &'b [u8])) -> bool {
        // Formats list headers only for those with a prefix.
        !self.has_prefixed || self.carrier.visit_all(visit)
    }

    fn single(&self, name: &str) -> Option<&[u8]> {
        self.single_at(index(name), name)
    }

    #[inline]
    fn single_at(&self, index: Option<usize>, name: &str) -> Option<&[u8]> {
        match index {
            Some(index) if self.has_several(index) => None,
            Some(index) => *self.values.get(index)?,
            None => self.carrier.single(name),
        }
    }
}

/// Returns whether `name`, in lower case, belongs to a scanned format.
#[cfg(feature = "tower")]
#[inline]
pub(super) fn is_scanned(name: &str) -> bool {
    may_be_scanned(name)
        && (lower_index(name).is_some() || PREFIXES.iter().any(|prefix| name.starts_with(prefix)))
}

/// Returns false for most names of other headers: those of all formats begin with one of five letters.
#[inline]
fn may_be_scanned(name: &str) -> bool {
    name.as_bytes().first().is_some_and(|first| matches!(first | 0x20, b'b' | b'j' | b'o' | b'u' | b'x'))
}

fn has_prefix(name: &str) -> bool {
    PREFIXES
        .iter()
        .any(|prefix| name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix)))
}

/// Returns the place of `name`, ignoring ASCII case.
#[inline]
fn index(name: &str) -> Option<usize> {
    let index = lower_index(name);
    if index.is_some() || name.len() > LONGEST || !name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return index;
    }
    let mut lower = [0; LONGEST];
    let lower = &mut lower[..name.len()];
    lower.copy_from_slice(name.as_bytes());
    lower.make_ascii_lowercase();
    lower_index(std::str::from_utf8(lower).ok()?)
}

/// Returns the place of `name`, in lower case. The compiler computes it for a name that it knows.
#[inline(always)]
pub(super) fn lower_index(name: &str) -> Option<usize> {
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
