//! The client of a request, and the host it asked for: from the connection, or from the headers of trusted proxies.

use std::net::{IpAddr, SocketAddr};

use http::header::FORWARDED;
use http::{HeaderMap, HeaderName};

use super::forwarded::{address, from_the_right, parameter};
use crate::server::{ForwardedBy, Trust, TrustedProxies};

/// Most proxies that are followed.
const MOST_HOPS: usize = 32;

static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
static X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
static X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// What the outermost trusted proxy says about a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Seen<'a> {
    pub(super) client: Client,
    pub(super) host: Option<&'a str>,
    pub(super) proto: Option<&'a str>,
}

/// Reads the headers of the trusted proxies. Without any, the client is the peer.
#[inline(never)]
pub(super) fn seen<'a>(
    proxies: &TrustedProxies,
    headers: &'a HeaderMap,
    peer: Option<SocketAddr>,
) -> Seen<'a> {
    let connection = Seen { client: connection(peer), ..Seen::default() };
    let client = match proxies.header {
        ForwardedBy::XForwarded => {
            let chain = from_the_right(headers, &X_FORWARDED_FOR).map(address);
            walk(&proxies.trust, connection.client, chain)
        }
        ForwardedBy::Forwarded => {
            let chain = from_the_right(headers, &FORWARDED)
                .map(|element| parameter(element, "for").and_then(address));
            walk(&proxies.trust, connection.client, chain)
        }
    };
    let (hops, client) = client;
    if hops == 0 {
        return connection;
    }
    let element_of = |name| nth_or_leftmost(from_the_right(headers, name), hops);
    let (host, proto) = match proxies.header {
        ForwardedBy::XForwarded => (element_of(&X_FORWARDED_HOST), element_of(&X_FORWARDED_PROTO)),
        ForwardedBy::Forwarded => {
            let element = element_of(&FORWARDED);
            let of = |name| element.and_then(|element| parameter(element, name));
            (of("host"), of("proto"))
        }
    };
    Seen { client, host, proto: proto.filter(|proto| is_scheme(proto)) }
}

/// Returns the address at the other end of the connection.
pub(super) fn connection(peer: Option<SocketAddr>) -> Client {
    peer.map(|peer| (peer.ip(), Some(peer.port())))
}

pub(super) type Client = Option<(IpAddr, Option<u16>)>;

/// Follows the chain of proxies from the connection outwards while they are trusted. Returns how many there were, and the
/// client of the last one.
fn walk(trust: &Trust, connection: Client, chain: impl Iterator<Item = Client>) -> (usize, Client) {
    let mut client = connection;
    let mut hops = 0;
    for next in chain.take(MOST_HOPS) {
        let is_trusted = match trust {
            Trust::Hops(count) => hops < *count,
            Trust::Networks(networks) => {
                client.is_some_and(|(ip, _)| networks.iter().any(|network| network.contains(ip)))
            }
        };
        if !is_trusted {
            break;
        }
        hops += 1;
        // `unknown` or not an address: the chain cannot be followed further.
        let Some(next) = next else { break };
        client = Some(next);
    }
    (hops, client)
}

/// Returns the element that the outermost trusted proxy wrote. A proxy that replaces a header instead of appending to it
/// makes the list shorter.
fn nth_or_leftmost<'a>(from_the_right: impl Iterator<Item = &'a str>, nth: usize) -> Option<&'a str> {
    from_the_right.take(nth).filter(|text| !text.is_empty()).last()
}

