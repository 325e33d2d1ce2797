//! The judgement of each window, and the steps of an enforced budget.

use super::figures::{BudgetSteps, Overhead};
use super::report::{Bytes, Percent};

/// A budget that was exceeded is held again below this share of it.
const HELD: f64 = 0.8;

/// Sampling is lowered so far that this share of the budget is used.
const TARGET: f64 = 0.8;

/// A step is reverted only below this share of the budget, so that twice as many sampled traces do not exceed it.
const CALM: f64 = 0.5;

/// Sampling is lowered at least and at most by these factors at once.
const FACTORS: (f64, f64) = (1.0 / 16.0, 0.75);

/// The number of calm windows before a step is reverted: at first, and at most.
const PATIENCE: (u32, u32) = (3, 48);

/// Judges one window after the other, and decides about steps.
#[derive(Debug)]
pub(super) struct Controller {
    enforces: bool,
    lowest_sampling: f64,
    is_exceeded: bool,
    steps: BudgetSteps,
    /// Calm windows in a row.
    calm: u32,
    /// Calm windows that a step needs to be reverted. Doubled when a reverted step has to be taken again.
    patience: u32,
    /// Windows since a step was reverted.
    since_revert: Option<u32>,
}

/// What has changed with a window, as a text with the figures.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Change(pub(super) String);

impl Controller {
    pub(super) fn new(enforces: bool, lowest_sampling: f64) -> Self {
        Self {
            enforces,
            lowest_sampling,
            is_exceeded: false,
            steps: BudgetSteps::default(),
            calm: 0,
            patience: PATIENCE.0,
            since_revert: None,
        }
    }

    pub(super) fn is_exceeded(&self) -> bool {
        self.is_exceeded
    }

    pub(super) fn steps(&self) -> BudgetSteps {
        self.steps
    }

    /// Judges a window. Returns what is to be logged.
    pub(super) fn judge(&mut self, window: &Overhead) -> Vec<Change> {
        let mut changes: Vec<_> = self.verdict(window).into_iter().collect();
        if self.enforces {
            changes.extend(self.step(window));
        }
        changes
    }

    fn verdict(&mut self, window: &Overhead) -> Option<Change> {
        let bound = if self.is_exceeded { HELD } else { 1.0 };
        let is_exceeded = window.load() > bound;
        if std::mem::replace(&mut self.is_exceeded, is_exceeded) == is_exceeded {
            return None;
        }
        let verdict = if is_exceeded { "exceeded" } else { "held again" };
        Some(Change(format!("the overhead budget of tracing is {verdict}: {}", figures(window))))
    }

    /// Takes or reverts a step.
    fn step(&mut self, window: &Overhead) -> Option<Change> {
        let load = window.load();
        self.since_revert = self.since_revert.map(|windows| windows.saturating_add(1));
        if load > 1.0 {
            self.calm = 0;
            return self.take(load, window);
        }
        self.calm = if load < CALM { self.calm + 1 } else { 0 };
        if self.calm < self.patience || self.steps == BudgetSteps::default() {
            return None;
        }
        self.calm = 0;
        self.revert(window)
    }

    fn take(&mut self, load: f64, window: &Overhead) -> Option<Change> {
        let step = if !self.steps.attributes_reduced {
            self.steps.attributes_reduced = true;
            "spans keep only the attributes that say what they are and how they ended".to_owned()
        } else if self.steps.sampling > self.lowest_sampling {
            let factor = (TARGET / load).clamp(FACTORS.0, FACTORS.1);
            self.steps.sampling = (self.steps.sampling * factor).max(self.lowest_sampling);
            format!("sampling is lowered to {} of what it was", Percent(self.steps.sampling))
        } else if !self.steps.switched_off {
            self.steps.switched_off = true;
            "internal spans are switched off".to_owned()
        } else {
            return None;
        };
        // A step that was reverted a short while ago is needed after all.
        if self.since_revert.take().is_some_and(|windows| windows <= self.patience) {
            self.patience = (self.patience * 2).min(PATIENCE.1);
        }
        Some(Change(format!("{step}, because tracing costs {}", figures(window))))
    }

