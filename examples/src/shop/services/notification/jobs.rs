//! Hands jobs to the workers, or does them in tasks of this process where there is no broker.

use tokio_util::task::TaskTracker;
use tracing::warn;
use tracing_core_lite::context::Detached;
use tracing_core_lite::{Tracer, TracerProvider};

use crate::shop::connections::{JobQueues, PublishError};
use crate::shop::jobs::{Job, Medium};
use crate::shop::messenger::{self, MAX_ATTEMPTS};

/// A job was not handed out.
#[derive(Debug, thiserror::Error)]
pub(super) enum JobError {
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    #[error(transparent)]
    Publish(#[from] PublishError),
}

/// Hands out jobs.
#[derive(Debug, Clone)]
pub(in crate::shop) struct Jobs(Target);

#[derive(Debug, Clone)]
enum Target {
    Workers(JobQueues),
    Tasks { tracer: Tracer, background: TaskTracker },
}

impl Jobs {
    /// Hands jobs to the workers behind `queues`.
    pub(in crate::shop) fn for_workers(queues: JobQueues) -> Self {
        Self(Target::Workers(queues))
    }

    /// Does jobs in tasks of this process.
    pub(in crate::shop) fn in_process(provider: &TracerProvider, background: TaskTracker) -> Self {
        Self(Target::Tasks { tracer: provider.tracer("shop.notification"), background })
    }

    /// Hands out a job. Returns when the broker has it, or when its task has started.
    pub(super) async fn publish(&self, medium: Medium, job: &Job) -> Result<(), JobError> {
        match &self.0 {
            Target::Workers(queues) => Ok(queues.publish(medium.queue(), &serde_json::to_vec(job)?).await?),
            Target::Tasks { tracer, background } => {
                attempt(tracer.clone(), background.clone(), medium, job.clone(), 1);
                Ok(())
            }
        }
    }
}

/// Starts a task that makes one attempt. Each attempt is a trace of its own that follows from the span that started it.
fn attempt(tracer: Tracer, background: TaskTracker, medium: Medium, job: Job, number: u32) {
    let name = format!("send {}", medium.queue());
    let (own_tracer, tasks) = (tracer.clone(), background.clone());
    let work = async move {
        match messenger::send(medium, &job, number).await {
            Ok(()) => {}
            Err(error) if number < MAX_ATTEMPTS => {
                messenger::record_failure(&error);
                warn!(order = job.order, %error, number, "trying again");
                attempt(own_tracer, tasks, medium, job, number + 1);
            }
            Err(error) => {
                messenger::record_failure(&error);
                warn!(order = job.order, %error, number, "giving up");
            }
        }
    };
    background.spawn(Detached::new(&tracer, name, work));
}
