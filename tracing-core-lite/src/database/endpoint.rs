//! The address of a database.

use std::borrow::Cow;

/// The address of a database, as its spans report it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Endpoint {
    /// `db.namespace`: the database within the server, or the name of its file without the folders.
    pub namespace: Option<String>,
    /// `server.address`: the host, or the path of the socket.
    pub address: Option<String>,
    /// `server.port`.
    pub port: Option<u16>,
}

impl Endpoint {
    /// Returns an endpoint without any values.
    #[must_use]
    pub fn unknown() -> Self {
        Self::default()
    }

    /// Sets the namespace.
    #[must_use]
    pub fn with_namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = Some(namespace.into());
        self
    }

    /// Sets the host and the port.
    #[must_use]
    pub fn with_server(mut self, address: impl Into<String>, port: impl Into<Option<u16>>) -> Self {
        self.address = Some(address.into());
        self.port = port.into();
        self
    }

    /// Sets the path of the socket, instead of host and port.
    #[must_use]
    pub fn with_socket(mut self, path: impl Into<String>) -> Self {
        self.address = Some(path.into());
        self.port = None;
        self
    }

    /// Returns `address:port`, or the address alone if there is no port.
    #[must_use]
    pub fn server(&self) -> Option<Cow<'_, str>> {
        let address = self.address.as_deref()?;
        Some(match self.port {
            Some(port) => Cow::Owned(format!("{address}:{port}")),
            None => Cow::Borrowed(address),
        })
    }
}
