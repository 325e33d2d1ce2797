//! The `tracestate` header: data of other tracing systems along the request's path.
//!
//! Source: W3C Trace Context Level 2, sections "Tracestate Header" and "Mutating the tracestate Field".

use std::fmt;
use std::sync::Arc;

use opentelemetry::trace::{SpanContext, TraceId, TraceState};

use super::traceparent::trim;

/// The maximum length of the `tracestate` that is sent: 2048 bytes. The specification asks for at least 512.
///
/// A longer list first loses members of more than 128 bytes, then members from its end. Members are never cut (section
/// "tracestate Limits"). Servers commonly refuse requests with more than 8 KiB of headers.
pub const MAX_TRACESTATE_LEN: usize = 2048;

/// Members longer than this are removed first if the list is too long.
const LONG_MEMBER: usize = 128;

/// The maximum number of members in a list.
const MAX_MEMBERS: usize = 32;

/// The maximum length of a key and of a value.
const MAX_TEXT: usize = 256;

/// The members of a `tracestate`, in order, without duplicate keys.
#[derive(Clone, Copy)]
pub(super) struct Members<'a> {
    list: [(&'a str, &'a str); MAX_MEMBERS],
    len: usize,
}

impl<'a> Members<'a> {
    const EMPTY: Self = Self { list: [("", ""); MAX_MEMBERS], len: 0 };

    /// Parses a list. Returns `None` if any member is malformed or if there are more than 32. The whole header is then
    /// ignored. Empty members are allowed. Of members with the same key the first is kept, because the left-most is the
    /// most recent.
    pub(super) fn parse(header: &'a [u8]) -> Option<Self> {
        let mut members = Self::EMPTY;
        let mut count = 0;
        for member in header.split(|&byte| byte == b',').map(trim).filter(|member| !member.is_empty()) {
            count += 1;
            let equals = member.iter().position(|&byte| byte == b'=')?;
            let key = std::str::from_utf8(&member[..equals]).ok()?;
            let value = std::str::from_utf8(&member[equals + 1..]).ok()?;
            if count > MAX_MEMBERS || !valid_key(key) || !valid_value(value) {
                return None;
            }
            members.push(key, value);
        }
        Some(members)
    }

    fn iter(&self) -> impl Iterator<Item = (&'a str, &'a str)> + '_ {
        self.list[..self.len].iter().copied()
    }

    fn get(&self, key: &str) -> Option<&'a str> {
        self.iter().find(|&(other, _)| other == key).map(|(_, value)| value)
    }

    /// Adds a member at the end, unless the list is full or already has that key.
    fn push(&mut self, key: &'a str, value: &'a str) {
        if self.get(key).is_none() && self.len < MAX_MEMBERS {
            self.list[self.len] = (key, value);
            self.len += 1;
        }
    }

    /// Removes members until the list is at most `limit` bytes long.
    fn cut(&mut self, limit: usize) {
        let size = |&(key, value): &(&str, &str)| key.len() + 1 + value.len();
        let mut total = self.list[..self.len].iter().map(|member| size(member) + 1).sum::<usize>();
        for only_long in [true, false] {
            let mut index = self.len;
            while total > limit + 1 && index > 0 {
                index -= 1;
                if !only_long || size(&self.list[index]) > LONG_MEMBER {
                    total -= size(&self.list[index]) + 1;
                    self.list.copy_within(index + 1..self.len, index);
                    self.len -= 1;
                }
            }
        }
    }

    /// Returns the header value, or `None` if the list is empty.
    fn header(mut self) -> Option<String> {
        self.cut(MAX_TRACESTATE_LEN);
        let mut header =
            String::with_capacity(self.iter().map(|(key, value)| key.len() + value.len() + 2).sum());
        for (key, value) in self.iter() {
            if !header.is_empty() {
                header.push(',');
            }
            header.push_str(key);
            header.push('=');
            header.push_str(value);
        }
        (!header.is_empty()).then_some(header)
    }
}

