//! The way of rows from sources to a target, as explanations name it; what is the same for several sources is told once.

use super::{Explanation, PipelinePage, TaskId, TopicUse};
use std::fmt;

/// Most sources that are named.
const NAMED_MAX: usize = 4;

/// Block of the lines that are the same for all sources.
const ALL_SOURCES: &str = "every source";

/// Through a pipeline, from sources, or a target whose topics are copied, to a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// The pipeline.
    pub pipeline: String,
    /// Where from, at least one.
    pub from: Vec<String>,
    /// Where to.
    pub to: String,
}

impl Way {
    pub(super) fn of(id: &TaskId) -> Way {
        Way { pipeline: id.pipeline.clone(), from: vec![id.source.clone()], to: id.target.clone() }
    }

    fn joins(&self, other: &Way) -> bool {
        self.pipeline == other.pipeline && self.to == other.to
    }

    fn sources(&self) -> String {
        let named = self.from.iter().take(NAMED_MAX).map(String::as_str).collect::<Vec<_>>().join(", ");
        match self.from.len().saturating_sub(NAMED_MAX) {
            0 => named,
            more => format!("{named} and {more} more"),
        }
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pipeline {} from {} to {}", self.pipeline, self.sources(), self.to)
    }
}

fn merged<T>(pages: Vec<T>, absorbs: impl Fn(&mut T, &T) -> bool) -> Vec<T> {
    let mut merged: Vec<T> = Vec::new();
    for page in pages {
        if !merged.iter_mut().any(|one| absorbs(one, &page)) {
            merged.push(page);
        }
    }
    merged
}

/// Explanations of a table: sources for which all decisions are the same are one.
pub fn merged_tables(explanations: Vec<Explanation>) -> Vec<Explanation> {
    merged(explanations, |one, other| match (one, other) {
        (
            Explanation::Sent { by, is_missing, decisions, .. },
            Explanation::Sent { by: other, is_missing: missing, decisions: decided, .. },
        ) if by.joins(other) && is_missing == missing && decisions == decided => {
            by.from.extend(other.from.iter().cloned());
            true
        }
        _ => false,
    })
}

/// Uses of a topic: sources for which all but their own line is the same are one.
pub fn merged_topics(uses: Vec<TopicUse>) -> Vec<TopicUse> {
    merged(uses, |one, other| {
        let rest = |uses: &TopicUse| {
            uses.decisions.iter().filter(|line| line.what != "source").cloned().collect::<Vec<_>>()
        };
        if !one.by.joins(&other.by) || rest(one) != rest(other) {
            return false;
        }
        one.by.from.extend(other.by.from.iter().cloned());
        let sources = one.by.sources();
        one.decisions
            .iter_mut()
            .filter(|line| line.what == "source")
            .for_each(|line| line.value.clone_from(&sources));
        true
    })
}

/// Pages of a pipeline: sources that differ in their own blocks alone are on one page, and what these have in common is told
/// once.
pub fn merged_pages(pages: Vec<PipelinePage>) -> Vec<PipelinePage> {
    let is_of_source = |note: &str| note.starts_with("source ");
    let mut all = merged(pages, |one, other| {
        let (own, rest): (Vec<_>, Vec<_>) =
            other.decisions.iter().cloned().partition(|line| is_of_source(&line.note));
        if !one.by.joins(&other.by)
            || !one.decisions.iter().filter(|line| !is_of_source(&line.note)).eq(&rest)
        {
            return false;
        }
        one.by.from.extend(other.by.from.iter().cloned());
        one.decisions.extend(own);
        true
    });
    for PipelinePage { by, decisions } in &mut all {
        if by.from.len() == 1 {
            continue;
        }
        let lines = decisions.clone();
        let n_same = |line: &super::Decision| {
            let same = lines.iter().filter(|other| is_of_source(&other.note));
            same.filter(|other| {
                (&other.what, &other.value, &other.place) == (&line.what, &line.value, &line.place)
            })
            .count()
        };
        for line in decisions.iter_mut().filter(|line| is_of_source(&line.note)) {
            if n_same(line) == by.from.len() {
                ALL_SOURCES.clone_into(&mut line.note);
            }
        }
        let mut told = Vec::new();
        decisions.retain(|line| {
            let is_new = line.note != ALL_SOURCES || !told.contains(line);
            told.push(line.clone());
            is_new
        });
        // Sources stand together, before the target.
        decisions.sort_by_key(|line| match line.note.as_str() {
            ALL_SOURCES => 1,
            note if is_of_source(note) => 2,
            note if note.starts_with("target ") => 3,
            _ => 0,
        });
    }
    all
}

#[cfg(test)]
mod tests {
    use super::super::tests::files;
    use super::super::{KnownTables, compile_files, explain_pipeline, explain_table, explain_topic};
    use super::*;

    #[test]
    fn what_is_the_same_for_all_sources_is_told_once() {
        let text = "edition 2026\nsource s_[n:0..5] mysql \"db{n}\" {\npassword env P\n}\ntarget bus kafka \"k\"\n\
                    pipeline p {\nfrom s_*\nto bus\ninclude a.b\nkey origin, id\n}\n";
        let files = files(&[text]);
        let (plan, origins) = compile_files(&files).plan.expect("compiles");
        let by = "pipeline p from s_0, s_1, s_2, s_3 and 2 more to bus";
        let tables = explain_table(&plan, &origins, &files, &KnownTables::new(), ("a", "b"));
        assert_eq!(tables.len(), 6);
        let tables = merged_tables(tables);
        let [Explanation::Sent { by: table, .. }] = tables.as_slice() else { panic!("{tables:?}") };
        assert_eq!(table.to_string(), by);
        let topics = merged_topics(explain_topic(&plan, &origins, &files, &|_| Vec::new(), "a.b"));
        let [topic] = topics.as_slice() else { panic!("{topics:?}") };
        assert_eq!(topic.by.to_string(), by);
        let source = topic.decisions.iter().find(|line| line.what == "source").expect("its line");
        assert_eq!(source.value, "s_0, s_1, s_2, s_3 and 2 more");
        let pages = merged_pages(explain_pipeline(&plan, &origins, &files, "p"));
        let [page] = pages.as_slice() else { panic!("{pages:?}") };
        let blocks = |what: &str| {
            let lines =
                page.decisions.iter().filter(|line| line.what == what && line.note.contains("source"));
            lines.map(|line| line.note.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(blocks("readers"), ["every source"]);
        let each = ["source s_0", "source s_1", "source s_2", "source s_3", "source s_4", "source s_5"];
        assert_eq!(blocks("address"), each);
    }
}
