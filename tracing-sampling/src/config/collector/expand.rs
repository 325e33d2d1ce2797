//! `${env:NAME}` and `$$`, which the Collector replaces in its configuration.

use crate::config::ConfigError;

/// Replaces `${env:NAME}`, `${NAME}` and `${env:NAME:-default}` by values of the environment, and `$$` by `$`. A variable that
/// is not set is empty, as in the Collector.
pub(super) fn expand(yaml: &str, variable: impl Fn(&str) -> Option<String>) -> Result<String, ConfigError> {
    let mut out = String::with_capacity(yaml.len());
    for (number, line) in yaml.split_inclusive('\n').enumerate() {
        let is_comment = line.trim_start().starts_with('#');
        if is_comment || !line.contains('$') {
            out.push_str(line);
        } else {
            expand_line(line, number + 1, &variable, &mut out)?;
        }
    }
    Ok(out)
}

fn expand_line(
    line: &str,
    number: usize,
    variable: &impl Fn(&str) -> Option<String>,
    out: &mut String,
) -> Result<(), ConfigError> {
    let mut rest = line;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        rest = after;
        if let Some(escaped) = after.strip_prefix('$') {
            out.push('$');
            rest = escaped;
        } else if let Some((inside, after)) = after.strip_prefix('{').and_then(|text| text.split_once('}')) {
            out.push_str(&value(inside, number, variable)?);
            rest = after;
        } else {
            out.push('$');
        }
    }
    out.push_str(rest);
    Ok(())
}

fn value(
    inside: &str,
    line: usize,
    variable: &impl Fn(&str) -> Option<String>,
) -> Result<String, ConfigError> {
    let (name, default) = match inside.strip_prefix("env:").unwrap_or(inside).split_once(":-") {
        Some((name, default)) => (name, default),
        None => (inside.strip_prefix("env:").unwrap_or(inside), ""),
    };
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !is_name {
        let message = format!(
            "${{{inside}}} is not supported; valid are ${{env:NAME}} and ${{env:NAME:-default}}; a dollar sign is written as $$"
        );
        return Err(ConfigError::new(line, message));
    }
    let value = variable(name).unwrap_or_else(|| default.to_owned());
    if value.contains('\n') {
        return Err(ConfigError::new(line, format!("the variable {name} has several lines")));
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::expand;

    #[test]
    fn variables_are_replaced() {
        let variable = |name: &str| match name {
            "WAIT" => Some("10s".to_owned()),
            "LINES" => Some("a\nb".to_owned()),
            _ => None,
        };
        for (yaml, expected) in [
            ("decision_wait: ${env:WAIT}\n", Ok("decision_wait: 10s\n")),
            ("decision_wait: ${WAIT}", Ok("decision_wait: 10s")),
            ("num_traces: ${env:NONE:-7}", Ok("num_traces: 7")),
            ("num_traces: ${env:NONE}", Ok("num_traces: ")),
            ("values: ['^/health$$']", Ok("values: ['^/health$']")),
            ("values: ['^/health$', '$1']", Ok("values: ['^/health$', '$1']")),
            ("# ${file:x}\na: 1", Ok("# ${file:x}\na: 1")),
            ("\nx: ${file:secret}", Err(2)),
            ("x: ${env:LINES}", Err(1)),
        ] {
            let expanded = expand(yaml, variable);
            assert_eq!(expanded.as_deref().map_err(|error| error.line), expected, "{yaml}");
        }
    }
}
