//! `syncc graph`: the project as a picture.

use super::global::Global;
use super::output::{Failure, Output};
use super::{Exit, front};
use crate::plan::picture::{Picture, Shape, columns, dot, flow, mermaid, tables};
use clap::ValueEnum;
use serde::Serialize;

/// Version of the JSON form.
const VERSION: u32 = 1;

/// Draws the project
///
/// Prints sources, pipelines and targets, tables and topics, or columns and fields with their masks, as text that Graphviz or
/// Mermaid turns into a picture, or as JSON.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  \
    syncc graph | dot -Tsvg > project.svg\n  \
    syncc graph --view tables --as mermaid\n  \
    syncc graph -C prod --view columns --as json\n\n\
    Nodes in JSON: `{\"id\", \"kind\", \"name\", \"details\", \"doc\", \"group\"}`; edges: `{\"from\", \"to\", \"label\"}`, \
    with the ids of two nodes. `doc` is what the `##` lines above a source, a pipeline or a target say; in Graphviz it is a \
    tooltip. `group` is the node that another one stands in.\n\n\
    Ids stay the same until something is renamed, and no other node has the same one:\n  \
    source:SOURCE  pipeline:PIPELINE  target:TARGET\n  \
    table:SOURCE.DB.TABLE   names of the source; a pattern as it is written, where no table is known\n  \
    topic:TARGET.TOPIC\n  \
    message:TARGET.TOPIC.DB.TABLE   messages of a table in a topic; names as they are in messages\n  \
    column:SOURCE.DB.TABLE.COLUMN  field:TARGET.TOPIC.DB.TABLE.FIELD\n\
    Names that are no plain words stand in backticks. Topics that are copied (`from TARGET topic PATTERN`) are in the views \
    flow and tables; their messages keep all fields.\n\n\
    Exit codes: 0 drawn, 1 the files have errors, 2 wrong usage or a file that cannot be read.")]
pub(super) struct Args {
    /// Language of the picture
    #[arg(long = "as", value_name = "LANGUAGE", default_value = "dot")]
    language: Language,
    /// What is drawn
    #[arg(long, value_name = "VIEW", default_value = "flow")]
    view: View,
}

/// Language of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Language {
    /// Graphviz.
    Dot,
    /// Mermaid flowchart.
    Mermaid,
    /// Nodes and edges as one object.
    Json,
}

/// What is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
enum View {
    /// Sources, pipelines and targets.
    Flow,
    /// Tables and topics.
    Tables,
    /// Columns and the fields of messages they become; `schema.lock` tells those that no line names.
    Columns,
}

#[derive(Serialize)]
struct Document<'p> {
    version: u32,
    view: View,
    #[serde(flatten)]
    picture: &'p Picture,
}

pub(super) fn run(args: &Args, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let Some(project) = front::planned(global, output)? else { return Ok(Exit::Findings) };
    let kind = |target: &str| project.target_kind(target);
    let mut picture = match args.view {
        View::Flow => flow(&project.plan, &kind),
        View::Tables => tables(&project.plan, &kind, &|source| project.known_tables(source)),
        View::Columns => columns(&project.plan, &|source| project.known_columns(source)),
    };
    picture.document(|shape, name| {
        let program = &project.program;
        let doc = match shape {
            Shape::Source => &program.sources.iter().find(|one| one.name.value == name)?.doc,
            Shape::Pipeline => &program.pipelines.iter().find(|one| one.name.value == name)?.doc,
            Shape::Target => &program.targets.iter().find(|one| one.name.value == name)?.doc,
            Shape::Table | Shape::Topic | Shape::Message | Shape::Column | Shape::Field => return None,
        };
        doc.as_ref().map(|doc| doc.value.clone())
    });
    let text = match args.language {
        Language::Dot => dot(&picture),
        Language::Mermaid => mermaid(&picture),
        Language::Json => {
            let document = Document { version: VERSION, view: args.view, picture: &picture };
            serde_json::to_string_pretty(&document).expect("strings and numbers are always JSON") + "\n"
        }
    };
    output.print(&text)?;
    Ok(Exit::Fine)
}
