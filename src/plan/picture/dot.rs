//! Graphviz.

use super::{Node, Picture, Shape, bare};
use std::fmt::{self, Write};

/// The picture in Graphviz's language.
pub fn dot(picture: &Picture) -> String {
    let mut text = String::new();
    // Writing into a text cannot fail.
    let _ = write(&mut text, picture);
    text
}

fn write(text: &mut String, picture: &Picture) -> fmt::Result {
    writeln!(text, "digraph syncc {{\n  rankdir=LR;")?;
    for frame in picture.frames() {
        writeln!(text, "  subgraph cluster_{} {{\n    label={};", bare(&frame.id), label(frame))?;
        if let Some(doc) = &frame.doc {
            writeln!(text, "    tooltip={};", quoted(doc))?;
        }
        for node in picture.inside(Some(&frame.id)) {
            writeln!(text, "    {}", declared(node))?;
        }
        writeln!(text, "  }}")?;
    }
    for node in picture.inside(None) {
        writeln!(text, "  {}", declared(node))?;
    }
    for edge in &picture.edges {
        let label =
            edge.label.as_ref().map_or_else(String::new, |label| format!(" [label={}]", quoted(label)));
        writeln!(text, "  {} -> {}{label};", bare(&edge.from), bare(&edge.to))?;
    }
    writeln!(text, "}}")
}

fn declared(node: &Node) -> String {
    let shape = match node.kind {
        Shape::Source => "cylinder",
        Shape::Pipeline => "box",
        Shape::Target => "cds",
        Shape::Table | Shape::Topic | Shape::Message | Shape::Column | Shape::Field => "plaintext",
    };
    let doc = node.doc.as_ref().map_or_else(String::new, |doc| format!(", tooltip={}", quoted(doc)));
    format!("{} [shape={shape}, label={}{doc}];", bare(&node.id), label(node))
}

fn label(node: &Node) -> String {
    let lines: Vec<&str> =
        std::iter::once(node.name.as_str()).chain(node.details.iter().map(String::as_str)).collect();
    quoted(&lines.join("\n"))
}

/// A text in quotes. A backslash begins an escape of Graphviz's own, so each stands for itself.
fn quoted(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("\"{text}\"")
}
