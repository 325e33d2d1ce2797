//! IP addresses as text.

use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr};

use crate::stack_text::StackText;

/// The longest IPv6 address, in bytes.
const LONGEST: usize = 46;

/// An IP address as text on the stack, for `client.address` and `network.peer.address`.
///
/// ```
/// use tracing_core_lite::layer_support::IpText;
///
/// assert_eq!(IpText::new([192, 0, 2, 1].into()).as_str(), "192.0.2.1");
/// ```
#[derive(Debug)]
pub struct IpText(StackText<LONGEST>);

impl IpText {
    /// Formats `address`. An IPv4 address that a dual-stack socket reports as IPv6 is formatted as IPv4.
    #[inline]
    #[must_use]
    pub fn new(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::of_v4(address),
            IpAddr::V6(address) => {
                let mut text = StackText::new();
                let _written = write!(text, "{address}");
                debug_assert!(!text.is_cut(), "no address is longer than {LONGEST} bytes");
                Self(text)
            }
        }
    }

    /// Formats without `fmt`, which is much slower.
    #[inline]
    fn of_v4(address: Ipv4Addr) -> Self {
        let mut bytes = [0; LONGEST];
        let mut len = 0;
        let mut push = |byte| {
            bytes[len] = byte;
            len += 1;
        };
        for (index, octet) in address.octets().into_iter().enumerate() {
            if index > 0 {
                push(b'.');
            }
            if octet >= 100 {
                push(b'0' + octet / 100);
            }
            if octet >= 10 {
                push(b'0' + octet / 10 % 10);
            }
            push(b'0' + octet % 10);
        }
        Self(StackText::of_ascii(bytes, len))
    }

    /// Returns the text.
    #[inline]
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_formatted() {
        for (given, expected) in [
            ("0.0.0.0", "0.0.0.0"),
            ("1.20.255.99", "1.20.255.99"),
            ("2001:db8::1", "2001:db8::1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ] {
            assert_eq!(IpText::new(given.parse().unwrap()).as_str(), expected);
        }
    }
}
