//! Members of a tracestate, by the rules of OpenTelemetry's Go library, which the Collector uses.

/// The maximum number of members.
const MOST_MEMBERS: usize = 32;

/// Returns the value of the member with this key. A tracestate with an invalid or repeated member has none.
pub(super) fn valid_member<'a>(trace_state: &'a str, wanted: &str) -> Option<&'a str> {
    let mut keys: smallvec::SmallVec<[&str; 8]> = smallvec::SmallVec::new();
    let mut found = None;
    for member in trace_state.split(',').filter(|member| !member.is_empty()) {
        let (key, value) = member.split_once('=')?;
        let key = key.trim_start_matches([' ', '\t']);
        let value = value.trim_end_matches([' ', '\t']);
        if !is_key(key) || !is_value(value) || keys.contains(&key) || keys.len() == MOST_MEMBERS {
            return None;
        }
        keys.push(key);
        if key == wanted {
            found = Some(value);
        }
    }
    found
}

fn is_key(key: &str) -> bool {
    let is_rest = |text: &str| {
        text.bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-' | b'*' | b'/'))
    };
    let starts_with_letter = |text: &str| text.starts_with(|c: char| c.is_ascii_lowercase());
    match key.split_once('@') {
        None => starts_with_letter(key) && key.len() <= 256 && is_rest(key),
        Some((tenant, system)) => {
            let is_tenant = tenant.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
            is_tenant
                && tenant.len() <= 241
                && is_rest(tenant)
                && starts_with_letter(system)
                && system.len() <= 14
                && is_rest(system)
        }
    }
}

fn is_value(value: &str) -> bool {
    let is_part = |b: u8| (0x20..=0x7e).contains(&b) && b != b',' && b != b'=';
    !value.is_empty() && value.len() <= 256 && !value.ends_with(' ') && value.bytes().all(is_part)
}

#[cfg(test)]
mod tests {
    use super::valid_member;

    #[test]
    fn members_of_valid_states() {
        for (state, expected) in [
            ("vendor=a", Some("a")),
            ("other=1, vendor=a ,,x=2", Some("a")),
            ("vendor= a", Some(" a")),
            ("t@vendor=b,vendor=a", Some("a")),
            ("vendor=a,vendor=b", None),
            ("vendor=a,UPPER=1", None),
            ("vendor=a,flag", None),
            ("vendor=a=b", None),
            ("vendor=", None),
            ("vendor=a,k=\u{e9}", None),
            ("", None),
        ] {
            assert_eq!(valid_member(state, "vendor"), expected, "{state}");
        }
        let many: Vec<String> = (0..32).map(|n| format!("k{n}=v")).collect();
        assert_eq!(valid_member(&many.join(","), "k31"), Some("v"));
        assert_eq!(valid_member(&format!("{},vendor=a", many.join(",")), "vendor"), None);
    }
}
