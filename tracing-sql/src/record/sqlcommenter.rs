//! The comment that adds the trace to the logs of the database (sqlcommenter).

use tracing_core_lite::SpanContext;
use tracing_core_lite::propagation::format_traceparent;

/// Returns `sql` followed by a comment with `traceparent`. Returns `None` if `sql` has or may have a comment, as the
/// sqlcommenter specification requires (section "Exceptions").
pub(super) fn commented(sql: &str, span_context: &SpanContext) -> Option<String> {
    let may_have_comment = sql.contains("--") || sql.contains("/*") || sql.contains('#');
    if may_have_comment || !span_context.is_valid() {
        return None;
    }
    let traceparent = format_traceparent(span_context);
    let traceparent = str::from_utf8(&traceparent).ok()?;
    let statement = sql.trim_end_matches([';', ' ', '\t', '\r', '\n']);
    Some(format!("{statement} /*traceparent='{traceparent}'*/{}", &sql[statement.len()..]))
}

#[cfg(test)]
mod tests {
    use tracing_core_lite::propagation::parse_traceparent;

    use super::*;

    #[test]
    fn the_comment_is_added_before_the_semicolon_and_only_if_there_is_no_other() {
        let header = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let span = parse_traceparent(header).expect("it is valid").with_trace_state(Default::default());
        let comment = "/*traceparent='00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'*/";
        for (sql, expected) in [
            ("SELECT 1", Some(format!("SELECT 1 {comment}"))),
            ("SELECT 1 ;\n", Some(format!("SELECT 1 {comment} ;\n"))),
            ("SELECT 1 -- one", None),
            ("SELECT /* one */ 1", None),
            ("SELECT 1 # one", None),
        ] {
            assert_eq!(commented(sql, &span), expected, "{sql}");
        }
        assert_eq!(commented("SELECT 1", &SpanContext::NONE), None);
    }
}
