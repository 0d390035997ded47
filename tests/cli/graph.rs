//! `syncc graph`: views and languages.

use super::{RIGHT, check, project, run};

#[test]
fn the_flow_of_the_project() {
    let here = project(&[("shop.sync", RIGHT)]);
    let picture = "flowchart LR\n  source_shop[(\"shop<br>mysql\")]\n  pipeline_shop[\"shop\"]\n  \
                   target_bus([\"bus<br>kafka\"])\n  source_shop --> pipeline_shop\n  pipeline_shop --> target_bus\n";
    check(here.path(), &["graph", "--as", "mermaid"], (0, picture, ""));
    let wrong = project(&[("shop.sync", &RIGHT.replace("to bus {", "to buss {"))]);
    let output = run(wrong.path(), &["graph"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("there is no target `buss`"));
}

const LOCK: &str = "edition 2026\n\nlock source shop {\n  server \"8.4.2\"\n  lower-case-table-names 0\n  table shop.orders {\n    \
                    primary id\n    column id \"int not null\"\n    column email \"varchar(100)\"\n  }\n}\n";

#[test]
fn tables_of_the_lock_file_have_their_topics() {
    let nodes = |files: &[(&str, &str)]| {
        let here = project(files);
        let output = run(here.path(), &["graph", "--view", "tables", "--as", "json"]);
        let document: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!((&document["version"], &document["view"]), (&1.into(), &"tables".into()));
        let nodes = document["nodes"].as_array().expect("a list").clone();
        nodes.iter().map(|node| node["id"].as_str().expect("an id").to_owned()).collect::<Vec<_>>()
    };
    let pattern = ["source:shop", "target:bus", "table:shop.shop.*", "topic:bus.shop.*"];
    assert_eq!(nodes(&[("shop.sync", RIGHT)]), pattern);
    let table = ["source:shop", "target:bus", "table:shop.shop.orders", "topic:bus.shop.orders"];
    assert_eq!(nodes(&[("shop.sync", RIGHT), ("schema.lock", LOCK)]), table);
}

#[test]
fn lineage_knows_the_columns_of_the_lock_file() {
    let text = RIGHT.replace("shop.*\n", "shop.*\n  table shop.orders {\n    mask email with null\n  }\n");
    let here = project(&[("shop.sync", &text), ("schema.lock", LOCK)]);
    let picture = "flowchart LR\n  \
        subgraph table_shop_pshop_porders [\"shop.orders<br>shop\"]\n    \
        column_shop_pshop_porders_pid[\"id<br>int\"]\n    \
        column_shop_pshop_porders_pemail[\"email<br>varchar(100)\"]\n  end\n  \
        subgraph message_bus_pshop_porders_pshop_porders [\"shop.orders<br>bus\"]\n    \
        field_bus_pshop_porders_pshop_porders_pid[\"id<br>key\"]\n    \
        field_bus_pshop_porders_pshop_porders_pemail[\"email\"]\n  end\n  \
        column_shop_pshop_porders_pid --> field_bus_pshop_porders_pshop_porders_pid\n  \
        column_shop_pshop_porders_pemail -->|\"mask with null\"| field_bus_pshop_porders_pshop_porders_pemail\n";
    check(here.path(), &["graph", "--view", "columns", "--as", "mermaid"], (0, picture, ""));
}
