//! Spans for viewers of profiles: folded stacks, and Chrome's trace events.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::json;

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
    let mut stacks: BTreeMap<String, u64> = BTreeMap::new();
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
            *stacks.entry(frames.join(";")).or_default() += micros;
        }
    }
    for (stack, micros) in stacks {
        writeln!(out, "{stack} {micros}")?;
    }
    Ok(())
}

/// Writes spans as Chrome's trace events, which Perfetto reads. A process is a service.
///
/// Each span is a pair of async events with an id of its own: events that must nest would vanish where spans overlap.
///
/// # Errors
/// Returns the error of the writer.
#[allow(clippy::cast_precision_loss)]
pub fn chrome(set: &SpanSet, times: Times, out: &mut dyn Write) -> io::Result<()> {
    let mut services: BTreeMap<&str, usize> = BTreeMap::new();
    for span in set.traces().flat_map(|trace| trace.spans()) {
        let next = services.len() + 1;
        services.entry(span.service()).or_insert(next);
    }
    out.write_all(b"{\"traceEvents\":[")?;
    let mut is_first = true;
    let mut write = |event: serde_json::Value, out: &mut dyn Write| -> io::Result<()> {
        out.write_all(if std::mem::take(&mut is_first) { b"\n" } else { b",\n" })?;
        Ok(serde_json::to_writer(out, &event)?)
    };
    for (service, pid) in &services {
        write(json!({ "ph": "M", "pid": pid, "name": "process_name", "args": { "name": service } }), out)?;
    }
    for trace in set.traces() {
        let tree = times.tree(trace);
        for index in 0..tree.len() {
            let span = tree.span(index);
            let (start, end) = tree.times(index);
            let pid = services.get(span.service());
            let id = format!("{:032x}{:016x}-{index}", span.trace_id(), span.id());
            for (phase, time) in [("b", start), ("e", end)] {
                let micros = time as f64 / 1e3;
                let event = json!({ "ph": phase, "cat": "span", "id": id, "pid": pid, "tid": 1, "ts": micros, "name": span.name() });
                write(event, out)?;
            }
        }
    }
    out.write_all(b"\n]}\n")
}
