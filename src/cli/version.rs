//! `syncc version`: which release this is, and what it is made of.

use super::Exit;
use super::form::Form;
use super::output::{Failure, Output};
use serde::Serialize;

/// Tells the version
///
/// Also the newest edition of the language that it reads, and the version of the Kafka client inside.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  syncc version\n  syncc version --format json")]
pub(super) struct Args {
    /// Form of the answer
    #[arg(long, value_name = "FORM", default_value = "human")]
    format: Form,
}

/// What this program is. Members are only added.
#[derive(Debug, Serialize)]
pub(super) struct Version {
    /// Of the release.
    pub(super) version: &'static str,
    /// Newest edition of the language.
    pub(super) edition: u64,
    /// `ARCHITECTURE-SYSTEM`.
    pub(super) platform: String,
    /// Of the Kafka client; none in a program that cannot run pipelines.
    pub(super) librdkafka: Option<String>,
}

impl Version {
    pub(super) fn get() -> Version {
        Version {
            version: env!("CARGO_PKG_VERSION"),
            edition: *crate::ast::EDITIONS.last().unwrap_or(&0),
            platform: format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS),
            librdkafka: client(),
        }
    }
}

#[cfg(feature = "run")]
fn client() -> Option<String> {
    Some(crate::target::kafka::io::client_version())
}

#[cfg(not(feature = "run"))]
fn client() -> Option<String> {
    None
}

pub(super) fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let version = Version::get();
    match args.format {
        Form::Human => {
            let Version { version, edition, platform, librdkafka } = version;
            let client = librdkafka.map_or_else(String::new, |version| format!("librdkafka {version}\n"));
            output.print(&format!("syncc {version}\nedition {edition}\n{client}{platform}\n"))?;
        }
        Form::Json => {
            let text = serde_json::to_string_pretty(&version).expect("strings and numbers are always JSON");
            output.print(&format!("{text}\n"))?;
        }
    }
    Ok(Exit::Fine)
}
