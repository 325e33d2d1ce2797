//! The rate follows the conditions by one rule, with hysteresis and step limits, in simulated time.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tracing_sampling::adaptive::inputs::{InputError, Requests};
use tracing_sampling::adaptive::{Adaptive, AdaptiveBuilder, Condition, Limits, Rates, Reason, Status};
use tracing_sampling::clock::ManualClock;

const INTERVAL: Duration = Duration::from_secs(15);

/// Requests in one interval at the usual rate.
const USUAL: f64 = 1500.0;

/// The figures that the inputs return.
#[derive(Debug, Clone)]
struct Figures {
    requests: f64,
    failed: f64,
    storage: Result<f64, &'static str>,
    cpu: Result<f64, &'static str>,
    age: Result<f64, &'static str>,
}

/// An adaptive sampler in simulated time.
struct System {
    clock: ManualClock,
    figures: Arc<Mutex<Figures>>,
    adaptive: Adaptive,
}

impl System {
    /// Starts with an hour of usual traffic.
    fn start(settings: impl FnOnce(AdaptiveBuilder) -> AdaptiveBuilder) -> Self {
        let clock = ManualClock::default();
        let old = Figures { requests: 0.0, failed: 0.0, storage: Ok(0.5), cpu: Ok(0.3), age: Ok(1e6) };
        let figures = Arc::new(Mutex::new(old));
        let figure = |read: fn(&Figures) -> Result<f64, &'static str>| {
            let figures = Arc::clone(&figures);
            move || read(&figures.lock().expect("no panic")).map_err(InputError::new)
        };
        let counts = Arc::clone(&figures);
        let builder = Adaptive::builder()
            .with_clock(clock.clone())
            .with_requests(move || {
                let figures = counts.lock().expect("no panic");
                Ok::<_, InputError>(Requests::new(figures.requests, figures.failed))
            })
            .with_storage(figure(|figures| figures.storage))
            .with_cpu(figure(|figures| figures.cpu))
            .with_version_age(figure(|figures| figures.age));
        let mut system = Self { clock, figures, adaptive: settings(builder).build() };
        (0..240).for_each(|_| system.interval(1.0, 0.01));
        system
    }

    fn set(&mut self, change: impl FnOnce(&mut Figures)) {
        change(&mut self.figures.lock().expect("no panic"));
    }

    /// Passes an interval with a multiple of the usual traffic, of which a share fails.
    fn interval(&mut self, traffic: f64, errors: f64) {
        self.set(|figures| {
            figures.requests += USUAL * traffic;
            figures.failed += USUAL * traffic * errors;
        });
        self.clock.advance(INTERVAL);
        self.adaptive.evaluate();
    }

    fn is_on(&self, condition: Condition) -> bool {
        self.adaptive.state().condition(condition).expect("all conditions are known").is_on
    }

    fn rate(&self) -> f64 {
        self.adaptive.state().rate
    }
}

/// The rate in percent, for errors, deployment, traffic, CPU and storage, where `x` stands for a condition that is on.
#[rustfmt::skip]
const TABLE: [(&str, f64); 32] = [
    ("-----", 1.0), ("e----", 10.0), ("-d---", 20.0), ("ed---", 20.0),
    ("--t--", 0.5), ("e-t--", 10.0), ("-dt--", 20.0), ("edt--", 20.0),
    ("---c-", 0.5), ("e--c-", 0.5), ("-d-c-", 0.5), ("ed-c-", 0.5),
    ("--tc-", 0.5), ("e-tc-", 0.5), ("-dtc-", 0.5), ("edtc-", 0.5),
    ("----s", 0.1), ("e---s", 0.1), ("-d--s", 0.1), ("ed--s", 0.1),
    ("--t-s", 0.1), ("e-t-s", 0.1), ("-dt-s", 0.1), ("edt-s", 0.1),
    ("---cs", 0.1), ("e--cs", 0.1), ("-d-cs", 0.1), ("ed-cs", 0.1),
    ("--tcs", 0.1), ("e-tcs", 0.1), ("-dtcs", 0.1), ("edtcs", 0.1),
];

