//! S0305, S0306: what only the machine shows on which a secret is read. The findings are made where that happens.

use crate::diagnostic::{Code, CodeDoc};

/// A variable that a file names is not set.
pub const ENV_UNSET: Code = Code::new("S0305", "env-unset");
/// Others may read the file of a secret.
pub const SECRET_FILE_OPEN: Code = Code::new("S0306", "secret-file-open");

/// The pages of these findings; no project file shows one.
pub(in super::super) const PAGES: &[CodeDoc] = &[
    page(
        ENV_UNSET,
        "A variable that a file takes a value from is not set where syncc runs.",
        "The task cannot start without it. `check` needs no value; it looks with --env. The message names the variable, never a \
         value.",
    ),
    page(
        SECRET_FILE_OPEN,
        "The file of a secret can be read by others than its owner.",
        "Everybody on the machine then has the password. `chmod 600` mends it.",
    ),
];

const fn page(code: Code, what: &'static str, why: &'static str) -> CodeDoc {
    CodeDoc { code, what, why, wrong: "", right: "" }
}
