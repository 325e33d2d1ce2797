//! The configuration of the Collector's `tail_sampling` processor, read unchanged. `${env:NAME}` is replaced, and regular
//! expressions are those of Go.
//!
//! ```
//! use tracing_sampling::config::collector::TailSampling;
//!
//! let yaml = "
//! processors:
//!   tail_sampling:
//!     decision_wait: 10s
//!     policies:
//!       - name: errors
//!         type: status_code
//!         status_code: {status_codes: [ERROR]}
//! ";
//! let read = TailSampling::from_yaml(yaml)?;
//! assert_eq!(read.settings.policies[0].name, "errors");
//!
//! let error = TailSampling::from_yaml(&yaml.replace("ERROR", "ERR")).unwrap_err();
//! assert_eq!(error.to_string(), "line 8: policy \"errors\": unknown status code \"ERR\"; valid are OK, ERROR and UNSET");
//! # Ok::<(), tracing_sampling::config::ConfigError>(())
//! ```

mod duration;
mod expand;
mod go_regex;
mod read;
mod schema;

pub use duration::GoDuration;
pub use read::TailSampling;
