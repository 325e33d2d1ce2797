//! Fill levels of the queue.

use crate::pipeline::limits::BatchLimits;

/// An amount of spans.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fill {
    pub(super) spans: usize,
    pub(super) bytes: usize,
}

impl Fill {
    pub(super) fn reaches(self, mark: Self) -> bool {
        self.spans >= mark.spans || self.bytes >= mark.bytes
    }
}

/// The fill level that ends a wait of the export thread early. A flush and the shutdown always end it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::pipeline) enum WakeAt {
    /// There is a full batch.
    Due,
    /// The queue fills up.
    Pressing,
    /// No fill level.
    Never,
}

/// The fill levels at which the export thread changes its behaviour.
#[derive(Debug)]
pub(super) struct FillMarks {
    /// Enough to export: a full batch, or half of a queue that is hardly larger than a batch.
    pub(super) due: Fill,
    /// The export thread should hurry: two full batches, including the one it is exporting, or half of a queue that is
    /// smaller.
    pub(super) behind: Fill,
    /// The export thread must not rest: a quarter of the queue. A queue of 2,048 spans, which is four batches, then has
    /// as much room left as if the thread did not rest at all.
    pressing: Fill,
}

impl FillMarks {
    pub(super) fn new(limits: &BatchLimits) -> Self {
        let due = Fill {
            spans: limits.max_export_batch_size.min(limits.max_queue_size / 2).max(1),
            bytes: limits.max_batch_bytes.min(limits.max_queue_bytes / 2).max(1),
        };
        Self {
            due,
            behind: Fill {
                spans: (due.spans * 2).min(limits.max_queue_size / 2),
                bytes: (due.bytes * 2).min(limits.max_queue_bytes / 2),
            },
            pressing: Fill {
                spans: (limits.max_queue_size / 4).max(due.spans),
                bytes: (limits.max_queue_bytes / 4).max(due.bytes),
            },
        }
    }

    pub(super) fn of(&self, wake_at: WakeAt) -> Option<Fill> {
        match wake_at {
            WakeAt::Due => Some(self.due),
            WakeAt::Pressing => Some(self.pressing),
            WakeAt::Never => None,
        }
    }
}
