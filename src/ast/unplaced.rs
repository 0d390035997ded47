//! What is said of a word that is no statement at its place, and of words where a column stands.

use super::shape::{Item, Value};
use super::statement::Reader;
use super::token::Token;
use crate::diagnostic::{Diagnostic, Fix};
use crate::pattern::NamePattern;
use crate::statement::{self as st, DdlKind, FORMATS, FormatName, FormatSpec, Place, StatementSpec, Word};
use crate::syntax::{NodeId, NodeKind};
use crate::text::Span;

impl Reader<'_> {
    /// The row of an option as the format around it has it; a finding where that has no such option.
    pub(super) fn as_option(
        &self,
        spec: &'static StatementSpec,
        span: Span,
        place: Place,
    ) -> Result<StatementSpec, Box<Diagnostic>> {
        let format = match self.format {
            Some(format) if place == Place::Format && spec.word != "allow" => format.spec(),
            Some(_) | None => return Ok(*spec),
        };
        if let Some(option) = format.option(spec.word) {
            return Ok(StatementSpec { args: option.args, default: option.default, ..*spec });
        }
        let names =
            |words: Vec<&str>| words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
        let own = names(format.options.iter().map(|option| option.property.word()).collect());
        let others = names(FormatSpec::having(spec.word).map(|format| format.name.word()).collect());
        let message = format!("`{}` is no option of `{}`", spec.word, format.name);
        Err(Box::new(
            Diagnostic::error(st::STATEMENT_NOT_HERE, span, message)
                .help(format!("`{}` has {own}; `{}` is one of {others}", format.name, spec.word)),
        ))
    }
}

impl Reader<'_> {
    /// Several options of a block that its format does not have, and another one does: it is the format that is wrong. That is told
    /// once, of the findings from the given one on.
    pub(super) fn join_options(&mut self, id: NodeId, format: FormatName, name: Span, from: usize) {
        let Some(block) = self.block(id) else { return };
        let (tree, text) = (self.tree, self.text);
        let statements = tree.children(block).filter(|&child| tree.kind(child) == NodeKind::Statement);
        let words: Vec<NodeId> = statements.filter_map(|statement| self.first_word(statement)).collect();
        let foreign: Vec<Span> = (words.iter())
            .filter(|&&word| format.spec().option(tree.text(word, text)).is_none())
            .map(|&word| tree.span(word))
            .collect();
        let has_all =
            |other: &&FormatSpec| words.iter().all(|&word| other.option(tree.text(word, text)).is_some());
        let others: Vec<FormatName> = FORMATS.iter().filter(has_all).map(|other| other.name).collect();
        let is_foreign = |finding: &Diagnostic| {
            finding.code == st::STATEMENT_NOT_HERE
                && finding.primary.as_ref().is_some_and(|label| foreign.contains(&label.span))
        };
        if foreign.len() < 2 || others.is_empty() {
            return;
        }
        let mut is_first = true;
        for mut finding in self.findings.split_off(from) {
            if is_foreign(&finding) {
                if !std::mem::take(&mut is_first) {
                    continue;
                }
                let all = others.iter().map(|other| format!("`{other}`")).collect::<Vec<_>>().join(" and ");
                finding = finding
                    .help(format!("these are options of {all}: write that format, or remove them"))
                    .also(name, "the format");
                for other in &others {
                    finding = finding.fix(Fix::choice(format!("write `{other}`"), name, other.word()));
                }
            }
            self.findings.push(finding);
        }
    }
}

