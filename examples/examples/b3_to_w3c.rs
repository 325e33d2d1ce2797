//! Migrates three services from B3 to W3C Trace Context in three steps. Each step switches the services one by one, as a rolling
//! deployment does. After each switch, the trace of a request through all services is complete.
//! `cargo run -p examples --example b3_to_w3c`
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::error::Error;

use tracing_core_lite::propagation::Propagator;
use tracing_core_lite::testing::TestSpans;
use tracing_core_lite::{Context, SpanKind};

/// The values of `OTEL_PROPAGATORS`, in the order of their deployment.
const STEPS: [&str; 4] =
    ["b3,baggage", "b3,tracecontext,baggage", "tracecontext,baggage,b3", "tracecontext,baggage"];
const SERVICES: [&str; 3] = ["gateway", "orders", "stock"];

type Headers = Vec<(String, String)>;

/// Receives a request, and returns the headers of a request to the next service.
fn serve(service: &'static str, propagator: &Propagator, spans: &TestSpans, received: &Headers) -> Headers {
    let caller = propagator.extract(received).into_context();
    let span = spans.tracer().span(service).with_kind(SpanKind::Server).with_parent(&caller).start();
    let mut sent = Headers::new();
    propagator.inject(&span.in_context(&caller), &mut sent);
    sent
}

/// Sends a request through all services. Returns whether its trace is whole, and what the last service sends on.
fn request(deployed: &[Propagator]) -> (bool, Headers) {
    let spans = TestSpans::new();
    let client = spans.tracer().span("client").start();
    let mut headers = Headers::new();
    deployed[0].inject(&client.in_context(&Context::new()), &mut headers);
    for (service, propagator) in SERVICES.iter().zip(deployed) {
        headers = serve(service, propagator, &spans, &headers);
    }
    client.end();
    let finished = spans.wait_for(SERVICES.len() + 1);
    (finished.iter().all(|it| it.span.trace_id == finished[0].span.trace_id), headers)
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut deployed = vec![Propagator::from_names(STEPS[0])?; SERVICES.len()];
    for (step, names) in STEPS.iter().enumerate() {
        println!("step {step}: OTEL_PROPAGATORS={names}");
        for service in [2, 0, 1] {
            deployed[service] = Propagator::from_names(names)?;
            let (is_whole, sent) = request(&deployed);
            let sent: Vec<_> = sent.iter().map(|(name, _)| name.as_str()).collect();
            println!(
                "  {} switched: one trace: {is_whole}; stock sends {}",
                SERVICES[service],
                sent.join(", ")
            );
        }
    }
    Ok(())
}
