//! The graph of a plan as a picture: nodes and edges as data, and as text for Graphviz or Mermaid.
//!
//! Names alone, no addresses and no values. What is drawn does not know how.

mod columns;
mod dot;
mod flow;
mod mermaid;
mod tables;

pub use columns::{KnownColumn, KnownTable, columns};
pub use dot::dot;
pub use flow::flow;
pub use mermaid::mermaid;
pub use tables::tables;

use serde::Serialize;

/// Kind of a target, by its name.
pub type Targets<'p> = &'p dyn Fn(&str) -> &'static str;

/// Nodes and edges, each once, in the order they are drawn in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Picture {
    /// The nodes.
    pub nodes: Vec<Node>,
    /// The edges.
    pub edges: Vec<Edge>,
}

/// A thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Node {
    /// `KIND:` and its full name; no other node has it.
    pub id: String,
    /// What it is.
    pub kind: Shape,
    /// Its name.
    pub name: String,
    /// What else is said about it.
    pub details: Vec<String>,
    /// What the `##` lines above its declaration say.
    pub doc: Option<String>,
    /// Id of the node that it belongs to; such nodes are drawn as frames.
    pub group: Option<String>,
}

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Shape {
    /// A source.
    Source,
    /// A pipeline.
    Pipeline,
    /// A target.
    Target,
    /// A table of a source, or a pattern of tables.
    Table,
    /// A topic.
    Topic,
    /// The messages of one table in a topic.
    Message,
    /// A column of a table.
    Column,
    /// A field of a message.
    Field,
}

/// From one node to another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Edge {
    /// Id of a node.
    pub from: String,
    /// Id of a node.
    pub to: String,
    /// What happens on the way.
    pub label: Option<String>,
}

impl Shape {
    /// Its word, the beginning of ids.
    fn word(self) -> &'static str {
        match self {
            Shape::Source => "source",
            Shape::Pipeline => "pipeline",
            Shape::Target => "target",
            Shape::Table => "table",
            Shape::Topic => "topic",
            Shape::Message => "message",
            Shape::Column => "column",
            Shape::Field => "field",
        }
    }
}

impl Node {
    /// A node with the full name `path`, shown as `name`.
    pub fn new(kind: Shape, path: &str, name: impl Into<String>) -> Node {
        Node { id: id(kind, path), kind, name: name.into(), details: Vec::new(), doc: None, group: None }
    }

    /// The same with one more detail.
    pub fn detail(mut self, text: impl Into<String>) -> Node {
        self.details.push(text.into());
        self
    }

    /// The same inside the frame of another node.
    pub fn inside(mut self, group: impl Into<String>) -> Node {
        self.group = Some(group.into());
        self
    }
}

impl Picture {
    /// Adds a node, once.
    pub fn node(&mut self, node: Node) {
        if !self.nodes.iter().any(|other| other.id == node.id) {
            self.nodes.push(node);
        }
    }

    /// Gives nodes the text that `doc` has for their kind and name.
    pub fn document(&mut self, doc: impl Fn(Shape, &str) -> Option<String>) {
        for node in &mut self.nodes {
            node.doc = doc(node.kind, &node.name);
        }
    }

    /// Adds an edge, once.
    pub fn edge(&mut self, from: String, to: String, label: Option<String>) {
        let edge = Edge { from, to, label };
        if !self.edges.contains(&edge) {
            self.edges.push(edge);
        }
    }

    /// Nodes that are frames around others.
    fn frames(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter().filter(|node| self.is_frame(node))
    }

    fn is_frame(&self, node: &Node) -> bool {
        self.nodes.iter().any(|other| other.group.as_ref() == Some(&node.id))
    }

    /// Nodes that stand in a frame, or in none.
    fn inside<'p>(&'p self, group: Option<&'p str>) -> impl Iterator<Item = &'p Node> {
        self.nodes.iter().filter(move |node| node.group.as_deref() == group && !self.is_frame(node))
    }
}

/// Id of the node of a full name.
pub fn id(kind: Shape, path: &str) -> String {
    format!("{}:{path}", kind.word())
}

