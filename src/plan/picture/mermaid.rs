//! Mermaid.

use super::{Node, Picture, Shape, bare};
use std::fmt::{self, Write};

/// The picture as a flowchart of Mermaid.
pub fn mermaid(picture: &Picture) -> String {
    let mut text = String::new();
    // Writing into a text cannot fail.
    let _ = write(&mut text, picture);
    text
}

fn write(text: &mut String, picture: &Picture) -> fmt::Result {
    writeln!(text, "flowchart LR")?;
    for frame in picture.frames() {
        writeln!(text, "  subgraph {} [{}]", bare(&frame.id), label(frame))?;
        for node in picture.inside(Some(&frame.id)) {
            writeln!(text, "    {}", declared(node))?;
        }
        writeln!(text, "  end")?;
    }
    for node in picture.inside(None) {
        writeln!(text, "  {}", declared(node))?;
    }
    for edge in &picture.edges {
        let label = edge.label.as_ref().map_or_else(String::new, |label| format!("|{}|", quoted(label)));
        writeln!(text, "  {} -->{label} {}", bare(&edge.from), bare(&edge.to))?;
    }
    Ok(())
}

fn declared(node: &Node) -> String {
    let (open, close) = match node.kind {
        Shape::Source => ("[(", ")]"),
        Shape::Target => ("([", "])"),
        Shape::Pipeline | Shape::Table | Shape::Topic | Shape::Message | Shape::Column | Shape::Field => {
            ("[", "]")
        }
    };
    format!("{}{open}{}{close}", bare(&node.id), label(node))
}

fn label(node: &Node) -> String {
    let lines: Vec<String> =
        std::iter::once(&node.name).chain(&node.details).map(|line| escaped(line)).collect();
    format!("\"{}\"", lines.join("<br>"))
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text))
}

/// Signs that Mermaid or HTML would take for their own, by their names.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '"' => escaped.push_str("#quot;"),
            '#' => escaped.push_str("#35;"),
            '&' => escaped.push_str("#amp;"),
            '<' => escaped.push_str("#lt;"),
            '>' => escaped.push_str("#gt;"),
            '`' => escaped.push_str("#96;"),
            '\\' => escaped.push_str("#92;"),
            sign => escaped.push(sign),
        }
    }
    escaped
}
