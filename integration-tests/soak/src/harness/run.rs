//! A run from its start to its verdict.

use std::error::Error;
use std::fs;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::backend::Backend;
use super::calls::{self, Outcomes};
use super::health::{free_ports, wait_until};
use super::lanes::Chaos;
use super::ledger::{Acknowledged, Ledger};
use super::options::Options;
use super::proxy::Proxy;
use super::received::Received;
use super::samples::Series;
use super::shop::{Shop, Surroundings};
use super::timeline::Timeline;
use super::verdict::Verdict;
use crate::span_key::SpanKey;

/// The time before the first fault, in which connections open and pools fill.
const WARM_UP: Duration = Duration::from_secs(5);
const SAMPLE_INTERVAL: Duration = Duration::from_secs(2);
/// Longer than the longest pause between two attempts to deliver.
const DRAIN_TIME: Duration = Duration::from_secs(120);
/// How long the load goes on after the last fault.
const CALM: Duration = Duration::from_secs(3);
/// How many missing spans are printed.
const SHOWN: usize = 10;

/// Runs the soak test. Returns whether it passed.
pub(crate) fn run(arguments: &[String]) -> Result<bool, Box<dyn Error>> {
    let options = Options::parse(arguments)?;
    println!(
        "seed {}, {} s of faults, in {}",
        options.seed,
        options.time.as_secs(),
        options.folder.display()
    );
    let mut verdict = Verdict::default();
    let recorded = run_recorded(&options, &mut verdict)?;
    if !options.control.is_zero() {
        let control = run_control(&options, &mut verdict)?;
        verdict.compare(&recorded, &control);
    }
    if !verdict.has_passed() {
        println!("to repeat this: --seed {}", options.seed);
    }
    Ok(verdict.has_passed())
}

/// The run with tracing. Returns the outcomes of its first part, as long as the control run.
fn run_recorded(options: &Options, verdict: &mut Verdict) -> Result<Outcomes, Box<dyn Error>> {
    let folder = options.folder.join("recorded");
    fs::create_dir_all(&folder)?;
    let ports = free_ports(3)?;
    let backend = Backend::start(options, &folder, ports[0])?;
    let proxy = Proxy::start(ports[1], ports[0])?;
    let mut ledger = Ledger::start(&folder, ports[2])?;
    let received = Received::follow(backend.file())?;
    let mut surroundings = surroundings(options);
    surroundings.variables.extend([
        ("OTEL_EXPORTER_OTLP_ENDPOINT".to_owned(), format!("http://127.0.0.1:{}", ports[1])),
        ("SOAK_QUEUE".to_owned(), folder.join("queue").display().to_string()),
        ("SOAK_LEDGER".to_owned(), format!("127.0.0.1:{}", ports[2])),
    ]);
    let shop = Shop::start(options, &surroundings, &folder)?;
    let timeline = Timeline::create(&folder.join("faults.tsv"))?;
    thread::sleep(WARM_UP);
    let mut series = observed(&shop);
    let interrupted = inject(options, &shop, Some((&proxy, &backend)), &timeline, &mut series, verdict);

    let unhealthy = shop.wait_until_healthy();
    verdict.check(unhealthy.is_empty(), format_args!("all services are healthy again {unhealthy:?}"));
    thread::sleep(CALM);
    series.iter_mut().for_each(Series::sample);
    verdict.check(shop.stop_load()?, "the load stopped without an error");
    let drained = wait_until(DRAIN_TIME, || {
        ledger.read().is_ok_and(|acknowledged| missing(&acknowledged, &received, &proxy).is_empty())
    });
    let failed = shop.stop_services()?;
    verdict.check(failed.is_empty(), format_args!("services stop without an error {failed:?}"));
    let panics = shop.log_lines("panicked");
    verdict.check(panics.is_empty(), format_args!("no process panicked {panics:?}"));
    if drained {
        // The last spans of the services, which only their shutdown has acknowledged.
        wait_until(Duration::from_secs(10), || {
            ledger.read().is_ok_and(|acknowledged| missing(&acknowledged, &received, &proxy).is_empty())
        });
    }
    check_spans(&ledger.read()?, &received, &proxy, interrupted, verdict);
    series.iter().for_each(|series| verdict.check_resources(series));
    print_faults(&timeline);
    let calls = calls::read(&folder)?;
    let outcomes = Outcomes::of(&calls, &timeline.faults());
    print_outcomes(&outcomes);
    verdict.check_unexplained(&outcomes);
    let control = (WARM_UP + options.control).as_millis() as u64;
    Ok(Outcomes::of_beginning(&calls, &timeline.faults(), control))
}