/// An id that both languages take bare: the word of the kind, then letters and digits as they are, `_` doubled, other signs by
/// their number.
fn bare(id: &str) -> String {
    let (kind, path) = id.split_once(':').unwrap_or(("", id));
    let mut bare = format!("{kind}_");
    for sign in path.chars() {
        match sign {
            '_' => bare.push_str("__"),
            '-' => bare.push_str("_d"),
            '.' => bare.push_str("_p"),
            sign if sign.is_ascii_alphanumeric() => bare.push(sign),
            sign => bare.push_str(&format!("_x{:x}_", u32::from(sign))),
        }
    }
    bare
}

#[cfg(test)]
mod tests {
    use super::super::tests::{HELLO, plan};
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn hello_world_in_both_languages() {
        let text = HELLO.replace("pipeline shop", "pipeline web-shop");
        let picture = flow(&plan(&[&text]), &|_| "kafka");
        assert_eq!(
            dot(&picture),
            "digraph syncc {\n  rankdir=LR;\n  source_shop [shape=cylinder, label=\"shop\\nmysql\"];\n  \
             pipeline_web_dshop [shape=box, label=\"web-shop\"];\n  target_bus [shape=cds, label=\"bus\\nkafka\"];\n  \
             source_shop -> pipeline_web_dshop;\n  pipeline_web_dshop -> target_bus;\n}\n"
        );
        assert_eq!(
            mermaid(&picture),
            "flowchart LR\n  source_shop[(\"shop<br>mysql\")]\n  pipeline_web_dshop[\"web-shop\"]\n  \
             target_bus([\"bus<br>kafka\"])\n  source_shop --> pipeline_web_dshop\n  pipeline_web_dshop --> target_bus\n"
        );
    }

