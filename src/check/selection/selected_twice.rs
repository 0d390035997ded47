//! S0214: two pipelines that send one table to one topic.

use super::super::Rule;
use super::super::flow::{Flow, Project};
use super::super::selector::Selector;
use super::super::settings::{Setting, Subject};
use crate::diagnostic::{Code, CodeDoc, Diagnostic};
use crate::hir::{SourceId, TargetId};
use crate::pattern::{Covered, NamePattern, Relation, TableMatcher};
use crate::statement::{Property, Template, TemplatePart};
use crate::text::Span;
use foldhash::HashMap;
use std::collections::{BTreeMap, BTreeSet};

const SELECTED_TWICE: Code = Code::new("S0214", "selected-twice");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: SELECTED_TWICE,
        what: "Two pipelines send a table of one source to one topic of one target.",
        why: "Every change arrives twice, from two tasks that know nothing of each other: in two transactions, and in no common order.",
        wrong: "edition 2026\n\nsource shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\ntarget bus kafka \"kafka1:9092\"\n\npipeline orders from shop to bus {\n  include shop.orders\n}\npipeline shop from shop to bus {\n  include shop.*\n}\n",
        right: "edition 2026\n\nsource shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\ntarget bus kafka \"kafka1:9092\"\n\npipeline orders from shop to bus {\n  include shop.orders\n}\npipeline shop from shop to bus {\n  include shop.*\n  exclude shop.orders\n}\n",
    },
    run: check_selected_twice,
};

/// What two pipelines share, and where each selects it.
struct Shared {
    tables: String,
    topic: String,
    places: [Span; 2],
}

/// By the numbers of the two pipelines: what they share is told once.
type Told = BTreeMap<(usize, usize), Shared>;

/// A pipeline on its way from a source to a target.
#[derive(Clone, Copy)]
struct Way<'a> {
    n: usize,
    flow: &'a Flow<'a>,
    /// Number of the source in its pipeline.
    source: usize,
    /// Number of the target in its pipeline.
    lane: usize,
}

fn check_selected_twice(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    let mut ways: BTreeMap<(SourceId, TargetId), Vec<Way<'_>>> = BTreeMap::new();
    for (n, flow) in project.flows.iter().enumerate() {
        for (source, from) in flow.pipeline.from.iter().enumerate() {
            for (lane, to) in flow.lanes.iter().enumerate() {
                ways.entry((from.value, to.to.target.value)).or_default().push(Way { n, flow, source, lane });
            }
        }
    }
    let mut told = Told::new();
    for ((source, _), ways) in &ways {
        let source = project.program.source(*source).name.value.as_str();
        known_tables(source, ways, &mut told);
        patterns(ways, &mut told);
    }
    for ((one, other), Shared { tables, topic, places }) in told {
        let names = [one, other].map(|n| project.flows[n].pipeline.name.value.as_str());
        let message = format!("pipelines `{}` and `{}` both send {tables} to {topic}", names[0], names[1]);
        let [first, later] = if places[0] < places[1] { places } else { [places[1], places[0]] };
        findings.push(
            Diagnostic::error(SELECTED_TWICE, later, message)
                .beside(first, "selected here, too")
                .help("`exclude` it in one of them, or give one of them another `topic`"),
        );
    }
}

