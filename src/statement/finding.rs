//! Codes of findings about the form of a statement, with their pages.

use super::{FILTERS, closest, foreign_placeholder, is_slip};
use crate::diagnostic::{Code, CodeDoc, Diagnostic, Fix};
use crate::text::Span;

/// The first statement of a file is not `edition`.
pub const EDITION_MISSING: Code = Code::new("S0011", "edition-missing");
/// The file is newer than the program.
pub const EDITION_TOO_NEW: Code = Code::new("S0012", "edition-too-new");
/// A word that begins no statement.
pub const UNKNOWN_STATEMENT: Code = Code::new("S0013", "unknown-statement");
/// A statement in the wrong block.
pub const STATEMENT_NOT_HERE: Code = Code::new("S0014", "statement-not-here");
/// Arguments of another shape.
pub const WRONG_ARGUMENTS: Code = Code::new("S0015", "wrong-arguments");
/// A single-valued statement repeated.
pub const GIVEN_TWICE: Code = Code::new("S0016", "given-twice");
/// A number without its unit, or with another one.
pub const UNIT_MISSING_OR_WRONG: Code = Code::new("S0017", "unit-missing-or-wrong");
/// A value outside its range.
pub const OUT_OF_RANGE: Code = Code::new("S0018", "out-of-range");
/// A statement of the language that this release cannot execute.
pub const NOT_BUILT_YET: Code = Code::new("S0020", "not-built-yet");
/// What other tools do with a row that cannot be sent.
pub const ERRORS_SKIPPED: Code = Code::new("S0807", "errors-skipped");
/// An exception that says no reason.
pub const ALLOW_WITHOUT_REASON: Code = Code::new("S0111", "allow-without-reason");
/// Something else than `env` or `file` where a secret is wanted.
pub const SECRET_LITERAL: Code = Code::new("S0301", "secret-literal");
/// A placeholder that stands for nothing. Its page is that of the rule which looks at templates.
pub const PLACEHOLDER_UNBOUND: Code = Code::new("S0405", "placeholder-unbound");
/// A glob that cannot be read.
pub const BAD_GLOB: Code = Code::new("S0207", "bad-glob");
/// A regular expression that cannot be read.
pub const BAD_REGEX: Code = Code::new("S0208", "bad-regex");
/// A password in an address.
pub const SECRET_IN_OTHER_TEXT: Code = Code::new("S0302", "secret-in-other-text");

