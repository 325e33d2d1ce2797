//! Secrets are removed from texts as programs write them, and ordinary texts stay as they are.
#![cfg(all(feature = "redaction", feature = "testing"))]
#![allow(clippy::unwrap_used)]

use tracing_core_lite::redaction::Redaction;
use tracing_core_lite::span::data::AnyValue;
use tracing_core_lite::testing::TestSpans;

/// Returns what is exported of an attribute with this text.
fn exported(redaction: &Redaction, text: &str) -> String {
    let spans = TestSpans::with(|builder| builder.with_redaction(redaction.clone())).unwrap();
    spans.tracer().span("load prices").start_with(|span| {
        span.set("note", text);
    });
    match spans.one("load prices").attribute("note") {
        Some(AnyValue::String(text)) => text.clone(),
        other => panic!("{other:?}"),
    }
}

fn unescaped(text: &str) -> String {
    let mut characters = text.chars();
    let mut unescaped = String::new();
    while let Some(character) = characters.next() {
        match character {
            '\\' => unescaped.push(match characters.next() {
                Some('n') => '\n',
                Some('t') => '\t',
                Some('e') => '\x1b',
                Some('\\') => '\\',
                other => panic!("{text}: {other:?}"),
            }),
            other => unescaped.push(other),
        }
    }
    unescaped
}

#[test]
fn each_text_is_exported_as_its_line_says() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../test-vectors/redaction/texts.tsv");
    let texts = std::fs::read_to_string(path).unwrap();
    let mut wrong = Vec::new();
    for line in texts.lines() {
        let [preset, secret, text] = line.splitn(3, '\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let redaction = if preset == "default" { Redaction::new() } else { Redaction::pii() };
        let text = unescaped(text);
        let exported = exported(&redaction, &text);
        let right = if secret == "-" { exported == text } else { !exported.contains(secret) };
        if !right {
            wrong.push(format!("{preset}: {text:?} -> {exported:?}"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}
