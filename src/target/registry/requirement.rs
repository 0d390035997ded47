//! What a task needs of its registry, held against what the registry says. Pure: it is asked elsewhere.

use super::{Class, Refusal};
use crate::diagnostic::{Code, CodeDoc, Diagnostic, Severity};

/// The registry cannot be reached, or not be used.
pub const REGISTRY_UNREACHABLE: Code = Code::new("L0210", "registry-unreachable");
/// The registry does not take a schema.
pub const SCHEMA_INCOMPATIBLE: Code = Code::new("L0211", "schema-incompatible");

/// The finding for a registry that did not do what was asked; `url` is where it is.
pub fn unusable(url: &str, refusal: &Refusal) -> Diagnostic {
    let help = match refusal.class {
        Class::Unreachable | Class::Broken => "start it, or look at the way to it",
        Class::Setting | Class::Incompatible | Class::Invalid => {
            "look at the `registry` of the target: address, `user`, `password`, `tls`"
        }
    };
    let message = format!("the schema registry `{url}` cannot be used: {}", refusal.text);
    Diagnostic::nowhere(REGISTRY_UNREACHABLE, Severity::Error, message).help(help)
}

/// The finding for a schema that is refused under `subject`; `field` is the difference that breaks the rule, where it could
/// be found, `said` what the registry says.
pub fn incompatible(subject: &str, table: &str, field: Option<&str>, said: &str) -> Diagnostic {
    let why = match field {
        Some(field) => format!("{field}, which the rule of the subject does not allow"),
        None => format!("the registry says: {said}"),
    };
    let message = format!("the schema of {table} is refused under the subject `{subject}`: {why}");
    Diagnostic::nowhere(SCHEMA_INCOMPATIBLE, Severity::Error, message).help(
        "take the change back, send the table to another topic, or give the subject a wider rule (`compatibility` in the \
         `format` block)",
    )
}

/// The pages of these findings. They need a registry, so no project file shows one.
pub const CODES: &[CodeDoc] = &[
    page(
        REGISTRY_UNREACHABLE,
        "The schema registry of a target does not answer, refuses our login, has a certificate that is not to be trusted, or is \
         none.",
        "A message of `avro` or `debezium-avro` holds the number of its schema, and the registry gives the numbers. Schemas \
         that were registered before go on without it while syncc runs; a new one waits for it under `retry`.",
    ),
    page(
        SCHEMA_INCOMPATIBLE,
        "The registry holds another schema under the subject of a table, and its rule does not let the new one follow.",
        "The first row with the new schema would stop the task. The message names the field: a column that was added NOT NULL, \
         dropped, or got another type.",
    ),
];

const fn page(code: Code, what: &'static str, why: &'static str) -> CodeDoc {
    CodeDoc { code, what, why, wrong: "", right: "" }
}
