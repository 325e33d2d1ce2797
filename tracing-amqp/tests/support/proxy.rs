//! A proxy in front of the broker, which can cut connections.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

#[derive(Clone, Copy, PartialEq)]
struct State {
    /// The number of times that connections were cut.
    cuts: u32,
    /// Whether the broker's frames are withheld.
    is_mute: bool,
    /// Whether new connections are cut at once.
    is_gone: bool,
}

pub(crate) struct Proxy {
    port: u16,
    state: watch::Sender<State>,
}

impl Proxy {
    pub(crate) async fn start() -> Self {
        let broker = super::url().parse::<lapin::uri::AMQPUri>().unwrap().authority;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (state, watched) = watch::channel(State { cuts: 0, is_mute: false, is_gone: false });
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let broker = TcpStream::connect((broker.host.clone(), broker.port)).await.unwrap();
                if !watched.borrow().is_gone {
                    tokio::spawn(forward(client, broker, watched.clone()));
                }
            }
        });
        Self { port, state }
    }

    pub(crate) fn url(&self) -> String {
        let mut uri = super::url().parse::<lapin::uri::AMQPUri>().unwrap();
        uri.authority.host = "127.0.0.1".to_owned();
        uri.authority.port = self.port;
        uri.to_string()
    }

    /// Withholds the broker's frames from now on.
    pub(crate) fn mute(&self) {
        self.state.send_modify(|state| state.is_mute = true);
    }

    /// Cuts all connections. New ones are allowed.
    pub(crate) fn cut(&self) {
        self.state.send_modify(|state| *state = State { cuts: state.cuts + 1, is_mute: false, ..*state });
    }

    /// Cuts all connections, and new ones from now on.
    pub(crate) fn go_away(&self) {
        self.state.send_modify(|state| *state = State { cuts: state.cuts + 1, is_gone: true, ..*state });
    }
}

async fn forward(client: TcpStream, broker: TcpStream, mut state: watch::Receiver<State>) {
    let cuts = state.borrow().cuts;
    let (from_client, to_client) = client.into_split();
    let (from_broker, to_broker) = broker.into_split();
    let muted = state.clone();
    tokio::select! {
        _ = pass_on(from_client, to_broker, None) => {}
        _ = pass_on(from_broker, to_client, Some(muted)) => {}
        _ = state.wait_for(|state| state.cuts != cuts) => {}
    }
}

async fn pass_on(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut muted: Option<watch::Receiver<State>>,
) -> io::Result<()> {
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = from.read(&mut buffer).await?;
        if read == 0 {
            return Ok(());
        }
        if let Some(muted) = &mut muted {
            let _until_it_speaks = muted.wait_for(|state| !state.is_mute).await;
        }
        to.write_all(&buffer[..read]).await?;
    }
}
