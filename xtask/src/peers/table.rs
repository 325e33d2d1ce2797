//! Writes `docs/interoperability.md`: the results of the tests against services in other languages, with versions.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;

use serde_json::Value;

use crate::workspace::root;

const FILE: &str = "docs/interoperability.md";
/// The text before the first table.
const HEAD: &str = include_str!("interoperability-head.md");
/// The text before the second table.
const SPANS: &str = include_str!("interoperability-spans.md");
/// The text after the tables.
const NOTES: &str = include_str!("interoperability-notes.md");

/// A language and a transport.
struct Row {
    language: &'static str,
    transport: &'static str,
    /// The library and its instrumentation, with their names in the manifest. The name is empty if the manifest has no version.
    packages: &'static [(&'static str, &'static str)],
}

/// The manifests, which pin versions.
const MANIFESTS: [(&str, &str); 4] = [
    ("Go", "go/go.mod"),
    ("Java", "java/pom.xml"),
    ("JavaScript", "javascript/package.json"),
    ("Python", "python/requirements.txt"),
];

const ROWS: [Row; 16] = [
    row(
        "Go",
        "Http",
        &[("net/http", ""), ("otelhttp", "go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp")],
    ),
    row(
        "Go",
        "Grpc",
        &[
            ("grpc-go", "google.golang.org/grpc"),
            ("otelgrpc", "go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"),
        ],
    ),
    row(
        "Go",
        "Kafka",
        &[("franz-go", "github.com/twmb/franz-go"), ("kotel", "github.com/twmb/franz-go/plugin/kotel")],
    ),
    row("Go", "Amqp", &[("amqp091-go", "github.com/rabbitmq/amqp091-go"), ("headers by hand", "")]),
    row("Java", "Http", &[("java.net.http and com.sun.net.httpserver", ""), JAVA_AGENT]),
    row("Java", "Grpc", &[("grpc-java", "grpc-netty-shaded"), JAVA_AGENT]),
    row("Java", "Kafka", &[("kafka-clients", "kafka-clients"), JAVA_AGENT]),
    row("Java", "Amqp", &[("amqp-client", "amqp-client"), JAVA_AGENT]),
    row(
        "JavaScript",
        "Http",
        &[
            ("node:http and fetch", ""),
            ("instrumentation-http", "@opentelemetry/instrumentation-http"),
            ("-undici", "@opentelemetry/instrumentation-undici"),
        ],
    ),
    row(
        "JavaScript",
        "Grpc",
        &[
            ("@grpc/grpc-js", "@grpc/grpc-js"),
            ("instrumentation-grpc", "@opentelemetry/instrumentation-grpc"),
        ],
    ),
    row(
        "JavaScript",
        "Kafka",
        &[("kafkajs", "kafkajs"), ("instrumentation-kafkajs", "@opentelemetry/instrumentation-kafkajs")],
    ),
    row(
        "JavaScript",
        "Amqp",
        &[("amqplib", "amqplib"), ("instrumentation-amqplib", "@opentelemetry/instrumentation-amqplib")],
    ),
    row(
        "Python",
        "Http",
        &[
            ("requests", "requests"),
            ("uvicorn", "uvicorn"),
            ("instrumentation-requests", "opentelemetry-instrumentation-requests"),
            ("-asgi", "opentelemetry-instrumentation-asgi"),
        ],
    ),
    row(
        "Python",
        "Grpc",
        &[("grpcio", "grpcio"), ("instrumentation-grpc", "opentelemetry-instrumentation-grpc")],
    ),
    row(
        "Python",
        "Kafka",
        &[
            ("confluent-kafka", "confluent-kafka"),
            ("instrumentation-confluent-kafka", "opentelemetry-instrumentation-confluent-kafka"),
        ],
    ),
    row(
        "Python",
        "Amqp",
        &[("pika", "pika"), ("instrumentation-pika", "opentelemetry-instrumentation-pika")],
    ),
];

const JAVA_AGENT: (&str, &str) = ("Java agent", "opentelemetry-javaagent");

const fn row(
    language: &'static str,
    transport: &'static str,
    packages: &'static [(&'static str, &'static str)],
) -> Row {
    Row { language, transport, packages }
}

/// Writes the document from the lines in `results`, which the tests have written. In CI it only compares its rows.
///
/// Returns whether every row has passed and, in CI, whether they are those of the document.
pub(super) fn write(results: &Path) -> io::Result<bool> {
    let text = fs::read_to_string(results).unwrap_or_default();
    let lines: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let (table, passed) = table(&lines)?;
    let document = format!("{HEAD}\n{table}\n{SPANS}\n{}\n{NOTES}", differences(&lines));
    let file = root().join(FILE);
    if std::env::var_os("CI").is_none() {
        fs::write(file, document)?;
    } else if !fs::read_to_string(file)?.contains(&table) {
        eprintln!("{FILE} is outdated: run `cargo xtask test --peers`, and commit it");
        return Ok(false);
    }
    Ok(passed)
}