#[test]
fn all_combinations_of_conditions() {
    for (conditions, percent) in TABLE {
        let mut system = System::start(|builder| builder);
        system.set(|figures| {
            figures.age = Ok(if conditions.contains('d') { 0.0 } else { 1e6 });
            figures.cpu = Ok(if conditions.contains('c') { 0.9 } else { 0.3 });
            figures.storage = Ok(if conditions.contains('s') { 0.95 } else { 0.5 });
        });
        let traffic = if conditions.contains('t') { 3.0 } else { 1.0 };
        let errors = if conditions.contains('e') { 0.2 } else { 0.01 };
        // Enough intervals for the rate to rise step by step.
        (0..10).for_each(|_| system.interval(traffic, errors));
        for (letter, condition) in [
            ('e', Condition::Errors),
            ('d', Condition::Deployment),
            ('t', Condition::Traffic),
            ('c', Condition::Cpu),
            ('s', Condition::Storage),
        ] {
            assert_eq!(system.is_on(condition), conditions.contains(letter), "{conditions}: {condition}");
        }
        let rate = system.rate();
        assert!((rate * 100.0 - percent).abs() < 1e-9, "{conditions}: {rate}");
        // Thresholds are rounded to multiples of 2⁻⁵⁶.
        assert!((system.adaptive.rate() - rate).abs() < 1e-15, "{conditions}");
    }
}

#[test]
fn the_state_says_why() {
    let mut system = System::start(|builder| builder);
    assert_eq!(system.adaptive.state().reason, Reason::Base);
    system.set(|figures| figures.storage = Ok(0.95));
    system.interval(1.0, 0.2);
    system.interval(1.0, 0.2);
    let state = system.adaptive.state();
    assert_eq!(state.reason, Reason::Condition(Condition::Storage));
    assert_eq!(state.lasting, INTERVAL);
    assert_eq!(state.condition(Condition::Errors).and_then(|errors| errors.figure), Some(0.2));
    let text = state.to_string();
    assert!(
        text.starts_with("rate 0.1 %, target 0.1 % because of storage for 15 s\nerrors: on for 15 s"),
        "{text}"
    );
    assert!(system.adaptive.is_storage_full());
}

#[test]
fn a_figure_between_the_limits_changes_nothing() {
    for (condition, low, between, high) in [
        (Condition::Errors, 0.03, 0.045, 0.06),
        (Condition::Traffic, 1.2, 1.7, 2.6),
        (Condition::Storage, 0.7, 0.8, 0.91),
        (Condition::Cpu, 0.6, 0.7, 0.81),
    ] {
        let mut system = System::start(|builder| builder);
        let mut pass = |figure: f64| {
            let mut traffic = 1.0;
            let mut errors = 0.01;
            match condition {
                Condition::Errors => errors = figure,
                Condition::Traffic => traffic = figure,
                Condition::Storage => system.set(|figures| figures.storage = Ok(figure)),
                _ => system.set(|figures| figures.cpu = Ok(figure)),
            }
            system.interval(traffic, errors);
            system.is_on(condition)
        };
        let found: Vec<_> = [between, high, between, low, between].into_iter().map(&mut pass).collect();
        assert_eq!(found, [false, true, true, false, false], "{condition}");
    }
}

#[test]
fn a_flapping_input_does_not_raise_the_rate() {
    // Errors that come and go: each rise is a step, each fall is immediate.
    let mut system = System::start(|builder| builder);
    let mut highest: f64 = 0.0;
    for index in 0..200 {
        system.interval(1.0, if index % 2 == 0 { 0.2 } else { 0.0 });
        highest = highest.max(system.rate());
    }
    assert!(highest <= 0.01 * 1.5 + 1e-12, "{highest}");
    // A figure that varies around the upper limit, within the hysteresis, switches once.
    let mut system = System::start(|builder| builder);
    let mut switches = 0;
    let mut before = false;
    for index in 0..200 {
        system.interval(1.0, if index % 2 == 0 { 0.051 } else { 0.049 });
        switches += usize::from(system.is_on(Condition::Errors) != before);
        before = system.is_on(Condition::Errors);
    }
    assert_eq!(switches, 1);
}

