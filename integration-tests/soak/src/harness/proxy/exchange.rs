//! One connection from a process of the shop: requests, and the answers to them.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, SystemTime};

use super::http::{Message, read_patiently};
use super::mode::{Mode, RetryAfter};
use super::state::State;

const POLL: Duration = Duration::from_millis(10);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// The pause between two bytes of a slow answer.
const BYTE_PAUSE: Duration = Duration::from_millis(300);

/// Whether the connection can be used again.
enum Next {
    Request,
    Close,
    Reset,
}

/// Serves a connection until one side ends it.
pub(super) fn serve(state: &State, mut client: TcpStream) {
    let mut backend = None;
    // A connection that ends with an error is what the proxy is for.
    let next = serve_all(state, &mut client, &mut backend).unwrap_or(Next::Reset);
    if matches!(next, Next::Reset) {
        reset(&client);
    }
}

fn serve_all(state: &State, client: &mut TcpStream, backend: &mut Option<TcpStream>) -> io::Result<Next> {
    client.set_nonblocking(false)?;
    client.set_nodelay(true)?;
    client.set_read_timeout(Some(POLL))?;
    loop {
        let request = Message::read(|buffer| {
            loop {
                wait_while_stalled(state);
                let mut is_over = || state.is_stopped() || matches!(state.mode(), Mode::Refuse | Mode::Stall);
                match read_patiently(client, buffer, &mut is_over) {
                    Err(_) if state.mode() == Mode::Stall && !state.is_stopped() => {}
                    read => {
                        let is_cut =
                            state.mode() == Mode::ResetRequest && read.as_ref().is_ok_and(|read| *read > 0);
                        return if is_cut { Err(io::ErrorKind::ConnectionReset.into()) } else { read };
                    }
                }
            }
        })?;
        let Some(request) = request else { return Ok(Next::Close) };
        match answer(state, client, backend, &request)? {
            Next::Request => {}
            next => return Ok(next),
        }
    }
}

/// A stalled connection is not read, so that the sender's bytes stay where they are.
fn wait_while_stalled(state: &State) {
    while state.mode() == Mode::Stall && !state.is_stopped() {
        thread::sleep(POLL);
    }
}

fn answer(
    state: &State,
    client: &mut TcpStream,
    backend: &mut Option<TcpStream>,
    request: &Message,
) -> io::Result<Next> {
    match state.mode() {
        Mode::Refuse | Mode::ResetRequest | Mode::Stall => return Ok(Next::Reset),
        Mode::Busy { status, retry_after } => return reply(client, status, &header(retry_after)),
        Mode::BadRequest => {
            state.refuse(request.body());
            return reply(client, 400, "");
        }
        Mode::TooLarge(limit) if request.body().len() > limit => {
            state.count_split();
            return reply(client, 413, "");
        }
        Mode::NotHttp => {
            client.write_all(b"220 mail.example ESMTP\r\n")?;
            return Ok(Next::Close);
        }
        Mode::PartialSuccess => {
            let spans = state.refuse(request.body());
            return reject(client, spans);
        }
        Mode::Pass | Mode::TooLarge(_) | Mode::CloseIdle => {}
        Mode::ResetAnswer | Mode::SlowAnswer | Mode::WrongType | Mode::Endless => {}
    }
    let forwarded = forward(state, client, backend, request);
    let delivered = forwarded.and_then(|response| deliver(state, client, &response));
    if !matches!(delivered, Ok(Next::Request)) {
        state.count_ambiguous();
    }
    match delivered {
        Ok(Next::Request) if state.mode() == Mode::CloseIdle => Ok(Next::Close),
        delivered => delivered,
    }
}

/// Sends `request` to the Collector, and returns its answer.
fn forward(
    state: &State,
    client: &TcpStream,
    backend: &mut Option<TcpStream>,
    request: &Message,
) -> io::Result<Message> {
    let result = (|| {
        let stream = match backend {
            Some(stream) => stream,
            None => backend.insert(connect(state.backend)?),
        };
        stream.write_all(&request.bytes)?;
        let response = Message::read(|buffer| {
            read_patiently(stream, buffer, || state.is_stopped() || has_left(client))
        })?;
        response.ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))
    })();
    if result.is_err() {
        *backend = None;
    }
    result
}

fn connect(port: u16) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&([127, 0, 0, 1], port).into(), CONNECT_TIMEOUT)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(POLL))?;
    Ok(stream)
}

/// Returns whether the sender has closed the connection.
fn has_left(client: &TcpStream) -> bool {
    match client.peek(&mut [0]) {
        Ok(read) => read == 0,
        Err(error) => !matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut),
    }
}

/// Sends the Collector's answer to the process.
fn deliver(state: &State, client: &mut TcpStream, response: &Message) -> io::Result<Next> {
    match state.mode() {
        Mode::ResetAnswer => {
            client.write_all(&response.bytes[..response.bytes.len() / 2])?;
            Ok(Next::Reset)
        }
        mode @ Mode::SlowAnswer => {
            for byte in &response.bytes {
                client.write_all(std::slice::from_ref(byte))?;
                if state.mode() == mode {
                    thread::sleep(BYTE_PAUSE);
                }
                if has_left(client) {
                    return Ok(Next::Close);
                }
            }
            Ok(Next::Request)
        }
        Mode::WrongType => {
            client.write_all(
                b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 6\r\n\r\n<html>",
            )?;
            Ok(Next::Request)
        }
        Mode::Endless => {
            let head = b"HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\n\r\n";
            client.write_all(head)?;
            // Ends with the error of a sender that has closed the connection.
            while !state.is_stopped() {
                client.write_all(&[0x0a; 4096])?;
            }
            Ok(Next::Close)
        }
        _ if has_left(client) => Ok(Next::Close),
        _ => client.write_all(&response.bytes).map(|()| Next::Request),
    }
}

fn reply(client: &mut TcpStream, status: u16, header: &str) -> io::Result<Next> {
    // The sender must not depend on the reason.
    write!(client, "HTTP/1.1 {status} Soak\r\ncontent-length: 0\r\n{header}\r\n")?;
    Ok(Next::Request)
}

/// Answers that all `spans` were rejected: field 1 of `ExportTraceServiceResponse` with a count and a message.
fn reject(client: &mut TcpStream, spans: usize) -> io::Result<Next> {
    let mut count = vec![0x08];
    let mut left = spans;
    while left >= 0x80 {
        count.push(left as u8 | 0x80);
        left >>= 7;
    }
    count.push(left as u8);
    count.extend_from_slice(b"\x12\x04soak");
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: ";
    write!(client, "{head}{}\r\n\r\n", count.len() + 2)?;
    client.write_all(&[0x0a, count.len() as u8])?;
    client.write_all(&count)?;
    Ok(Next::Request)
}

fn header(retry_after: RetryAfter) -> String {
    match retry_after {
        RetryAfter::Missing => String::new(),
        RetryAfter::Seconds(seconds) => format!("retry-after: {seconds}\r\n"),
        RetryAfter::Date(seconds) => {
            let date = SystemTime::now() + Duration::from_secs(seconds.into());
            format!("retry-after: {}\r\n", httpdate::fmt_http_date(date))
        }
    }
}

/// Ends a connection with a reset, as a machine does that has lost it.
fn reset(client: &TcpStream) {
    // Without this, it ends in order, which is harmless.
    let _ = rustix::net::sockopt::set_socket_linger(client, Some(Duration::ZERO));
    // What has arrived is read, so that the order of events does not depend on it.
    let _ = client.set_read_timeout(Some(Duration::from_millis(1)));
    let _ = (&mut &*client).read(&mut [0; 1024]);
}
