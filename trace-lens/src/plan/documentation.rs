//! The tracing documentation of a system, written from its traces.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use crate::analysis::{FindingKind, Merge, Quality, Times, fold};
use crate::model::{SpanSet, Tree};
use crate::show::escape_markdown;

/// How many names and attributes are listed.
const EXAMPLES: usize = 12;
/// The share of a service's spans that must have an attribute for it to be listed as a standard one.
const STANDARD: f64 = 0.5;

/// What the documentation is written from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Documentation {
    quality: Quality,
    /// The number of spans by name.
    names: BTreeMap<String, u64>,
    /// The number of spans by key of an attribute.
    attributes: BTreeMap<String, u64>,
    /// Versions and environments seen.
    roots: BTreeMap<String, u64>,
}

impl Merge for Documentation {
    fn merge_from(&mut self, other: Self) {
        self.quality.merge_from(other.quality);
        self.names.merge_from(other.names);
        self.attributes.merge_from(other.attributes);
        self.roots.merge_from(other.roots);
    }
}

impl Documentation {
    /// Collects what the documentation of a system is written from.
    #[must_use]
    pub fn new(set: &SpanSet) -> Self {
        fold(set, Times::Raw, Self::default, |it, tree| it.add(tree))
    }

    fn add(&mut self, tree: &Tree<'_>) {
        self.quality.add(tree);
        if let Some(main) = tree.main().filter(|_| tree.has_root()) {
            let it = tree.span(main);
            *self.roots.entry(format!("{}: {}", it.service(), it.name())).or_default() += 1;
        }
        let set = tree.trace().set();
        for span in tree.trace().spans() {
            *self.names.entry(span.name().to_owned()).or_default() += 1;
            let of_resource =
                span.resource().into_iter().flat_map(|it| &it.attributes).map(|&id| set.attributes().get(id));
            let keys: BTreeSet<_> = span.attributes().chain(of_resource).map(|it| it.key).collect();
            for key in keys {
                *self.attributes.entry(set.texts().get(key).to_owned()).or_default() += 1;
            }
        }
    }

    /// Returns the documentation as Markdown. `sampling` are the lines of the sampling rules, for people.
    ///
    /// It contains no counts or times, so that it only changes when the system changes.
    #[must_use]
    pub fn markdown(&self, sampling: &[String]) -> String {
        let mut out =
            String::from("# Tracing documentation\n\nWritten from traces by `trace-lens document`.\n");
        self.services(&mut out);
        self.naming(&mut out);
        self.standard_attributes(&mut out);
        section(&mut out, "Sampling");
        if sampling.is_empty() {
            out.push_str("No sampling configuration was given (`--sampling FILE`).\n");
        }
        for rule in sampling {
            line(&mut out, rule);
        }
        section(&mut out, "Critical traces");
        out.push_str("Kinds of request seen, by service and root:\n\n");
        for root in self.roots.keys() {
            line(&mut out, root);
        }
        out
    }

    fn services(&self, out: &mut String) {
        section(out, "Instrumented services");
        for service in self.quality.services.keys().filter(|it| !it.is_empty()) {
            // Writing to a String cannot fail.
            let _ = writeln!(out, "- [x] {}", escape_markdown(service));
        }
        for (kind, places) in self.quality.all() {
            if kind == FindingKind::NotInstrumented {
                for (service, _) in places {
                    let _ = writeln!(out, "- [ ] {} (called, records no spans)", escape_markdown(&service));
                }
            }
        }
    }

    fn naming(&self, out: &mut String) {
        section(out, "Span names");
        out.push_str("The most frequent names, in alphabetical order:\n\n");
        let mut names: Vec<_> = self.names.iter().collect();
        names.sort_by(|a, b| b.1.cmp(a.1).then_with(|| a.0.cmp(b.0)));
        let mut names: Vec<_> = names.into_iter().take(EXAMPLES).map(|(name, _)| name).collect();
        names.sort();
        for name in names {
            line(out, name);
        }
        if self.quality.count(FindingKind::IdInName) > 0 {
            out.push_str("\nSome names hold ids; `trace-lens quality` lists them.\n");
        }
    }

    #[allow(clippy::cast_precision_loss)]
    fn standard_attributes(&self, out: &mut String) {
        section(out, "Standard attributes");
        out.push_str("Attributes that at least half of all spans have, with those of their resource:\n\n");
        let most = self.quality.spans as f64 * STANDARD;
        for (key, _) in self.attributes.iter().filter(|(_, count)| **count as f64 >= most) {
            line(out, key);
        }
    }
}

fn section(out: &mut String, title: &str) {
    let _ = write!(out, "\n## {title}\n\n");
}

fn line(out: &mut String, text: &str) {
    let _ = writeln!(out, "- {}", escape_markdown(text));
}
