//! Rewrites encoded messages without their secrets. Fields without a secret keep their bytes.

use super::action::Action;
use super::detector::Detector;
use super::rules::Redaction;
use crate::pipeline::view::AttributeView;
use crate::redact::REDACTED;
use crate::wire::{Field, Fields, Malformed};

/// The maximum nesting of values. Deeper ones are replaced as a whole.
const MAX_DEPTH: usize = 16;

/// The key or field of a redacted value, and the detector that found it.
pub(super) type Redacted = (String, Detector);

/// Rewrites messages, and records what it redacted.
pub(super) struct Rewriter<'r> {
    pub(super) rules: &'r Redaction,
    pub(super) found: Vec<Redacted>,
}

/// The outcome of one field of a message.
enum Change {
    Keep,
    Remove,
    Replace(Vec<u8>),
}

impl From<Option<Vec<u8>>> for Change {
    fn from(content: Option<Vec<u8>>) -> Self {
        content.map_or(Self::Keep, Self::Replace)
    }
}

type Rewritten = Result<Option<Vec<u8>>, Malformed>;

impl Rewriter<'_> {
    /// Rewrites a `Span`. Returns `None` if it stays as it is.
    pub(super) fn span(&mut self, span: &[u8]) -> Rewritten {
        rewrite(span, |number, content| {
            Ok(match number {
                5 => self.text("name", content).into(),
                9 => self.attribute(content)?,
                11 => self.event(content)?.into(),
                13 => self.attributes_in(content, 4)?.into(),
                15 => self.status(content)?.into(),
                _ => Change::Keep,
            })
        })
    }

    /// Rewrites the head of a `ResourceSpans`: its resource.
    pub(super) fn resource_head(&mut self, head: &[u8]) -> Rewritten {
        rewrite(head, |number, content| {
            Ok(if number == 1 { self.attributes_in(content, 1)?.into() } else { Change::Keep })
        })
    }

    /// Rewrites the head of a `ScopeSpans`: its scope.
    pub(super) fn scope_head(&mut self, head: &[u8]) -> Rewritten {
        rewrite(head, |number, content| {
            Ok(if number == 1 { self.attributes_in(content, 3)?.into() } else { Change::Keep })
        })
    }

    fn event(&mut self, event: &[u8]) -> Rewritten {
        rewrite(event, |number, content| {
            Ok(match number {
                2 => self.text("event.name", content).into(),
                3 => self.attribute(content)?,
                _ => Change::Keep,
            })
        })
    }

    fn status(&mut self, status: &[u8]) -> Rewritten {
        rewrite(status, |number, content| {
            Ok(if number == 2 { self.text("status.message", content).into() } else { Change::Keep })
        })
    }

    /// Rewrites the attributes in field `attributes` of a message.
    fn attributes_in(&mut self, message: &[u8], attributes: u32) -> Rewritten {
        rewrite(
            message,
            |number, content| if number == attributes { self.attribute(content) } else { Ok(Change::Keep) },
        )
    }

    fn attribute(&mut self, attribute: &[u8]) -> Result<Change, Malformed> {
        let (key, _) = AttributeView::split_bytes(attribute)?;
        let key = String::from_utf8_lossy(key);
        if self.rules.is_allowed(&key) {
            return Ok(Change::Keep);
        }
        if self.rules.is_denied(&key) {
            self.found.push((key.clone().into_owned(), Detector::DeniedKey));
            if matches!(self.rules.action_for(Detector::DeniedKey), Action::Drop) {
                return Ok(Change::Remove);
            }
            return Ok(Change::Replace(
                rewrite(attribute, |number, content| {
                    Ok(if number == 2 { Change::Replace(self.denied_value(content)?) } else { Change::Keep })
                })?
                .unwrap_or_else(|| attribute.to_vec()),
            ));
        }
        let before = self.found.len();
        let changed = rewrite(attribute, |number, content| {
            Ok(if number == 2 { self.value(&key, content, 0)?.into() } else { Change::Keep })
        })?;
        let drops = |found: &Redacted| matches!(self.rules.action_for(found.1), Action::Drop);
        if self.found[before..].iter().any(drops) {
            return Ok(Change::Remove);
        }
        Ok(changed.into())
    }

    /// Returns what replaces the `AnyValue` of a denied key.
    fn denied_value(&self, value: &[u8]) -> Result<Vec<u8>, Malformed> {
        let mut text = None;
        let mut fields = Fields::of(value);
        while let Some((number, field)) = fields.next()? {
            text = if let (1, Field::Bytes(bytes)) = (number, field) {
                std::str::from_utf8(bytes).ok()
            } else {
                None
            };
        }
        // Of values that are not strings, no part can be kept.
        let replaced =
            text.map_or(REDACTED.into(), |text| self.rules.action_for(Detector::DeniedKey).replace(text));
        let mut content = Vec::with_capacity(replaced.len() + 4);
        put_field(&mut content, 1, replaced.as_bytes());
        Ok(content)
    }

    /// Rewrites an `AnyValue`.
    fn value(&mut self, key: &str, value: &[u8], depth: usize) -> Rewritten {
        if depth > MAX_DEPTH {
            let mut content = Vec::new();
            put_field(&mut content, 1, REDACTED.as_bytes());
            return Ok(Some(content));
        }
        rewrite(value, |number, content| {
            Ok(match number {
                1 => self.text(key, content).into(),
                7 => self.bytes(key, content).into(),
                5 => rewrite(content, |number, element| {
                    Ok(if number == 1 { self.value(key, element, depth + 1)?.into() } else { Change::Keep })
                })?
                .into(),
                6 => rewrite(content, |number, entry| {
                    if number != 1 {
                        return Ok(Change::Keep);
                    }
                    self.entry(entry, depth)
                })?
                .into(),
                _ => Change::Keep,
            })
        })
    }

    /// Rewrites an entry of a map. Its own key can be denied as well.
    fn entry(&mut self, entry: &[u8], depth: usize) -> Result<Change, Malformed> {
        if depth >= MAX_DEPTH {
            return Ok(Change::Remove);
        }
        let (key, _) = AttributeView::split_bytes(entry)?;
        let key = String::from_utf8_lossy(key).into_owned();
        if self.rules.is_denied(&key) && !self.rules.is_allowed(&key) {
            return self.attribute(entry);
        }
        Ok(rewrite(entry, |number, content| {
            Ok(if number == 2 { self.value(&key, content, depth + 1)?.into() } else { Change::Keep })
        })?
        .into())
    }

    /// Returns a text without its secrets. Bytes that are not UTF-8 are unchanged, because receivers reject them.
    fn text(&mut self, key: &str, text: &[u8]) -> Option<Vec<u8>> {
        let (redacted, detectors) = self.rules.redact_text(std::str::from_utf8(text).ok()?)?;
        self.found.extend(detectors.into_iter().map(|detector| (key.to_owned(), detector)));
        Some(redacted.into_bytes())
    }

    /// Returns bytes without their secrets, if they are text.
    fn bytes(&mut self, key: &str, bytes: &[u8]) -> Option<Vec<u8>> {
        self.text(key, bytes)
    }
}

