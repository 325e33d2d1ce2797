//! Starts and stops the worker.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use tokio::sync::watch;
use tracing_core_lite::pipeline::{ExportError, Exporter};
use tracing_sampling::tail::{PlanError, TailBuffer, TailSettings, TailStats};

use super::client;
use super::config::KafkaConfig;
use super::downstream::Downstream;
use super::group::Membership;
use super::journal::Journal;
use super::security::Security;
use super::stats::KafkaStats;
use super::topics::Topics;
use super::worker::{Command, End, Parts, Retired, Worker, WorkerError};
use crate::adaptive::Services;

/// The pause until missing topics and unreachable brokers are looked at again.
const RETRY: Duration = Duration::from_secs(2);

/// The time to send what was decided when the program stops.
const GRACE: Duration = Duration::from_secs(15);

/// A handle of the worker. Clones refer to the same one.
#[derive(Debug, Clone)]
pub(crate) struct RunningKafka {
    stats: Arc<KafkaStats>,
    settings: Arc<Mutex<TailSettings>>,
    commands: Sender<Command>,
    stop: Arc<AtomicBool>,
    thread: Arc<Mutex<Option<JoinHandle<()>>>>,
    ended: watch::Receiver<Option<Result<(), String>>>,
}

impl std::fmt::Debug for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Command")
    }
}

impl RunningKafka {
    /// Starts the worker. It joins the group as soon as the topic can be read.
    pub(crate) fn start(
        config: KafkaConfig,
        settings: TailSettings,
        exporter: Box<dyn Exporter>,
        adaptive: Option<Services>,
    ) -> Result<Self, StartKafkaError> {
        let settings = for_partitions(settings);
        TailBuffer::new(settings.clone())?;
        let stats = Arc::<KafkaStats>::default();
        let stop = Arc::new(AtomicBool::new(false));
        let (commands, received) = channel();
        let (end, ended) = watch::channel(None);
        let downstream = Downstream::start(exporter, settings.retry_timeout, Arc::clone(&stats))?;
        let start = Start {
            config,
            settings: settings.clone(),
            downstream,
            adaptive,
            stats: Arc::clone(&stats),
            commands: received,
            stop: Arc::clone(&stop),
        };
        let thread = std::thread::Builder::new().name("kafka".into()).spawn(move || {
            let result = start.run().map_err(|error| error.to_string());
            if let Err(reason) = &result {
                tracing::error!(reason, "the consumer has stopped");
            }
            let _ = end.send(Some(result));
        })?;
        Ok(Self {
            stats,
            settings: Arc::new(Mutex::new(settings)),
            commands,
            stop,
            thread: Arc::new(Mutex::new(Some(thread))),
            ended,
        })
    }

    pub(crate) fn kafka_stats(&self) -> &KafkaStats {
        &self.stats
    }

    pub(crate) fn stats(&self) -> TailStats {
        self.stats.tail()
    }

    pub(crate) fn settings(&self) -> TailSettings {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns whether the worker has joined the group and has not ended.
    pub(crate) fn is_ready(&self) -> bool {
        self.stats.is_joined() && self.is_alive()
    }

    pub(crate) fn is_alive(&self) -> bool {
        self.ended.borrow().is_none()
    }

    /// Waits until the worker ends. Returns why, if it was not told to.
    pub(crate) async fn ended(&self) -> Result<(), String> {
        let mut ended = self.ended.clone();
        match ended.wait_for(Option::is_some).await.map(|result| result.clone()) {
            Ok(Some(result)) => result,
            _ => Err("the consumer has stopped".into()),
        }
    }

    pub(crate) fn reload(&self, settings: TailSettings) -> Result<(), PlanError> {
        let settings = for_partitions(settings);
        TailBuffer::new(settings.clone())?;
        let (reply, answer) = channel();
        if self.commands.send(Command::Reload(Box::new(settings.clone()), reply)).is_ok()
            && let Ok(result) = answer.recv()
        {
            result?;
        }
        *self.settings.lock().unwrap_or_else(PoisonError::into_inner) = settings;
        Ok(())
    }

    /// Sends what was decided, commits, and leaves the group.
    pub(crate) fn shutdown(&self, deadline: Instant) -> Result<(), ExportError> {
        self.stop.store(true, Ordering::Release);
        while self.is_alive() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(10));
        }
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        match (thread, self.is_alive()) {
            (Some(thread), false) => _ = thread.join(),
            (_, false) => {}
            (_, true) => {
                let reason = "decided spans were not sent before the deadline; the next owner sends them";
                return Err(ExportError::Permanent { reason: reason.into() });
            }
        }
        match &*self.ended.borrow() {
            Some(Err(reason)) => Err(ExportError::Permanent { reason: reason.clone() }),
            _ => Ok(()),
        }
    }
}

