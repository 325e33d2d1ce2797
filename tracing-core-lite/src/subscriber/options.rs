//! What a layer records besides the fields of a span.

use std::thread;

use tracing::Metadata;

use crate::Recorder;

/// The optional attributes of spans and events.
#[derive(Debug, Clone, Copy)]
pub(super) struct Options {
    pub(super) location: bool,
    pub(super) threads: bool,
    pub(super) level: bool,
    pub(super) target: bool,
    pub(super) timing: bool,
    pub(super) error_fields_to_exceptions: bool,
    pub(super) error_events_to_exceptions: bool,
    pub(super) error_events_to_status: bool,
}

impl Options {
    pub(super) const DEFAULT: Self = Self {
        location: true,
        threads: true,
        level: false,
        target: true,
        timing: true,
        error_fields_to_exceptions: true,
        error_events_to_exceptions: true,
        error_events_to_status: true,
    };

    /// Sets the optional attributes of a span.
    #[inline]
    pub(super) fn write(&self, span: &mut Recorder<'_>, metadata: &Metadata<'_>) {
        if self.location {
            span.set_some("code.file.path", metadata.file()).set_some("code.line.number", metadata.line());
        }
        if self.threads {
            with_thread(|thread| {
                span.set("thread.id", thread.id).set_some("thread.name", thread.name.as_deref());
            });
        }
        if self.level {
            span.set("level", metadata.level().as_str());
        }
        if self.target {
            span.set("target", metadata.target());
        }
    }
}

struct Thread {
    id: i64,
    name: Option<Box<str>>,
}

thread_local! {
    static THREAD: Thread = {
        let thread = thread::current();
        Thread { id: number(thread.id()), name: thread.name().map(Into::into) }
    };
}

fn with_thread(visit: impl FnOnce(&Thread)) {
    let _gone = THREAD.try_with(visit);
}

/// The standard library shows the number of a thread only in this text: `ThreadId(7)`.
fn number(id: thread::ThreadId) -> i64 {
    let digits: String = format!("{id:?}").chars().filter(char::is_ascii_digit).collect();
    digits.parse().unwrap_or_default()
}
