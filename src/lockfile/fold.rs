//! Sources of a range that have one schema share a block.

use super::Pulled;
use crate::catalog::SourceSchema;
use std::collections::BTreeMap;

/// A block of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// A source, or a range of them, as written.
    pub sources: String,
    /// What they have.
    pub pulled: Pulled,
}

/// A source in a row of sources whose names differ by a number.
struct Member<'a> {
    number: u64,
    name: &'a str,
    pulled: &'a Pulled,
}

/// The blocks of a file, in order of their first source's name. Of a row of sources the schema that most of them have is
/// written for the whole; a member that differs has a block of its own, which wins.
pub(super) fn blocks(sources: &BTreeMap<String, Pulled>) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut rows: BTreeMap<(&str, usize, &str), Vec<Member<'_>>> = BTreeMap::new();
    for (name, pulled) in sources {
        match numbered(name) {
            Some((before, digits, behind)) => {
                let member = Member { number: digits.parse().unwrap_or(0), name, pulled };
                rows.entry((before, digits.len(), behind)).or_default().push(member);
            }
            None => blocks.push((name.as_str(), Block { sources: name.clone(), pulled: pulled.clone() })),
        }
    }
    for ((before, width, behind), mut members) in rows {
        members.sort_by_key(|member| member.number);
        for run in members.chunk_by(|one, next| next.number == one.number + 1) {
            blocks.extend(run_blocks(run, |from, to| {
                format!("{before}[{from:0width$}..{to:0width$}]{behind}")
            }));
        }
    }
    blocks.sort_by_key(|&(first, _)| first);
    blocks.into_iter().map(|(_, block)| block).collect()
}

/// The blocks of sources with consecutive numbers, with their first names.
fn run_blocks<'a>(run: &[Member<'a>], range: impl Fn(u64, u64) -> String) -> Vec<(&'a str, Block)> {
    let own = |member: &Member<'a>| {
        (member.name, Block { sources: member.name.to_owned(), pulled: member.pulled.clone() })
    };
    let alike =
        |member: &&Member<'_>, other: &Member<'_>| one_schema(&member.pulled.schema, &other.pulled.schema);
    let n_alike = |other: &Member<'_>| run.iter().filter(|member| alike(member, other)).count();
    // The first of those that most are like.
    let common = run.iter().rev().max_by_key(|member| n_alike(member)).filter(|common| n_alike(common) > 1);
    let Some(common) = common else { return run.iter().map(own).collect() };
    let mut members = run.iter().filter(|member| alike(member, common));
    let Some(first) = members.next() else { return Vec::new() };
    let last = members.next_back().unwrap_or(first);
    let mut pulled = first.pulled.clone();
    for member in run.iter().filter(|member| alike(member, common)) {
        for (name, table) in &mut pulled.schema.tables {
            let rows = member.pulled.schema.tables.get(name).and_then(|table| table.rows);
            table.rows = table.rows.max(rows);
        }
        pulled.day = pulled.day.max(member.pulled.day.clone());
    }
    let mut blocks = vec![(first.name, Block { sources: range(first.number, last.number), pulled })];
    blocks.extend(run.iter().filter(|member| !alike(member, common)).map(own));
    blocks
}

/// Whether two sources have the same but for numbers of rows.
fn one_schema(one: &SourceSchema, other: &SourceSchema) -> bool {
    let without_rows = |schema: &SourceSchema| {
        let mut schema = schema.clone();
        schema.tables.values_mut().for_each(|table| table.rows = None);
        schema
    };
    without_rows(one) == without_rows(other)
}

/// A name around its last number, which has few digits enough to be counted.
fn numbered(name: &str) -> Option<(&str, &str, &str)> {
    let end = name.rfind(|sign: char| sign.is_ascii_digit())? + 1;
    let start = name[..end].rfind(|sign: char| !sign.is_ascii_digit()).map_or(0, |at| at + 1);
    let digits = &name[start..end];
    (digits.len() <= 9).then(|| (&name[..start], digits, &name[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mysql::ident::TableNameCase;

    fn pulled(server: &str) -> Pulled {
        let schema = SourceSchema {
            server: Some(server.to_owned()),
            case: TableNameCase::Sensitive,
            binlog_expires_ms: None,
            tables: BTreeMap::new(),
            views: Default::default(),
        };
        Pulled { schema, day: Some("2026-09-20".to_owned()) }
    }

    /// Sources with their servers, and the blocks they give.
    #[track_caller]
    fn check(sources: &[(&str, &str)], expected: &[(&str, &str)]) {
        let sources = sources.iter().map(|&(name, server)| (name.to_owned(), pulled(server))).collect();
        let blocks = blocks(&sources);
        let shown: Vec<(&str, &str)> = blocks
            .iter()
            .map(|block| (block.sources.as_str(), block.pulled.schema.server.as_deref().unwrap_or_default()))
            .collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn what_is_alike_and_in_a_row_is_one_block() {
        check(&[("shop", "8"), ("crm", "8")], &[("crm", "8"), ("shop", "8")]);
        check(&[("s_00", "8"), ("s_01", "8"), ("s_02", "8")], &[("s_[00..02]", "8")]);
        check(&[("s_00", "8"), ("s_01", "9"), ("s_02", "8")], &[("s_[00..02]", "8"), ("s_01", "9")]);
        check(&[("s_00", "9"), ("s_01", "8"), ("s_02", "8")], &[("s_00", "9"), ("s_[01..02]", "8")]);
        check(&[("s_0", "8"), ("s_2", "8")], &[("s_0", "8"), ("s_2", "8")]);
        check(&[("s_9", "8"), ("s_10", "8")], &[("s_10", "8"), ("s_9", "8")]);
        check(&[("eu1_db", "8"), ("eu2_db", "8"), ("eu3", "8")], &[("eu[1..2]_db", "8"), ("eu3", "8")]);
    }
}
