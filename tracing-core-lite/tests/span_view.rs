//! The view of encoded spans shows what decoding shows, and a batch that is built from views has the same spans.
#![allow(clippy::unwrap_used)]

mod requests;

use proptest::collection::vec;
use proptest::prelude::*;
use prost::Message;
use tracing_core_lite::pipeline::view::{
    AttributeView, Items, RequestView, SpanEdit, SpanView, StatusCode, ValueView,
};
use tracing_core_lite::pipeline::{Batch, BatchBuilder};
use tracing_core_lite::sampling::consistent::Threshold;
use tracing_core_lite::span::data::{
    AnyValue, DecodeError, ResourceSpans, ScopeData, ScopeSpans, SpanData, StatusData, decode_request,
};

fn value(view: ValueView<'_>) -> Result<AnyValue, DecodeError> {
    Ok(match view {
        ValueView::Str(text) => AnyValue::String(text.to_owned()),
        ValueView::Bool(value) => AnyValue::Bool(value),
        ValueView::Int(value) => AnyValue::Int(value),
        ValueView::Double(value) => AnyValue::Double(value),
        ValueView::Bytes(bytes) => AnyValue::Bytes(bytes.to_vec()),
        ValueView::Array(items) => {
            AnyValue::Array(items.map(|item| value(ValueView::read(item?)?)).collect::<Result<_, _>>()?)
        }
        ValueView::Map(pairs) => AnyValue::Map(attributes(pairs)?),
        _ => AnyValue::Empty,
    })
}

fn attributes(views: Items<'_, AttributeView<'_>>) -> Result<Vec<(String, AnyValue)>, DecodeError> {
    views
        .map(|view| {
            let view = view?;
            Ok((view.key()?.to_owned(), value(view.value()?)?))
        })
        .collect()
}

fn span(view: SpanView<'_>) -> Result<SpanData, DecodeError> {
    let head = view.head()?;
    Ok(SpanData {
        trace_id: head.trace_id,
        span_id: head.span_id,
        parent_span_id: head.parent_span_id,
        trace_state: head.trace_state()?.to_owned(),
        name: head.name()?.to_owned(),
        flags: head.flags,
        kind: head.kind(),
        start_time_unix_nano: head.start_time_unix_nano,
        end_time_unix_nano: head.end_time_unix_nano,
        status: match head.status {
            StatusCode::Ok => StatusData::Ok,
            StatusCode::Error => StatusData::Error(head.status_message()?.to_owned()),
            _ => StatusData::Unset,
        },
        attributes: attributes(view.attributes())?,
        ..SpanData::default()
    })
}

/// Reads everything that a view shows.
fn read(bytes: &[u8]) -> Result<Vec<ResourceSpans>, DecodeError> {
    let mut all = Vec::new();
    for resource in RequestView::new(bytes).resources() {
        let resource = resource?;
        let mut of_resource = ResourceSpans {
            resource: attributes(resource.attributes()?)?,
            schema_url: resource.schema_url()?.to_owned(),
            scope_spans: Vec::new(),
        };
        for scope in resource.scopes() {
            let scope = scope?;
            let mut of_scope = ScopeSpans {
                scope: ScopeData {
                    name: scope.name()?.to_owned(),
                    version: scope.version()?.to_owned(),
                    attributes: attributes(scope.attributes()?)?,
                },
                schema_url: scope.schema_url()?.to_owned(),
                spans: Vec::new(),
            };
            for view in scope.spans() {
                let view = view?;
                for event in view.events() {
                    let event = event?;
                    let _ = (event.name()?, event.time_unix_nano()?, attributes(event.attributes())?);
                }
                for link in view.links() {
                    let link = link?;
                    let _ = (link.trace_id()?, link.span_id()?, link.trace_state()?);
                    attributes(link.attributes())?;
                }
                of_scope.spans.push(span(view)?);
            }
            of_resource.scope_spans.push(of_scope);
        }
        all.push(of_resource);
    }
    Ok(all)
}

/// Leaves out what `read` does not compare.
fn compared(mut request: Vec<ResourceSpans>) -> Vec<ResourceSpans> {
    for span in request.iter_mut().flat_map(|it| &mut it.scope_spans).flat_map(|it| &mut it.spans) {
        (span.events, span.links) = (Vec::new(), Vec::new());
        (span.dropped_attributes_count, span.dropped_events_count, span.dropped_links_count) = (0, 0, 0);
    }
    request
}

