//! A handle of the sampler, in both modes.

use tracing_sampling::tail::{PlanError, TailControl, TailSettings, TailStats};

#[cfg(feature = "kafka")]
use crate::kafka::RunningKafka;

/// A handle of the running sampler, for counts and settings.
#[derive(Debug, Clone)]
pub struct Control(pub(crate) Mode);

/// Where spans come from.
#[derive(Debug, Clone)]
pub(crate) enum Mode {
    Otlp(TailControl),
    #[cfg(feature = "kafka")]
    Kafka(RunningKafka),
}

impl Control {
    /// Returns the counts so far. In Kafka mode they are at most a fraction of a second old.
    #[must_use]
    pub fn stats(&self) -> TailStats {
        match &self.0 {
            Mode::Otlp(tail) => tail.stats(),
            #[cfg(feature = "kafka")]
            Mode::Kafka(kafka) => kafka.stats(),
        }
    }

    /// Returns the settings in force.
    #[must_use]
    pub fn settings(&self) -> TailSettings {
        match &self.0 {
            Mode::Otlp(tail) => tail.settings(),
            #[cfg(feature = "kafka")]
            Mode::Kafka(kafka) => kafka.settings(),
        }
    }

    /// Replaces the policies, waits and bounds.
    pub(crate) fn reload(&self, settings: TailSettings) -> Result<(), PlanError> {
        match &self.0 {
            Mode::Otlp(tail) => tail.reload(settings),
            #[cfg(feature = "kafka")]
            Mode::Kafka(kafka) => kafka.reload(settings),
        }
    }

    /// Returns whether the sampler works, apart from a shutdown.
    pub(crate) fn is_ready(&self) -> bool {
        match &self.0 {
            Mode::Otlp(_) => true,
            #[cfg(feature = "kafka")]
            Mode::Kafka(kafka) => kafka.is_ready(),
        }
    }

    /// Returns whether the sampler can work again without a restart.
    pub(crate) fn is_alive(&self) -> bool {
        match &self.0 {
            Mode::Otlp(_) => true,
            #[cfg(feature = "kafka")]
            Mode::Kafka(kafka) => kafka.is_alive(),
        }
    }
}
