//! Kinds and statuses of spans.

/// What role a span plays in a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
#[non_exhaustive]
pub enum Kind {
    /// The file does not say.
    #[default]
    Unspecified,
    /// Work within a service.
    Internal,
    /// The callee's side of a call.
    Server,
    /// The caller's side of a call.
    Client,
    /// Sends a message.
    Producer,
    /// Receives or processes a message.
    Consumer,
}

impl Kind {
    /// Returns the kind with this number in OTLP.
    #[must_use]
    pub fn from_otlp(number: u64) -> Self {
        match number {
            1 => Self::Internal,
            2 => Self::Server,
            3 => Self::Client,
            4 => Self::Producer,
            5 => Self::Consumer,
            _ => Self::Unspecified,
        }
    }

    /// Returns the kind with this name: `server`, `SERVER` or `SPAN_KIND_SERVER`.
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        let name = name.trim();
        let name = name.strip_prefix("SPAN_KIND_").or_else(|| name.strip_prefix("SpanKind.")).unwrap_or(name);
        let known = [Self::Internal, Self::Server, Self::Client, Self::Producer, Self::Consumer].into_iter();
        known
            .clone()
            .find(|it| it.name().eq_ignore_ascii_case(name))
            .unwrap_or_else(|| name.parse().map(Self::from_otlp).unwrap_or_default())
    }

    /// Returns the number of the kind in OTLP.
    #[must_use]
    pub fn otlp(self) -> u8 {
        self as u8
    }

    /// Returns the name in lower case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::Internal => "internal",
            Self::Server => "server",
            Self::Client => "client",
            Self::Producer => "producer",
            Self::Consumer => "consumer",
        }
    }
}

/// What a span says about its success.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
#[non_exhaustive]
pub enum Status {
    /// Nothing.
    #[default]
    Unset,
    /// It succeeded.
    Ok,
    /// It failed.
    Error,
}

impl Status {
    /// Returns the status with this number in OTLP.
    #[must_use]
    pub fn from_otlp(number: u64) -> Self {
        match number {
            1 => Self::Ok,
            2 => Self::Error,
            _ => Self::Unset,
        }
    }

    /// Returns the status with this name: `error`, `ERROR` or `STATUS_CODE_ERROR`.
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        let name = name.trim();
        let name =
            name.strip_prefix("STATUS_CODE_").or_else(|| name.strip_prefix("StatusCode.")).unwrap_or(name);
        if name.eq_ignore_ascii_case("error") {
            Self::Error
        } else if name.eq_ignore_ascii_case("ok") {
            Self::Ok
        } else {
            name.parse().map(Self::from_otlp).unwrap_or_default()
        }
    }

    /// Returns the number of the status in OTLP.
    #[must_use]
    pub fn otlp(self) -> u8 {
        self as u8
    }

    /// Returns the name in lower case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Unset => "unset",
            Self::Ok => "ok",
            Self::Error => "error",
        }
    }
}
