//! A request's metadata, as a carrier to inject into.

use http::HeaderMap;
use tracing_core_lite::propagation::Inject;

/// What a request may carry along from whoever called before, each with a bit of [`Metadata::present`].
const NAMES: [&str; 4] = ["traceparent", "tracestate", "baggage", "grpc-trace-bin"];

/// A map with more values than this is asked for each name instead: then the search takes as long as the look-ups.
const MOST_VALUES: usize = 24;

/// A map that was searched once for what is about to be removed from it.
///
/// Nearly never is any of it there, and to find that out name by name, each of which is hashed, takes 25 ns more.
#[derive(Debug)]
pub(super) struct Metadata<'a> {
    map: &'a mut HeaderMap,
    /// Which of [`NAMES`] may be in the map.
    present: u8,
}

impl<'a> Metadata<'a> {
    #[inline]
    pub(super) fn of(map: &'a mut HeaderMap) -> Self {
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

impl Inject for Metadata<'_> {
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
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    /// Whatever there is, it becomes what the map itself would become.
    #[test]
    fn the_map_becomes_what_it_would_without_the_search() {
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
                    let mut metadata = Metadata::of(&mut searched);
                    metadata.remove(name);
                    Inject::remove(&mut plain, name);
                    assert_eq!(*metadata.map, plain);
                    metadata.set(name, "new");
                    plain.set(name, "new");
                    assert_eq!(*metadata.map, plain);
                    metadata.remove(name);
                    Inject::remove(&mut plain, name);
                    assert_eq!(searched, plain, "{name} in {map:?}");
                }
            }
        }
    }
}
