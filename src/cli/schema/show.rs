//! `syncc schema show`: a table as the lock file has it.

use super::super::explain_table::names;
use super::super::global::Global;
use super::super::output::{Failure, Output};
use super::super::{Exit, front};
use crate::hir;
use crate::lockfile::{pulled, table_text};
use crate::mysql::schema::TableName;

/// Prints a table as schema.lock has it
///
/// Needs no server. A table that several sources have is printed for each that differs.
#[derive(Debug, clap::Args)]
#[command(
    after_long_help = "Examples:\n  syncc schema show shop.orders\n  syncc schema show 'shop.`order items`'"
)]
pub(super) struct Args {
    /// The table
    #[arg(value_name = "DB.TABLE")]
    table: String,
}

pub(super) fn run(args: &Args, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let Some((db, table)) = names(&args.table) else {
        return Err(Failure::usage(format!("\"{}\" is no table; it is written DB.TABLE", args.table)));
    };
    let name = TableName::new(db, table);
    let (program, _) = hir::program(&front::read(&global.location())?);
    let mut shown: Vec<(String, Vec<&str>)> = Vec::new();
    for (source, lock) in program.locked_sources() {
        let schema = pulled(lock).schema;
        let text = match schema.tables.get(&name) {
            Some(table) => table_text(&name, table),
            None if schema.views.contains(&name) => {
                "a view, or another object without rows of its own\n".to_owned()
            }
            None => continue,
        };
        match shown.iter_mut().find(|(known, _)| *known == text) {
            Some((_, sources)) => sources.push(source),
            None => shown.push((text, vec![source])),
        }
    }
    if shown.is_empty() {
        let message = match program.locked_sources().next() {
            Some(_) => format!("schema.lock lists no table {name}"),
            None => "there is no schema.lock yet: `syncc schema pull` writes it".to_owned(),
        };
        return Err(Failure::new(Exit::Findings, message));
    }
    for (n, (text, sources)) in shown.iter().enumerate() {
        let gap = if n == 0 { "" } else { "\n" };
        output.print(&format!("{gap}# {}\n{text}", sources.join(", ")))?;
    }
    Ok(Exit::Fine)
}
