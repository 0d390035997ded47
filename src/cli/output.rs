//! Standard output, standard error, and how a subcommand fails.

use super::Exit;
use std::error::Error;
use std::fmt;
use std::io::{self, StdoutLock, Write};

/// Results of a subcommand, to standard output.
pub(super) struct Output {
    stdout: io::BufWriter<StdoutLock<'static>>,
    /// The reader has gone; it has what it wanted.
    closed: bool,
}

impl Output {
    pub(super) fn new() -> Output {
        Output { stdout: io::BufWriter::new(io::stdout().lock()), closed: false }
    }

    /// True when nobody reads any more.
    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Prints text as it is.
    pub(super) fn print(&mut self, text: &str) -> Result<(), Failure> {
        self.write(text.as_bytes())
    }

    /// Prints bytes as they are.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        if self.closed {
            return Ok(());
        }
        let result = self.stdout.write_all(bytes);
        self.checked(result)
    }

    /// Hands over what is held back, to be seen while more comes.
    #[cfg(feature = "run")]
    pub(super) fn flush(&mut self) -> Result<(), Failure> {
        self.finish()
    }

    /// Prints what is still held back.
    pub(super) fn finish(&mut self) -> Result<(), Failure> {
        let result = if self.closed { Ok(()) } else { self.stdout.flush() };
        self.checked(result)
    }

    fn checked(&mut self, result: io::Result<()>) -> Result<(), Failure> {
        match result {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(())
            }
            Err(error) => Err(Failure::new(Exit::Failed, error)),
            Ok(()) => Ok(()),
        }
    }
}

/// Tells a person something beside the results. It must not fail: there is nowhere left to say so.
pub(super) fn note(text: &str) {
    let text = crate::diagnostic::render::harmless(text);
    let _ = writeln!(io::stderr(), "syncc: {text}");
}

/// Tells how far a subcommand is. As [`note`], it must not fail.
#[cfg(feature = "run")]
pub(super) fn progress(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// Why a subcommand ended without its result.
#[derive(Debug)]
pub(super) struct Failure {
    /// Exit code of the process.
    pub(super) exit: Exit,
    error: Box<dyn Error + Send + Sync>,
}

impl Failure {
    pub(super) fn new(exit: Exit, error: impl Into<Box<dyn Error + Send + Sync>>) -> Failure {
        Failure { exit, error: error.into() }
    }

    /// Wrong usage, or a file that cannot be read.
    pub(super) fn usage(error: impl Into<Box<dyn Error + Send + Sync>>) -> Failure {
        Failure::new(Exit::Usage, error)
    }
}

impl fmt::Display for Failure {
    /// The error and its causes, in one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.error)?;
        let mut cause = self.error.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
