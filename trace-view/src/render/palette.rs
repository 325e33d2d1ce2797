//! A colour for every service.

use std::collections::{BTreeSet, HashMap};

use crate::Trace;

/// A colour, for terminals and for pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Colour {
    /// The number among the 256 colours of a terminal.
    pub(super) ansi: u8,
    /// The colour in pictures, readable on white and on black.
    pub(super) hex: &'static str,
}

/// Red is not among them: it marks errors.
const COLOURS: [Colour; 12] = [
    Colour { ansi: 39, hex: "#2f81f7" },
    Colour { ansi: 214, hex: "#d29922" },
    Colour { ansi: 78, hex: "#2da44e" },
    Colour { ansi: 177, hex: "#a371f7" },
    Colour { ansi: 44, hex: "#1b9aaa" },
    Colour { ansi: 211, hex: "#db61a2" },
    Colour { ansi: 148, hex: "#7c9a0e" },
    Colour { ansi: 105, hex: "#6e7bf2" },
    Colour { ansi: 180, hex: "#b08968" },
    Colour { ansi: 115, hex: "#4aa384" },
    Colour { ansi: 209, hex: "#e0793f" },
    Colour { ansi: 245, hex: "#8b949e" },
];

/// The colours of a trace's services. A service has the same colour in every trace, unless two services of a trace
/// would share it. Then the second in alphabetical order takes the next free one.
pub(super) struct Palette<'a>(HashMap<&'a str, Colour>);

impl<'a> Palette<'a> {
    pub(super) fn of(trace: &Trace<'a>) -> Self {
        let services: BTreeSet<&str> = trace.nodes.iter().map(|node| &*node.span.service).collect();
        let mut colours = HashMap::new();
        let mut taken = [false; COLOURS.len()];
        for service in services {
            let own = hash(service) % COLOURS.len();
            let free = (0..COLOURS.len()).map(|step| (own + step) % COLOURS.len()).find(|&it| !taken[it]);
            let chosen = free.unwrap_or(own);
            taken[chosen] = true;
            colours.insert(service, COLOURS[chosen]);
        }
        Self(colours)
    }

    pub(super) fn of_service(&self, service: &str) -> Colour {
        self.0.get(service).copied().unwrap_or(COLOURS[0])
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

/// FNV-1a, which gives the same hash in every process.
fn hash(text: &str) -> usize {
    let hash =
        text.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    (hash >> 8) as usize
}