/// The pages of the codes of this module.
pub const PAGES: &[CodeDoc] = &[
    CodeDoc {
        code: EDITION_MISSING,
        what: "The first statement of a file is not `edition`; an empty file has none either.",
        why: "The edition says by which rules the file is read, so old files keep their meaning. It also tells a file that \
              an editor or a full disk has emptied from one that was meant to be empty.",
        wrong: "source shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\ntarget bus kafka \"kafka1:9092\"\n\npipeline shop from shop to bus {\n  include shop.*\n}\n",
        right: HELLO,
    },
    CodeDoc {
        code: EDITION_TOO_NEW,
        what: "The file asks for an edition that came after this program.",
        why: "A statement may mean something else there. Nothing else is said about the file: install a newer syncc.",
        wrong: "edition 2031\n",
        right: HELLO,
    },
    CodeDoc {
        code: UNKNOWN_STATEMENT,
        what: "A line begins with a word that is no statement.",
        why: "A misspelt statement that is passed over would be a setting that has no effect, or a table that is not sent.",
        wrong: "edition 2026\n\nsource shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\ntarget bus kafka \"kafka1:9092\"\n\npipeline shop from shop to bus {\n  include shop.*\n  excldue shop.tmp_*\n}\n",
        right: "edition 2026\n\nsource shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\ntarget bus kafka \"kafka1:9092\"\n\npipeline shop from shop to bus {\n  include shop.*\n  exclude shop.tmp_*\n}\n",
    },
    CodeDoc {
        code: STATEMENT_NOT_HERE,
        what: "A statement stands in a block (or outside of all blocks) where it has no meaning.",
        why: "Every statement belongs to certain blocks; elsewhere it would have no effect.",
        wrong: "edition 2026\n\nsource shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\ntarget bus kafka \"kafka1:9092\"\n\npipeline shop from shop to bus {\n  include shop.*\n  delivery at-least-once\n}\n",
        right: "edition 2026\n\nsource shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\ntarget bus kafka \"kafka1:9092\" {\n  delivery at-least-once\n}\n\npipeline shop from shop to bus {\n  include shop.*\n}\n",
    },
    CodeDoc {
        code: WRONG_ARGUMENTS,
        what: "What follows a statement's word is not what the statement takes, or a part is missing.",
        why: "Each statement has a fixed form; the message shows it.",
        wrong: "edition 2026\n\nsource shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\ntarget bus kafka \"kafka1:9092\"\n\npipeline shop from shop to bus {\n  include shop.*\n  partition key\n}\n",
        right: "edition 2026\n\nsource shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\ntarget bus kafka \"kafka1:9092\"\n\npipeline shop from shop to bus {\n  include shop.*\n  partition by key\n}\n",
    },
    CodeDoc {
        code: GIVEN_TWICE,
        what: "A statement that gives one value stands twice in a block, or once in the header and once in the body.",
        why: "The order of lines never matters, so neither of the two can win.",
        wrong: "edition 2026\n\nsource shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\ntarget bus kafka \"kafka1:9092\"\n\npipeline shop from shop to bus {\n  include shop.*\n  key primary\n  key none\n}\n",
        right: "edition 2026\n\nsource shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\ntarget bus kafka \"kafka1:9092\"\n\npipeline shop from shop to bus {\n  include shop.*\n  key primary\n}\n",
    },
    CodeDoc {
        code: UNIT_MISSING_OR_WRONG,
        what: "A bare number where a unit is needed, a unit of another kind, or a blank before the unit.",
        why: "`720` may be seconds, minutes or milliseconds; whoever reads the line must not have to guess.",
        wrong: "edition 2026\n\nsource shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\ntarget bus kafka \"kafka1:9092\"\n\npipeline shop from shop to bus {\n  include shop.*\n  retry for 720\n}\n",
        right: "edition 2026\n\nsource shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\ntarget bus kafka \"kafka1:9092\"\n\npipeline shop from shop to bus {\n  include shop.*\n  retry for 720m\n}\n",
    },
    CodeDoc {
        code: OUT_OF_RANGE,
        what: "A number, duration or size outside of what the statement takes; also an edition that never was.",
        why: "Such a value is refused by the server later, or has an effect nobody wants.",
        wrong: "edition 2026\n\nsource shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\ntarget bus kafka \"kafka1:9092\"\n\npipeline shop from shop to bus {\n  include shop.*\n  topic \"{db}.{table}\" {\n    replicas 0\n  }\n}\n",
        right: "edition 2026\n\nsource shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\ntarget bus kafka \"kafka1:9092\"\n\npipeline shop from shop to bus {\n  include shop.*\n  topic \"{db}.{table}\" {\n    replicas 3\n  }\n}\n",
    },
    CodeDoc {
        code: NOT_BUILT_YET,
        what: "A statement of the language that this release cannot execute, or a form of one; also `env NAME else …` in place of a \
               value, but in `address`. `check` has nothing against it; `run`, and a reload, \
               refuse it before any server is asked. `syncc explain statements` lists all such statements.",
        why: "It would have to be passed over, and then the file would promise what does not happen. Leave it out for now, or \
              say `paused because \"…\"` in its pipeline: such pipelines are checked, not run.",
        wrong: "edition 2026\n\ntarget bus kafka \"kafka1:9092\"\ntarget dr kafka \"kafka2:9092\"\n\npipeline copy {\n  from bus topic \"shop.*\"\n  to dr\n  topic \"{topic}\"\n}\n",
        right: "edition 2026\n\ntarget bus kafka \"kafka1:9092\"\ntarget dr kafka \"kafka2:9092\"\n\npipeline copy {\n  from bus topic \"shop.*\"\n  to dr\n  topic \"{topic}\"\n  paused because \"relays are not executed yet\"\n}\n",
    },
    CodeDoc {
        code: ERRORS_SKIPPED,
        what: "`skip`, `ignore`, `continue` or `warn` where a row cannot be sent, or a message is too large: words of other tools.",
        why: "A row that is passed over is missing at every consumer, and nobody knows which one it was. Here the task stops before \
              it, its table waits and loses nothing, or the row goes to a topic of its own.",
        wrong: "edition 2026\n\nsource shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\ntarget bus kafka \"kafka1:9092\"\n\npipeline shop from shop to bus {\n  include shop.*\n  on-error skip\n}\n",
        right: "edition 2026\n\nsource shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\ntarget bus kafka \"kafka1:9092\"\n\npipeline shop from shop to bus {\n  include shop.*\n  on-error park\n}\n",
    },
    CodeDoc {
        code: ALLOW_WITHOUT_REASON,
        what: "An `allow` without `because`, or with an empty reason.",
        why: "An exception outlives who made it. Without its reason nobody dares to remove it, or to rely on it.",
        wrong: "edition 2026\n\nsource shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n  tls off\n  allow S0303\n}\ntarget bus kafka \"kafka1:9092\"\n\npipeline shop from shop to bus {\n  include shop.*\n}\n",
        right: "edition 2026\n\nsource shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n  tls off\n  allow S0303 because \"db1 is reached through a tunnel\"\n}\ntarget bus kafka \"kafka1:9092\"\n\npipeline shop from shop to bus {\n  include shop.*\n}\n",
    },
    CodeDoc {
        code: SECRET_LITERAL,
        what: "A text, a bare word, a parameter or an `else` where a secret is wanted.",
        why: "Files are committed, copied and shown in editors. A secret is named by where it is found when the program \
              starts: `env NAME` or `file \"PATH\"`.",
        wrong: "edition 2026\n\nsource shop mysql \"syncc@db1:3306\" {\n  password \"swordfish\"\n}\ntarget bus kafka \"kafka1:9092\"\n\npipeline shop from shop to bus {\n  include shop.*\n}\n",
        right: HELLO,
    },
    CodeDoc {
        code: SECRET_IN_OTHER_TEXT,
        what: "An address holds a password, `user:password@host`, or the file a private key. As a warning: a text has 32 or more \
               hexadecimal digits in a row, or as many other signs that look drawn by lot.",
        why: "Files are committed, copied and shown in editors, and addresses also in logs. A secret has a statement of \
              its own, which names where it is found.",
        wrong: "edition 2026\n\nsource shop mysql \"syncc:swordfish@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\ntarget bus kafka \"kafka1:9092\"\n\npipeline shop from shop to bus {\n  include shop.*\n}\n",
        right: HELLO,
    },
    CodeDoc {
        code: BAD_GLOB,
        what: "Brackets in a name that are no set of signs and no range: a range that runs backwards or has ends of two widths, an empty set, a negated one.",
        why: "A range is a promise of exactly these names, so that a missing one can be told. With `[00..127]` it is open whether \
              the eighth is `07` or `007`.",
        wrong: "edition 2026\n\nsource shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\ntarget bus kafka \"kafka1:9092\"\n\npipeline shop from shop to bus {\n  include shop.orders_[63..00]\n}\n",
        right: "edition 2026\n\nsource shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\ntarget bus kafka \"kafka1:9092\"\n\npipeline shop from shop to bus {\n  include shop.orders_[00..63]\n}\n",
    },
    CodeDoc {
        code: BAD_REGEX,
        what: "A regular expression that is not well-formed, too large, or uses what RE2 does not have: look-around and back-references.",
        why: "Names of tables come from outside. An RE2 expression takes linear time on every name, and two of them can be compared \
              as sets; others can do neither.",
        wrong: "edition 2026\n\nsource shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\ntarget bus kafka \"kafka1:9092\"\n\npipeline shop from shop to bus {\n  include shop./(?!tmp_).*/\n}\n",
        right: "edition 2026\n\nsource shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\ntarget bus kafka \"kafka1:9092\"\n\npipeline shop from shop to bus {\n  include shop.*\n  exclude shop.tmp_*\n}\n",
    },
];