/// `allow create-table` outside of `ddl`, where `allow` takes the codes of findings.
pub(super) fn kind_of_change(
    spec: &StatementSpec,
    place: Place,
    word: Span,
    tokens: &[Token<'_>],
) -> Option<Diagnostic> {
    let first = tokens.first().filter(|_| spec.word == "allow" && place != Place::Ddl)?;
    let kind = DdlKind::from_word(first.word()?)?;
    let message = format!("`allow {kind}` does not belong in {}", place.called());
    Some(Diagnostic::error(st::STATEMENT_NOT_HERE, word.to(first.span), message).help(format!(
        "schema changes are allowed in a `ddl`: `ddl {{ allow {kind} }}`; elsewhere `allow` answers a finding by its code"
    )))
}

/// `key origin`, `columns except`: where a word and a column may both stand, the word wins, and these want columns behind
/// them.
pub(super) fn word_as_column(spec: &StatementSpec, args: &[Item]) -> Option<Diagnostic> {
    let reserved: &[&str] = match spec.word {
        "key" => &["origin", "primary", "none"],
        "columns" => &["except"],
        _ => return None,
    };
    let (word, span) = args.iter().find_map(|item| {
        let name = match &item.value {
            Value::Column(name) | Value::Columns(NamePattern::Exact(name)) => name,
            _ => return None,
        };
        // In backticks it is longer.
        let bare = item.span.len() == name.len();
        (bare && reserved.contains(&name.as_str())).then_some((name, item.span))
    })?;
    Some(
        Diagnostic::error(st::WRONG_ARGUMENTS, span, format!("`{word}` is a word here, not a column"))
            .help(format!("it is written `{}`; a column of that name stands in backticks", spec.usage())),
    )
}

/// Something that a list names twice.
pub(super) fn named_twice(spec: &StatementSpec, args: &[Item]) -> Option<Diagnostic> {
    let words = ["key", "columns", "partition", "headers", "changes", "mask", "standby", "brokers"];
    if !words.contains(&spec.word) {
        return None;
    }
    let is_column = |item: &&Item| matches!(item.value, Value::Column(_) | Value::Columns(_));
    let is_word = |item: &&Item| matches!(item.value, Value::Word(_)) && spec.takes_list();
    let is_text = |item: &&Item| matches!(item.value, Value::Text(_));
    let is_listed = |item: &&Item| is_column(item) || is_word(item) || is_text(item);
    let listed: Vec<&Item> = args.iter().filter(is_listed).collect();
    let (n, later) = listed
        .iter()
        .enumerate()
        .find(|(n, item)| listed[..*n].iter().any(|first| first.value == item.value))?;
    let first = listed[..n].iter().find(|first| first.value == later.value)?;
    let before = args.iter().rev().find(|item| item.span.end <= later.span.start)?;
    let removed = Span::new(later.span.file, before.span.end, later.span.end);
    let what = match &later.value {
        Value::Word(name) | Value::Column(name) | Value::Text(name) => name.clone(),
        Value::Columns(pattern) => pattern.to_string(),
        _ => return None,
    };
    Some(
        Diagnostic::error(st::GIVEN_TWICE, later.span, format!("`{}` names `{what}` twice", spec.word))
            .also(first.span, "first here")
            .fix(Fix::machine("remove it", removed, "")),
    )
}

/// What a word of another tool is called here.
pub(super) fn foreign(word: &str, place: Place) -> Option<&'static str> {
    let ours = st::foreign_word(word)?;
    // The address of a cluster is one of its brokers.
    Some(if (ours, place) == ("address", Place::Target) { "brokers" } else { ours })
}

/// True for a word of another tool.
pub(super) fn is_foreign(word: &str, span: Span, place: Place) -> bool {
    st::foreign_word(word).is_some() || said_otherwise(word, span, place).is_some()
}

/// A word that is no statement here.
pub(super) fn unplaced(word: &str, span: Span, place: Place, format: Option<FormatName>) -> Diagnostic {
    let here = || {
        let format = format.filter(|_| place == Place::Format).map(FormatName::spec);
        let fits =
            move |spec: &&StatementSpec| format.is_none_or(|format| format.option(spec.word).is_some());
        st::in_place(place).filter(fits).map(|spec| spec.word)
    };
    let places = st::places_of(word);
    if !places.is_empty() {
        let homes: Vec<&str> = places.iter().map(|place| place.called()).collect();
        let message = format!("`{word}` does not belong in {}", place.called());
        let finding = Diagnostic::error(st::STATEMENT_NOT_HERE, span, message).help(match (word, place) {
            ("include", Place::File) => {
                format!("it belongs in {}; files of another directory come with `use`", homes.join(" or "))
            }
            _ => format!("it belongs in {}", homes.join(" or ")),
        });
        return match st::closest(word, here()) {
            Some(near) => finding.label(format!("did you mean `{near}`?")).fix(Fix::choice(
                format!("write `{near}`"),
                span,
                near,
            )),
            None => finding,
        };
    }
    let finding = |message: String| Diagnostic::error(st::UNKNOWN_STATEMENT, span, message);
    if let Some(finding) = said_otherwise(word, span, place) {
        return finding;
    }
    let known = || st::STATEMENTS.iter().map(|spec| spec.word);
    if let Some(ours) = foreign(word, place) {
        let finding = finding(format!("`{word}` is no statement; here it is called `{ours}`"));
        return if PARTS_OF_TOPICS.contains(&word.to_ascii_lowercase().as_str()) {
            finding.help("there it is a part of the name, or makes it; a template says all of it: `topic \"shop.{db}.{table}\"`")
        } else if here().any(|word| word == ours) {
            finding.fix(Fix::machine(format!("write `{ours}`"), span, ours))
        } else {
            finding
        };
    }
    match st::closest(word, here()) {
        Some(near) => finding(format!("`{word}` is no statement; did you mean `{near}`?")).fix(Fix::machine(
            format!("write `{near}`"),
            span,
            near,
        )),
        // The item of a list, as YAML has it, or below its statement.
        None if word.starts_with('-') || word.contains('.') => {
            let includes = word.contains('.') && here().any(|word| word == "include");
            let example = match includes {
                true => format!(": `include {}`", word.trim_start_matches('-')),
                false => String::new(),
            };
            finding(format!("`{word}` is no statement")).help(format!(
                "items of a list stand on the line of their word, without signs before them and with commas between them{example}"
            ))
        }
        None => match st::closest(word, known()) {
            Some(near) => finding(format!("`{word}` is no statement; did you mean `{near}`?")),
            None => finding(format!("`{word}` is no statement")).help(format!(
                "what {} takes: {}",
                place.called(),
                here().collect::<Vec<_>>().join(", ")
            )),
        },
    }
}

