//! Errors in the configuration name the line and what would be valid, and decisions can be explained.
#![allow(clippy::unwrap_used)]

use tail_sampler::{Config, explain};

const POLICIES: &str = "
tail_sampling:
  policies:
    - name: errors
      type: status_code
      status_code: {status_codes: [ERROR]}
    - name: gold
      type: string_attribute
      string_attribute: {key: user.tier, values: [gold]}
";

#[test]
fn errors_name_the_line() {
    for (yaml, expected) in [
        (
            POLICIES.replace("ERROR", "ERR"),
            "line 6: policy \"errors\": unknown status code \"ERR\"; valid are OK, ERROR and UNSET",
        ),
        (
            POLICIES.replace("status_code\n", "ottl_condition\n"),
            "line 5: policy \"errors\": ottl_condition is not supported",
        ),
        (
            POLICIES.replace("type: string_attribute", "type: text"),
            "line 8: policy \"gold\": unknown type \"text\"; valid are always_sample",
        ),
        (POLICIES.replace("policies", "policy"), "line 3: "),
        (POLICIES.replace("key:", "keys:"), "line 9: "),
        (
            POLICIES.replace("name: gold", "name: errors"),
            "line 7: policy \"errors\": there is another policy of this name",
        ),
        (format!("receivers: {{http: here}}{POLICIES}"), "line 1: "),
        (format!("reciever: {{}}{POLICIES}"), "line 1: "),
        (
            format!("exporter: {{protocol: thrift}}{POLICIES}"),
            "line 0: exporter.protocol \"thrift\" is unknown; valid are http/protobuf and grpc",
        ),
        ("a: [".to_owned(), "line "),
    ] {
        let error = Config::from_yaml(&yaml).expect_err(&yaml).to_string();
        assert!(error.starts_with(expected), "{error}");
    }
}

#[test]
fn a_collectors_configuration_is_read_unchanged() {
    let indented = POLICIES.replace('\n', "\n  ");
    let yaml =
        format!("receivers:\n  otlp:\n    protocols: {{grpc: {{}}}}\nprocessors:\n  batch: {{}}{indented}\n");
    let config = Config::from_yaml(&yaml).unwrap();
    assert_eq!(config.tail.policies.len(), 2);
}

#[test]
fn the_policy_that_keeps_a_trace_is_named() {
    let span = |trace: u8, more: &str| {
        format!(
            r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{"traceId":"000000000000000000000000000000{trace:02}",
            "spanId":"0000000000000001","name":"work"{more}}}]}}]}}]}}"#
        )
    };
    let gold = r#","attributes":[{"key":"user.tier","value":{"stringValue":"gold"}}]"#;
    let both = format!(r#","status":{{"code":2}}{gold}"#);
    let lines = [span(1, ""), span(2, gold), span(3, &both)].join("\n");
    let tail = Config::from_yaml(POLICIES).unwrap().tail;
    let explained: Vec<_> =
        explain(&tail, lines.as_bytes()).unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(
        explained,
        [
            "00000000000000000000000000000001 dropped (1 spans): no policy keeps it",
            "00000000000000000000000000000002 kept (1 spans) by \"gold\"; matched by gold",
            "00000000000000000000000000000003 kept (1 spans) by \"errors\"; matched by errors, gold",
        ]
    );
    assert!(explain(&tail, b"{").is_err());
    assert!(explain(&tail, &[0x0a, 200]).is_err());
}
