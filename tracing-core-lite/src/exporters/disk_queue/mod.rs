//! A queue on disk: spans survive the end of the process, and are delivered when the receiver is back.
//!
//! [`DiskQueueConfig::wrap`] puts the queue in front of any exporter. Batches are written to disk in the form in which they
//! are sent. A thread of the queue delivers them in order, and removes each when the receiver has accepted it. Spans that are
//! left when the process ends are delivered by the next process with the same directory.
//!
//! ```
//! use std::time::Duration;
//! use tracing_core_lite::TracerProvider;
//! use tracing_core_lite::exporters::MemoryExporter;
//! use tracing_core_lite::exporters::disk_queue::DiskQueueConfig;
//!
//! # let directory = std::env::temp_dir().join(format!("disk-queue-doc-{}", std::process::id()));
//! let receiver = MemoryExporter::new();
//! let queue = DiskQueueConfig::new(&directory).with_max_bytes(1 << 30).wrap(receiver.clone());
//! let provider = TracerProvider::builder().with_exporter(queue).build()?;
//! provider.tracer("shop").span("place order").start().end();
//! provider.flush(Duration::from_secs(5))?; // The span is on disk now.
//! provider.shutdown(Duration::from_secs(5))?; // And now it is delivered.
//! assert_eq!(receiver.finished().len(), 1);
//! # std::fs::remove_dir_all(&directory)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Guarantees
//! | event | outcome |
//! |---|---|
//! | `flush` returned `Ok` | The spans are on disk and synced (with [`Fsync::Never`]: written), or delivered. |
//! | the receiver is down | Spans wait on disk, within the bounds for size and age. |
//! | the process is killed | What was exported is delivered by the next process. What was in memory since the last export, at most `OTEL_BSP_SCHEDULE_DELAY`, is lost unless it was flushed. |
//! | the power fails | [`Fsync::Always`] loses nothing that was exported, and [`Fsync::Every`] at most its interval. |
//! | a record is damaged or cut off | It is skipped, reported and counted. All others are delivered. |
//! | the disk is full or cannot be written | Batches wait in memory, up to a bound. The disk is tried again every second. What is lost is counted. |
//! | the queue is full | [`WhenFull`] says what is dropped. It is counted. |
//!
//! Delivery is at least once. The batch that is being delivered when a process is killed is delivered again. After a power
//! failure, so are batches whose delivery was not synced. Span ids remove duplicates.
//!
//! A batch that the receiver keeps refusing does not delay the others.
//!
//! # Directories
//! Each process locks a sub-directory of its own, and takes over those that no process holds: at its start, and every two
//! seconds. Several processes can therefore share a directory. Files have mode 0600 and directories 0700. Windows has
//! no such modes: files there inherit the permissions of the directory.
//!
//! In a container, the directory must be on a volume that outlives the container (in Kubernetes: a `PersistentVolumeClaim`,
//! or a `hostPath` for a DaemonSet; an `emptyDir` outlives a crash of the container, but not its Pod). A file system
//! without locks, such as some network file systems, works too, but nothing is taken over from other processes there.
//!
//! # Stages
//! A stage that removes data from spans must come before the disk: wrap the queue in it, not the other way round. To
//! export to several places, give each exporter of a [`Fanout`](crate::pipeline::Fanout) a queue with a directory of its
//! own.
//!
//! # Format
//! Files of this version are read by later versions. Files of newer versions are left alone and
//! [counted](DiskQueueStats::newer_files).

mod config;
mod deferred;
mod delivery;
mod directory;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
mod inherit;
mod lock;
mod log;
mod memory;
mod reader;
mod record;
mod reports;
mod segment;
mod segment_reader;
mod shared;
mod stage;
mod stats;
mod storage;
mod sync;
#[cfg(test)]
mod tests;

pub use config::{Compression, DiskQueueConfig, Fsync, WhenFull};
pub use stage::{DiskQueue, DiskQueueMonitor};
pub use stats::DiskQueueStats;
