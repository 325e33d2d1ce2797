//! The headers of a request, scanned once for all names that a server reads.

use http::HeaderMap;
use http::header::HeaderValue;

use super::Extract;

/// The number of names to scan for.
const NAMES: usize = 7;

/// With more header values than this, scanning takes longer than a lookup for each name.
const MOST_VALUES: usize = 24;

/// An [`http::HeaderMap`] as a carrier to extract from. Creating it scans the map once for `traceparent`, `tracestate`,
/// `baggage`, `grpc-trace-bin`, `grpc-timeout`, `host` and `user-agent`. Other names are looked up in the map.
///
/// A scan is faster because a map hashes the name for each lookup, and most requests lack most of these headers.
#[derive(Debug, Clone, Copy)]
pub struct HeaderScan<'a> {
    map: &'a HeaderMap,
    /// The value of each name. `None` if a name has several values or the map is large.
    found: Option<[Option<&'a HeaderValue>; NAMES]>,
    /// Whether the map may have headers of other formats than the W3C ones.
    may_have_others: bool,
}

impl<'a> HeaderScan<'a> {
    /// Scans `headers`.
    // If this were inlined, the result would be moved.
    #[inline(never)]
    #[must_use]
    pub fn of(headers: &'a HeaderMap) -> Self {
        let mut scan = Self { map: headers, found: Some([None; NAMES]), may_have_others: true };
        let is_searched =
            headers.len() <= MOST_VALUES && scan.found.as_mut().is_some_and(|found| search(headers, found));
        if !is_searched {
            scan.found = None;
        }
        scan
    }

    /// Scans `headers`, also for the names of the other formats.
    #[cfg(feature = "tower")]
    #[inline(never)]
    pub(crate) fn of_all_formats(headers: &'a HeaderMap) -> Self {
        let mut scan = Self { map: headers, found: Some([None; NAMES]), may_have_others: false };
        let mut may_have_others = false;
        let mut search = |found: &mut [Option<&'a HeaderValue>; NAMES]| {
            headers.iter().all(|(name, value)| {
                // A standard name is looked up each time that its text is needed.
                let name = name.as_str();
                let Some(index) = index(name) else {
                    may_have_others |= super::slots::is_scanned(name);
                    return true;
                };
                found[index].replace(value).is_none()
            })
        };
        let is_searched = headers.len() <= MOST_VALUES && scan.found.as_mut().is_some_and(&mut search);
        if !is_searched {
            scan.found = None;
            may_have_others = true;
        }
        scan.may_have_others = may_have_others;
        scan
    }

    /// Returns whether the map may have headers of other formats than the W3C ones.
    #[inline]
    pub(super) fn may_have_others(&self) -> bool {
        self.may_have_others
    }

    /// Returns the map.
    pub(super) fn map(&self) -> &'a HeaderMap {
        self.map
    }

    /// Returns the `traceparent` if the request has exactly one, and neither `tracestate` nor `baggage`.
    #[cfg(feature = "tower")]
    #[inline]
    pub(super) fn lone_traceparent(&self) -> Option<&'a [u8]> {
        match self.found {
            Some([Some(traceparent), None, None, ..]) => Some(traceparent.as_bytes()),
            _ => None,
        }
    }

    /// Returns the first value of `name`, which must be in lower case.
    #[inline]
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&'a HeaderValue> {
        match self.found(name) {
            Some(found) => found,
            None => self.map.get(name),
        }
    }

    #[inline]
    fn found(&self, name: &str) -> Option<Option<&'a HeaderValue>> {
        Some(self.found.as_ref()?[index(name)?])
    }
}

/// Stores each value in the slot of its name. Returns false if a name occurs twice.
#[inline(always)]
fn search<'a>(headers: &'a HeaderMap, found: &mut [Option<&'a HeaderValue>; NAMES]) -> bool {
    headers.iter().all(|(name, value)| match index(name.as_str()) {
        Some(index) => found[index].replace(value).is_none(),
        None => true,
    })
}

#[inline(always)]
fn index(name: &str) -> Option<usize> {
    match name {
        "traceparent" => Some(0),
        "tracestate" => Some(1),
        "baggage" => Some(2),
        "grpc-trace-bin" => Some(3),
        "host" => Some(4),
        "user-agent" => Some(5),
        "grpc-timeout" => Some(6),
        _ => None,
    }
}

impl Extract for HeaderScan<'_> {
    #[inline]
    fn get(&self, name: &str) -> Option<&[u8]> {
        match self.found(name) {
            Some(found) => found.map(HeaderValue::as_bytes),
            None => Extract::get(self.map, name),
        }
    }

    #[inline]
    fn for_each(&self, name: &str, visit: &mut dyn FnMut(&[u8])) {
        match self.found(name) {
            Some(Some(found)) => visit(found.as_bytes()),
            Some(None) => {}
            None => self.map.for_each(name, visit),
        }
    }

    fn visit_all<'b>(&'b self, visit: &mut dyn FnMut(&'b str, &'b [u8])) -> bool {
        self.map.visit_all(visit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scan_finds_what_the_map_finds() {
        let names = [
            "traceparent",
            "tracestate",
            "baggage",
            "grpc-trace-bin",
            "x-other",
            "host",
            "user-agent",
            "grpc-timeout",
        ];
        for (present, repeated, others) in [
            (&[][..], &[][..], 0),
            (&names[..1], &[], 0),
            (&names[1..3], &[], MOST_VALUES - 2),
            (&names[..], &[], 0),
            (&names[..], &names[..1], 0),
            (&names[..], &names[3..5], 0),
            (&names[..], &[], MOST_VALUES),
        ] {
            let mut map = HeaderMap::new();
            for (index, name) in present.iter().chain(repeated).enumerate() {
                map.append(*name, HeaderValue::from(index));
            }
            for index in 0..others {
                map.append("x-filler", HeaderValue::from(index));
            }
            let scan = HeaderScan::of(&map);
            for name in names.into_iter().chain(["not a name"]) {
                assert_eq!(scan.get(name), Extract::get(&map, name), "{name} in {map:?}");
                let (mut told, mut expected) = (Vec::new(), Vec::new());
                scan.for_each(name, &mut |value| told.push(value.to_vec()));
                map.for_each(name, &mut |value| expected.push(value.to_vec()));
                assert_eq!(told, expected, "{name} in {map:?}");
            }
        }
    }
}
