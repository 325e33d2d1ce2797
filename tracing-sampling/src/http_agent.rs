//! The HTTP client for inputs and strategies.

use std::time::Duration;

use ureq::Agent;

/// Returns a client whose requests take at most `timeout`.
pub(crate) fn agent(timeout: Duration) -> Agent {
    let config = Agent::config_builder().timeout_global(Some(timeout));
    #[cfg(feature = "tls")]
    let config = {
        use ureq::tls::{RootCerts, TlsConfig};
        config.tls_config(TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build())
    };
    config.build().into()
}
