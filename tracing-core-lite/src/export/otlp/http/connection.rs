//! A TCP connection on which nothing takes longer than it may.

use std::io::{self, ErrorKind, IoSlice, Read};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

/// Times of the operating system are set anew when they are off by more than this: each costs a system call.
const TOLERANCE: Duration = Duration::from_millis(20);

/// An idle connection is looked at before it is used when it has been idle for so long: receivers close those that are.
const IDLE: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    /// When everything has to be over.
    deadline: Instant,
    read_timeout: Option<Duration>,
    write_timeout: Option<Duration>,
    last_used: Instant,
}

impl Connection {
    /// Connects to the first address that answers.
    pub(super) fn open(host: &str, port: u16, deadline: Instant) -> io::Result<Self> {
        let addresses = resolve(host, port, deadline)?;
        let mut outcome = Err(ErrorKind::NotFound.into());
        for (tried, address) in addresses.iter().enumerate() {
            // The later ones get their share of the time.
            let share = left(deadline)? / u32::try_from(addresses.len() - tried).unwrap_or(u32::MAX);
            outcome = TcpStream::connect_timeout(address, share.max(Duration::from_millis(1)));
            if outcome.is_ok() {
                break;
            }
        }
        let stream = outcome?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, deadline, read_timeout: None, write_timeout: None, last_used: Instant::now() })
    }

    pub(super) fn set_deadline(&mut self, deadline: Instant) {
        self.deadline = deadline;
    }

    /// Whether it can be used, as far as one can tell: the other side has neither closed it nor said something unasked.
    pub(super) fn is_open(&self) -> bool {
        if self.last_used.elapsed() < IDLE {
            return true;
        }
        let probe = || {
            self.stream.set_nonblocking(true)?;
            let silent =
                matches!(self.stream.peek(&mut [0]), Err(error) if error.kind() == ErrorKind::WouldBlock);
            self.stream.set_nonblocking(false)?;
            io::Result::Ok(silent)
        };
        probe().unwrap_or(false)
    }

    /// Sends all of `pieces`.
    pub(super) fn send(&mut self, mut pieces: &mut [IoSlice<'_>]) -> io::Result<()> {
        while !pieces.is_empty() {
            let left = left(self.deadline)?;
            if differ(self.write_timeout, left) {
                self.stream.set_write_timeout(Some(left))?;
                self.write_timeout = Some(left);
            }
            match io::Write::write_vectored(&mut self.stream, pieces) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(sent) => IoSlice::advance_slices(&mut pieces, sent),
                Err(error) if is_over_early(&error) => {}
                Err(error) => return Err(error),
            }
        }
        self.last_used = Instant::now();
        Ok(())
    }
}

impl Read for Connection {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        loop {
            let left = left(self.deadline)?;
            if differ(self.read_timeout, left) {
                self.stream.set_read_timeout(Some(left))?;
                self.read_timeout = Some(left);
            }
            match self.stream.read(to) {
                Err(error) if is_over_early(&error) => {}
                read => {
                    self.last_used = Instant::now();
                    return read;
                }
            }
        }
    }
}

/// The time was up, or a signal came: the deadline says which.
fn is_over_early(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

fn differ(set: Option<Duration>, wanted: Duration) -> bool {
    set.is_none_or(|set| set.abs_diff(wanted) > TOLERANCE)
}

/// The time until `deadline`.
fn left(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(ErrorKind::TimedOut.into()) } else { Ok(left) }
}

/// The addresses of a host: asked for on a thread of its own, as the operating system's resolver knows no deadline.
fn resolve(host: &str, port: u16, deadline: Instant) -> io::Result<Vec<SocketAddr>> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let host = host.to_owned();
    let (sender, addresses) = sync_channel(1);
    std::thread::Builder::new().name("otlp-resolve".into()).spawn(move || {
        let found = (host.as_str(), port).to_socket_addrs().map(Iterator::collect);
        // Whoever asked may have given up by now.
        let _ = sender.send(found);
    })?;
    match addresses.recv_timeout(left(deadline)?) {
        Ok(Ok(addresses)) => Ok(addresses),
        Ok(Err(_)) => Err(ErrorKind::NotFound.into()),
        Err(_) => Err(ErrorKind::TimedOut.into()),
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(10)
    }

    #[test]
    fn hosts_are_resolved() {
        let loopback = |host: &str| resolve(host, 4318, soon()).unwrap();
        assert_eq!(loopback("127.0.0.1"), [SocketAddr::from(([127, 0, 0, 1], 4318))]);
        assert_eq!(loopback("::1"), [SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], 4318))]);
        assert!(loopback("localhost").iter().all(|address| address.ip().is_loopback()));
        assert_eq!(resolve("host.invalid", 1, soon()).unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(resolve("localhost", 1, Instant::now()).unwrap_err().kind(), ErrorKind::TimedOut);
    }

    #[test]
    fn a_receiver_that_does_not_read_is_given_up_at_the_deadline() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let start = Instant::now();
        let mut connection = Connection::open("127.0.0.1", port, start + Duration::from_millis(200)).unwrap();
        let much = vec![0; 64 * 1024 * 1024];
        let error = connection.send(&mut [IoSlice::new(&much)]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        assert_eq!(connection.read(&mut [0]).unwrap_err().kind(), ErrorKind::TimedOut);
        assert!(start.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn a_connection_that_was_closed_while_idle_is_known() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let connection = Connection::open("127.0.0.1", port, soon()).unwrap();
        let (accepted, _) = listener.accept().unwrap();
        std::thread::sleep(IDLE);
        assert!(connection.is_open());
        drop(accepted);
        let deadline = soon();
        while connection.is_open() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(1));
        }
        assert!(!connection.is_open());
    }
}
