//! Rewrites encoded messages without their secrets. Fields without a secret keep their bytes.

use super::action::Action;
use super::array::{ArrayContext, element_text};
use super::detector::Detector;
use super::encodings;
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
                3 => self.text("trace_state", content).into(),
                5 => self.text("name", content).into(),
                9 => self.attribute(content)?,
                11 => self.event(content)?.into(),
                13 => self.link(content)?.into(),
                15 => self.status(content)?.into(),
                _ => Change::Keep,
            })
        })
    }

    /// Rewrites the head of a `ResourceSpans`: its resource.
    pub(super) fn resource_head(&mut self, head: &[u8]) -> Rewritten {
        rewrite(head, |number, content| {
            Ok(match number {
                1 => {
                    rewrite(
                        content,
                        |number, attribute| {
                            if number == 1 { self.attribute(attribute) } else { Ok(Change::Keep) }
                        },
                    )?
                    .into()
                }
                3 => self.text("schema_url", content).into(),
                _ => Change::Keep,
            })
        })
    }

    /// Rewrites the head of a `ScopeSpans`: its scope.
    pub(super) fn scope_head(&mut self, head: &[u8]) -> Rewritten {
        rewrite(head, |number, content| {
            Ok(match number {
                1 => self.scope(content)?.into(),
                3 => self.text("schema_url", content).into(),
                _ => Change::Keep,
            })
        })
    }

    fn scope(&mut self, scope: &[u8]) -> Rewritten {
        rewrite(scope, |number, content| {
            Ok(match number {
                1 => self.text("scope.name", content).into(),
                2 => self.text("scope.version", content).into(),
                3 => self.attribute(content)?,
                _ => Change::Keep,
            })
        })
    }

    fn link(&mut self, link: &[u8]) -> Rewritten {
        rewrite(link, |number, content| {
            Ok(match number {
                3 => self.text("trace_state", content).into(),
                4 => self.attribute(content)?,
                _ => Change::Keep,
            })
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

    fn attribute(&mut self, attribute: &[u8]) -> Result<Change, Malformed> {
        let (key, _) = AttributeView::split_bytes(attribute)?;
        let key = String::from_utf8_lossy(key);
        if self.rules.is_allowed(&key) {
            return Ok(Change::Keep);
        }
        let before = self.found.len();
        let redacted_key = if is_plain(&key) { None } else { self.text("key", key.as_bytes()) };
        let shown = redacted_key.as_ref().map_or(key.clone(), |key| String::from_utf8_lossy(key));
        let changed = if self.rules.is_denied(&key) {
            self.found.push((shown.clone().into_owned(), Detector::DeniedKey));
            rewrite(attribute, |number, content| {
                Ok(if number == 2 { Change::Replace(self.denied_value(content)?) } else { Change::Keep })
            })?
        } else {
            rewrite(attribute, |number, content| {
                Ok(if number == 2 { self.value(&shown, content, 0)?.into() } else { Change::Keep })
            })?
        };
        let drops = |found: &Redacted| matches!(self.rules.action_for(found.1), Action::Drop);
        if self.found[before..].iter().any(drops) {
            return Ok(Change::Remove);
        }
        let Some(new_key) = redacted_key else { return Ok(changed.into()) };
        let renamed = rewrite(changed.as_deref().unwrap_or(attribute), |number, _| {
            Ok(if number == 1 { Change::Replace(new_key.clone()) } else { Change::Keep })
        })?;
        Ok(renamed.into())
    }

    /// Returns what replaces the `AnyValue` of a denied key.
    fn denied_value(&self, value: &[u8]) -> Result<Vec<u8>, Malformed> {
        let mut text = None;
        let mut fields = Fields::of(value);
        while let Some((number, field)) = fields.next()? {
            text = match (number, field) {
                (1, Field::Bytes(bytes)) => Some(String::from_utf8_lossy(bytes)),
                (3, Field::Varint(number)) => Some((number as i64).to_string().into()),
                _ => None,
            };
        }
        // Of other values, no part can be kept.
        let replaced =
            text.map_or(REDACTED.into(), |text| self.rules.action_for(Detector::DeniedKey).replace(&text));
        Ok(string_value(&replaced))
    }

    /// Rewrites an `AnyValue`.
    fn value(&mut self, key: &str, value: &[u8], depth: usize) -> Rewritten {
        if depth > MAX_DEPTH {
            return Ok(Some(string_value(REDACTED)));
        }
        rewrite(value, |number, content| {
            Ok(match number {
                1 | 7 => self.text(key, content).into(),
                5 => self.array(key, content, depth)?.into(),
                6 => rewrite(
                    content,
                    |number, entry| {
                        if number == 1 { self.entry(entry, depth) } else { Ok(Change::Keep) }
                    },
                )?
                .into(),
                _ => Change::Keep,
            })
        })
    }

    /// Rewrites an `ArrayValue`. An element can be secret because of those before it: the lines of a private key, and the
    /// argument of an option such as `--password`.
    fn array(&mut self, key: &str, array: &[u8], depth: usize) -> Rewritten {
        let mut context = ArrayContext::default();
        rewrite(array, |number, element| {
            if number != 1 {
                return Ok(Change::Keep);
            }
            let text = element_text(element)?;
            let secret = context.makes_secret(&text);
            context.pass(&text, self.rules);
            let Some(detector) = secret else { return Ok(self.value(key, element, depth + 1)?.into()) };
            self.found.push((key.to_owned(), detector));
            Ok(Change::Replace(string_value(&self.rules.action_for(detector).replace(&text))))
        })
    }

    /// Rewrites an entry of a map, whose own key can be denied as well.
    fn entry(&mut self, entry: &[u8], depth: usize) -> Result<Change, Malformed> {
        if depth >= MAX_DEPTH {
            return Ok(Change::Remove);
        }
        let (key, _) = AttributeView::split_bytes(entry)?;
        let key = String::from_utf8_lossy(key).into_owned();
        if self.rules.is_denied(&key) || !is_plain(&key) {
            return self.attribute(entry);
        }
        Ok(rewrite(entry, |number, content| {
            Ok(if number == 2 { self.value(&key, content, depth + 1)?.into() } else { Change::Keep })
        })?
        .into())
    }

    /// Returns a text without its secrets. Bytes that are not UTF-8 are lost if there is one.
    fn text(&mut self, key: &str, text: &[u8]) -> Option<Vec<u8>> {
        let replaced;
        let text = match std::str::from_utf8(text) {
            Ok(text) => text,
            Err(_) => {
                replaced = encodings::text_of(text.to_vec());
                &replaced
            }
        };
        let (redacted, detectors) = self.rules.redact_text(text)?;
        self.found.extend(detectors.into_iter().map(|detector| (key.to_owned(), detector)));
        Some(redacted.into_bytes())
    }
}

/// Returns whether a key is a name like those of the conventions, which contain no secret.
fn is_plain(key: &str) -> bool {
    key.len() <= 64 && key.bytes().all(|byte| byte.is_ascii_lowercase() || b"._".contains(&byte))
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

/// Returns an `AnyValue` with this text.
fn string_value(text: &str) -> Vec<u8> {
    let mut value = Vec::with_capacity(text.len() + 4);
    put_field(&mut value, 1, text.as_bytes());
    value
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
