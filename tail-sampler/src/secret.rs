//! Secrets, from a file or the environment.

use std::fmt;
use std::path::PathBuf;

use serde::Deserialize;

/// Where a secret is. `Debug` does not show it.
///
/// In the configuration, `{file: PATH}` or `{env: NAME}`. The secret itself cannot be in the configuration. A file is read again
/// when it is used, so a new secret needs no restart.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Secret {
    /// The content of a file, without the white space around it.
    File(PathBuf),
    /// The value of an environment variable.
    Env(String),
}

/// A secret cannot be read. It never contains the secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// The file cannot be read.
    #[error("the secret in {path} cannot be read: {error}")]
    File {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        error: std::io::Error,
    },
    /// There is no secret.
    #[error("there is no secret in {0}")]
    Empty(Secret),
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Env(name) => write!(f, "the environment variable {name}"),
        }
    }
}

impl Secret {
    /// Reads the secret.
    ///
    /// # Errors
    /// Returns an error if it cannot be read or is empty.
    pub fn read(&self) -> Result<String, SecretError> {
        let text = match self {
            Self::File(path) => std::fs::read_to_string(path)
                .map_err(|error| SecretError::File { path: path.clone(), error })?,
            Self::Env(name) => std::env::var(name).unwrap_or_default(),
        };
        match text.trim() {
            "" => Err(SecretError::Empty(self.clone())),
            secret => Ok(secret.to_owned()),
        }
    }
}
