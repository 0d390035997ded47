//! Flags of every subcommand.

use crate::diagnostic::render::Style;
use crate::project::{Choices, Location};
use crate::statement::{bytes, duration_ms};
use clap::{Args, ValueEnum};
use std::env;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Columns that help texts are wrapped at where no terminal says its width.
const WIDTH: usize = 100;

/// Flags of every subcommand.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options of every command")]
pub(super) struct Global {
    /// Directory of the project
    #[arg(short = 'C', long = "project", value_name = "DIR", global = true, default_value = ".")]
    pub(super) project: PathBuf,
    /// Directory that `use` may not leave [default: the nearest one with .git, else the parent of the project]
    #[arg(long, value_name = "DIR", global = true)]
    pub(super) root: Option<PathBuf>,
    /// Value of a parameter of the project, instead of SYNCC_PARAM_NAME or its default; repeatable
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = pair, global = true)]
    pub(super) params: Vec<(String, String)>,
    /// Memory that the process may use [default: 512MiB]
    #[arg(long, value_name = "SIZE", value_parser = memory, global = true)]
    pub(super) memory: Option<u64>,
    /// When to use colours; `auto` means on a terminal, unless NO_COLOR is set
    #[arg(long, value_name = "WHEN", global = true, default_value = "auto")]
    pub(super) color: Color,
    /// Draw with ASCII signs only
    #[arg(long, global = true)]
    pub(super) ascii: bool,
    /// Columns to wrap at [default: the width of the terminal]
    #[arg(long, value_name = "N", global = true)]
    pub(super) width: Option<usize>,
    /// Print results only
    #[arg(short, long, global = true)]
    pub(super) quiet: bool,
    /// Print more; twice for still more
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(super) verbose: u8,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("it is written NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn memory(text: &str) -> Result<u64, String> {
    bytes(text).map_err(|_| "it is a size such as 512MiB".to_owned())
}

impl Global {
    /// The project that is meant.
    pub(super) fn location(&self) -> Location {
        self.location_of(&self.project)
    }

    /// A project in another directory.
    pub(super) fn location_of(&self, directory: &Path) -> Location {
        Location {
            directory: directory.to_owned(),
            root: self.root.clone(),
            choices: Choices::new(self.params.iter().cloned(), variables()),
            memory_bytes: self.memory,
        }
    }

    /// How findings are drawn on standard output.
    pub(super) fn style(&self) -> Style {
        self.style_for(io::stdout().is_terminal())
    }

    /// How findings are drawn on standard error.
    #[cfg(feature = "run")]
    pub(super) fn style_for_stderr(&self) -> Style {
        self.style_for(io::stderr().is_terminal())
    }

    fn style_for(&self, on_terminal: bool) -> Style {
        let is_set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty() && value != "0");
        let color = match self.color {
            Color::Always => true,
            Color::Never => false,
            // https://no-color.org and https://bixense.com/clicolors
            Color::Auto if env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) => false,
            Color::Auto => is_set("CLICOLOR_FORCE") || on_terminal,
        };
        let terminal =
            || rustix::termios::tcgetwinsize(io::stdout()).ok().map(|size| usize::from(size.ws_col));
        let width = self.width.or_else(|| terminal().filter(|&width| width > 0)).unwrap_or(WIDTH);
        Style { ascii: self.ascii, color, width }
    }
}

/// Variables of the environment that are text.
fn variables() -> impl Iterator<Item = (String, String)> {
    env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

/// A duration as the files write it, such as `10s`.
pub(super) fn duration_of(text: &str) -> Result<Duration, String> {
    duration_ms(text)
        .map(Duration::from_millis)
        .map_err(|_| "a duration has a unit, as in 10s or 2m".to_owned())
}
