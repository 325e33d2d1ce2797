//! The spans of one trace.

use opentelemetry_proto::tonic::trace::v1::{Span, Status};

use super::attributes::{Place, Placed};
use super::{LATE, ROUNDS, Random};

const MILLIS: u64 = 1_000_000;
/// The largest number of spans in a trace.
const MOST: usize = 14;

/// Thresholds of the policies on durations, in milliseconds.
pub(crate) const DURATIONS: [u64; 3] = [200, 500, 800];

/// A span and the round in which it is sent.
pub(crate) struct Sent {
    pub(crate) round: usize,
    pub(crate) span: Span,
}

/// Returns the id of a span. It contains the number of its trace.
pub(crate) fn span_id(trace: usize, number: usize) -> u64 {
    (trace as u64 + 1) << 8 | number as u64
}

/// Returns the spans of a trace. The root is not always the first that is sent.
pub(crate) fn of_trace(trace: usize, id: u128, placed: &[Placed], random: &mut Random) -> Vec<Sent> {
    let count = 1 + random.below(MOST);
    let rounds = 1 + random.below(ROUNDS.min(count));
    let start = 1_700_000_000_000_000_000 + trace as u64 * MILLIS;
    let duration = duration(random);
    let statuses = statuses(random);
    let sampled = random.percent(50);
    let mut sent: Vec<Sent> = (0..count)
        .map(|number| {
            let late = number > 0 && random.percent(5);
            let mut span = Span {
                trace_id: id.to_be_bytes().into(),
                span_id: span_id(trace, number).to_be_bytes().into(),
                parent_span_id: match number {
                    0 => Vec::new(),
                    _ => span_id(trace, random.below(number)).to_be_bytes().into(),
                },
                name: random.pick(&["GET /orders", "query", "publish order"]).into(),
                kind: 1 + random.below(5) as i32,
                status: random.pick(&statuses),
                trace_state: if random.percent(30) { trace_state(random) } else { String::new() },
                flags: random.pick(&[0, 0x100, 0x300]) | u32::from(sampled && random.percent(50)),
                ..Span::default()
            };
            set_times(&mut span, number == 0, late, start, duration, random);
            Sent { round: if late { LATE } else { random.below(rounds) }, span }
        })
        .collect();
    for attribute in placed.iter().filter(|it| it.place == Place::Span) {
        // More often than any other span, a late one carries what a policy asks for.
        let late = sent.iter().position(|it| it.round == LATE).filter(|_| random.percent(30));
        let at = late.unwrap_or_else(|| random.below(count));
        sent[at].span.attributes.push(attribute.attribute.clone());
    }
    sent
}

/// Returns the time from the first start to the last end. One in ten is at a threshold or one unit beside it.
fn duration(random: &mut Random) -> u64 {
    if random.percent(10) {
        let threshold = random.pick(&DURATIONS) * MILLIS;
        return random.pick(&[
            threshold,
            threshold - MILLIS,
            threshold + MILLIS,
            threshold - 1,
            threshold + 1,
            threshold + MILLIS - 1,
        ]);
    }
    (1 + random.below(1_300) as u64) * MILLIS + random.below(MILLIS as usize) as u64
}

fn set_times(span: &mut Span, root: bool, late: bool, start: u64, duration: u64, random: &mut Random) {
    let (from, to) = match (root, late) {
        (true, _) => (start, start + duration),
        // Longer than any threshold.
        (_, true) => (start, start + 5_000 * MILLIS),
        _ => {
            let a = random.below(duration as usize + 1) as u64;
            let b = random.below(duration as usize + 1) as u64;
            // Some spans end before they start, because clocks differ.
            if random.percent(3) {
                (start + a.max(b), start + a.min(b))
            } else {
                (start + a.min(b), start + a.max(b))
            }
        }
    };
    span.start_time_unix_nano = if random.below(200) == 0 { 0 } else { from };
    span.end_time_unix_nano = if random.below(200) == 0 { 0 } else { to };
}

/// Returns the statuses of which the spans of a trace have one.
fn statuses(random: &mut Random) -> Vec<Option<Status>> {
    let of = |code| Some(Status { code, message: String::new() });
    match random.below(5) {
        0 => vec![of(1)],
        1 => vec![None, of(0)],
        2 => vec![of(1), of(2)],
        3 => vec![Some(Status { code: 2, message: "declined".into() })],
        _ => vec![None, of(1), None, of(2)],
    }
}

/// Returns a tracestate: valid or not, with the wanted member or another one.
fn trace_state(random: &mut Random) -> String {
    let too_many =
        || (0..33).map(|n| format!("k{n}=v")).chain(["vendor=a".to_owned()]).collect::<Vec<_>>().join(",");
    let states = [
        "vendor=a",
        "vendor=a",
        "vendor=b",
        "vendor=b,other=1",
        "other=1,vendor=a",
        "other=1, vendor=a",
        "vendor=a ,other=1",
        "vendor= a",
        "vendor=a,vendor=b",
        "vendor=a,UPPER=1",
        "vendor=a,flag",
        "vendor=a=b",
        "vendor=a,,other=1",
        "t@vendor=a",
        "vendor=",
    ];
    match random.below(states.len() + 2) {
        0 => too_many(),
        1 => format!("ot=th:8;rv:{:014x}", random.next() >> 8),
        n => states[n - 2].into(),
    }
}