/// Decisions are followed for the late window, so a cache that the Collector's defaults turn off is turned on.
fn for_partitions(settings: TailSettings) -> TailSettings {
    let default = TailSettings::default();
    let size = |configured, default| if configured == 0 { default } else { configured };
    let kept = size(settings.sampled_cache_size, default.sampled_cache_size);
    let dropped = size(settings.non_sampled_cache_size, default.non_sampled_cache_size);
    let settings = settings.with_sampled_cache_size(kept).with_non_sampled_cache_size(dropped);
    settings.with_deduplicate(true).with_shards(1)
}

/// The consumer cannot be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartKafkaError {
    /// A policy is invalid.
    #[error(transparent)]
    Policy(#[from] PlanError),
    /// The operating system refused a thread.
    #[error("a thread could not be started: {0}")]
    Thread(#[from] std::io::Error),
}

/// What the thread begins with.
struct Start {
    config: KafkaConfig,
    settings: TailSettings,
    downstream: Downstream,
    adaptive: Option<Services>,
    stats: Arc<KafkaStats>,
    commands: std::sync::mpsc::Receiver<Command>,
    stop: Arc<AtomicBool>,
}

impl Start {
    fn run(self) -> Result<(), WorkerError> {
        let Self { config, settings, downstream, adaptive, stats, commands, stop } = self;
        let mut held = (settings, downstream, commands, Retired::default());
        loop {
            let (settings, downstream, commands, retired) = held;
            let Some(clients) = connect(&config, &settings, &stats, &stop)? else {
                downstream.stop();
                return Ok(());
            };
            let Clients { consumer, journal, topics, partition_count } = clients;
            let parts = Parts {
                security: Security::new(&config),
                config: config.clone(),
                settings,
                adaptive: adaptive.clone(),
                consumer,
                journal,
                topics,
                downstream,
                partition_count,
                stats: Arc::clone(&stats),
                commands,
                stop: Arc::clone(&stop),
            };
            let (result, parts, retired) = Worker::new(parts, retired).run(GRACE);
            let Parts { settings, downstream, commands, .. } = parts;
            match result {
                Ok(End::NewCertificates) => {
                    tracing::info!("the clients are created anew with the new certificates")
                }
                Ok(End::Stopped) => {
                    downstream.stop();
                    return Ok(());
                }
                Err(error) => {
                    downstream.stop();
                    return Err(error);
                }
            }
            held = (settings, downstream, commands, retired);
        }
    }
}

/// The clients of the worker.
struct Clients {
    consumer: BaseConsumer<Membership>,
    journal: Arc<Journal>,
    topics: Topics,
    partition_count: i32,
}

/// Creates the clients once the topics are there. Returns `None` if the program stops before.
fn connect(
    config: &KafkaConfig,
    settings: &TailSettings,
    stats: &Arc<KafkaStats>,
    stop: &AtomicBool,
) -> Result<Option<Clients>, WorkerError> {
    let topics = Topics::new(&client::admin(config)?)?;
    let partition_count = loop {
        if stop.load(Ordering::Acquire) {
            return Ok(None);
        }
        match topics.prepare(config, settings.decision_wait) {
            Ok(partitions) => break partitions,
            Err(error) if error.is_final() => return Err(error.into()),
            Err(error) => tracing::warn!(%error, "the topics are not ready"),
        }
        Security::new(config).refresh(topics.client());
        std::thread::sleep(RETRY);
    };
    let version = config.decisions.version;
    let journal = Arc::new(Journal::new(&client::producer(config)?, config.decision_topic(), version)?);
    let membership = Membership::new(config.topic.clone(), Arc::clone(&journal), Arc::clone(stats));
    let consumer = client::consumer(config, settings.max_queue_bytes)?;
    let consumer: BaseConsumer<Membership> = consumer.create_with_context(membership)?;
    consumer.subscribe(&[&config.topic])?;
    Ok(Some(Clients { consumer, journal, topics, partition_count }))
}