/// The members of a received list with keys that opentelemetry's [`TraceState`] refuses although Level 2 allows them
/// (`a@b@c`, or more than 13 characters after an `@`). The list travels next to the span context, as a value of the
/// context, so that it is forwarded completely.
#[derive(Debug, Clone)]
pub(super) struct UnfitMembers(Arc<Unfit>);

#[derive(Debug)]
struct Unfit {
    trace_id: TraceId,
    members: Vec<Member>,
}

#[derive(Debug)]
struct Member {
    key: String,
    value: String,
    /// Whether the member is also in the span context's [`TraceState`], where it may be changed or deleted.
    fits: bool,
}

/// Creates a [`TraceState`] of the members that it accepts. The second value is `Some` if it does not accept all.
pub(super) fn to_trace_state(members: &Members<'_>, trace_id: TraceId) -> (TraceState, Option<UnfitMembers>) {
    if let Ok(trace_state) = TraceState::from_key_value(members.iter()) {
        return (trace_state, None);
    }
    let members: Vec<_> = members
        .iter()
        .map(|(key, value)| Member {
            key: key.to_owned(),
            value: value.to_owned(),
            fits: TraceState::from_key_value([(key, value)]).is_ok(),
        })
        .collect();
    let fitting = members.iter().filter(|member| member.fits).map(|member| (&member.key, &member.value));
    let trace_state = TraceState::from_key_value(fitting).unwrap_or_default();
    (trace_state, Some(UnfitMembers(Arc::new(Unfit { trace_id, members }))))
}

/// Returns the header value to send for `span_context`, or `None` if there is none.
pub(super) fn header(span_context: &SpanContext, unfit: Option<&UnfitMembers>) -> Option<String> {
    // A list from another trace does not apply: the trace was restarted in between.
    let unfit = unfit.filter(|UnfitMembers(unfit)| unfit.trace_id == span_context.trace_id());
    match unfit {
        None if *span_context.trace_state() == TraceState::NONE => None,
        None => collect(span_context.trace_state().into_iter()).header(),
        Some(UnfitMembers(unfit)) => merge(span_context.trace_state(), &unfit.members).header(),
    }
}

/// opentelemetry's `TraceState` does not validate everything, so members that cannot be sent are left out.
fn collect<'a>(members: impl Iterator<Item = (&'a str, &'a str)>) -> Members<'a> {
    let mut list = Members::EMPTY;
    for (key, value) in members.filter(|(key, value)| valid_key(key) && valid_value(value)) {
        list.push(key, value);
    }
    list
}

/// Returns the received list with the changes made to `current`: new and changed members first, deleted members
/// removed, all others in their place.
fn merge<'a>(current: &'a TraceState, received: &'a [Member]) -> Members<'a> {
    let unchanged = |member: &Member| !member.fits || current.get(&member.key) == Some(&member.value);
    let as_received =
        |key: &str, value: &str| received.iter().any(|member| member.key == key && member.value == value);
    let changed = current.into_iter().filter(|(key, value)| !as_received(key, value));
    let rest = received.iter().filter(|member| unchanged(member));
    collect(changed.chain(rest.map(|member| (member.key.as_str(), member.value.as_str()))))
}

/// Returns whether this is a `key = ( lcalpha / DIGIT ) 0*255 ( keychar )`, where a keychar is one of these or of
/// `_-*/@`.
fn valid_key(key: &str) -> bool {
    let alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    match key.as_bytes() {
        [first, rest @ ..] if key.len() <= MAX_TEXT => {
            alphanumeric(*first)
                && rest.iter().all(|&b| alphanumeric(b) || matches!(b, b'_' | b'-' | b'*' | b'/' | b'@'))
        }
        _ => false,
    }
}

