//! The text of a first project.

use super::answers::Answers;
use std::fmt::Write;

/// A file in the layout of `syncc fmt`.
pub(super) fn text(answers: &Answers) -> String {
    let (name, variable) = (answers.name(), answers.variable());
    let mut text = String::from("edition 2026\n\n");
    let mut line = |line: std::fmt::Arguments<'_>| {
        // Writing into a text cannot fail.
        let _ = text.write_fmt(line);
        text.push('\n');
    };
    line(format_args!(
        "# Where changes come from. `syncc doctor --grants` prints the rights its user needs."
    ));
    line(format_args!("source {name} mysql {} {{", quoted(&answers.address)));
    line(format_args!("  # The password is in this variable where syncc runs; it never stands in a file."));
    line(format_args!("  password env {variable}"));
    line(format_args!("}}\n"));
    line(format_args!("# Where messages go. Topics that are not there are made."));
    match answers.brokers.as_slice() {
        [broker] => line(format_args!("target bus kafka {}\n", quoted(broker))),
        brokers => {
            let brokers: Vec<String> = brokers.iter().map(|broker| quoted(broker)).collect();
            line(format_args!("target bus kafka {{\n  brokers {}\n}}\n", brokers.join(", ")));
        }
    }
    line(format_args!(
        "# First the rows that are there, then every change: one topic per table, named DATABASE.TABLE."
    ));
    line(format_args!("pipeline {name} from {name} to bus {{"));
    for pattern in &answers.tables {
        line(format_args!("  include {pattern}"));
    }
    line(format_args!("}}"));
    text
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('{', "\\{"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fmt::{Formatted, format};
    use crate::plan::compile_project;
    use crate::project::Project;
    use crate::text::FileSet;

    #[test]
    fn a_first_project_is_clean_and_formatted() {
        let own = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        for (brokers, tables) in [
            (&["kafka1:9092"][..], &["shop.*"][..]),
            (&["kafka1:9092", "kafka2"], &["crm.people", "crm.orders_*"]),
        ] {
            let answers =
                Answers { address: "syncc@db1:3306".into(), brokers: own(brokers), tables: own(tables) };
            let text = text(&answers);
            assert_eq!(format(&text), Formatted::Text(text.clone()));
            let mut files = FileSet::new();
            files.add("a.sync", text);
            assert_eq!(compile_project(&Project::of(files)).findings, []);
        }
    }
}