/// Rewrites the length-delimited fields of a message with `change`. Returns `None` if nothing changes.
fn rewrite(message: &[u8], mut change: impl FnMut(u32, &[u8]) -> Result<Change, Malformed>) -> Rewritten {
    let mut fields = Fields::of(message);
    let mut out: Option<Vec<u8>> = None;
    loop {
        let before = fields.rest();
        let Some((number, field)) = fields.next()? else { return Ok(out) };
        let raw = &before[..before.len() - fields.rest().len()];
        let change = match field {
            Field::Bytes(content) => change(number, content)?,
            _ => Change::Keep,
        };
        let done = message.len() - before.len();
        match change {
            Change::Keep => {
                if let Some(out) = &mut out {
                    out.extend_from_slice(raw);
                }
            }
            Change::Remove => {
                out.get_or_insert_with(|| message[..done].to_vec());
            }
            Change::Replace(content) => {
                put_field(out.get_or_insert_with(|| message[..done].to_vec()), number, &content);
            }
        }
    }
}

/// Appends a length-delimited field.
fn put_field(out: &mut Vec<u8>, number: u32, content: &[u8]) {
    for mut rest in [u64::from(number) << 3 | 2, content.len() as u64] {
        while rest >= 0x80 {
            out.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        out.push(rest as u8);
    }
    out.extend_from_slice(content);
}
