//! A plan's changes as a table for people.

use crate::plan::report::{Begins, Counts, Line, Mark, Report, TaskReport};

/// Most tables that a line names.
const TABLES_MAX: usize = 3;

/// Widest column that others are aligned by.
const WIDTH_MAX: usize = 60;

/// Task by task, then the counts.
pub(super) fn text(report: &Report, ascii: bool) -> String {
    let mut text = String::new();
    let rows: Vec<Vec<[String; 5]>> =
        report.tasks.iter().map(|task| task.changes.iter().map(row).collect()).collect();
    let width = |n: usize| {
        let cells = rows.iter().flatten().map(|row| row[n].chars().count());
        cells.filter(|&len| len <= WIDTH_MAX).max().unwrap_or(0)
    };
    let widths = [0, 1, 2, 3].map(width);
    for (task, rows) in report.tasks.iter().zip(&rows) {
        text += &head(task, report);
        text += &task.begins.as_ref().map_or_else(String::new, begins);
        if rows.is_empty() {
            text += if task.paused { "  = unchanged (paused)\n" } else { "  = unchanged\n" };
        }
        for [what, about, becomes, effect, code] in rows {
            let [a, b, c, d] = widths;
            let line = format!("  {what:<a$}  {about:<b$}  {becomes:<c$}  {effect:<d$}  {code}");
            text += &format!("{}\n", line.trim_end());
        }
    }
    let Counts { add, change, remove, refuse } = report.counts;
    text += &format!(
        "\n{add} to add, {change} to change, {remove} to remove, {refuse} refused. Nothing was changed.\n"
    );
    if !report.acceptable.is_empty() {
        text += &format!(
            "Accept with: syncc reload{} (a fence record in every partition marks the place)\n",
            report.acceptable.iter().map(|code| format!(" --accept {code}")).collect::<String>()
        );
    }
    if ascii { text.replace('…', "...") } else { text }
}

/// The pipeline; with source and target where it has several.
fn head(task: &TaskReport, report: &Report) -> String {
    let alone = report.tasks.iter().filter(|other| other.pipeline == task.pipeline).count() == 1;
    let TaskReport { pipeline, source, target, .. } = task;
    if alone {
        format!("pipeline {pipeline}\n")
    } else {
        format!("pipeline {pipeline} from {source} to {target}\n")
    }
}

fn begins(begins: &Begins) -> String {
    let how = if begins.stored { "goes on" } else { "begins" };
    format!("  {how} at {}\n", begins.at)
}

fn row(line: &Line) -> [String; 5] {
    let mark = match line.mark {
        Mark::Add => '+',
        Mark::Change => '~',
        Mark::Remove => '-',
        Mark::Refuse => '!',
    };
    let becomes = match (&line.from, &line.to) {
        (Some(from), Some(to)) => format!("{from} -> {to}"),
        (None, Some(to)) => format!("-> {to}"),
        (_, None) => String::new(),
    };
    let code = line.code.unwrap_or_default().to_owned();
    [format!("{mark} {}", line.what), tables(&line.tables), becomes, line.effect.clone(), code]
}

fn tables(tables: &[String]) -> String {
    match tables.len() {
        0..=TABLES_MAX => tables.join(", "),
        n => format!("{}, … {} more", tables[..TABLES_MAX].join(", "), n - TABLES_MAX),
    }
}
