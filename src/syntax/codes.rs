//! Codes of the syntax findings, and their pages.

use crate::diagnostic::{Code, CodeDoc};

/// A quote, backtick, `/` or `(` that is open at the end of the line.
pub const S0001: Code = Code::new("S0001", "sign-not-closed");
/// A block without its `}`.
pub const S0002: Code = Code::new("S0002", "block-not-closed");
/// A `}` too many.
pub const S0003: Code = Code::new("S0003", "brace-closes-nothing");
/// A sign that starts nothing.
pub const S0004: Code = Code::new("S0004", "unexpected-character");
/// A comment as other languages write it.
pub const S0005: Code = Code::new("S0005", "foreign-comment");
/// What a merge left in the file.
pub const S0006: Code = Code::new("S0006", "merge-marker");
/// A sign that only looks like the one that was meant.
pub const S0007: Code = Code::new("S0007", "look-alike-character");
/// An escape or a placeholder that is none.
pub const S0008: Code = Code::new("S0008", "bad-escape-or-placeholder");
/// Blocks or parentheses inside each other, deeper than is read.
pub const S0009: Code = Code::new("S0009", "nested-too-deep");
/// Bytes that are no text.
pub const S0010: Code = Code::new("S0010", "not-utf8");
/// A missing part that shows without knowing the statement; its page belongs to the statements.
pub(super) const S0015: Code = Code::new("S0015", "wrong-arguments");

