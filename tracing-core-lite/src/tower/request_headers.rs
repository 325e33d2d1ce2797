//! The headers of a request, as a carrier to inject into.

use http::HeaderMap;

use crate::propagation::Inject;

/// The headers that a request may still have from an earlier hop. Each has a bit in [`RequestHeaders::present`].
const NAMES: [&str; 4] = ["traceparent", "tracestate", "baggage", "grpc-trace-bin"];

/// In a map with more values than this, looking up each name takes no longer than searching all of them.
const MOST_VALUES: usize = 24;

/// The headers of a request, as a carrier to inject into.
///
/// The map is searched once, when this is created, for the headers that injecting may remove. Usually none of them is
/// there, and removing them one by one would hash each name.
#[derive(Debug)]
pub struct RequestHeaders<'a> {
    map: &'a mut HeaderMap,
    /// Which of [`NAMES`] may be in the map.
    present: u8,
}

impl<'a> RequestHeaders<'a> {
    /// Searches `map`.
    #[inline]
    pub fn of(map: &'a mut HeaderMap) -> Self {
        let present = match map.len() {
            0..=MOST_VALUES => map.keys().fold(0, |present, name| present | bit(name.as_str())),
            _ => u8::MAX,
        };
        Self { map, present }
    }
}

#[inline]
fn bit(name: &str) -> u8 {
    NAMES.iter().position(|known| *known == name).map_or(0, |index| 1 << index)
}

impl Inject for RequestHeaders<'_> {
    #[inline]
    fn set(&mut self, name: &'static str, value: &str) {
        self.present |= bit(name);
        self.map.set(name, value);
    }

    #[inline]
    fn remove(&mut self, name: &'static str) {
        let bit = bit(name);
        if bit == 0 || self.present & bit != 0 {
            Inject::remove(self.map, name);
        }
    }

    fn set_named(&mut self, name: &str, value: &str) {
        self.present |= bit(name);
        self.map.set_named(name, value);
    }

    fn remove_matching(&mut self, matches: &dyn Fn(&str) -> bool) -> bool {
        self.map.remove_matching(matches)
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn changes_are_those_of_the_map_itself() {
        for others in [0, 3, MOST_VALUES + 1] {
            for bits in 0..1_u8 << (NAMES.len() + 1) {
                let names = NAMES.into_iter().chain(["x-other"]);
                let mut map = HeaderMap::new();
                for (index, name) in names.clone().enumerate() {
                    if bits & (1 << index) != 0 {
                        map.append(name, HeaderValue::from_static("stale"));
                        map.append(name, HeaderValue::from_static("twice"));
                    }
                }
                for index in 0..others {
                    map.append("x-filler", HeaderValue::from(index));
                }
                for name in names {
                    let (mut searched, mut plain) = (map.clone(), map.clone());
                    let mut headers = RequestHeaders::of(&mut searched);
                    headers.remove(name);
                    Inject::remove(&mut plain, name);
                    assert_eq!(*headers.map, plain);
                    headers.set(name, "new");
                    plain.set(name, "new");
                    assert_eq!(*headers.map, plain);
                    headers.remove(name);
                    Inject::remove(&mut plain, name);
                    assert_eq!(searched, plain, "{name} in {map:?}");
                }
            }
        }
    }
}
