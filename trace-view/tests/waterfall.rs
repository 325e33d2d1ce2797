//! Waterfalls show every span of a trace, whatever its shape and its names.
#![allow(clippy::unwrap_used)]

use trace_view::{Link, Outcome, Span, WaterfallOptions, svg, waterfall};

const TRACE: u128 = 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736;

/// Times in microseconds. Parent 0 means a root.
fn span(service: &str, id: u64, parent: u64, name: &str, start: u64, end: u64) -> Span {
    let begin = 1_700_000_000_000_000_000;
    let mut span = Span::new(TRACE, id)
        .with_name(name)
        .with_service(service)
        .with_times(begin + start * 1000, begin + end * 1000);
    span.parent_span_id = (parent != 0).then_some(parent);
    span
}

fn failed(span: Span, error_type: &str, message: &str) -> Span {
    span.with_outcome(Outcome::failed(error_type, message))
}

fn handled(span: Span, error_type: &str) -> Span {
    span.with_outcome(Outcome::handled(error_type))
}

fn follows(span: Span, origin: u64) -> Span {
    span.with_link(Link::follows_from(TRACE, origin))
}

/// A declined order.
fn order() -> Vec<Span> {
    vec![
        failed(span("gateway", 1, 0, "POST /orders", 0, 412_000), "502", ""),
        span("gateway", 2, 1, "POST auth", 1_200, 24_000),
        span("auth", 3, 2, "POST /verify", 2_100, 23_100),
        span("auth", 4, 3, "SELECT sessions", 4_000, 19_500),
        failed(span("gateway", 5, 1, "POST orders", 25_000, 410_500), "502", ""),
        failed(
            span("orders", 6, 5, "POST /orders", 26_300, 409_100),
            "shop::orders::PaymentFailed",
            "payment failed: card declined",
        ),
        span("orders", 7, 6, "INSERT orders", 28_000, 61_000),
        span("orders", 8, 6, "GET inventory", 29_000, 48_000),
        failed(span("orders", 9, 6, "POST payment", 63_000, 402_000), "402", ""),
        failed(
            span("payment", 10, 9, "POST /charge", 64_500, 400_800),
            "CardDeclined",
            "card declined: insufficient funds",
        ),
        handled(span("payment", 11, 10, "POST card-processor", 66_000, 170_000), "503"),
        failed(span("payment", 12, 10, "POST card-processor", 190_000, 398_000), "402", ""),
        follows(span("orders", 13, 6, "send decline e-mail", 405_000, 436_000), 6),
        span("mail", 14, 99, "deliver", 415_000, 431_000),
    ]
}

#[test]
fn a_declined_order() {
    let expected = "\
Trace 4bf92f3577b34da6a3ce929d0e0e4736 · 436 ms · 14 spans · 5 services · 6 errors
                                        0                 218 ms      436 ms
▶ POST /orders                  gateway ██━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━█    412 ms ✗ 502
▶ ├ POST auth                   gateway ██                                   22.8 ms
▶ │ └ POST /verify              auth    ██                                   21.0 ms
▶ │   └ SELECT sessions         auth    ██                                   15.5 ms
▶ └ POST orders                 gateway   █━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━█    386 ms ✗ 502
▶   └ POST /orders              orders    █━━█━━━━━━━━━━━━━━━━━━━━━━━━━━━█    383 ms ✗ PaymentFailed
▶     ├ INSERT orders           orders    ███                                33.0 ms
      ├ GET inventory           orders    ━━                                 19.0 ms
▶     ├ POST payment            orders       █━━━━━━━━━━━━━━━━━━━━━━━━━━━     339 ms ✗ 402
▶     │ └ POST /charge          payment      █━━━━━━━━██━━━━━━━━━━━━━━━━█     336 ms ✗ CardDeclined
▶     │   ├ POST card-processor payment      █████████                        104 ms ⚠ 503
▶     │   └ POST card-processor payment                ██████████████████     208 ms ✗ 402
      └ send decline e-mail     orders            ↝ follows POST /orders ━━━ 31.0 ms
  ? missing parent
  └ deliver                     mail                                      ━━ 16.0 ms
✗ payment · POST /charge: card declined: insufficient funds
✗ orders · POST /orders: payment failed: card declined
▶ █ critical path   ━ not on it   ✗ failed   ⚠ handled error   ↝ follows from
";
    assert_eq!(waterfall(&order(), &WaterfallOptions::new()), expected);
}

