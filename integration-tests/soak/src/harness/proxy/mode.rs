//! What the proxy does with requests.

/// What the proxy does with requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::harness) enum Mode {
    /// Passes requests and answers on.
    Pass,
    /// Refuses connections.
    Refuse,
    /// Resets the connection midway in the request.
    ResetRequest,
    /// Passes the request on, and resets the connection midway in the answer.
    ResetAnswer,
    /// Accepts connections, and neither reads nor writes.
    Stall,
    /// Passes the request on, and the answer byte by byte.
    SlowAnswer,
    /// Answers with a status after which the request is repeated.
    Busy { status: u16, retry_after: RetryAfter },
    /// Answers 400: the batch is refused for good.
    BadRequest,
    /// Answers 413 to requests of more bytes than this, and passes others on.
    TooLarge(usize),
    /// Answers 200 with a partial success that rejects all spans.
    PartialSuccess,
    /// Passes requests and answers on, and closes the connection after each.
    CloseIdle,
    /// Passes the request on, and answers 200 with a body of another type.
    WrongType,
    /// Passes the request on, and answers 200 with a body without end.
    Endless,
    /// Answers something that is no HTTP, without passing the request on.
    NotHttp,
}

/// The header `Retry-After`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::harness) enum RetryAfter {
    Missing,
    /// In seconds.
    Seconds(u8),
    /// As a date, which is so many seconds in the future.
    Date(u8),
}

impl Mode {
    /// Chooses a fault.
    pub(in crate::harness) fn random(random: &mut fastrand::Rng) -> Self {
        let busy = |random: &mut fastrand::Rng| {
            let status = random.choice([429, 502, 503, 504]).unwrap_or(503);
            let retry_after = match random.u8(..3) {
                0 => RetryAfter::Missing,
                1 => RetryAfter::Seconds(random.u8(1..3)),
                _ => RetryAfter::Date(random.u8(1..3)),
            };
            Self::Busy { status, retry_after }
        };
        match random.u8(..14) {
            0 => Self::Refuse,
            1 => Self::ResetRequest,
            2 => Self::ResetAnswer,
            3 => Self::Stall,
            4 => Self::SlowAnswer,
            5..=6 => busy(random),
            7 => Self::BadRequest,
            8 => Self::TooLarge(random.usize(2_000..20_000)),
            9 => Self::WrongType,
            10 => Self::Endless,
            11 => Self::PartialSuccess,
            12 => Self::CloseIdle,
            _ => Self::NotHttp,
        }
    }

    /// Returns a name for the report.
    pub(in crate::harness) fn name(self) -> String {
        match self {
            Self::Pass => "pass".to_owned(),
            Self::Refuse => "connection refused".to_owned(),
            Self::ResetRequest => "reset in the request".to_owned(),
            Self::ResetAnswer => "reset in the answer".to_owned(),
            Self::Stall => "stall".to_owned(),
            Self::SlowAnswer => "slow loris".to_owned(),
            Self::Busy { status, retry_after } => match retry_after {
                RetryAfter::Missing => format!("{status}"),
                RetryAfter::Seconds(_) => format!("{status}, Retry-After in seconds"),
                RetryAfter::Date(_) => format!("{status}, Retry-After as a date"),
            },
            Self::BadRequest => "400".to_owned(),
            Self::TooLarge(_) => "413".to_owned(),
            Self::PartialSuccess => "200 with a partial success".to_owned(),
            Self::CloseIdle => "idle connections closed".to_owned(),
            Self::WrongType => "200 with the wrong type".to_owned(),
            Self::Endless => "200 with an endless body".to_owned(),
            Self::NotHttp => "no HTTP".to_owned(),
        }
    }
}
