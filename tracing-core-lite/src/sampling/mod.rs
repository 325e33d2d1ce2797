//! STUB replaced at merge
#![allow(missing_docs)]
use opentelemetry::{KeyValue, trace::{SpanContext, SpanKind, TraceId, TraceState}};
pub trait Sampler: Send + Sync + std::fmt::Debug + 'static { fn sample(&self, input: &SamplingInput<'_>) -> SamplingDecision; fn description(&self) -> String; }
#[non_exhaustive] #[derive(Debug)] pub struct SamplingInput<'a> { pub parent: Option<&'a SpanContext>, pub trace_id: TraceId, pub name: &'a str, pub kind: &'a SpanKind }
impl<'a> SamplingInput<'a> { pub fn new(parent: Option<&'a SpanContext>, trace_id: TraceId, name: &'a str, kind: &'a SpanKind) -> Self { Self { parent, trace_id, name, kind } } }
#[derive(Debug, PartialEq, Clone, Copy)] pub enum Record { Drop, RecordOnly, RecordAndSample }
#[derive(Debug)] pub struct SamplingDecision { pub record: Record, pub trace_state: Option<TraceState>, pub attributes: Vec<KeyValue> }
#[derive(Debug)] pub struct AlwaysOn;
impl Sampler for AlwaysOn { fn sample(&self, _: &SamplingInput<'_>) -> SamplingDecision { SamplingDecision { record: Record::RecordAndSample, trace_state: None, attributes: Vec::new() } } fn description(&self) -> String { "x".into() } }
#[derive(Debug)] pub struct ParentBased<S>(S);
impl<S> ParentBased<S> { pub fn new(s: S) -> Self { Self(s) } }
impl<S: Sampler> Sampler for ParentBased<S> { fn sample(&self, i: &SamplingInput<'_>) -> SamplingDecision { match i.parent { None => self.0.sample(i), Some(p) => SamplingDecision { record: if p.is_sampled() { Record::RecordAndSample } else { Record::Drop }, trace_state: None, attributes: Vec::new() } } } fn description(&self) -> String { "x".into() } }
