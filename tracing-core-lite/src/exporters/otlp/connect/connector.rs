//! Opens connections to a receiver.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, header};
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};

use super::proxy::{Proxy, Route};
use super::stream::{Io, Stream};
#[cfg(feature = "tls")]
use super::tls::Tls;
use crate::exporters::otlp::config::OtlpConfig;
use crate::exporters::otlp::endpoint::Url;
use crate::exporters::otlp::error::OtlpConfigError;

/// When a connection through a proxy is a tunnel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::exporters::otlp) enum Tunnel {
    /// For TLS. Other requests are sent to the proxy in absolute form.
    #[cfg(feature = "otlp-http")]
    ForTls,
    /// Always: a proxy cannot forward HTTP/2 without TLS.
    #[cfg(feature = "otlp-grpc")]
    Always,
}

/// Opens connections to one receiver, directly or through the proxy that the environment asks for.
pub(in crate::exporters::otlp) struct Connector {
    host: String,
    port: u16,
    authority: String,
    route: Route,
    tunnels: bool,
    #[cfg(feature = "tls")]
    tls: Option<Tls>,
    #[cfg(feature = "tls")]
    proxy_tls: Option<Tls>,
}

impl Connector {
    /// Creates a connector to the receiver at `url`. With TLS, it offers only the application protocol `alpn`.
    ///
    /// # Errors
    /// If a certificate or a key cannot be used.
    #[cfg_attr(not(feature = "tls"), expect(unused_variables))]
    pub(in crate::exporters::otlp) fn new(
        url: &Url,
        config: &OtlpConfig,
        alpn: &'static str,
        tunnel: Tunnel,
    ) -> Result<Self, OtlpConfigError> {
        let tunnels = match tunnel {
            #[cfg(feature = "otlp-http")]
            Tunnel::ForTls => url.is_https(),
            #[cfg(feature = "otlp-grpc")]
            Tunnel::Always => true,
        };
        let route = Route::from_env(url);
        Ok(Self {
            host: url.host().to_owned(),
            port: url.port(),
            authority: format!("{}:{}", url.uri().host().unwrap_or_default(), url.port()),
            tunnels,
            #[cfg(feature = "tls")]
            tls: url.is_https().then(|| Tls::to_receiver(url.host(), config, alpn)).transpose()?,
            #[cfg(feature = "tls")]
            proxy_tls: match &route {
                Route::Proxy(proxy) if proxy.is_https => Some(Tls::to_proxy(&proxy.host)?),
                _ => None,
            },
            route,
        })
    }

    /// Returns whether requests are sent to a proxy in absolute form, and with which `Proxy-Authorization`.
    #[cfg(feature = "otlp-http")]
    pub(in crate::exporters::otlp) fn forwarding_proxy(&self) -> Option<Option<&HeaderValue>> {
        match &self.route {
            Route::Proxy(proxy) if !self.tunnels => Some(proxy.authorization.as_ref()),
            _ => None,
        }
    }

    /// Opens a connection.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if the host name cannot be resolved, [`ErrorKind::TimedOut`] at the deadline, and the errors
    /// of the socket, the proxy and TLS.
    pub(in crate::exporters::otlp) async fn connect(&self, deadline: Instant) -> io::Result<Stream> {
        let connecting = self.connect_through(deadline);
        timeout_at(deadline, connecting).await.unwrap_or_else(|_| Err(ErrorKind::TimedOut.into()))
    }

    async fn connect_through(&self, deadline: Instant) -> io::Result<Stream> {
        let stream = match &self.route {
            Route::Direct => Stream::Tcp(tcp(&self.host, self.port, deadline).await?),
            Route::Proxy(proxy) => self.to_proxy(proxy, deadline).await?,
            Route::Unsupported { scheme } => {
                return Err(io::Error::new(
                    ErrorKind::Unsupported,
                    format!(
                        "the environment asks for a {scheme} proxy, which is not supported; set NO_PROXY"
                    ),
                ));
            }
        };
        #[cfg(feature = "tls")]
        if let Some(tls) = &self.tls {
            return Ok(Stream::Layered(match stream {
                Stream::Tcp(stream) => tls.connect(stream).await?,
                Stream::Layered(stream) => tls.connect(stream).await?,
            }));
        }
        Ok(stream)
    }

