//! Reads the figures at the end of each window.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::budget::OverheadBudget;
use super::controller::Controller;
use super::controls::Controls;
use super::figures::{BudgetSteps, MemoryUse, Overhead, latency_share};
use crate::cost::{Account, OwnThread, Totals, available_cpus, process_cpu};
use crate::diagnostics::{self, Topic};

/// Measures the overhead of one provider.
#[derive(Debug)]
pub(crate) struct Monitor {
    budget: OverheadBudget,
    account: Arc<Account>,
    /// What enforcement changes.
    controls: Option<Arc<Controls>>,
    /// The duration of exported requests, in nanoseconds.
    requests: AtomicU64,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// At the start of the last complete window.
    previous: Reading,
    /// At its end.
    current: Reading,
    controller: Controller,
}

/// What a window needs besides the counters.
#[derive(Debug, Default)]
pub(crate) struct WindowInputs {
    pub(crate) memory: MemoryUse,
    /// The attributes that sampling policies read.
    pub(crate) keys_read: Vec<String>,
    /// The names of the instrumentation scopes, in the order of their numbers.
    pub(crate) scopes: Vec<String>,
}

/// All counters at one moment.
#[derive(Debug, Clone, Copy)]
struct Reading {
    at: Instant,
    process_cpu: Option<Duration>,
    thread_cpu: Option<Duration>,
    totals: Totals,
    requests: Duration,
}

impl Monitor {
    pub(crate) fn new(
        budget: OverheadBudget,
        account: Arc<Account>,
        controls: Option<Arc<Controls>>,
    ) -> Self {
        let controller = Controller::new(controls.is_some(), budget.lowest_sampling);
        let first = Reading {
            at: Instant::now(),
            process_cpu: process_cpu(),
            thread_cpu: OwnThread::total_cpu(),
            totals: account.totals(),
            requests: Duration::ZERO,
        };
        let state = Mutex::new(State { previous: first, current: first, controller });
        Self { budget, account, controls, requests: AtomicU64::new(0), state }
    }

    /// Adds the duration of requests whose spans were exported.
    pub(crate) fn add_requests(&self, duration: Duration) {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        self.requests.fetch_add(nanos, Ordering::Relaxed);
    }

    /// Judges the window, if it is over.
    pub(crate) fn observe(&self, inputs: impl FnOnce() -> WindowInputs) {
        let mut state = self.lock();
        if state.current.at.elapsed() < self.budget.window() {
            return;
        }
        let next = self.read();
        let inputs = inputs();
        let window = self.between(&state, &state.current, &next, inputs.memory);
        (state.previous, state.current) = (state.current, next);
        let changes = state.controller.judge(&window);
        self.apply(state.controller.steps(), &inputs);
        drop(state);
        for change in changes {
            diagnostics::warn(Topic::Overhead, &change.0);
        }
    }

    /// Returns the figures since the start of the last complete window.
    pub(crate) fn report(&self, memory: MemoryUse) -> Overhead {
        let state = self.lock();
        self.between(&state, &state.previous, &self.read(), memory)
    }

    /// Puts the steps in force.
    fn apply(&self, steps: BudgetSteps, inputs: &WindowInputs) {
        let Some(controls) = &self.controls else { return };
        controls.keep_attributes(&inputs.keys_read);
        controls.set_reduces_attributes(steps.attributes_reduced);
        controls.set_sampling(steps.sampling);
        match (&self.budget.expendable_scopes, steps.switched_off) {
            (_, false) => controls.switch_on(),
            (None, true) => controls.switch_all_off(),
            (Some(names), true) => {
                controls.switch_off(&inputs.scopes, |scope| names.iter().any(|name| name == scope));
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self) -> Reading {
        Reading {
            at: Instant::now(),
            process_cpu: process_cpu(),
            thread_cpu: OwnThread::total_cpu(),
            totals: self.account.totals(),
            requests: Duration::from_nanos(self.requests.load(Ordering::Relaxed)),
        }
    }

    fn between(&self, state: &State, from: &Reading, to: &Reading, memory: MemoryUse) -> Overhead {
        let difference = |from: Option<Duration>, to: Option<Duration>| Some(to?.saturating_sub(from?));
        let recorded = to.totals.recorded.saturating_sub(from.totals.recorded);
        let unrecorded = to.totals.unrecorded.saturating_sub(from.totals.unrecorded);
        let samples = to.totals.samples.saturating_sub(from.totals.samples);
        Overhead {
            window: to.at.saturating_duration_since(from.at),
            cpus: available_cpus(),
            process_cpu: difference(from.process_cpu, to.process_cpu),
            thread_cpu: difference(from.thread_cpu, to.thread_cpu),
            request_cpu: recorded + unrecorded,
            samples,
            latency_share: latency_share(recorded, to.requests.saturating_sub(from.requests), samples),
            memory,
            budget: self.budget.clone(),
            is_exceeded: state.controller.is_exceeded(),
            steps: state.controller.steps(),
        }
    }
}
