//! The figures in which a peer is better than ours.

use crate::cases::spans;
use crate::data::Data;
use crate::markdown::{Table, number};
use crate::parts::{export, growth, grpc, http, server, sql};

/// The variation between two runs of the same case.
const NOISE: f64 = 0.03;

/// The compared figures of a part.
struct Comparison {
    part: &'static str,
    ours: &'static str,
    peers: Vec<&'static str>,
    modes: Vec<String>,
    /// The name in the data, and in words.
    figures: Vec<(&'static str, &'static str)>,
    value: fn(&Data, case: &str, mode: &str, figure: &str) -> f64,
    more_is_better: bool,
}

/// Returns one line per figure, with the peers that are ahead.
pub fn table() -> String {
    let mut table = Table::new(&["figure", "ours", "ahead"]);
    for comparison in comparisons() {
        let data = Data::load(comparison.part, false);
        for mode in &comparison.modes {
            for (figure, words) in &comparison.figures {
                let value = |case: &str| (comparison.value)(&data, case, mode, figure);
                let ours = value(comparison.ours);
                let is_ahead = |value: f64| {
                    // A thread that wakes up once a second cannot be compared.
                    let least = if *figure == "other threads" { 10.0 } else { 0.0 };
                    let margin = (ours.abs() * NOISE).max(least);
                    if comparison.more_is_better { value > ours + margin } else { value < ours - margin }
                };
                let ahead: Vec<String> = comparison
                    .peers
                    .iter()
                    .filter(|peer| is_ahead(value(peer)))
                    .map(|peer| format!("{peer} {}", number(value(peer))))
                    .collect();
                if !ahead.is_empty() {
                    let name = format!("{}, {mode}: {words}", comparison.part);
                    table.row(&[name, number(ours), ahead.join(", ")]);
                }
            }
        }
    }
    table.finish("")
}

fn comparisons() -> Vec<Comparison> {
    let texts = |modes: &[&str]| modes.iter().map(|mode| (*mode).to_owned()).collect::<Vec<_>>();
    let on_thread = vec![
        ("ns", "ns added"),
        ("instructions", "instructions added"),
        ("allocations", "allocations added"),
        ("bytes", "bytes allocated, added"),
        ("other threads", "CPU of other threads, ns added"),
    ];
    vec![
        Comparison {
            part: http::PART.name,
            ours: http::OURS,
            peers: http::other_layers(),
            modes: texts(&http::MODES),
            figures: [on_thread.clone(), vec![("process cpu", "CPU of all threads, ns added")]].concat(),
            value: Data::added,
            more_is_better: false,
        },
        Comparison {
            part: grpc::PART.name,
            ours: grpc::OURS,
            peers: vec![grpc::FASTRACE, grpc::TONIC_OTEL],
            modes: texts(&grpc::MODES),
            figures: on_thread.clone(),
            value: Data::added,
            more_is_better: false,
        },
        Comparison {
            part: sql::PART.name,
            ours: sql::OURS,
            peers: sql::PEERS.to_vec(),
            modes: texts(&["sampled", "unsampled"]),
            figures: [vec![("wall", "ns added")], on_thread[1..4].to_vec()].concat(),
            value: sql::added,
            more_is_better: false,
        },
        Comparison {
            part: export::PART.name,
            ours: spans::OURS,
            peers: vec![spans::SDK, spans::FASTRACE],
            modes: texts(&export::MODES),
            figures: vec![("process cpu", "CPU of a span, ns")],
            value: Data::get,
            more_is_better: false,
        },
        Comparison {
            part: server::PART.name,
            ours: server::OURS,
            peers: server::CASES[2..].to_vec(),
            modes: texts(&["sampled", "unsampled"]),
            figures: vec![("requests per second", "requests per second")],
            value: Data::get,
            more_is_better: true,
        },
        Comparison {
            part: server::PART.name,
            ours: server::OURS,
            peers: server::CASES[2..].to_vec(),
            modes: texts(&["sampled", "unsampled"]),
            figures: vec![
                ("cpu", "CPU per request, ns"),
                ("full p99", "p99 at full load, µs"),
                ("p50", "p50 at 20,000/s, µs"),
                ("p99", "p99 at 20,000/s, µs"),
                ("memory", "memory, bytes"),
            ],
            value: Data::get,
            more_is_better: false,
        },
        Comparison {
            part: growth::PART.name,
            ours: spans::OURS,
            peers: vec![spans::SDK, spans::FASTRACE],
            modes: growth::ATTRIBUTES.map(|count| format!("attributes {count}")).to_vec(),
            figures: vec![("ns", "ns a span")],
            value: Data::get,
            more_is_better: false,
        },
        Comparison {
            part: growth::PART.name,
            ours: http::OURS,
            peers: growth::LAYERS[2..].to_vec(),
            modes: growth::OPEN
                .map(|count| format!("open {count}"))
                .into_iter()
                .chain(growth::THREADS.map(|count| format!("threads {count}")))
                .collect(),
            figures: vec![("ns", "ns added")],
            value: Data::added,
            more_is_better: false,
        },
        Comparison {
            part: growth::PART.name,
            ours: spans::OURS,
            peers: vec![spans::SDK],
            modes: texts(&["queue", "no receiver"]),
            figures: vec![
                ("to 25 %", "ns a span, queue filled to 25 %"),
                ("to 100 %", "ns a span, queue filled to 100 %"),
                ("full", "ns a span, queue full"),
                ("100", "bytes of memory after 6 million spans"),
            ],
            value: Data::get,
            more_is_better: false,
        },
    ]
}