    #[test]
    fn tables_and_topics_stand_in_their_frames() {
        let lines = "  include shop.*, crm.`a \"b\"<c>`\n  rename table crm.`a \"b\"<c>` to people\n  topic \"x.{db}.{table}\"\n";
        let picture =
            tables(&plan(&[&HELLO.replace("  include shop.*\n", lines)]), &|_| "kafka", &|_| Vec::new());
        assert_eq!(
            dot(&picture),
            r##"digraph syncc {
  rankdir=LR;
  subgraph cluster_source_shop {
    label="shop\nmysql";
    table_shop_pcrm_p_x60_a_x20__x22_b_x22__x3c_c_x3e__x60_ [shape=plaintext, label="crm.a \"b\"<c>"];
    table_shop_pshop_p_x2a_ [shape=plaintext, label="shop.*"];
  }
  subgraph cluster_target_bus {
    label="bus\nkafka";
    topic_bus_px_pcrm_ppeople [shape=plaintext, label="x.crm.people"];
    topic_bus_px_pshop_p_x2a_ [shape=plaintext, label="x.shop.*"];
  }
  table_shop_pcrm_p_x60_a_x20__x22_b_x22__x3c_c_x3e__x60_ -> topic_bus_px_pcrm_ppeople [label="shop"];
  table_shop_pshop_p_x2a_ -> topic_bus_px_pshop_p_x2a_ [label="shop"];
}
"##
        );
        let text = mermaid(&picture);
        assert!(text.contains("  subgraph source_shop [\"shop<br>mysql\"]\n    table_shop_pcrm"), "{text}");
        assert!(text.contains("[\"crm.a #quot;b#quot;#lt;c#gt;\"]\n"), "{text}");
        assert!(text.contains(" -->|\"shop\"| topic_bus_px_pcrm_ppeople\n"), "{text}");
    }

    #[test]
    fn columns_become_fields() {
        let lines = "  include shop.a\n  rename column shop.a.name to full_name\n  table shop.a {\n    \
                     columns except secret\n    mask phone keep last 4\n  }\n";
        let plan = plan(&[&HELLO.replace("  include shop.*\n", lines)]);
        let edges = |known: &dyn Fn(&str) -> Vec<KnownTable>| {
            let picture = columns(&plan, known);
            let short = |id: &str| id.rsplit('.').next().unwrap_or_default().to_owned();
            let line = |edge: &Edge| {
                format!(
                    "{} -> {} {}",
                    short(&edge.from),
                    short(&edge.to),
                    edge.label.as_deref().unwrap_or("")
                )
            };
            let unsent = picture.nodes.iter().filter(|node| node.details.contains(&"not sent".to_owned()));
            let mut all: Vec<String> = picture.edges.iter().map(line).collect();
            all.extend(unsent.map(|node| format!("{} not sent", node.name)));
            all
        };
        assert_eq!(
            edges(&|_| Vec::new()),
            ["name -> full_name ", "phone -> phone mask keep last 4", "* -> * ", "secret not sent"]
        );
        let column = |name: &str, key| KnownColumn { name: name.into(), text: "int".into(), key };
        let known = vec![KnownTable {
            subject: super::super::Subject::table("shop", "a"),
            columns: vec![column("id", true), column("NAME", false), column("secret", false)],
        }];
        assert_eq!(edges(&|_| known.clone()), ["id -> id ", "NAME -> full_name ", "secret not sent"]);
    }

    #[test]
    fn copies_of_topics_are_drawn() {
        let copy = "target dr kafka \"kafka2\"\npipeline copy {\n  from bus topic \"shop.*\"\n  to dr\n  \
                    topic \"copy.{topic}\"\n  paused because \"later\"\n}\n";
        let plan = plan(&[&format!("{HELLO}{copy}")]);
        let edges = |picture: &Picture| {
            let line = |edge: &Edge| {
                format!("{} -> {} {}", edge.from, edge.to, edge.label.as_deref().unwrap_or(""))
                    .trim_end()
                    .to_owned()
            };
            picture.edges.iter().map(line).collect::<Vec<_>>()
        };
        let picture = flow(&plan, &|_| "kafka");
        assert_eq!(
            edges(&picture),
            [
                "source:shop -> pipeline:shop",
                "target:bus -> pipeline:copy topic shop.*",
                "pipeline:shop -> target:bus",
                "pipeline:copy -> target:dr",
            ]
        );
        let paused = picture.nodes.iter().find(|node| node.id == "pipeline:copy").expect("it is drawn");
        assert_eq!(paused.details, ["paused"]);
        assert_eq!(
            edges(&tables(&plan, &|_| "kafka", &|_| Vec::new())),
            ["table:shop.shop.* -> topic:bus.shop.* shop", "topic:bus.shop.* -> topic:dr.copy.shop.* copy"]
        );
    }

    /// Two topics at one target are one target.
    #[test]
    fn a_target_is_one_node() {
        let to = |letter: char| format!("  to bus {{\n    topic \"{letter}.{{table}}\"\n  }}\n");
        let head = format!("pipeline shop {{\n  from shop\n{}{}", to('a'), to('b'));
        let text = HELLO.replace("pipeline shop from shop to bus {\n", &head);
        let plan = plan(&[&text]);
        let targets = |picture: Picture| {
            let all = picture.nodes.into_iter().filter(|node| node.kind == Shape::Target);
            all.map(|node| node.id).collect::<Vec<_>>()
        };
        assert_eq!(plan.tasks.len(), 2);
        assert_eq!(targets(flow(&plan, &|_| "kafka")), ["target:bus"]);
        assert_eq!(targets(tables(&plan, &|_| "kafka", &|_| Vec::new())), ["target:bus"]);
    }

    #[test]
    fn names_with_dots_stay_apart() {
        let lines = "  include `a.b`.c, a.`b.c`\n";
        let plan = plan(&[&HELLO.replace("  include shop.*\n", lines)]);
        let ids = |picture: Picture| picture.nodes.into_iter().map(|node| node.id).collect::<BTreeSet<_>>();
        let both = ids(tables(&plan, &|_| "kafka", &|_| Vec::new()));
        for id in ["table:shop.`a.b`.c", "table:shop.a.`b.c`"] {
            assert!(both.contains(id), "{both:?}");
        }
        assert_eq!(ids(columns(&plan, &|_| Vec::new())).len(), 8);
    }

    #[test]
    fn ids_stay_apart() {
        let ids = ["t:a_b", "t:a-b", "t:a.b", "t:a:b", "t:a_db", "t:a b", "t:a_x20_b", "t:é", "s:t_a_b"];
        let bares: BTreeSet<String> = ids.iter().map(|id| bare(id)).collect();
        assert_eq!(bares.len(), ids.len(), "{bares:?}");
    }
}