/// Tables that are known by name.
fn known_tables(source: &str, ways: &[Way<'_>], told: &mut Told) {
    // The first pipeline that sends a table to a topic.
    let mut first: HashMap<(&str, &str, &str), (Way<'_>, Span)> = HashMap::default();
    let open = Open::of(ways);
    // Ways with patterns that know a table by name: where two of them meet is seen in `first`.
    let mut knowing: HashMap<(&str, &str), Vec<(usize, usize)>> = HashMap::default();
    for way in open.all() {
        for placed in way.flow.placed(way.lane, way.source) {
            let table = (&*placed.known.db, &*placed.known.table);
            knowing.entry(table).or_default().push((way.n, way.lane));
        }
    }
    for &way in ways {
        for placed in way.flow.placed(way.lane, way.source) {
            let (db, table) = (&*placed.known.db, &*placed.known.table);
            let mut note = |other: Way<'_>, span: Span| {
                told.entry((way.n.min(other.n), way.n.max(other.n))).or_insert_with(|| Shared {
                    tables: format!("`{db}.{table}`"),
                    topic: format!("topic `{}`", placed.topic),
                    places: [placed.known.span, span],
                });
            };
            if placed.is_shared {
                let &mut (known, span) =
                    first.entry((placed.topic, db, table)).or_insert((way, placed.known.span));
                if known.n != way.n {
                    note(known, span);
                }
            }
            // A pattern of another pipeline may take it, too.
            let known = knowing.get(&(db, table)).map_or(&[][..], Vec::as_slice);
            if open.n_near(db) == known.len() {
                continue;
            }
            let is_known = |other: &Way<'_>| known.contains(&(other.n, other.lane));
            for other in open.near(db).filter(|other| other.n != way.n && !is_known(other)) {
                match other.flow.topic_of(other.lane, (other.source, source), db, table) {
                    Some((topic, span)) if topic == placed.topic => note(other, span),
                    Some(_) | None => {}
                }
            }
        }
    }
}

/// Pipelines with patterns.
#[derive(Default)]
struct Open<'a> {
    /// By the databases that their lines name.
    by_db: BTreeMap<&'a str, Vec<Way<'a>>>,
    /// Those with a line that takes more than one database.
    anywhere: Vec<Way<'a>>,
}

impl<'a> Open<'a> {
    fn of(ways: &[Way<'a>]) -> Open<'a> {
        let mut open = Open::default();
        for &way in ways.iter().filter(|way| way.flow.unbounded().next().is_some()) {
            let db = |include: &'_ Selector<'a>| match &include.pattern.db {
                NamePattern::Exact(db) => Some(db.as_str()),
                NamePattern::Glob(_) | NamePattern::Regex(_) => None,
            };
            match way.flow.include.iter().map(db).collect::<Option<BTreeSet<&'a str>>>() {
                Some(dbs) => dbs.into_iter().for_each(|db| open.by_db.entry(db).or_default().push(way)),
                None => open.anywhere.push(way),
            }
        }
        open
    }

    /// All of them, each once.
    fn all(&self) -> impl Iterator<Item = Way<'a>> {
        let mut seen = BTreeSet::new();
        let all = self.by_db.values().flatten().chain(&self.anywhere).copied();
        all.filter(move |way| seen.insert((way.n, way.source, way.lane)))
    }

    /// How many [`near`](Self::near) gives.
    fn n_near(&self, db: &str) -> usize {
        self.by_db.get(db).map_or(0, Vec::len) + self.anywhere.len()
    }

    /// Those that may select a table of a database.
    fn near(&self, db: &str) -> impl Iterator<Item = Way<'a>> {
        self.by_db.get(db).into_iter().flatten().chain(&self.anywhere).copied()
    }
}

