//! A query's text after it was read: sanitized, and as attributes.

use std::sync::Arc;

use tracing_core_lite::Recorder;
use tracing_core_lite::layer_support::PreparedAttributes;

use crate::conventions::Conventions;
use crate::sanitize::{Dialect, SanitizedQuery, sanitize};
use crate::semconv::{BATCH_SIZE, QUERY_SUMMARY, QUERY_TEXT};
use crate::site::Site;

/// Longer texts are not kept as attributes too, in bytes: most of what they take is the copy.
const LONGEST: usize = 1024;

/// What spans say of a text.
pub(super) struct KnownQuery {
    pub(super) query: Arc<SanitizedQuery>,
    /// With the names and the text that most sites have; none for a long text.
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

    /// Sets the attributes that `site` wants.
    #[inline]
    pub(super) fn record(&self, span: &mut Recorder<'_>, site: &Site) {
        match &self.attributes {
            Some(attributes) if site.records_text && site.conventions == Conventions::Stable => {
                span.set_prepared(attributes);
            }
            _ => self.record_each(span, site),
        }
    }

    #[cold]
    fn record_each(&self, span: &mut Recorder<'_>, site: &Site) {
        let (query, conventions) = (&*self.query, site.conventions);
        conventions.set_some(span, QUERY_SUMMARY, summary(query));
        if site.records_text {
            conventions.set(span, QUERY_TEXT, &query.text);
        }
        conventions.set_some(span, BATCH_SIZE, batch_size(query));
    }
}

/// The conventions name a span after its summary, so what has no name of that kind has no summary.
fn summary(query: &SanitizedQuery) -> Option<&str> {
    Some(query.summary.as_str()).filter(|summary| !summary.is_empty())
}

fn batch_size(query: &SanitizedQuery) -> Option<u32> {
    Some(query.statements).filter(|statements| *statements > 1)
}
