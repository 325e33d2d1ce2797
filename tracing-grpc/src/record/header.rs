//! Looks up a header in a small map.

use http::{HeaderMap, HeaderName, HeaderValue};

/// Up to this many values, comparing names is faster than hashing one.
const FEW: usize = 8;

/// Returns the first value of `name`, as [`HeaderMap::get`] does, without hashing the name if the map is small.
#[inline]
pub(crate) fn get<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
    if headers.len() > FEW {
        return headers.get(name);
    }
    headers.iter().find(|(key, _)| *key == name).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_the_map_itself_finds_it() {
        let names = ["grpc-status", "grpc-message", "content-type"].map(HeaderName::from_static);
        for count in [0, 1, 2, FEW, FEW + 1, 30] {
            let mut headers = HeaderMap::new();
            for index in 0..count {
                headers.append(&names[index % 2], HeaderValue::from(index));
            }
            for name in &names {
                assert_eq!(get(&headers, name), headers.get(name), "{name} among {count}");
            }
        }
    }
}