#[test]
fn every_width_is_kept() {
    for columns in [60, 72, 80, 100, 120, 200] {
        for color in [false, true] {
            let text = waterfall(&order(), &WaterfallOptions::new().with_width(columns).with_color(color));
            for line in text.lines() {
                assert!(plain(line).chars().count() <= columns, "{columns}: {line}");
            }
        }
    }
    assert!(!waterfall(&order(), &WaterfallOptions::new().with_width(0)).is_empty());
}

/// Without the escape sequences of colours.
fn plain(text: &str) -> String {
    let mut parts = text.split('\u{1b}');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |plain, part| plain + part.split_once('m').map_or("", |(_, rest)| rest))
}

#[test]
fn colours_change_no_text() {
    let coloured = waterfall(&order(), &WaterfallOptions::new().with_color(true));
    assert!(coloured.contains("\u{1b}[31m✗ CardDeclined"));
    let plain_lines: Vec<_> = plain(&coloured).lines().map(|line| line.trim_end().to_owned()).collect();
    let expected = waterfall(&order(), &WaterfallOptions::new());
    assert_eq!(plain_lines, expected.lines().map(str::trim_end).collect::<Vec<_>>());
}

#[test]
fn a_service_keeps_its_colour() {
    let colour = |spans: &[Span]| {
        let text = waterfall(spans, &WaterfallOptions::new().with_color(true));
        let before = text.split("gateway").next().unwrap().to_owned();
        before.rsplit("\u{1b}[").next().unwrap().to_owned()
    };
    let alone = [span("gateway", 1, 0, "GET /", 0, 10)];
    assert_eq!(colour(&alone), colour(&order()));
}

#[test]
fn control_characters_never_reach_the_terminal() {
    let mut evil = span("ser\u{1b}]0;x\u{7}vice", 1, 0, "na\u{1b}[2Jme\nGET", 0, 10);
    evil = failed(evil, "ty\u{9b}pe", "mes\rsage\u{202e}");
    for text in [waterfall(&[evil.clone()], &WaterfallOptions::new()), svg(&[evil])] {
        assert!(!text.chars().any(|it| (it.is_control() && it != '\n') || it == '\u{202e}'), "{text:?}");
    }
}

#[test]
fn odd_trees_are_drawn_too() {
    assert_eq!(waterfall(&[], &WaterfallOptions::new()), "");
    let mut backwards = span("a", 1, 0, "backwards", 10, 10);
    backwards.end_time_unix_nano = 5;
    let cases = [
        ("its own parent", vec![span("a", 1, 1, "self", 0, 10)]),
        (
            "a cycle",
            vec![
                span("a", 1, 2, "one", 0, 10),
                span("a", 2, 1, "two", 0, 10),
                span("a", 3, 2, "three", 0, 1),
            ],
        ),
        ("the same id twice", vec![span("a", 1, 0, "one", 0, 10), span("a", 1, 0, "two", 0, 10)]),
        ("a clock that goes back", vec![backwards]),
        ("no name", vec![span("", 1, 0, "", 0, 0)]),
        ("two roots", vec![span("a", 1, 0, "one", 0, 10), span("a", 2, 0, "two", 5, 20)]),
        ("a long chain", (1..3000).map(|it| span("a", it, it - 1, "deep", it, 6000 - it)).collect()),
    ];
    for (name, spans) in cases {
        let text = waterfall(&spans, &WaterfallOptions::new());
        let bars = text.lines().filter(|line| line.contains(['█', '━']) && !line.contains("critical path"));
        let drawn = bars.filter(|line| !line.starts_with("━ not on")).count();
        assert_eq!(drawn, spans.len(), "{name}:\n{text}");
        assert!(svg(&spans).ends_with("</svg>\n"), "{name}");
    }
}

#[test]
fn traces_are_drawn_one_after_the_other() {
    let mut spans = order();
    spans[13].trace_id = u128::from_be_bytes([1; 16]);
    let text = waterfall(&spans, &WaterfallOptions::new());
    assert_eq!(text.matches("Trace ").count(), 2);
    assert!(text.contains("\n\nTrace 0101"));
}

#[test]
fn the_svg_is_well_formed() {
    let mut spans = order();
    spans[1].name = "GET <a href=\"x\"> & co".into();
    let picture = svg(&spans);
    assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>\n"));
    assert!(picture.contains("GET &lt;a href=&quot;x&quot;&gt; &amp; co"));
    assert!(picture.contains("prefers-color-scheme:dark"));
    assert!(!picture.contains("href=\"") && !picture.contains("<script"), "it needs nothing from elsewhere");
}
