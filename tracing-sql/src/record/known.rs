//! The sanitized text of a query, and its attributes.

use std::sync::Arc;

use tracing_core_lite::Recorder;
use tracing_core_lite::database::Conventions;
use tracing_core_lite::database::attribute::{BATCH_SIZE, QUERY_SUMMARY, QUERY_TEXT};
use tracing_core_lite::layer_support::PreparedAttributes;

use crate::config::Config;
use crate::sanitize::{Dialect, SanitizedQuery, sanitize};

/// The maximum length of a text that is also kept as attributes, in bytes. For longer ones, copying the text dominates
/// the cost.
const LONGEST: usize = 1024;

/// A text and the data that spans record about it.
pub(super) struct KnownQuery {
    pub(super) query: Arc<SanitizedQuery>,
    /// The attributes with their stable names. `None` for a long text.
    attributes: Option<PreparedAttributes>,
}

impl KnownQuery {
    pub(super) fn read(sql: &str, dialect: Dialect) -> Self {
        let query = sanitize(sql, dialect);
        let attributes = (query.text.len() <= LONGEST).then(|| {
            let mut attributes = PreparedAttributes::new();
            attributes.set_some(QUERY_SUMMARY.stable, summary(&query));
            attributes.set(QUERY_TEXT.stable, &query.text);
            attributes.set_some(BATCH_SIZE.stable, batch_size(&query));
            attributes
        });
        Self { query: Arc::new(query), attributes }
    }

    /// Sets the attributes that `config` enables.
    #[inline]
    pub(super) fn record(&self, span: &mut Recorder<'_>, config: &Config) {
        match &self.attributes {
            Some(attributes) if config.records_text && config.client.conventions() == Conventions::Stable => {
                span.set_prepared(attributes);
            }
            _ => self.record_each(span, config),
        }
    }

    #[cold]
    fn record_each(&self, span: &mut Recorder<'_>, config: &Config) {
        let (query, conventions) = (&*self.query, config.client.conventions());
        conventions.set_some(span, QUERY_SUMMARY, summary(query));
        if config.records_text {
            conventions.set(span, QUERY_TEXT, &query.text);
        }
        conventions.set_some(span, BATCH_SIZE, batch_size(query));
    }
}

/// Returns the summary unless it is empty, because an empty one cannot name a span.
fn summary(query: &SanitizedQuery) -> Option<&str> {
    Some(query.summary.as_str()).filter(|summary| !summary.is_empty())
}

fn batch_size(query: &SanitizedQuery) -> Option<u32> {
    Some(query.statements).filter(|statements| *statements > 1)
}