/// The run without recording, for comparison: the same faults of the shop, from the same seed.
fn run_control(options: &Options, verdict: &mut Verdict) -> Result<Outcomes, Box<dyn Error>> {
    println!("the same seed without recording, for {} s", options.control.as_secs());
    let folder = options.folder.join("control");
    fs::create_dir_all(&folder)?;
    let mut surroundings = surroundings(options);
    surroundings.variables.insert("OTEL_SDK_DISABLED".to_owned(), "true".to_owned());
    let shop = Shop::start(options, &surroundings, &folder)?;
    let timeline = Timeline::create(&folder.join("faults.tsv"))?;
    thread::sleep(WARM_UP);
    let control = Options { time: options.control, ..options.clone() };
    inject(&control, &shop, None, &timeline, &mut [], verdict);
    shop.wait_until_healthy();
    thread::sleep(CALM);
    shop.stop_load()?;
    shop.stop_services()?;
    let outcomes = Outcomes::of(&calls::read(&folder)?, &timeline.faults());
    print_outcomes(&outcomes);
    Ok(outcomes)
}

/// Returns the variables that name databases and brokers.
fn surroundings(options: &Options) -> Surroundings {
    let mut surroundings = Surroundings::default();
    if !options.servers.is_empty() {
        let names = ["DATABASE_URL", "REDIS_URL", "KAFKA_BROKERS", "AMQP_URL"];
        let given = names.into_iter().filter_map(|name| Some((name.to_owned(), std::env::var(name).ok()?)));
        surroundings.variables.extend(given);
    }
    surroundings
}

fn observed(shop: &Shop) -> Vec<Series> {
    let start = |(name, id)| {
        let mut series = Series { name, id, samples: Vec::new() };
        series.sample();
        series
    };
    shop.steady().into_iter().map(start).collect()
}

/// Injects faults, and observes the steady processes meanwhile. Returns how often services were interrupted.
fn inject(
    options: &Options,
    shop: &Shop,
    export: Option<(&Proxy, &Backend)>,
    timeline: &Timeline,
    series: &mut [Series],
    verdict: &mut Verdict,
) -> u64 {
    let chaos = Chaos {
        seed: options.seed,
        shop,
        export,
        servers: &options.servers,
        timeline,
        until: Instant::now() + options.time,
        interrupted: AtomicU64::new(0),
        failures: Mutex::default(),
    };
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                series.iter_mut().for_each(Series::sample);
                thread::sleep(SAMPLE_INTERVAL);
            }
        });
        chaos.run();
        done.store(true, Ordering::Relaxed);
    });
    let failures = chaos.failures.into_inner().unwrap_or_else(PoisonError::into_inner);
    verdict
        .check(failures.is_empty(), format_args!("all processes could be stopped and started {failures:?}"));
    chaos.interrupted.load(Ordering::Relaxed)
}

/// Returns acknowledged spans that have not arrived, without those of batches that were refused for good.
fn missing(acknowledged: &Acknowledged, received: &Received, proxy: &Proxy) -> Vec<SpanKey> {
    let refused = proxy.refused();
    let arrived = received.lock();
    let is_missing = |key: &&SpanKey| !arrived.spans.contains(*key) && !refused.contains(*key);
    acknowledged.spans.iter().filter(is_missing).copied().collect()
}

fn check_spans(
    acknowledged: &Acknowledged,
    received: &Received,
    proxy: &Proxy,
    interrupted: u64,
    verdict: &mut Verdict,
) {
    let missing = missing(acknowledged, received, proxy);
    println!(
        "  {} spans acknowledged by {} flushes, {} end_durably and {} shutdowns; {} refused for good",
        acknowledged.spans.len(),
        acknowledged.flushes,
        acknowledged.durable,
        acknowledged.shutdowns,
        proxy.refused().len()
    );
    verdict.check(!acknowledged.spans.is_empty(), "spans were acknowledged");
    verdict.check(missing.is_empty(), format_args!("{} acknowledged spans are missing", missing.len()));
    for key in missing.iter().take(SHOWN) {
        println!("         {key}");
    }
    let arrived = received.lock();
    println!(
        "  {} spans arrived in {} requests; {} torn lines",
        arrived.spans.len(),
        arrived.requests,
        arrived.torn_lines
    );
    let allowed = proxy.ambiguous() + proxy.split() + interrupted;
    verdict.check(
        arrived.repeated_requests <= allowed,
        format_args!(
            "{} requests with {} spans were repeated, {} of them with others; at most {allowed} were in flight at a fault",
            arrived.repeated_requests, arrived.repeated_spans, arrived.mixed_requests
        ),
    );
}

fn print_faults(timeline: &Timeline) {
    let counts = timeline.counts();
    println!("  {} faults:", counts.values().sum::<usize>());
    for (name, count) in counts {
        println!("    {count:>5} {name}");
    }
}

fn print_outcomes(outcomes: &Outcomes) {
    println!(
        "  {} of {} calls failed, {} of them without a fault of the shop",
        outcomes.failures(),
        outcomes.calls,
        outcomes.unexplained.len()
    );
    for call in outcomes.unexplained.iter().take(SHOWN) {
        println!("         {} to {}: {} ended with {}", call.began, call.ended, call.kind, call.outcome);
    }
    for (outcome, count) in &outcomes.failed {
        println!("    {count:>5} {outcome}");
    }
}