/// Words of other tools for a topic whose values are no names of one.
const PARTS_OF_TOPICS: &[&str] =
    &["topic.prefix", "topic-prefix", "database.server.name", "dynamictopic", "canal.mq.dynamictopic"];

/// What stands elsewhere here: the rest of a condition or of an address, or more than one word.
fn said_otherwise(word: &str, span: Span, place: Place) -> Option<Diagnostic> {
    let has = |word: &str| st::in_place(place).any(|spec| spec.word == word);
    let finding = |message: &str| Diagnostic::error(st::UNKNOWN_STATEMENT, span, message);
    let lower = word.to_ascii_lowercase();
    let needless =
        |why: &str| finding(&format!("`{word}` is no statement, and nothing takes its place")).help(why);
    if ["schema.history.", "database.history", "canal.instance.tsdb.", "schema_database"]
        .iter()
        .any(|theirs| lower.starts_with(theirs))
    {
        return Some(needless(
            "remove it: the columns of tables are kept with the position, in the state topic of the target",
        ));
    }
    match lower.as_str() {
        "connector.class" | "tasks.max" | "canal.servermode" | "client_id" | "producer" => Some(needless(
            "remove it: the heads of `source` and `target` say what they are, and a process has one task for each pipeline, source and target",
        )),
        "max.batch.size" | "max.queue.size" | "max.queue.size.in.bytes" | "poll.interval.ms" => {
            Some(needless("remove it: what may lie in memory is bound by `run --memory`"))
        }
        "skipped.operations" if has("changes") => Some(
            finding("`skipped.operations` is no statement")
                .help("name what is sent: `changes insert, update`"),
        ),
        "column.exclude.list" if has("columns") => Some(
            finding("`column.exclude.list` is no statement; here it is called `columns except`")
                .fix(Fix::machine("write `columns except`", span, "columns except")),
        ),
        "port" | "database.port" if has("address") => {
            Some(finding("the port is a part of the address").help("write `address \"HOST:PORT\"`"))
        }
        "sasl" | "mechanism" | "sasl.mechanism" | "sasl.mechanisms" | "sasl-mechanism" if has("brokers") => {
            Some(
                finding("the mechanism of a login stands behind its user")
                    .help("write `user \"NAME\" with scram-sha-512`"),
            )
        }
        "database" | "databases" | "dbname" | "schema" | "database.dbname" if has("address") => Some(
            finding("a source has no database of its own")
                .help("a pipeline says what it takes of it: `include DB.*`"),
        ),
        "port" if has("brokers") => {
            Some(finding("the port is a part of the address").help("write `brokers \"HOST:PORT\"`"))
        }
        _ => None,
    }
}

/// One value in two places; drawn at the later.
pub(crate) fn given_twice(what: &str, later: Span, first: Span) -> Diagnostic {
    let finding = Diagnostic::error(st::GIVEN_TWICE, later, format!("`{what}` is given twice"))
        .help("the order of lines never matters, so neither can win: remove one");
    if first.file == later.file {
        finding.also(first, "first here")
    } else {
        finding.related(first, "first here")
    }
}