/// Returns whether this is a `value = 0*255(chr) nblk-chr`: printable ASCII except commas and equals signs, without a
/// trailing space.
fn valid_value(value: &str) -> bool {
    value.len() <= MAX_TEXT
        && !matches!(value.as_bytes().last(), None | Some(b' '))
        && value.bytes().all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b',' | b'='))
}

impl fmt::Debug for Members<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(members: &[(&str, &str)]) -> Option<String> {
        collect(members.iter().copied()).header()
    }

    fn member(len: usize, name: char) -> (String, String) {
        (name.to_string(), "v".repeat(len - 2))
    }

    #[test]
    fn a_long_list_is_cut_by_whole_members_the_long_ones_first() {
        let short: Vec<_> = ('a'..='u').map(|name| member(100, name)).collect();
        let mut members: Vec<_> = short.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        let long = member(129, 'y');
        members.insert(0, (&long.0, &long.1));
        let header = sent(&members).unwrap();
        assert!(!header.contains("y="), "the long member goes first");
        assert!(
            header.contains("a=") && header.contains("t="),
            "members of 128 bytes and less stay while they fit"
        );
        assert!(!header.contains("u="), "then members from the end");
        assert!(header.len() <= MAX_TRACESTATE_LEN && header.len() > MAX_TRACESTATE_LEN - 101);
    }

    #[test]
    fn the_limit_itself_is_sent() {
        let members: Vec<_> = (0..8_u8).map(|i| member(255, char::from(b'a' + i))).collect();
        let mut members: Vec<_> = members.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        let exact = sent(&members).unwrap();
        assert_eq!(exact.len(), 2047);
        members.push(("z", "1"));
        assert!(sent(&members).unwrap().ends_with("z=1"), "a long member went instead");
    }

    #[test]
    fn invalid_members_are_not_sent() {
        let trace_state = TraceState::from_key_value([
            ("a", "1"),
            ("b", "x\r\ny: z"),
            ("c", ""),
            ("", "d"),
            ("e", "é"),
            ("f", "2"),
        ])
        .unwrap();
        assert_eq!(collect(trace_state.into_iter()).header().as_deref(), Some("a=1,f=2"));
        assert_eq!(sent(&[]), None);
    }

    #[test]
    fn changes_are_merged_into_a_list_with_unfit_members() {
        let received = b"a=1,foo@bar@baz=2,b=3,c=4";
        let members = Members::parse(received).unwrap();
        let trace_id = TraceId::from(7);
        let (trace_state, unfit) = to_trace_state(&members, trace_id);
        let unfit = unfit.unwrap();
        assert_eq!(trace_state.header(), "a=1,b=3,c=4");
        let merged = |state: &TraceState| merge(state, &unfit.0.members).header();
        assert_eq!(merged(&trace_state).unwrap().as_bytes(), received);
        let changed = trace_state.insert("b", "5").unwrap().insert("new", "6").unwrap().delete("c").unwrap();
        assert_eq!(merged(&changed).as_deref(), Some("new=6,b=5,a=1,foo@bar@baz=2"));
    }

    #[test]
    fn a_merged_list_has_32_members_at_most() {
        let received = (0..31).fold("x@y@z=1".to_owned(), |list, i| format!("{list},k{i}=v"));
        let members = Members::parse(received.as_bytes()).unwrap();
        let (trace_state, unfit) = to_trace_state(&members, TraceId::from(7));
        let changed = trace_state.insert("ot", "th:8").unwrap();
        let header = merge(&changed, &unfit.unwrap().0.members).header().unwrap();
        assert!(header.starts_with("ot=th:8,x@y@z=1,k0=v,"));
        assert!(header.ends_with(",k29=v"), "the right-most is dropped: {header}");
    }

    #[test]
    fn the_first_of_duplicate_keys_is_kept() {
        let members = Members::parse(b"foo=2,bar=1,foo=1").unwrap();
        assert_eq!(members.header().as_deref(), Some("foo=2,bar=1"));
    }
}