fn is_scheme(text: &str) -> bool {
    text.len() <= 16
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    struct Case {
        name: &'static str,
        proxies: Option<TrustedProxies>,
        peer: Option<&'static str>,
        headers: &'static [(&'static str, &'static str)],
        client: Option<&'static str>,
        host: Option<&'static str>,
        proto: Option<&'static str>,
    }

    impl Default for Case {
        fn default() -> Self {
            let peer = Some("10.0.0.1:5");
            Self { name: "", proxies: None, peer, headers: &[], client: None, host: None, proto: None }
        }
    }

    fn networks() -> Option<TrustedProxies> {
        TrustedProxies::networks(["10.0.0.0/8"]).ok()
    }

    fn forwarded(hops: usize) -> Option<TrustedProxies> {
        Some(TrustedProxies::hops(hops).with_forwarded_by(ForwardedBy::Forwarded))
    }

    #[test]
    #[rustfmt::skip]
    fn addresses() {
        let cases = [
            Case { name: "nobody is trusted", headers: &[("x-forwarded-for", "203.0.113.9")], client: Some("10.0.0.1"), ..Case::default() },
            Case { name: "no hops", proxies: Some(TrustedProxies::hops(0)), headers: &[("x-forwarded-for", "203.0.113.9"), ("x-forwarded-host", "evil")], client: Some("10.0.0.1"), ..Case::default() },
            Case { name: "one hop", proxies: Some(TrustedProxies::hops(1)), headers: &[("x-forwarded-for", "6.6.6.6, 203.0.113.9")], client: Some("203.0.113.9"), ..Case::default() },
            Case { name: "two hops in two lines", proxies: Some(TrustedProxies::hops(2)), headers: &[("x-forwarded-for", "6.6.6.6, 203.0.113.9"), ("x-forwarded-for", "10.0.0.2")], client: Some("203.0.113.9"), ..Case::default() },
            Case { name: "fewer than the hops", proxies: Some(TrustedProxies::hops(5)), headers: &[("x-forwarded-for", "203.0.113.9")], client: Some("203.0.113.9"), ..Case::default() },
            Case { name: "a hop without its header", proxies: Some(TrustedProxies::hops(1)), client: Some("10.0.0.1"), ..Case::default() },
            Case { name: "no peer, by hops", proxies: Some(TrustedProxies::hops(1)), peer: None, headers: &[("x-forwarded-for", "203.0.113.9")], client: Some("203.0.113.9"), ..Case::default() },
            Case { name: "no peer, by network", proxies: networks(), peer: None, headers: &[("x-forwarded-for", "203.0.113.9"), ("x-forwarded-host", "evil")], ..Case::default() },
            Case { name: "networks", proxies: networks(), headers: &[("x-forwarded-for", "6.6.6.6, 203.0.113.9, 10.9.9.9")], client: Some("203.0.113.9"), ..Case::default() },
            Case { name: "a peer from elsewhere", proxies: networks(), peer: Some("203.0.113.7:1"), headers: &[("x-forwarded-for", "6.6.6.6"), ("x-forwarded-proto", "https")], client: Some("203.0.113.7"), ..Case::default() },
            Case { name: "all of them are trusted", proxies: networks(), headers: &[("x-forwarded-for", "10.0.0.3, 10.0.0.2")], client: Some("10.0.0.3"), ..Case::default() },
            Case { name: "unknown", proxies: Some(TrustedProxies::hops(2)), headers: &[("x-forwarded-for", "6.6.6.6, unknown, 10.0.0.2")], client: Some("10.0.0.2"), ..Case::default() },
            Case { name: "ports and brackets", proxies: Some(TrustedProxies::hops(1)), headers: &[("x-forwarded-for", "[2001:db8::1]:99")], client: Some("2001:db8::1"), ..Case::default() },
            Case { name: "rubbish", proxies: Some(TrustedProxies::hops(1)), headers: &[("x-forwarded-for", "<script>")], client: Some("10.0.0.1"), ..Case::default() },
            Case { name: "host and scheme", proxies: Some(TrustedProxies::hops(1)), headers: &[("x-forwarded-for", "203.0.113.9"), ("x-forwarded-host", "evil, shop.example:8443"), ("x-forwarded-proto", "https")], client: Some("203.0.113.9"), host: Some("shop.example:8443"), proto: Some("https"), ..Case::default() },
            Case { name: "a scheme that is none", proxies: Some(TrustedProxies::hops(1)), headers: &[("x-forwarded-for", "203.0.113.9"), ("x-forwarded-proto", "<b>")], client: Some("203.0.113.9"), ..Case::default() },
            Case { name: "forwarded", proxies: forwarded(1), headers: &[("forwarded", "for=6.6.6.6, for=\"[2001:db8::1]:99\";host=shop.example;proto=https")], client: Some("2001:db8::1"), host: Some("shop.example"), proto: Some("https"), ..Case::default() },
            Case { name: "forwarded with an open quote", proxies: forwarded(1), headers: &[("forwarded", "for=\"6.6.6.6, for=203.0.113.9")], client: Some("203.0.113.9"), ..Case::default() },
            Case { name: "forwarded, but the other header was sent", proxies: forwarded(1), headers: &[("x-forwarded-for", "6.6.6.6")], client: Some("10.0.0.1"), ..Case::default() },
            Case { name: "forwarded with a hidden client", proxies: forwarded(1), headers: &[("forwarded", "for=_hidden")], client: Some("10.0.0.1"), ..Case::default() },
        ];
        for case in cases {
            let mut headers = HeaderMap::new();
            for (name, value) in case.headers {
                headers.append(*name, HeaderValue::from_static(value));
            }
            let peer = case.peer.map(|peer| peer.parse().unwrap());
            let unproxied = Seen { client: connection(peer), ..Seen::default() };
            let found = case.proxies.as_ref().map_or(unproxied, |proxies| seen(proxies, &headers, peer));
            let client = case.client.map(|client| client.parse::<IpAddr>().unwrap());
            assert_eq!(found.client.map(|(ip, _)| ip), client, "{}", case.name);
            assert_eq!((found.host, found.proto), (case.host, case.proto), "{}", case.name);
        }
    }
}
