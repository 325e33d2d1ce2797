//! The requests in which the traces are sent.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;

use super::attributes::{self, Place, Placed, attribute};
use super::spans::Sent;
use super::{Random, SEED, TRACES, size, spans};

/// The number of rounds before the decision: a trace arrives in up to as many batches.
pub(crate) const ROUNDS: usize = 5;
/// The round of the spans that arrive after the decision.
pub(crate) const LATE: usize = ROUNDS;

/// Sizes that policies compare with: that of a trace, and the sum of those of its parts.
pub(crate) const TRACE_BYTES: usize = 1_300;
pub(crate) const PART_BYTES: usize = 1_100;

/// The traces in one request.
const AT_ONCE: usize = 40;

/// All traces, encoded.
pub(crate) struct Traffic {
    /// The encoded requests of each round, and the numbers of their spans. The last round is late.
    pub(crate) rounds: Vec<Vec<(Vec<u8>, usize)>>,
    /// The ids of the traces.
    pub(crate) ids: Vec<u128>,
    /// The number of spans of each trace.
    pub(crate) spans: Vec<usize>,
}

/// The spans of one trace in one round.
struct Part {
    resource: Resource,
    /// Whether the part has a `ResourceSpans` of its own.
    is_alone: bool,
    scopes: [(InstrumentationScope, Vec<Span>); 2],
}

impl Part {
    fn size(&self) -> usize {
        size::resource_spans(
            &self.resource,
            self.scopes.iter().map(|(scope, spans)| (scope, spans.iter().collect())),
        )
    }
}

impl Traffic {
    pub(crate) fn new() -> Self {
        let mut random = Random::new(SEED);
        let mut rounds: Vec<Vec<Part>> = (0..=LATE).map(|_| Vec::new()).collect();
        let (mut ids, mut counts) = (Vec::new(), Vec::new());
        for trace in 0..TRACES {
            let id = u128::from(random.next()) << 64 | u128::from(random.next());
            let placed = attributes::of_trace(&mut random);
            let sent = spans::of_trace(trace, id, &placed, &mut random);
            ids.push(id);
            counts.push(sent.len());
            let mut parts = parts(sent, &placed, &mut random);
            if random.percent(8) {
                pad(&mut parts, &mut random);
            }
            for (round, part) in parts {
                rounds[round].push(part);
            }
        }
        let rounds = rounds.into_iter().map(|parts| requests(parts, &mut random)).collect();
        Self { rounds, ids, spans: counts }
    }

    /// Returns a number that differs if the traces differ.
    pub(crate) fn digest(&self) -> u64 {
        let bytes = self.rounds.iter().flatten().flat_map(|(request, _)| request);
        bytes
            .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
    }
}

fn parts(sent: Vec<Sent>, placed: &[Placed], random: &mut Random) -> Vec<(usize, Part)> {
    let service = random.pick(&["orders", "payments", "stock"]);
    let resource = Resource {
        attributes: vec![attribute("service.name", Value::StringValue(service.into()))],
        ..Resource::default()
    };
    let is_alone = random.percent(30);
    let scope = |name: &str| InstrumentationScope { name: name.into(), ..InstrumentationScope::default() };
    let mut parts: Vec<(usize, Part)> = Vec::new();
    for Sent { round, span } in sent {
        let part = match parts.iter().position(|(known, _)| *known == round) {
            Some(at) => at,
            None => {
                let scopes = [(scope("http"), Vec::new()), (scope("database"), Vec::new())];
                parts.push((round, Part { resource: resource.clone(), is_alone, scopes }));
                parts.len() - 1
            }
        };
        parts[part].1.scopes[random.below(2)].1.push(span);
    }
    for Placed { place, attribute } in placed {
        let at = random.below(parts.len());
        let part = &mut parts[at].1;
        let list = match place {
            Place::Resource => &mut part.resource.attributes,
            Place::Scope => &mut part.scopes[0].0.attributes,
            Place::Span | Place::Missing => continue,
        };
        list.push(attribute.clone());
        part.is_alone = true;
    }
    parts
}

/// Makes the trace as large as a bound, or one byte smaller or larger.
fn pad(parts: &mut [(usize, Part)], random: &mut Random) {
    let wanted = random.pick(&[-1, 0, 1]);
    let is_whole = random.percent(50);
    let bound = if is_whole { TRACE_BYTES } else { PART_BYTES };
    let wanted = bound.saturating_add_signed(wanted);
    let measured = |parts: &[(usize, Part)]| -> usize {
        let timely = parts.iter().filter(|(round, _)| *round != LATE);
        timely.map(|(_, part)| if is_whole { size::field(part.size()) } else { part.size() }).sum()
    };
    let now = measured(parts);
    let Some(at) = parts.iter().position(|(round, _)| *round != LATE).filter(|_| now + 20 < wanted) else {
        return;
    };
    let span = parts[at].1.scopes.iter().position(|(_, spans)| !spans.is_empty()).unwrap_or_default();
    let pad = |length| attribute("pad", Value::StringValue("x".repeat(length)));
    let place = |parts: &mut [(usize, Part)], pad: Option<KeyValue>| {
        let attributes = &mut parts[at].1.scopes[span].1[0].attributes;
        attributes.retain(|it| it.key != "pad");
        attributes.extend(pad);
    };
    for length in (0..=wanted - now).rev().take(40) {
        place(parts, Some(pad(length)));
        if measured(parts) == wanted {
            return;
        }
    }
    place(parts, None);
}

/// Mixes the parts of many traces into requests.
fn requests(mut parts: Vec<Part>, random: &mut Random) -> Vec<(Vec<u8>, usize)> {
    for last in (1..parts.len()).rev() {
        parts.swap(last, random.below(last + 1));
    }
    let mut requests = Vec::new();
    let mut parts = parts.into_iter();
    loop {
        let some: Vec<Part> = parts.by_ref().take(AT_ONCE).collect();
        if some.is_empty() {
            return requests;
        }
        requests.push(request(some));
    }
}

fn request(parts: Vec<Part>) -> (Vec<u8>, usize) {
    let count = parts.iter().flat_map(|it| &it.scopes).map(|(_, spans)| spans.len()).sum();
    let mut list: Vec<(bool, ResourceSpans)> = Vec::new();
    for Part { resource, is_alone, scopes } in parts {
        let shared = list.iter().position(|(shared, known)| {
            !is_alone && *shared && known.resource.as_ref().is_some_and(|known| *known == resource)
        });
        let at = shared.unwrap_or_else(|| {
            let scope_spans = scopes
                .iter()
                .map(|(scope, _)| ScopeSpans { scope: Some(scope.clone()), ..ScopeSpans::default() })
                .collect();
            let resource = Some(resource);
            list.push((!is_alone, ResourceSpans { resource, scope_spans, ..ResourceSpans::default() }));
            list.len() - 1
        });
        for (to, (_, spans)) in list[at].1.scope_spans.iter_mut().zip(scopes) {
            to.spans.extend(spans);
        }
    }
    let resource_spans = list.into_iter().map(|(_, it)| it).collect();
    (ExportTraceServiceRequest { resource_spans }.encode_to_vec(), count)
}