/// A placeholder that stands for nothing, where these are known. It is drawn at its braces, or at the text around it where
/// nobody knows where in it they stand; only in its braces it can be repaired.
pub fn placeholder_unbound(name: &str, span: Span, is_braces: bool, known: &[&str]) -> Diagnostic {
    let finding =
        Diagnostic::error(PLACEHOLDER_UNBOUND, span, format!("`{{{name}}}` stands for nothing here"));
    let foreign = || foreign_placeholder(name).filter(|ours| known.contains(ours));
    let near = match closest(name, known.iter().copied()).or_else(foreign) {
        Some(near) => near,
        None if known.is_empty() => return finding.help("a brace that is meant as such is written `\\{`"),
        None => return finding.help(format!("what can stand here: {}", known.join(", "))),
    };
    let finding = finding.help(format!("did you mean `{{{near}}}`?"));
    if !is_braces {
        return finding;
    }
    let start = span.start + 1;
    let written = Span::new(span.file, start, start + name.len() as u32);
    let is_sure = is_slip(name, near) || foreign() == Some(near);
    finding.fix(Fix::sure_if(is_sure, format!("write `{{{near}}}`"), written, near))
}

/// A filter of a placeholder that does not exist; where it is drawn is that of [`placeholder_unbound`].
pub fn filter_unknown(filter: &str, span: Span, is_braces: bool) -> Diagnostic {
    let finding = Diagnostic::error(PLACEHOLDER_UNBOUND, span, format!("there is no filter `{filter}`"))
        .help(format!("there is: {}", FILTERS.join(", ")));
    match closest(filter, FILTERS.iter().copied()) {
        Some(near) if is_braces => {
            let end = span.end - 1;
            let written = Span::new(span.file, end - filter.len() as u32, end);
            finding.fix(Fix::machine(format!("write `{near}`"), written, near))
        }
        _ => finding,
    }
}

const HELLO: &str = "edition 2026\n\nsource shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\ntarget bus kafka \"kafka1:9092\"\n\npipeline shop from shop to bus {\n  include shop.*\n}\n";
