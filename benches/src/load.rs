//! A load generator: keep-alive connections to a server on loopback, at full speed or at a steady rate.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use rustix::event::{Timespec, epoll};
use rustix::fd::OwnedFd;

use crate::measure::traceparent;

/// The number of open connections.
const CONNECTIONS: usize = 32;
/// The longest time to wait for a response, after which the server is considered to hang.
const DEADLINE: Duration = Duration::from_secs(60);

/// Sends requests. The server gets the next request of a connection when it has answered the previous one.
pub struct Load {
    connections: Vec<Connection>,
    epoll: OwnedFd,
    request: Vec<u8>,
}

struct Connection {
    stream: TcpStream,
    /// The length of a response, including its head.
    answer: usize,
    missing: usize,
    asked_at: Instant,
}

/// The latencies of some requests.
pub struct Answers {
    pub elapsed: Duration,
    /// In ascending order.
    pub latencies: Vec<Duration>,
}

impl Answers {
    /// In microseconds.
    pub fn quantile(&self, quantile: f64) -> f64 {
        let index = (self.latencies.len() as f64 * quantile) as usize;
        let latency = self.latencies.get(index.min(self.latencies.len().saturating_sub(1)));
        latency.map_or(f64::NAN, |latency| latency.as_nanos() as f64 / 1000.0)
    }
}

impl Load {
    pub fn connect(port: u16, sampled: bool) -> std::io::Result<Self> {
        let traceparent = traceparent(sampled);
        let request = format!(
            "GET /orders/7 HTTP/1.1\r\nhost: shop.example:8080\r\nuser-agent: bench/1.0\r\naccept: */*\r\ntraceparent: {traceparent}\r\n\r\n"
        );
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let mut connections = Vec::new();
        for index in 0..CONNECTIONS {
            let mut stream = TcpStream::connect(("127.0.0.1", port))?;
            stream.set_nodelay(true)?;
            let answer = first_answer(&mut stream, request.as_bytes())?;
            stream.set_nonblocking(true)?;
            epoll::add(&epoll, &stream, epoll::EventData::new_u64(index as u64), epoll::EventFlags::IN)?;
            connections.push(Connection { stream, answer, missing: 0, asked_at: Instant::now() });
        }
        Ok(Self { connections, epoll, request: request.into_bytes() })
    }

    /// The number of requests that opening the connections took.
    pub fn opening(&self) -> u64 {
        self.connections.len() as u64
    }

    /// Sends this many requests: each as soon as a connection is free, or at its scheduled time if there is a `rate`
    /// per second. Latency is measured from that time, so that it includes the wait for a connection.
    pub fn send(&mut self, requests: u64, rate: Option<u64>) -> std::io::Result<Answers> {
        let start = Instant::now();
        let mut free: Vec<usize> = (0..self.connections.len()).collect();
        let mut latencies = Vec::with_capacity(requests as usize);
        let mut sent = 0;
        let mut events = Vec::with_capacity(CONNECTIONS);
        while latencies.len() < requests as usize {
            while sent < requests && !free.is_empty() {
                let now = Instant::now();
                let due = rate.map_or(now, |rate| start + Duration::from_nanos(sent * 1_000_000_000 / rate));
                if due > now {
                    break;
                }
                let Some(index) = free.pop() else { break };
                let connection = &mut self.connections[index];
                connection.stream.write_all(&self.request)?;
                (connection.missing, connection.asked_at) = (connection.answer, due);
                sent += 1;
            }
            // Polls again at once, because only the sink shares its CPU, and runs while there is nothing to read.
            epoll::wait(
                &self.epoll,
                rustix::buffer::spare_capacity(&mut events),
                Some(&Timespec::default()),
            )?;
            if events.is_empty() {
                std::thread::yield_now();
            }
            for event in events.drain(..) {
                let index = event.data.u64() as usize;
                if self.connections[index].read()? {
                    latencies.push(self.connections[index].asked_at.elapsed());
                    free.push(index);
                }
            }
            if start.elapsed() > DEADLINE {
                return Err(std::io::Error::new(ErrorKind::TimedOut, "the server hangs"));
            }
        }
        latencies.sort();
        Ok(Answers { elapsed: start.elapsed(), latencies })
    }
}

impl Connection {
    /// Returns whether the response is complete.
    fn read(&mut self) -> std::io::Result<bool> {
        let mut buffer = [0; 4096];
        let read = match self.stream.read(&mut buffer) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
            Err(error) => return Err(error),
        };
        if self.missing == self.answer && !buffer.starts_with(b"HTTP/1.1 200") {
            return Err(std::io::Error::other("the answer is no 200"));
        }
        self.missing = self.missing.saturating_sub(read);
        Ok(self.missing == 0)
    }
}

/// All responses are as long as the first: the same head, with a date of a fixed length.
fn first_answer(stream: &mut TcpStream, request: &[u8]) -> std::io::Result<usize> {
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    stream.write_all(request)?;
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\nok") {
        let mut buffer = [0; 4096];
        match stream.read(&mut buffer)? {
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            read => answer.extend_from_slice(&buffer[..read]),
        }
    }
    Ok(answer.len())
}