fn table(lines: &[Value]) -> io::Result<(String, bool)> {
    let mut table = String::from(
        "| language | transport | library and instrumentation | we call them | they call us | test |\n\
         |---|---|---|---|---|---|\n",
    );
    let mut all = true;
    for Row { language, transport, packages } in &ROWS {
        let packages: io::Result<Vec<String>> =
            packages.iter().map(|(label, name)| with_version(language, label, name)).collect();
        let mut outcome = |direction: &str| {
            let passed = lines.iter().any(|line| {
                line["language"] == *language
                    && line["transport"] == *transport
                    && line["direction"] == direction
            });
            all &= passed;
            if passed { "works" } else { "**fails**" }
        };
        let (calls, called) = (outcome("we call"), outcome("they call"));
        let test = format!("`{}::{}`", language.to_lowercase(), transport.to_lowercase());
        let name = match *transport {
            "Http" => "HTTP",
            "Grpc" => "gRPC",
            "Amqp" => "AMQP",
            other => other,
        };
        // Writing to a String cannot fail.
        let _ = writeln!(
            table,
            "| {language} | {name} | {} | {calls} | {called} | {test} |",
            packages?.join(", ")
        );
    }
    Ok((table, all))
}

/// The differences between our spans and theirs, each with its reason. The languages that share one share a line.
fn differences(lines: &[Value]) -> String {
    let text = |line: &Value, key: &str| line[key].as_str().unwrap_or_default().replace('|', "\\|");
    let mut rows: BTreeMap<[String; 5], Vec<String>> = BTreeMap::new();
    for line in lines.iter().filter(|line| !line["difference"].is_null()) {
        let key = ["group", "difference", "ours", "theirs", "reason"].map(|key| text(line, key));
        rows.entry(key).or_default().push(text(line, "language"));
    }
    let mut table =
        String::from("| span | what | compared with | ours | theirs | why |\n|---|---|---|---|---|---|\n");
    for ([group, what, ours, theirs, reason], mut languages) in rows {
        languages.sort();
        let code = |text: String| if text.is_empty() { String::new() } else { format!("`{text}`") };
        let what = if what == "(name)" { "name".to_owned() } else { code(what) };
        let languages = languages.join(", ");
        // Writing to a String cannot fail.
        let _ = writeln!(
            table,
            "| {group} | {what} | {languages} | {} | {} | {reason} |",
            code(ours),
            code(theirs)
        );
    }
    table
}

/// Adds the version that the manifest of `language` pins to `label`.
fn with_version(language: &str, label: &str, name: &str) -> io::Result<String> {
    if name.is_empty() {
        return Ok(label.to_owned());
    }
    let manifest =
        MANIFESTS.iter().find(|(of, _)| *of == language).map(|(_, file)| *file).unwrap_or_default();
    let text = fs::read_to_string(root().join("integration-tests/peers").join(manifest))?;
    let version = version(&text, name);
    version
        .map(|version| format!("{label} {version}"))
        .ok_or_else(|| io::Error::other(format!("{manifest} has no version of {name}")))
}

/// Finds the version of `name`, whatever the format of the manifest.
fn version(manifest: &str, name: &str) -> Option<String> {
    // The name may be a suffix of another name.
    let manifest = format!("\n{manifest}");
    let before = [
        format!("\t{name} v"),
        format!("<artifactId>{name}</artifactId>\n      <version>"),
        format!("\"{name}\": \""),
        format!("\n{name}=="),
    ];
    before.iter().find_map(|before| {
        let (_, rest) = manifest.split_once(before.as_str())?;
        Some(rest.split(['"', '<', '\n', ' ']).next().unwrap_or(rest).to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_package_has_a_version() -> io::Result<()> {
        for Row { language, packages, .. } in &ROWS {
            for (label, name) in *packages {
                let text = with_version(language, label, name)?;
                assert!(name.is_empty() || text.ends_with(|it: char| it.is_ascii_alphanumeric()), "{text}");
            }
        }
        Ok(())
    }

    #[test]
    fn a_name_within_another_is_not_taken_for_it() {
        let manifest = "instrumentation-requests==1\nrequests==2\n";
        assert_eq!(version(manifest, "requests").as_deref(), Some("2"));
        assert_eq!(version(manifest, "instrumentation-requests").as_deref(), Some("1"));
    }

    #[test]
    fn a_row_without_an_outcome_fails() -> io::Result<()> {
        let (text, passed) = table(&[])?;
        assert!(!passed && text.contains("**fails**"));
        Ok(())
    }
}
