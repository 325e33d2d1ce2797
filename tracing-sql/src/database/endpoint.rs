//! Where a database is.

/// Where a database is, as its spans say it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Endpoint {
    /// `db.namespace`: the database, or the file's name without its folders.
    pub namespace: Option<String>,
    /// `server.address`: the host, or the path of the socket.
    pub address: Option<String>,
    /// `server.port`.
    pub port: Option<u16>,
}

impl Endpoint {
    /// An endpoint of which nothing is known.
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

    /// Sets host and port.
    #[must_use]
    pub fn with_server(mut self, address: impl Into<String>, port: u16) -> Self {
        self.address = Some(address.into());
        self.port = Some(port);
        self
    }

    /// Sets the path of the socket, in place of host and port.
    #[must_use]
    pub fn with_socket(mut self, path: impl Into<String>) -> Self {
        self.address = Some(path.into());
        self.port = None;
        self
    }

    /// The name of a span of which no operation is known (semantic conventions, section "Name").
    pub(crate) fn span_name(&self, system_name: &str) -> String {
        match (&self.namespace, &self.address, self.port) {
            (Some(namespace), _, _) => namespace.clone(),
            (None, Some(address), Some(port)) => format!("{address}:{port}"),
            (None, Some(address), None) => address.clone(),
            (None, None, _) => system_name.to_owned(),
        }
    }
}
