//! Names of methods, and whether they are known.

use std::collections::HashSet;

/// Longest method, in bytes.
const LONGEST: usize = 255;

/// Returns `package.Service/Method`, the last two segments of a path. A proxy may have put others in front.
pub(crate) fn of_path(path: &str) -> Option<&str> {
    let path = path.strip_prefix('/')?;
    let slash = last_slash(path)?;
    let start = last_slash(&path[..slash]).map_or(0, |before| before + 1);
    let method = &path[start..];
    let is_whole = slash > start && slash + 1 < path.len();
    if is_whole && method.len() <= LONGEST { Some(method) } else { None }
}

/// Finds the last slash, eight bytes at a time.
#[inline]
fn last_slash(path: &str) -> Option<usize> {
    /// The lowest bit of each byte.
    const LOW_BITS: u64 = u64::MAX / 0xff;
    const HIGH_BITS: u64 = LOW_BITS << 7;
    let mut rest = path.as_bytes();
    while let Some((before, word)) = rest.split_last_chunk() {
        // A slash becomes a zero byte. Only for a zero byte does the high bit stay unset below.
        let word = u64::from_le_bytes(*word) ^ (LOW_BITS * b'/' as u64);
        let others = ((word & !HIGH_BITS) + !HIGH_BITS) | word;
        let slashes = !others & HIGH_BITS;
        if slashes != 0 {
            return Some(before.len() + 7 - slashes.leading_zeros() as usize / 8);
        }
        rest = before;
    }
    rest.iter().rposition(|byte| *byte == b'/')
}

/// Returns the value of `rpc.method_original`: at most 255 bytes of the path.
pub(crate) fn original(path: &str) -> &str {
    if let Some(method) = of_path(path) {
        return method;
    }
    let path = path.strip_prefix('/').unwrap_or(path);
    let mut end = path.len().min(LONGEST);
    while !path.is_char_boundary(end) {
        end -= 1;
    }
    &path[..end]
}

/// The methods whose names are recorded.
#[derive(Debug, Clone, Default)]
pub(crate) struct KnownMethods(Option<HashSet<Box<str>>>);

/// A method, and whether its name is known to be one of few.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method<'a> {
    /// It exists.
    Known(&'a str),
    /// It exists unless it is answered with UNIMPLEMENTED.
    Claimed(&'a str),
    /// It does not exist.
    Other,
}

impl KnownMethods {
    pub(crate) fn add(&mut self, methods: impl IntoIterator<Item = Box<str>>) {
        self.0.get_or_insert_default().extend(methods);
    }

    /// Looks up the method that `path` names. `is_generated` says that the name comes from generated code and not from a
    /// peer.
    #[inline]
    pub(crate) fn look_up<'a>(&self, path: &'a str, is_generated: bool) -> Method<'a> {
        match (of_path(path), &self.0) {
            (None, _) => Method::Other,
            (Some(method), _) if is_generated => Method::Known(method),
            (Some(method), None) => Method::Claimed(method),
            (Some(method), Some(known)) if known.contains(method) => Method::Known(method),
            (Some(_), Some(_)) => Method::Other,
        }
    }
}

impl<'a> Method<'a> {
    /// Returns the name, unless the method does not exist.
    #[inline]
    pub(crate) fn name(self) -> Option<&'a str> {
        match self {
            Self::Known(name) | Self::Claimed(name) => Some(name),
            Self::Other => None,
        }
    }

    /// Returns the name that remains to be checked.
    #[inline]
    pub(crate) fn claim(self) -> Option<Claim> {
        match self {
            Self::Claimed(name) => Some(Claim::of(name)),
            Self::Known(_) | Self::Other => None,
        }
    }
}

/// The method of a call, kept until it is known whether it exists.
///
/// Most names fit without an allocation.
#[derive(Debug)]
pub(crate) enum Claim {
    Short { name: [u8; SHORT], len: u8 },
    Long(Box<str>),
}

/// Bytes that a [`Claim`] holds without an allocation.
const SHORT: usize = 54;

impl Claim {
    #[inline]
    fn of(method: &str) -> Self {
        let mut name = [0; SHORT];
        match (name.get_mut(..method.len()), u8::try_from(method.len())) {
            (Some(place), Ok(len)) => {
                place.copy_from_slice(method.as_bytes());
                Self::Short { name, len }
            }
            _ => Self::Long(method.into()),
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Short { name, len } => std::str::from_utf8(&name[..usize::from(*len)]).unwrap_or_default(),
            Self::Long(name) => name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_of_paths() {
        let long = format!("/a.B/{}", "x".repeat(252));
        for (path, expected) in [
            ("/a.B/C", Some("a.B/C")),
            ("/prefix/a.B/C", Some("a.B/C")),
            ("/a.B/", None),
            ("//C", None),
            ("/a//C", None),
            ("/a", None),
            ("/", None),
            ("", None),
            ("*", None),
            (long.as_str(), None),
        ] {
            assert_eq!(of_path(path), expected, "{path}");
        }
        assert_eq!(original(&long).len(), 255);
        assert_eq!(original("/a"), "a");
        assert_eq!(original(&format!("/{}", "ä".repeat(200))).len(), 254);
    }

    #[test]
    fn last_slashes() {
        // Neighbours of the slash among the bytes, and one that has it in its low bits.
        for filler in ['.', '0', '\u{ef}', 'x'] {
            for before in 0..20 {
                for after in 0..20 {
                    let fill = |count| String::from(filler).repeat(count);
                    for path in
                        [fill(before) + "/" + &fill(after), "/".to_owned() + &fill(before), fill(before)]
                    {
                        assert_eq!(last_slash(&path), path.rfind('/'), "{path}");
                    }
                }
            }
        }
    }

    #[test]
    fn claims_of_any_length() {
        for length in [1, SHORT - 1, SHORT, SHORT + 1, LONGEST] {
            let name = "x".repeat(length);
            let claim = Method::Claimed(&name).claim().unwrap();
            assert_eq!(claim.as_str(), name);
            assert_eq!(matches!(claim, Claim::Long(_)), length > SHORT);
        }
        assert!(Method::Known("a.B/C").claim().is_none() && Method::Other.claim().is_none());
    }

    #[test]
    fn known_and_others() {
        let mut known = KnownMethods::default();
        assert_eq!(known.look_up("/a.B/C", false), Method::Claimed("a.B/C"));
        assert_eq!(known.look_up("/a.B/C", true), Method::Known("a.B/C"));
        assert_eq!(known.look_up("/favicon.ico", false), Method::Other);
        known.add(["a.B/C".into()]);
        assert_eq!(known.look_up("/a.B/C", false), Method::Known("a.B/C"));
        assert_eq!(known.look_up("/a.B/D", false), Method::Other);
    }
}