/// Tables that patterns of two pipelines have in common, where neither gives them other names.
fn patterns(ways: &[Way<'_>], told: &mut Told) {
    let open: Vec<Way<'_>> = ways
        .iter()
        .copied()
        .filter(|way| way.flow.renames.is_empty() && way.flow.unbounded().next().is_some())
        .collect();
    for (at, &one) in open.iter().enumerate() {
        for &other in open[at + 1..].iter().filter(|other| other.n != one.n) {
            let pairs = one.flow.unbounded().flat_map(|a| other.flow.unbounded().map(move |b| (a, b)));
            let mut shared = pairs
                .filter(|&(a, b)| same_topics(one, a, other, b))
                .filter_map(|(a, b)| in_common(one, a, other, b));
            if let Some(shared) = shared.next() {
                told.entry((one.n, other.n)).or_insert(shared);
            }
        }
    }
}

/// True when tables that both patterns take go to the same topics.
fn same_topics(one: Way<'_>, a: Subject<'_>, other: Way<'_>, b: Subject<'_>) -> bool {
    let topic = |way: Way<'_>, subject: Subject<'_>| match way.flow.lanes[way.lane]
        .setting((subject, Property::Topic), |settings| settings.topic.as_ref())
    {
        Setting::Default => Some(None),
        Setting::Given(template, None) => Some(Some(template.value.clone())),
        // A template in a block has captures of that block.
        Setting::Given(_, Some(_)) | Setting::Various => None,
    };
    let names_pipeline = |template: &Template| {
        template
            .parts
            .iter()
            .any(|part| matches!(part, TemplatePart::Hole { name, .. } if name == "pipeline"))
    };
    match (topic(one, a), topic(other, b)) {
        (Some(None), Some(None)) => true,
        (Some(Some(a)), Some(Some(b))) => a == b && !names_pipeline(&a),
        _ => false,
    }
}

/// What two patterns surely have in common.
fn in_common(one: Way<'_>, a: Subject<'_>, other: Way<'_>, b: Subject<'_>) -> Option<Shared> {
    let (Subject::All(a), Subject::All(b)) = (a, b) else { return None };
    let narrower = match a.matcher.relation(&b.matcher) {
        Relation::Equal | Relation::Narrower => a,
        Relation::Wider => b,
        Relation::Crossing | Relation::Disjoint | Relation::TooLarge => return None,
    };
    let excludes: Vec<&TableMatcher> =
        one.flow.exclude.iter().chain(&other.flow.exclude).map(|exclude| &exclude.matcher).collect();
    (narrower.matcher.covered_by(&excludes) == Covered::No).then(|| Shared {
        tables: format!("what `{}` takes", narrower.pattern),
        topic: "the same topics".to_owned(),
        places: [a.span, b.span],
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{check_files, check_project};

    const HEAD: &str = "edition 2026\nsource shop mysql \"db1\" {\npassword env P\n}\ntarget bus kafka \"kafka1\"\ntarget dr kafka \"k2\"\n\
        pipeline rest from shop to dr {\ninclude crm.*\n}\n";

    /// Two pipelines from `shop` to `bus` with these lines.
    fn project(one: &str, other: &str) -> String {
        format!(
            "{HEAD}pipeline one from shop to bus {{\n{one}}}\npipeline other from shop to bus {{\n{other}}}\n"
        )
    }

    #[test]
    fn tables_and_patterns() {
        check_project(&[&project(
            "include d.a, d.b\n",
            "include d.b  # error[S0214]: pipelines `one` and `other` both send `d.b` to topic `d.b`\n",
        )]);
        check_project(&[&project(
            "include d.a\n",
            "include d.*  # error[S0214]: pipelines `one` and `other` both send `d.a` to topic `d.a`\n",
        )]);
        check_project(&[&project(
            "include d.*\n",
            "include d.t_*  # error[S0214]: pipelines `one` and `other` both send what `d.t_*` takes to the same topics\n",
        )]);
        check_project(&[&project("include d.*\nexclude d.t_*\n", "include d.t_*\n")]);
        check_project(&[&project("include d.*\n", "include d.t_*\ntopic \"x.{table}\"\n")]);
        check_project(&[&project(
            "include d.*\ntopic \"{pipeline}.{table}\"\n",
            "include d.t_*\ntopic \"{pipeline}.{table}\"\n",
        )]);
        check_project(&[&project("include d.a\n", "include d.*\nrename table d.a to b\n")]);
        // They may have no table in common.
        check_project(&[&project("include d.*_log\n", "include d.t_*\n")]);
    }

    #[test]
    fn patterns_that_cross_at_a_table() {
        let lock = "edition 2026\nlock source shop {\ntable d.t_log {\nprimary id\ncolumn id \"int not null\"\n}\n\
            table crm.a {\nprimary id\ncolumn id \"int not null\"\n}\n}\n";
        let text = project(
            "include d.*_log\n",
            "include d.t_*  # error[S0214]: pipelines `one` and `other` both send `d.t_log` to topic `d.t_log`\n",
        );
        check_files(&[("a.sync", &text), ("schema.lock", lock)]);
    }
}