fn spans(request: &[ResourceSpans]) -> Vec<String> {
    let mut all: Vec<_> = request
        .iter()
        .flat_map(|resource| resource.scope_spans.iter().map(move |scope| (resource, scope)))
        .flat_map(|(resource, scope)| scope.spans.iter().map(move |span| (resource, scope, span)))
        .map(|(resource, scope, span)| {
            format!("{:?} {} {:?} {:?}", resource.resource, scope.schema_url, scope.scope, span)
        })
        .collect();
    all.sort();
    all
}

proptest! {
    #[test]
    fn the_view_agrees_with_the_decoder(request in requests::any_request()) {
        let bytes = request.encode_to_vec();
        prop_assert_eq!(read(&bytes), decode_request(&bytes).map(compared));
        let count = RequestView::new(&bytes).count_spans();
        prop_assert_eq!(count, Ok(spans(&decode_request(&bytes).unwrap()).len()));
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..300)) {
        let _ = read(&bytes);
        let _ = SpanEdit::new().apply(&SpanView::new(&bytes), &mut Vec::new());
    }

    #[test]
    fn a_damaged_request_is_read_or_refused(
        request in requests::any_request(),
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut bytes = request.encode_to_vec();
        prop_assume!(!bytes.is_empty());
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let _ = read(&bytes);
        let mut builder = BatchBuilder::new();
        let _ = builder.push_matching(RequestView::new(&bytes), |_| true);
        let added = builder.span_count();
        let built = builder.finish();
        prop_assert_eq!(built.as_ref().map_or(0, Batch::span_count), added);
        if let Some(built) = built {
            prop_assert_eq!(RequestView::new(built.request()).count_spans(), Ok(added));
        }
    }

    #[test]
    fn a_rebuilt_batch_has_the_same_spans(request in requests::any_request()) {
        let bytes = request.encode_to_vec();
        let mut builder = BatchBuilder::new();
        builder.push_matching(RequestView::new(&bytes), |_| true).unwrap();
        let built = builder.finish().map_or_else(Vec::new, |batch| batch.decode().unwrap());
        prop_assert_eq!(spans(&built), spans(&decode_request(&bytes).unwrap()));
    }
}

#[test]
fn an_edit_changes_what_it_names_and_nothing_else() {
    let bytes = requests::request(3).encode_to_vec();
    let before = decode_request(&bytes).unwrap();
    let mut builder = BatchBuilder::new();
    RequestView::new(&bytes)
        .each_span(|resource, scope, span| {
            let head = span.head().unwrap();
            let mut edit = SpanEdit::new();
            edit.set_attribute("tracing_suite.sampling.policy", "errors");
            edit.set_attribute("tracing_suite.sampling.policy", "slow");
            edit.set_threshold(head.trace_state().unwrap(), Threshold::parse("c").unwrap());
            let section = builder.section_of(resource, scope).unwrap();
            builder.push_edited(section, span, &edit).unwrap();
        })
        .unwrap();
    let after = builder.finish().unwrap().decode().unwrap();
    let flat = |all: &[ResourceSpans]| -> Vec<SpanData> {
        all.iter().flat_map(|it| &it.scope_spans).flat_map(|it| it.spans.clone()).collect()
    };
    let (before, after) = (flat(&before), flat(&after));
    assert!(!before.is_empty() && before.len() == after.len());
    for (mut before, after) in before.into_iter().zip(after) {
        assert!(after.trace_state.starts_with("ot=th:c"), "{}", after.trace_state);
        let policy = AnyValue::String("slow".into());
        assert_eq!(after.attribute("tracing_suite.sampling.policy"), Some(&policy));
        before.trace_state.clone_from(&after.trace_state);
        before.attributes.push(("tracing_suite.sampling.policy".into(), AnyValue::String("errors".into())));
        before.attributes.push(("tracing_suite.sampling.policy".into(), policy));
        let last_of_key = |span: &SpanData| {
            let mut kept: Vec<_> = span.attributes.clone();
            kept.retain(|(key, value)| {
                key != "tracing_suite.sampling.policy" || *value == AnyValue::String("slow".into())
            });
            kept
        };
        assert_eq!(last_of_key(&before), last_of_key(&after));
        before.attributes.clone_from(&after.attributes);
        assert_eq!(before, after);
    }
}
