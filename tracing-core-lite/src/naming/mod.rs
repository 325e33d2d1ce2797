//! Names of spans: templates for names that contain identifiers, and rules for good names.

mod rules;
mod template;

pub use rules::{NameProblem, check_name};
pub use template::{template_name, template_path};