#[test]
fn a_condition_stays_on_for_ten_seconds() {
    let mut system = System::start(|builder| builder.with_interval(Duration::from_secs(1)));
    system.set(|figures| figures.cpu = Ok(0.9));
    system.clock.advance(Duration::from_secs(1));
    system.adaptive.evaluate();
    system.set(|figures| figures.cpu = Ok(0.1));
    for second in 1..=10 {
        assert!(system.is_on(Condition::Cpu), "second {second}");
        system.clock.advance(Duration::from_secs(1));
        system.adaptive.evaluate();
    }
    assert!(!system.is_on(Condition::Cpu));
}

#[test]
fn the_rate_rises_in_steps_and_falls_at_once() {
    let mut system = System::start(|builder| builder);
    let mut rates = vec![system.rate()];
    for _ in 0..8 {
        system.interval(1.0, 0.2);
        rates.push(system.rate());
    }
    for step in rates.windows(2) {
        assert!(step[1] <= step[0] * 1.5 + 1e-12, "{rates:?}");
    }
    assert_eq!(system.rate(), 0.1);
    system.set(|figures| figures.storage = Ok(0.99));
    system.interval(1.0, 0.2);
    assert_eq!(system.rate(), 0.001);
}

#[test]
fn a_deployment_ends_after_an_hour_and_a_restart_is_none() {
    let mut system = System::start(|builder| builder);
    // A restart of a version that was first seen two hours ago.
    system.set(|figures| figures.age = Ok(7200.0));
    system.interval(1.0, 0.01);
    assert!(!system.is_on(Condition::Deployment));
    for (age, expected) in [(0.0, true), (3599.0, true), (3600.0, false), (-5.0, true), (1e9, false)] {
        system.set(|figures| figures.age = Ok(age));
        system.interval(1.0, 0.01);
        assert_eq!(system.is_on(Condition::Deployment), expected, "{age}");
    }
}

#[test]
fn a_missing_or_failing_input_never_changes_the_rate() {
    let adaptive = Adaptive::builder().build();
    adaptive.evaluate();
    let state = adaptive.state();
    assert_eq!(state.rate, 0.01);
    for condition in &state.conditions {
        assert!(matches!(&condition.status, Status::Unknown { reason } if reason == "there is no input"));
    }

    let mut system = System::start(|builder| builder);
    system.set(|figures| figures.storage = Ok(0.95));
    system.interval(1.0, 0.01);
    for bad in [Err("the endpoint does not answer"), Ok(f64::NAN)] {
        system.set(|figures| figures.storage = bad);
        system.interval(1.0, 0.01);
        assert_eq!((system.rate(), system.is_on(Condition::Storage)), (0.001, true));
        let state = system.adaptive.state();
        let status = &state.condition(Condition::Storage).expect("known").status;
        assert!(matches!(status, Status::Stale { age, .. } if *age >= INTERVAL), "{status:?}");
    }
}

#[test]
fn few_requests_say_nothing_about_errors() {
    let mut system = System::start(|builder| builder);
    system.interval(0.01, 1.0);
    assert!(!system.is_on(Condition::Errors));
}

#[test]
fn time_that_stands_still_or_goes_back_does_no_harm() {
    let system = System::start(|builder| builder);
    let before = system.adaptive.state();
    system.adaptive.evaluate();
    system.clock.set(Duration::ZERO);
    system.adaptive.evaluate();
    let after = system.adaptive.state();
    assert_eq!((after.rate, after.reason), (before.rate, before.reason));
}

#[test]
fn settings_are_used() {
    let rates = Rates::default().with_base(0.5).with_errors(0.6).with_cpu(0.05);
    let mut system = System::start(|builder| {
        builder.with_rates(rates).with_error_limits(Limits::new(0.5, 0.4)).with_step(10.0)
    });
    assert_eq!(system.rate(), 0.5);
    system.interval(1.0, 0.45);
    assert_eq!(system.rate(), 0.5);
    system.interval(1.0, 0.55);
    assert_eq!(system.rate(), 0.6);
    system.set(|figures| figures.cpu = Ok(0.9));
    system.interval(1.0, 0.55);
    assert_eq!(system.rate(), 0.05);
}
