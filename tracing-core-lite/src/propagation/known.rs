//! The names of formats in `OTEL_PROPAGATORS`.

use std::sync::Arc;

use super::{Format, PropagatorError, TraceContext, W3cBaggage};

type Constructor = fn() -> Arc<dyn Format>;

/// A name of `OTEL_PROPAGATORS`.
pub(super) struct Known {
    pub(super) name: &'static str,
    /// `None` if the format is not compiled in.
    constructor: Option<Constructor>,
    /// The Cargo feature that adds the format.
    feature: &'static str,
}

macro_rules! format {
    ($name:literal, $feature:literal, $format:ident) => {{
        #[cfg(feature = $feature)]
        let constructor: Option<Constructor> = Some(|| Arc::new(super::$format));
        #[cfg(not(feature = $feature))]
        let constructor: Option<Constructor> = None;
        Known { name: $name, constructor, feature: $feature }
    }};
}

/// All names but `none`.
const KNOWN: [Known; 8] = [
    Known { name: "tracecontext", constructor: Some(|| Arc::new(TraceContext)), feature: "" },
    Known { name: "baggage", constructor: Some(|| Arc::new(W3cBaggage::new())), feature: "" },
    format!("b3", "b3", B3Single),
    format!("b3multi", "b3", B3Multi),
    format!("jaeger", "jaeger", Jaeger),
    format!("xray", "xray", XRay),
    format!("ottrace", "ottrace", OtTrace),
    format!("datadog", "datadog", Datadog),
];

/// How many of them are W3C formats.
const W3C: usize = 2;

/// What a list of names stands for.
#[derive(Default)]
pub(super) struct Names {
    /// Each name once, in order.
    pub(super) known: Vec<&'static Known>,
    /// Whether `none` is listed.
    pub(super) none: bool,
    /// One error for each name that stands for no format.
    pub(super) errors: Vec<PropagatorError>,
}

impl Names {
    /// Parses names that are separated by commas. ASCII case is ignored, and so are empty names.
    pub(super) fn parse(list: &str) -> Self {
        static TABLE: [Known; 8] = KNOWN;
        let mut names = Self::default();
        for name in list.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            match TABLE.iter().find(|known| known.name.eq_ignore_ascii_case(name)) {
                Some(known) if known.constructor.is_none() => {
                    names
                        .errors
                        .push(PropagatorError::NotCompiled { name: known.name, feature: known.feature });
                }
                Some(known) if names.known.iter().any(|other| other.name == known.name) => {}
                Some(known) => names.known.push(known),
                None if name.eq_ignore_ascii_case("none") => names.none = true,
                None => {
                    let name = name.chars().take(40).collect();
                    names.errors.push(PropagatorError::unknown(name, KNOWN.iter().map(|known| known.name)));
                }
            }
        }
        names
    }

    /// Returns the formats in order.
    pub(super) fn formats(&self) -> impl Iterator<Item = Arc<dyn Format>> {
        self.known.iter().filter_map(|known| Some(known.constructor?()))
    }
}

/// Returns the formats that are used by default.
pub(super) fn default_formats() -> impl Iterator<Item = Arc<dyn Format>> {
    KNOWN.into_iter().take(W3C).filter_map(|known| Some(known.constructor?()))
}

/// The format that is used if none of the names is known.
pub(super) fn fallback() -> Arc<dyn Format> {
    Arc::new(TraceContext)
}
