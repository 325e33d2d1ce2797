//! Spans for viewers of profiles: folded stacks, and Chrome's trace events.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::json;

use super::list::List;
use crate::analysis::{Times, self_time};
use crate::model::SpanSet;
use crate::show::clean;

/// How many frames of a stack are written.
const MAX_DEPTH: usize = 128;

/// Writes self times in microseconds as folded stacks, for flame graphs: `gateway GET /;orders create 1200`.
///
/// # Errors
/// Returns the error of the writer.
pub fn folded(set: &SpanSet, times: Times, out: &mut dyn Write) -> io::Result<()> {
    let mut stacks = Stacks::default();
    stacks.add(set, times);
    stacks.write(out)
}

/// Self times in microseconds, by stack.
#[derive(Debug, Default)]
pub(crate) struct Stacks(BTreeMap<String, u64>);

impl Stacks {
    pub(crate) fn add(&mut self, set: &SpanSet, times: Times) {
        for trace in set.traces() {
            let tree = times.tree(trace);
            for span in 0..tree.len() {
                let micros = self_time(&tree, span) / 1_000;
                if micros == 0 {
                    continue;
                }
                let mut frames = Vec::new();
                let mut next = Some(span);
                while let Some(index) = next.filter(|_| frames.len() < MAX_DEPTH) {
                    let it = tree.span(index);
                    frames.push(clean(&format!("{} {}", it.service(), it.name())).replace(';', ","));
                    next = tree.parent_index(index);
                }
                frames.reverse();
                *self.0.entry(frames.join(";")).or_default() += micros;
            }
        }
    }

    pub(crate) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        self.0.iter().try_for_each(|(stack, micros)| writeln!(out, "{stack} {micros}"))
    }
}

/// Writes spans as Chrome's trace events, which Perfetto reads. A process is a service.
///
/// Each span is a pair of async events with an id of its own: events that must nest would vanish where spans overlap.
///
/// # Errors
/// Returns the error of the writer.
pub fn chrome(set: &SpanSet, times: Times, out: &mut dyn Write) -> io::Result<()> {
    let mut events = ChromeEvents::begin(out)?;
    events.add(set, times, out)?;
    events.end(out)
}

/// A document of which some events are written.
#[derive(Debug)]
pub(crate) struct ChromeEvents {
    list: List,
    /// The process ids of services.
    services: BTreeMap<String, usize>,
}

impl ChromeEvents {
    pub(crate) fn begin(out: &mut dyn Write) -> io::Result<Self> {
        Ok(Self { list: List::begin("{\"traceEvents\":[", out)?, services: BTreeMap::new() })
    }

    #[allow(clippy::cast_precision_loss)]
    pub(crate) fn add(&mut self, set: &SpanSet, times: Times, out: &mut dyn Write) -> io::Result<()> {
        for trace in set.traces() {
            let tree = times.tree(trace);
            for index in 0..tree.len() {
                let span = tree.span(index);
                let pid = self.process(span.service(), out)?;
                let (start, end) = tree.times(index);
                let id = format!("{:032x}{:016x}-{index}", span.trace_id(), span.id());
                for (phase, time) in [("b", start), ("e", end)] {
                    let micros = time as f64 / 1e3;
                    let event = json!({ "ph": phase, "cat": "span", "id": id, "pid": pid, "tid": 1, "ts": micros, "name": span.name() });
                    self.list.item(&event, out)?;
                }
            }
        }
        Ok(())
    }

    /// Returns the process id of a service, whose name is written the first time.
    fn process(&mut self, service: &str, out: &mut dyn Write) -> io::Result<usize> {
        if let Some(&known) = self.services.get(service) {
            return Ok(known);
        }
        let pid = self.services.len() + 1;
        self.services.insert(service.to_owned(), pid);
        let name = json!({ "ph": "M", "pid": pid, "name": "process_name", "args": { "name": service } });
        self.list.item(&name, out)?;
        Ok(pid)
    }

    pub(crate) fn end(self, out: &mut dyn Write) -> io::Result<()> {
        self.list.end("\n]}\n", out)
    }
}
