//! The fields of an event.

use std::error::Error;
use std::fmt::{self, Debug, Write};

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};

use super::escape::{Escaped, write_value};

/// The field that holds an event's message.
const MESSAGE: &str = "message";

/// Returns the name of a field: `type` for `r#type`.
fn name(field: &Field) -> &'static str {
    field.name().trim_start_matches("r#")
}

/// Fields as text: ` a=1 b="x y"`.
#[derive(Default)]
pub(super) struct TextFields {
    pub(super) message: String,
    pub(super) fields: String,
}

impl TextFields {
    fn write(&mut self, field: &Field, write: impl FnOnce(&mut String) -> fmt::Result) {
        // Writing to a `String` cannot fail. If a `Debug` implementation fails, what it has written stays.
        let _result = if field.name() == MESSAGE {
            write(&mut self.message)
        } else {
            self.fields.push(' ');
            let _infallible = Escaped::text(&mut self.fields).write_str(name(field));
            self.fields.push('=');
            write(&mut self.fields)
        };
    }
}

impl Visit for TextFields {
    fn record_str(&mut self, field: &Field, value: &str) {
        let message = field.name() == MESSAGE;
        self.write(field, |out| {
            if message { Escaped::text(out).write_str(value) } else { write_value(out, value) }
        });
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.record_str(field, &value.to_string());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.write(field, |out| write!(Escaped::text(out), "{value:?}"));
    }
}

/// Fields as JSON values.
#[derive(Default)]
pub(super) struct JsonFields {
    pub(super) message: Option<Value>,
    pub(super) fields: Map<String, Value>,
}

impl JsonFields {
    fn put(&mut self, field: &Field, value: impl Into<Value>) {
        if field.name() == MESSAGE {
            self.message = Some(value.into());
        } else {
            self.fields.insert(name(field).to_owned(), value.into());
        }
    }
}

impl Visit for JsonFields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        // JSON has no infinity and no NaN.
        if value.is_finite() { self.put(field, value) } else { self.put(field, value.to_string()) }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.put(field, value.to_string());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let mut text = String::new();
        // `format!` panics if a `Debug` implementation fails.
        let _result = write!(text, "{value:?}");
        self.put(field, text);
    }
}
