//! Evaluates the inputs, and sets the rate.

use std::time::Duration;

use super::inputs::{Input, InputError, RequestSource};
use super::settings::Settings;
use super::switch::Switch;
use super::traffic::Traffic;
use super::{AdaptiveState, Condition, Limits, Rates, Reason};

/// The rate from which the rate rises if it was 0.
const SMALLEST: f64 = 1e-4;

#[derive(Debug)]
pub(super) struct Controller {
    rates: Rates,
    /// By how much the rate can rise in an interval, as a share of itself.
    step: f64,
    deployment_time: Duration,
    errors: Switch,
    traffic: Switch,
    storage: Switch,
    cpu: Switch,
    deployment: Switch,
    history: Traffic,
    requests: Option<Box<dyn RequestSource>>,
    storage_input: Option<Box<dyn Input>>,
    cpu_input: Option<Box<dyn Input>>,
    deployment_input: Option<Box<dyn Input>>,
    rate: f64,
    target: f64,
    reason: Reason,
    since: Duration,
}

impl Controller {
    pub(super) fn new(settings: Settings, now: Duration) -> Self {
        let switch = |condition, limits| Switch::new(condition, limits, settings.shortest, now);
        let (rate, reason) = settings.rates.resolve(|_| false);
        Self {
            errors: switch(Condition::Errors, settings.errors),
            traffic: switch(Condition::Traffic, settings.traffic),
            storage: switch(Condition::Storage, settings.storage),
            cpu: switch(Condition::Cpu, settings.cpu),
            // The value is the remaining share of the time, which reaches 0 only once.
            deployment: Switch::new(
                Condition::Deployment,
                Limits { on_above: 0.0, off_below: f64::MIN_POSITIVE },
                Duration::ZERO,
                now,
            ),
            history: Traffic::new(settings.interval),
            rates: settings.rates,
            step: settings.step,
            deployment_time: settings.deployment_time,
            requests: settings.requests,
            storage_input: settings.storage_input,
            cpu_input: settings.cpu_input,
            deployment_input: settings.deployment_input,
            rate,
            target: rate,
            reason,
            since: now,
        }
    }

    /// Reads the inputs, and returns the new rate.
    pub(super) fn evaluate(&mut self, now: Duration) -> f64 {
        self.read_requests(now);
        read(&mut self.storage, self.storage_input.as_deref_mut(), now, |figure| figure);
        read(&mut self.cpu, self.cpu_input.as_deref_mut(), now, |figure| figure);
        let time = self.deployment_time.as_secs_f64();
        read(&mut self.deployment, self.deployment_input.as_deref_mut(), now, |age| {
            (1.0 - age.max(0.0) / time).max(0.0)
        });
        let (target, reason) = self.rates.resolve(|condition| self.switch(condition).is_on());
        if reason != self.reason {
            tracing::info!(%reason, target, "the sampling rate changes");
            self.since = now;
        }
        (self.target, self.reason) = (target, reason);
        let highest = (self.rate * (1.0 + self.step)).max(SMALLEST);
        self.rate = target.min(highest);
        self.rate
    }

    fn read_requests(&mut self, now: Duration) {
        let Some(source) = &mut self.requests else { return };
        let requests = match source.requests() {
            Ok(requests) => requests,
            Err(InputError { reason }) => {
                self.errors.fail(reason.clone());
                return self.traffic.fail(reason);
            }
        };
        let Some(interval) = self.history.add(requests, now) else {
            self.errors.fail("the first interval has not ended");
            return self.traffic.fail("the first interval has not ended");
        };
        for (switch, figure) in [(&mut self.errors, interval.errors), (&mut self.traffic, interval.traffic)] {
            match figure {
                Ok(figure) => switch.set(figure, now),
                Err(reason) => switch.fail(reason),
            }
        }
    }

    fn switch(&self, condition: Condition) -> &Switch {
        match condition {
            Condition::Errors => &self.errors,
            Condition::Traffic => &self.traffic,
            Condition::Storage => &self.storage,
            Condition::Cpu => &self.cpu,
            Condition::Deployment => &self.deployment,
        }
    }

    pub(super) fn is_on(&self, condition: Condition) -> bool {
        self.switch(condition).is_on()
    }

    pub(super) fn state(&self, now: Duration) -> AdaptiveState {
        AdaptiveState {
            rate: self.rate,
            target: self.target,
            reason: self.reason,
            lasting: now.saturating_sub(self.since),
            conditions: Condition::ALL.map(|condition| self.switch(condition).state(now)).to_vec(),
        }
    }
}

fn read(switch: &mut Switch, input: Option<&mut dyn Input>, now: Duration, figure: impl Fn(f64) -> f64) {
    match input.map(Input::read) {
        None => {}
        Some(Ok(read)) => switch.set(figure(read), now),
        Some(Err(InputError { reason })) => switch.fail(reason),
    }
}
