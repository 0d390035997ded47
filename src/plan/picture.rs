//! The graph as a picture: text for Graphviz or Mermaid. Sources, pipelines and targets; names alone, no addresses.

use super::{Plan, TargetKind, TaskPlan};
use std::collections::BTreeSet;
use std::fmt::Write;

/// Language of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PictureLanguage {
    /// Graphviz.
    Dot,
    /// Mermaid flowchart.
    Mermaid,
}

/// Draws a plan.
pub fn picture(plan: &Plan, language: PictureLanguage) -> String {
    let nodes = |of: fn(&TaskPlan) -> String| plan.tasks.iter().map(of).collect::<BTreeSet<String>>();
    let sources = nodes(|task| task.id.source.clone());
    let pipelines = nodes(|task| task.id.pipeline.clone());
    let targets: BTreeSet<(String, &str)> =
        plan.tasks.iter().map(|task| (task.id.target.clone(), kind(&task.target.kind))).collect();
    let mut edges = BTreeSet::new();
    for task in &plan.tasks {
        let id = &task.id;
        edges.insert((node("source", &id.source), node("pipeline", &id.pipeline)));
        edges.insert((node("pipeline", &id.pipeline), node("target", &id.target)));
    }
    let mut text = String::new();
    // Writing into a text cannot fail.
    let _ = match language {
        PictureLanguage::Dot => dot(&mut text, &sources, &pipelines, &targets, &edges),
        PictureLanguage::Mermaid => mermaid(&mut text, &sources, &pipelines, &targets, &edges),
    };
    text
}

type Names = BTreeSet<String>;
type Targets<'a> = BTreeSet<(String, &'a str)>;
type Edges = BTreeSet<(String, String)>;

fn dot(
    text: &mut String,
    sources: &Names,
    pipelines: &Names,
    targets: &Targets<'_>,
    edges: &Edges,
) -> std::fmt::Result {
    writeln!(text, "digraph syncc {{\n  rankdir=LR;")?;
    for name in sources {
        writeln!(text, "  {} [shape=cylinder, label=\"{name}\\nmysql\"];", node("source", name))?;
    }
    for name in pipelines {
        writeln!(text, "  {} [shape=box, label=\"{name}\"];", node("pipeline", name))?;
    }
    for (name, kind) in targets {
        writeln!(text, "  {} [shape=cds, label=\"{name}\\n{kind}\"];", node("target", name))?;
    }
    for (from, to) in edges {
        writeln!(text, "  {from} -> {to};")?;
    }
    writeln!(text, "}}")
}

fn mermaid(
    text: &mut String,
    sources: &Names,
    pipelines: &Names,
    targets: &Targets<'_>,
    edges: &Edges,
) -> std::fmt::Result {
    writeln!(text, "flowchart LR")?;
    for name in sources {
        writeln!(text, "  {}[(\"{name}<br>mysql\")]", node("source", name))?;
    }
    for name in pipelines {
        writeln!(text, "  {}[\"{name}\"]", node("pipeline", name))?;
    }
    for (name, kind) in targets {
        writeln!(text, "  {}([\"{name}<br>{kind}\"])", node("target", name))?;
    }
    for (from, to) in edges {
        writeln!(text, "  {from} --> {to}")?;
    }
    Ok(())
}

/// A node's id. Own names are letters, digits, `_` and `-`; neither language takes `-` in a bare id.
fn node(kind: &str, name: &str) -> String {
    let mut id = format!("{kind}_");
    for sign in name.chars() {
        match sign {
            '_' => id.push_str("__"),
            '-' => id.push_str("_d"),
            sign => id.push(sign),
        }
    }
    id
}

fn kind(kind: &TargetKind) -> &'static str {
    match kind {
        TargetKind::Kafka(_) => "kafka",
        TargetKind::Stdout => "stdout",
        TargetKind::File { .. } => "file",
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{HELLO, plan};
    use super::*;

    #[test]
    fn hello_world_in_both_languages() {
        let text = HELLO.replace("pipeline shop", "pipeline web-shop");
        let plan = plan(&[&text]);
        assert_eq!(
            picture(&plan, PictureLanguage::Dot),
            "digraph syncc {\n  rankdir=LR;\n  source_shop [shape=cylinder, label=\"shop\\nmysql\"];\n  \
             pipeline_web_dshop [shape=box, label=\"web-shop\"];\n  target_bus [shape=cds, label=\"bus\\nkafka\"];\n  \
             pipeline_web_dshop -> target_bus;\n  source_shop -> pipeline_web_dshop;\n}\n"
        );
        assert_eq!(
            picture(&plan, PictureLanguage::Mermaid),
            "flowchart LR\n  source_shop[(\"shop<br>mysql\")]\n  pipeline_web_dshop[\"web-shop\"]\n  \
             target_bus([\"bus<br>kafka\"])\n  pipeline_web_dshop --> target_bus\n  source_shop --> pipeline_web_dshop\n"
        );
    }
}
