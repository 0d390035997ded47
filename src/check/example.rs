//! The examples on the pages of rules: whole projects of which only what matters differs.

/// A project whose one pipeline holds the given lines.
macro_rules! pipeline {
    ($lines:literal) => {
        concat!(
            "edition 2026\n\nsource shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\n",
            "target bus kafka \"kafka1:9092\"\n\npipeline shop from shop to bus {\n",
            $lines,
            "}\n"
        )
    };
}

/// A project with the given source and target, and a pipeline between them.
macro_rules! endpoints {
    ($lines:literal) => {
        concat!("edition 2026\n\n", $lines, "\npipeline shop from shop to bus {\n  include shop.*\n}\n")
    };
}

/// The same with the tables of the source `shop` as `schema.lock` has them.
macro_rules! locked {
    ($lines:literal, $tables:literal, $test:literal) => {
        concat!(locked!($lines, $tables), "\n# file: shop.test.sync\nedition 2026\n\n", $test)
    };
    ($lines:literal, $tables:literal) => {
        concat!(
            pipeline!($lines),
            "\n# file: schema.lock\nedition 2026\n\nlock source shop {\n",
            $tables,
            "}\n"
        )
    };
}

/// A project whose one pipeline holds the given lines, and whose target has a schema registry.
macro_rules! registry {
    ($lines:literal) => {
        concat!(
            "edition 2026\n\nsource shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\n",
            "target bus kafka \"kafka1:9092\" {\n  registry \"https://registry.internal\"\n}\n\n",
            "pipeline shop from shop to bus {\n",
            $lines,
            "}\n"
        )
    };
}
