//! `syncc graph`: sources, pipelines and targets as a picture.

use super::global::Global;
use super::output::{Failure, Output};
use super::{Exit, front};
use crate::plan::{PictureLanguage, picture};
use clap::ValueEnum;

/// Draws the project
///
/// Prints sources, pipelines and targets as text that Graphviz or Mermaid turns into a picture.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  \
    syncc graph | dot -Tsvg > project.svg\n  \
    syncc graph --as mermaid")]
pub(super) struct Args {
    /// Language of the picture
    #[arg(long = "as", value_name = "LANGUAGE", default_value = "dot")]
    language: Language,
}

/// Language of a picture, on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Language {
    /// Graphviz.
    Dot,
    /// Mermaid flowchart.
    Mermaid,
}

pub(super) fn run(args: &Args, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let Some(project) = front::planned(global, output)? else { return Ok(Exit::Findings) };
    let language = match args.language {
        Language::Dot => PictureLanguage::Dot,
        Language::Mermaid => PictureLanguage::Mermaid,
    };
    output.print(&picture(&project.plan, language))?;
    Ok(Exit::Fine)
}
