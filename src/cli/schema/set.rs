//! `syncc schema set`: columns that the log does not prove, given by somebody who knows them.

use super::super::global::Global;
use super::super::output::{Failure, Output};
use super::super::{Exit, front};
use crate::mysql::position::BinlogPosition;
use crate::mysql::schema::TableName;
use crate::run::{Options, Watching, give_schema};
use std::path::PathBuf;
use std::time::Duration;

/// Gives a table's columns from a place of the log on
///
/// For a task that stopped with 25 because nothing proves the columns of a table. They are kept in the state of each task that selects
/// the table, none of which may run; the next start takes them up where the log reaches the place. They must fit the log there, or the
/// task stops again.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  \
    syncc schema set shop.orders --at binlog.000042:1570 --from orders.sql\n\n\
    Exit codes: 0 stored, 2 wrong usage, 3 a server does not answer, 4 the place was passed or the text makes another table, \
    21 the task runs.")]
pub(super) struct Args {
    /// The table, as database.table
    #[arg(value_name = "TABLE", value_parser = table)]
    table: TableName,
    /// Place of the log from which on it has these columns: at or behind the task's position, before its first row of them
    #[arg(long, value_name = "FILE:OFFSET", value_parser = place)]
    at: BinlogPosition,
    /// File with its CREATE TABLE statement, as SHOW CREATE TABLE prints it
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// State directory [default: .syncc in the project]
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
}

pub(super) fn run(args: &Args, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let Some(planned) = front::planned(global, output)? else { return Ok(Exit::Findings) };
    let text = std::fs::read_to_string(&args.from)
        .map_err(|error| Failure::usage(format!("cannot read {}: {error}", args.from.display())))?;
    let options = Options {
        accept: Vec::new(),
        project: global.location(),
        state: args.state.clone(),
        control: None,
        listen: None,
        watch: Watching::Off,
        poll: Duration::MAX,
        only: Vec::new(),
        standby: false,
        require_live: true,
        once: false,
        until: None,
        last_good: false,
        takeover: false,
        accept_state_loss: false,
        drain: Duration::ZERO,
        fail_fast: true,
    };
    match give_schema(&options, &planned.plan, &args.table, &args.at, &text) {
        Ok(lines) => {
            for line in lines {
                output.print(&format!("{line}\n"))?;
            }
            Ok(Exit::Fine)
        }
        Err((code, text)) => Err(Failure::new(exit(code), text)),
    }
}

fn exit(code: u8) -> Exit {
    const CODES: [Exit; 7] = [
        Exit::Usage,
        Exit::Refused,
        Exit::Precheck,
        Exit::ActiveElsewhere,
        Exit::OwnershipLost,
        Exit::PositionLost,
        Exit::State,
    ];
    CODES.into_iter().find(|exit| *exit as u8 == code).unwrap_or(Exit::Failed)
}

fn table(text: &str) -> Result<TableName, String> {
    match text.split_once('.') {
        Some((db, table)) if !db.is_empty() && !table.is_empty() => Ok(TableName::new(db, table)),
        Some(_) | None => Err("a table is written DATABASE.TABLE".to_owned()),
    }
}

fn place(text: &str) -> Result<BinlogPosition, String> {
    let place = text.rsplit_once(':').and_then(|(file, offset)| {
        Some(BinlogPosition::new(file, offset.parse().ok()?)).filter(|_| !file.is_empty())
    });
    place.ok_or_else(|| "a place is written FILE:OFFSET, such as binlog.000042:1570".to_owned())
}
