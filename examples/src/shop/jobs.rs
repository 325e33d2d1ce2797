//! Work that somebody will do some time: telling customers by e-mail or SMS.

use serde::{Deserialize, Serialize};
use tokio_util::task::TaskTracker;
use tracing::warn;
use tracing_core_lite::Tracer;
use tracing_core_lite::context::Detached;

use super::Wiring;
use super::messenger::{self, MOST_ATTEMPTS};
use super::post_office::PostOffice;

/// A message to a customer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Job {
    pub(super) order: u64,
    pub(super) to: String,
    pub(super) text: String,
}

/// How a message gets to its customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Medium {
    Email,
    Sms,
}

impl Medium {
    /// The queue of its jobs.
    pub(super) fn queue(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms => "sms",
        }
    }
}

/// A job that nobody will do.
#[derive(Debug, thiserror::Error)]
pub(super) enum JobLost {
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    #[error(transparent)]
    Amqp(#[from] lapin::Error),
    #[error("the broker did not take the job")]
    Refused,
}

/// Hands out jobs.
#[derive(Debug, Clone)]
pub(super) enum Jobs {
    /// To workers, by AMQP.
    ToWorkers(PostOffice),
    /// To tasks of this process, which nobody waits for.
    InProcess { tracer: Tracer, background: TaskTracker },
}

impl Jobs {
    /// Jobs for the workers behind the broker at `AMQP_URL`; without that, they are done in this process.
    pub(super) fn open(wiring: &Wiring) -> Self {
        match PostOffice::of(wiring) {
            Some(post_office) => Self::ToWorkers(post_office),
            None => Self::InProcess {
                tracer: wiring.provider.tracer("shop.notification"),
                background: wiring.background.clone(),
            },
        }
    }

    /// Returns when the job is safe with the broker.
    pub(super) async fn publish(&self, medium: Medium, job: &Job) -> Result<(), JobLost> {
        match self {
            Self::ToWorkers(post_office) => {
                post_office.publish(medium.queue(), &serde_json::to_vec(job)?).await
            }
            Self::InProcess { tracer, background } => {
                attempt(tracer.clone(), background.clone(), medium, job.clone(), 1);
                Ok(())
            }
        }
    }
}

/// Starts a task that tries once. Each attempt is a trace of its own that FollowsFrom whoever started it.
fn attempt(tracer: Tracer, background: TaskTracker, medium: Medium, job: Job, number: u32) {
    let name = format!("send {}", medium.queue());
    let (own_tracer, tasks) = (tracer.clone(), background.clone());
    let work = async move {
        match messenger::send(medium, &job, number).await {
            Ok(()) => {}
            Err(failed) if number < MOST_ATTEMPTS => {
                messenger::record_failure(&failed);
                warn!(order = job.order, %failed, number, "to be tried again");
                attempt(own_tracer, tasks, medium, job, number + 1);
            }
            Err(failed) => {
                messenger::record_failure(&failed);
                warn!(order = job.order, %failed, number, "given up");
            }
        }
    };
    background.spawn(Detached::new(&tracer, name, work));
}
