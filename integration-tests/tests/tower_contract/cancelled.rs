//! A cancelled call ends its span immediately and once, and is not a failure of a server.

use std::pin::pin;

use http_body_util::BodyExt;
use tracing_core_lite::span::data::SpanData;
use tracing_core_lite::testing::TestSpans;

use crate::stack::{
    NOBODY, Place, Plan, Shared, Stack, call, drive, error_type, is_unset, poll, span_of_layer, stack,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    BeforePoll,
    BeforeResponse,
    BeforeBody,
    WithinBody,
}

fn cancelled_at(stage: Stage, layer: Stack) -> SpanData {
    let (spans, seen) = (TestSpans::new(), Shared::default());
    let waits = if stage == Stage::BeforeResponse { Place::Future } else { Place::Nowhere };
    let mut service = stack(layer, &Plan { waits, ..Plan::default() }, &spans, &seen);
    let future = call(layer, NOBODY, &mut service);
    match stage {
        Stage::BeforePoll => drop(future),
        Stage::BeforeResponse => {
            let mut future = Box::pin(future);
            assert!(poll(future.as_mut()).is_pending());
            assert!(spans.finished().iter().all(|it| it.span.name == "query"), "it goes on");
            drop(future);
        }
        Stage::BeforeBody | Stage::WithinBody => {
            let Ok(response) = drive(future);
            let mut body = Box::pin(response.into_body());
            if stage == Stage::WithinBody {
                let _first = drive(pin!(body.frame()));
            }
            assert!(spans.finished().iter().all(|it| it.span.name == "query"), "it goes on");
            drop(body);
        }
    }
    span_of_layer(&spans)
}

#[test]
fn a_cancelled_call_is_recorded_as_such() {
    for layer in Stack::ALL {
        for stage in [Stage::BeforePoll, Stage::BeforeResponse, Stage::BeforeBody, Stage::WithinBody] {
            let case = format!("{layer:?}, {stage:?}");
            let span = cancelled_at(stage, layer);
            assert_eq!(span.text("tracing_suite.outcome"), Some("cancelled"), "{case}");
            let events: Vec<_> = span.events.iter().map(|event| event.name.as_str()).collect();
            assert_eq!(events, ["cancelled"], "{case}");
            let has_response = matches!(stage, Stage::BeforeBody | Stage::WithinBody);
            let expected = match layer {
                Stack::HttpServer | Stack::GrpcServer => None,
                // A client that stops reading a body has what it needs.
                Stack::HttpClient if has_response => None,
                Stack::HttpClient => Some("cancelled"),
                Stack::GrpcClient => Some("CANCELLED"),
            };
            assert_eq!(error_type(&span), expected, "{case}");
            assert_eq!(is_unset(&span), expected.is_none(), "{case}: no error.type without a failure");
        }
    }
}