    async fn to_proxy(&self, proxy: &Proxy, deadline: Instant) -> io::Result<Stream> {
        let tcp = tcp(&proxy.host, proxy.port, deadline).await;
        let tcp = tcp.map_err(|error| io::Error::new(error.kind(), format!("to the proxy: {error}")))?;
        let stream = match proxy.is_https {
            #[cfg(feature = "tls")]
            true => match &self.proxy_tls {
                Some(tls) => Stream::Layered(tls.connect(tcp).await?),
                None => return Err(ErrorKind::Unsupported.into()),
            },
            #[cfg(not(feature = "tls"))]
            true => {
                return Err(io::Error::new(
                    ErrorKind::Unsupported,
                    "a proxy with https needs the feature `tls` of tracing-core-lite",
                ));
            }
            false => Stream::Tcp(tcp),
        };
        if !self.tunnels {
            return Ok(stream);
        }
        tunnel(stream, &self.authority, proxy.authorization.as_ref()).await.map(Stream::Layered)
    }
}

/// Connects to the first address of `host` that answers.
async fn tcp(host: &str, port: u16, deadline: Instant) -> io::Result<TcpStream> {
    let addresses = resolve(host, port).await?;
    let mut outcome = Err(ErrorKind::NotFound.into());
    for (tried, address) in addresses.iter().enumerate() {
        // Each address gets an equal share of the time that is left.
        let left = deadline.saturating_duration_since(Instant::now());
        let share = left / u32::try_from(addresses.len() - tried).unwrap_or(u32::MAX);
        let connecting = timeout(share.max(Duration::from_millis(1)), TcpStream::connect(address));
        outcome = connecting.await.unwrap_or_else(|_| Err(ErrorKind::TimedOut.into()));
        if outcome.is_ok() {
            break;
        }
    }
    let stream = outcome?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Returns the addresses of `host` at this moment.
async fn resolve(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    #[cfg(test)]
    if let Some(address) = tests::address_of(host) {
        return Ok(vec![address]);
    }
    let addresses = tokio::net::lookup_host((host, port)).await.map_err(|_| ErrorKind::NotFound)?;
    Ok(addresses.collect())
}

/// Asks a proxy to connect to `authority` (RFC 9110, section 9.3.6).
async fn tunnel(
    proxy: Stream,
    authority: &str,
    authorization: Option<&HeaderValue>,
) -> io::Result<Box<dyn Io>> {
    let failed = |reason: String| io::Error::new(ErrorKind::ConnectionRefused, format!("the proxy {reason}"));
    let handshake = http1::handshake(TokioIo::new(proxy)).await;
    let (mut sender, connection) = handshake.map_err(|error| failed(error.to_string()))?;
    // The task ends when the tunnel is taken out of the connection, or with its error, which the request reports.
    tokio::spawn(async {
        let _ = connection.with_upgrades().await;
    });
    let mut request = Request::connect(authority).header(header::HOST, authority);
    if let Some(value) = authorization {
        request = request.header(header::PROXY_AUTHORIZATION, value);
    }
    let request = request.body(Empty::<Bytes>::new()).map_err(|error| failed(error.to_string()))?;
    let response = sender.send_request(request).await.map_err(|error| failed(error.to_string()))?;
    if !response.status().is_success() {
        return Err(failed(format!("answered {}", response.status().as_u16())));
    }
    let tunnel = hyper::upgrade::on(response).await.map_err(|error| failed(error.to_string()))?;
    Ok(Box::new(TokioIo::new(tunnel)))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::io::{Read, Write};
    use std::net::{SocketAddr, TcpListener};
    use std::thread;
    use std::time::{Duration, Instant};

    use crate::exporters::otlp::{OtlpConfig, Protocol};
    use crate::pipeline::{Batch, Exported, Exporter};

    /// A name whose address this test changes.
    const NAME: &str = "collector.test";

    thread_local! {
        static ADDRESS: Cell<Option<SocketAddr>> = const { Cell::new(None) };
    }

    pub(super) fn address_of(host: &str) -> Option<SocketAddr> {
        ADDRESS.get().filter(|_| host == NAME)
    }

    /// Accepts one batch, and ends.
    fn receive_once(listener: &TcpListener) {
        let mut stream = listener.accept().unwrap().0;
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n\x0a\x00") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            request.push(byte[0]);
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
    }

    #[test]
    fn a_receiver_that_moves_to_another_address_is_found_there() {
        let config = OtlpConfig::new().with_protocol(Protocol::HttpProtobuf);
        let mut exporter = config.with_endpoint(format!("http://{NAME}:4318")).build().unwrap();
        // The first one listens on, so that only another address can lead to the second one.
        let listeners = [(); 3].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        for listener in &listeners {
            ADDRESS.set(Some(listener.local_addr().unwrap()));
            thread::scope(|scope| {
                scope.spawn(|| receive_once(listener));
                let batch = Batch::new(vec![0x0a, 0x00].into(), 1);
                let deadline = Instant::now() + Duration::from_secs(20);
                assert_eq!(exporter.export(&batch, deadline), Ok(Exported::default()));
            });
        }
    }
}
