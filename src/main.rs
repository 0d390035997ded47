//! The syncc command.

use std::process::ExitCode;

fn main() -> ExitCode {
    syncc::cli::main()
}