    fn revert(&mut self, window: &Overhead) -> Option<Change> {
        let step = if self.steps.switched_off {
            self.steps.switched_off = false;
            "internal spans are switched on again".to_owned()
        } else if self.steps.sampling < 1.0 {
            self.steps.sampling = (self.steps.sampling * 2.0).min(1.0);
            format!("sampling is raised to {} of what it was", Percent(self.steps.sampling))
        } else {
            self.steps.attributes_reduced = false;
            "spans have all attributes again".to_owned()
        };
        self.since_revert = Some(0);
        Some(Change(format!("{step}, as tracing costs {}", figures(window))))
    }
}

/// Returns the figures in one line.
fn figures(window: &Overhead) -> String {
    let budget = &window.budget;
    let latency = window.latency_share.map_or_else(
        || "latency not known".to_owned(),
        |share| format!("{} of latency (budget {})", Percent(share), Percent(budget.latency)),
    );
    format!(
        "{} of CPU (budget {}), {latency}, {} of memory (budget {})",
        Percent(window.cpu_share()),
        Percent(budget.cpu),
        Bytes(window.memory.total()),
        Bytes(budget.memory),
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::budget::OverheadBudget;
    use super::super::figures::MemoryUse;
    use super::*;

    const WINDOW: Duration = Duration::from_secs(5);
    const CPUS: f64 = 2.0;

    /// A service in simulated time: requests that create spans.
    struct Service {
        requests_per_second: f64,
        spans_per_request: f64,
        /// Seconds of CPU time for a request without spans.
        own_cpu: f64,
    }

    impl Service {
        const BUSY: Self = Self { requests_per_second: 400.0, spans_per_request: 1000.0, own_cpu: 0.002 };
        const USUAL: Self = Self { requests_per_second: 400.0, spans_per_request: 3.0, own_cpu: 0.002 };

        /// Returns the seconds of CPU time that tracing takes for a request.
        fn tracing_cpu(&self, steps: BudgetSteps) -> f64 {
            let recorded = if steps.attributes_reduced { 0.45e-6 } else { 0.6e-6 };
            let unrecorded = 0.06e-6;
            let recorded_spans = if steps.switched_off { 1.0 } else { self.spans_per_request };
            steps.sampling * recorded_spans * recorded + self.spans_per_request * unrecorded
        }

        fn window(&self, steps: BudgetSteps) -> Overhead {
            let requests = self.requests_per_second * WINDOW.as_secs_f64();
            let tracing = Duration::from_secs_f64(requests * self.tracing_cpu(steps));
            Overhead {
                window: WINDOW,
                cpus: CPUS as usize,
                process_cpu: Some(tracing + Duration::from_secs_f64(requests * self.own_cpu)),
                thread_cpu: Some(tracing / 2),
                request_cpu: tracing / 2,
                samples: 10_000,
                latency_share: None,
                memory: MemoryUse::default(),
                budget: OverheadBudget::default(),
                is_exceeded: false,
                steps,
            }
        }

        /// Runs for some windows. Returns the texts that are logged.
        fn run(&self, controller: &mut Controller, windows: usize) -> Vec<String> {
            let judge = |_| controller.judge(&self.window(controller.steps()));
            (0..windows).flat_map(judge).map(|change| change.0).collect()
        }
    }

    fn enforcing() -> Controller {
        Controller::new(true, 0.01)
    }

    #[test]
    fn an_exceeded_budget_is_held_within_30_seconds_and_the_steps_come_in_order() {
        let mut controller = enforcing();
        assert!(Service::BUSY.window(controller.steps()).cpu_share() > 0.05);
        let texts = Service::BUSY.run(&mut controller, 6);
        assert!(Service::BUSY.window(controller.steps()).cpu_share() < 0.05, "{texts:#?}");
        let starts =
            ["the overhead budget of tracing is exceeded: ", "spans keep only", "sampling is lowered to "];
        for (text, start) in texts.iter().zip(starts) {
            assert!(text.starts_with(start), "{texts:#?}");
            assert!(text.contains("of CPU (budget 5 %)"), "{texts:#?}");
        }
        assert!(!controller.steps().switched_off, "lower sampling was enough: {texts:#?}");
    }

    #[test]
    fn steps_are_reverted_in_reverse_order_when_the_budget_is_held() {
        let mut controller = enforcing();
        Service::BUSY.run(&mut controller, 6);
        let lowered = controller.steps();
        assert!(lowered.sampling < 1.0 && lowered.attributes_reduced);
        assert_eq!(Service::USUAL.run(&mut controller, 2).len(), 1, "it waits: only the verdict");
        assert_eq!(controller.steps(), lowered);
        let texts = Service::USUAL.run(&mut controller, 60);
        assert_eq!(controller.steps(), BudgetSteps::default(), "{texts:#?}");
        assert!(texts.last().unwrap().starts_with("spans have all attributes again"), "{texts:#?}");
        assert!(Service::USUAL.run(&mut controller, 100).is_empty());
    }

    #[test]
    fn steps_do_not_alternate_while_the_load_stays() {
        let mut controller = enforcing();
        Service::BUSY.run(&mut controller, 10);
        // An hour.
        let texts = Service::BUSY.run(&mut controller, 720);
        assert!(texts.len() < 60, "{} changes: {texts:#?}", texts.len());
    }

    #[test]
    fn internal_spans_are_switched_off_last() {
        let service = Service { spans_per_request: 1000.0, ..Service::BUSY };
        let mut controller = Controller::new(true, 0.9);
        let texts = service.run(&mut controller, 8);
        assert!(controller.steps().switched_off, "{texts:#?}");
        let order: Vec<_> = ["spans keep", "sampling is lowered", "internal spans are switched off"]
            .iter()
            .map(|start| texts.iter().position(|text| text.starts_with(start)))
            .collect();
        assert!(order.is_sorted() && order[0].is_some(), "{texts:#?}");
    }

    #[test]
    fn without_enforcement_each_change_is_logged_once() {
        let mut controller = Controller::new(false, 0.01);
        let mut texts = Service::BUSY.run(&mut controller, 20);
        texts.extend(Service::USUAL.run(&mut controller, 20));
        assert_eq!(texts.len(), 2, "{texts:#?}");
        assert!(texts[0].contains("is exceeded") && texts[1].contains("is held again"), "{texts:#?}");
        assert_eq!(controller.steps(), BudgetSteps::default());
    }

    #[test]
    fn a_process_that_uses_little_cpu_is_not_judged() {
        let idle = Service { requests_per_second: 1.0, spans_per_request: 20_000.0, own_cpu: 0.0 };
        let mut controller = enforcing();
        assert!(idle.window(BudgetSteps::default()).share_of_process().unwrap() > 0.9);
        assert!(idle.run(&mut controller, 50).is_empty());
    }

    #[test]
    fn memory_is_judged_even_while_the_process_is_idle() {
        let mut window =
            Service { requests_per_second: 0.0, ..Service::USUAL }.window(BudgetSteps::default());
        window.memory = MemoryUse::new(100_000_001, 0, 0);
        let changes = enforcing().judge(&window);
        assert!(changes[0].0.contains("100.0 MB of memory (budget 100.0 MB)"), "{changes:?}");
    }

    #[test]
    fn latency_is_judged_by_the_share_of_requests_that_are_recorded() {
        let mut window = Service::USUAL.window(BudgetSteps::default());
        window.latency_share = Some(0.02);
        assert!(window.load() > 1.0);
        window.steps.sampling = 0.25;
        assert!(window.load() < 1.0, "three of four requests are not recorded");
    }
}