/// The pages of S0001 to S0010.
pub const DOCS: &[CodeDoc] = &[
    CodeDoc {
        code: S0001,
        what: "A double quote, single quote, backtick, `/` or `(` is still open at the end of its line.",
        why: "No text, name or condition goes over a line end, so a forgotten sign can damage one line only. \
              Until it is closed, nobody can say where the text ends.",
        wrong: r#"edition 2026

source shop mysql "db1:3306" {
  password env SHOP_DB_PASSWORD
}
target bus kafka "kafka1:9092

pipeline shop from shop to bus {
  include shop.*
}
"#,
        right: VALID,
    },
    CodeDoc {
        code: S0002,
        what: "A block was opened with `{` and its `}` is missing. The finding shows the opening line, and the place \
               where the block had to end.",
        why: "A word such as `pipeline` or `source` in the first column always begins a new declaration, so a missing \
              brace cannot swallow the rest of the file. What stands inside the open block may still belong elsewhere.",
        wrong: r#"edition 2026

source shop mysql "db1:3306" {
  password env SHOP_DB_PASSWORD
target bus kafka "kafka1:9092"

pipeline shop from shop to bus {
  include shop.*
}
"#,
        right: VALID,
    },
    CodeDoc {
        code: S0003,
        what: "A `}` closes nothing. When statements follow a brace that came too early, the finding is drawn at that \
               early brace, once.",
        why: "What follows an early brace stands outside of its block, where it means nothing or something else.",
        wrong: r#"edition 2026

source shop mysql "db1:3306" {
  password env SHOP_DB_PASSWORD
}
target bus kafka "kafka1:9092"

pipeline shop from shop to bus {
  include shop.*
}
}
"#,
        right: VALID,
    },
    CodeDoc {
        code: S0004,
        what: "A sign that starts nothing: `;`, `:`, `%`, `\\` and others outside of text, or a `{` on a line of its own.",
        why: "Statements are words and values, ended by the line end: no `;`, no `:`, no `=`, no brackets around lists. \
              Text with other signs stands in double quotes, a name with other signs in backticks.",
        wrong: r#"edition 2026

source shop mysql "db1:3306" {
  password env SHOP_DB_PASSWORD;
}
target bus kafka "kafka1:9092"

pipeline shop from shop to bus {
  include shop.*
}
"#,
        right: VALID,
    },
    CodeDoc {
        code: S0005,
        what: "A comment in the form of another language: `// …`, `-- …` or `/* … */`.",
        why: "Comments begin with `#` and end at the line end; `##` documents the declaration below. Anything else is read \
              as words of a statement.",
        wrong: r#"edition 2026

-- the shop
source shop mysql "db1:3306" {
  password env SHOP_DB_PASSWORD
}
target bus kafka "kafka1:9092"

pipeline shop from shop to bus {
  include shop.*
}
"#,
        right: r#"edition 2026

# the shop
source shop mysql "db1:3306" {
  password env SHOP_DB_PASSWORD
}
target bus kafka "kafka1:9092"

pipeline shop from shop to bus {
  include shop.*
}
"#,
    },
    CodeDoc {
        code: S0006,
        what: "A line begins with `<<<<<<<`, `=======` or `>>>>>>>`: an unfinished merge. One finding for each conflict.",
        why: "Both versions stand in the file, so it says two things at once. Nothing between the markers is looked at.",
        wrong: r#"edition 2026

source shop mysql "db1:3306" {
  password env SHOP_DB_PASSWORD
}
target bus kafka "kafka1:9092"

pipeline shop from shop to bus {
<<<<<<< HEAD
  include shop.*
=======
  include shop.orders
>>>>>>> slim
}
"#,
        right: VALID,
    },
    CodeDoc {
        code: S0007,
        what: "A sign looks like the one that was meant and is another: a non-breaking blank, typographic quotes, \
               full-width signs, a word that mixes Latin with Cyrillic or Greek letters. Not in texts, comments and \
               backticks; signs that turn the direction of writing are found everywhere.",
        why: "Such signs come from word processors and chats. A name with a foreign letter selects no table, and nobody \
              can see why.",
        wrong: "edition 2026\n\nsource shop mysql \"db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\n\
                target bus kafka “kafka1:9092”\n\npipeline shop from shop to bus {\n  include shop.*\n}\n",
        right: VALID,
    },
    CodeDoc {
        code: S0008,
        what: "In a text in double quotes, `\\` begins no known escape, or a `{` or `}` belongs to no placeholder.",
        why: "Escapes are `\\\"`, `\\\\`, `\\n`, `\\t`, `\\{`, `\\}` and `\\u{…}`. Braces hold placeholders such as \
              `{db}` or `{table:lower}`; a brace that is meant as such is written `\\{`.",
        wrong: r#"edition 2026

source shop mysql "db1:3306" {
  password env SHOP_DB_PASSWORD
}
target bus kafka "kafka1:9092"

pipeline shop from shop to bus {
  include shop.*
  topic "{db.{table}"
}
"#,
        right: r#"edition 2026

source shop mysql "db1:3306" {
  password env SHOP_DB_PASSWORD
}
target bus kafka "kafka1:9092"

pipeline shop from shop to bus {
  include shop.*
  topic "{db}.{table}"
}
"#,
    },
    CodeDoc {
        code: S0009,
        what: "Blocks or parentheses stand inside each other more than 32 levels deep.",
        why: "No honest file comes near it, and a reader without a limit can be brought down by a file. Nothing else of the \
              file is looked at.",
        wrong: "edition 2026\n\nsource shop mysql ((((((((((((((((((((((((((((((((((\"db1\"))))))))))))))))))))))))))))))))))\n",
        right: VALID,
    },
    CodeDoc {
        code: S0010,
        what: "The file holds bytes that are not UTF-8, or a NUL as files in UTF-16 do. As advice: it begins with a byte \
               order mark.",
        why: "Names are compared sign by sign; a byte that is no sign would match nothing. A byte order mark is ignored, \
              but other tools trip over it.",
        wrong: "edition 2026\n\nsource shop mysql \"db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\n\
                target bus kafka \"kafka1:9092\"\n\npipeline shop from shop to bus {\n  include shop.*\n  \
                include shop.caf\u{FFFD}\n}\n",
        right: VALID,
    },
];

const VALID: &str = r#"edition 2026

source shop mysql "db1:3306" {
  password env SHOP_DB_PASSWORD
}
target bus kafka "kafka1:9092"

pipeline shop from shop to bus {
  include shop.*
}
"#;
