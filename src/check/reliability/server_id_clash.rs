//! S0806: two sources that register under one id.

use super::super::Rule;
use super::super::flow::Project;
use crate::ast::{ServerId, Source};
use crate::diagnostic::{Code, CodeDoc, Diagnostic, Fix};
use crate::text::Span;

const SERVER_ID_CLASH: Code = Code::new("S0806", "server-id-clash");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: SERVER_ID_CLASH,
        what: "The ids of two sources, as `server-id` gives them, have one in common. Without an end, `server-id` takes one id for \
               each of the `readers`, four by default.",
        why: "A server sends its log to one replica of an id; when a second one registers, it cuts the first. Servers that \
              replicate from each other see each other's replicas, too.",
        wrong: concat!(
            "edition 2026\n\nsource shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n  server-id 4001\n}\n",
            "source crm mysql \"syncc@db2:3306\" {\n  password env CRM_DB_PASSWORD\n  server-id 4002\n}\n",
            "target bus kafka \"kafka1:9092\"\n\npipeline all {\n  from shop\n  from crm\n  to bus\n  include app.*\n}\n"
        ),
        right: concat!(
            "edition 2026\n\nsource shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n  server-id 4001\n}\n",
            "source crm mysql \"syncc@db2:3306\" {\n  password env CRM_DB_PASSWORD\n  server-id 4011\n}\n",
            "target bus kafka \"kafka1:9092\"\n\npipeline all {\n  from shop\n  from crm\n  to bus\n  include app.*\n}\n"
        ),
    },
    run: check_server_id_clash,
};

/// Ids of one source.
struct Ids<'p> {
    source: &'p Source,
    first: u64,
    last: u64,
    span: Span,
}

impl Ids<'_> {
    fn of(source: &Source) -> Option<Ids<'_>> {
        let id = source.server_id.as_ref()?;
        let ServerId::From { first, last } = id.value else { return None };
        let first = u64::from(first);
        let last = last.map_or(first + source.n_readers() - 1, u64::from);
        Some(Ids { source, first, last, span: id.span })
    }
}

fn check_server_id_clash(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    let all: Vec<Ids<'_>> = project.program.sources.iter().filter_map(Ids::of).collect();
    for (n, later) in all.iter().enumerate() {
        let clash = all[..n].iter().find(|first| first.first <= later.last && later.first <= first.last);
        let Some(first) = clash else { continue };
        let (low, high) = (later.first.max(first.first), later.last.min(first.last));
        let ids = match low == high {
            true => format!("the id {low}"),
            false => format!("the ids {low} to {high}"),
        };
        let message = format!(
            "the sources `{}` and `{}` share {ids}",
            first.source.name.value, later.source.name.value
        );
        let line = later.source.lines.get(&later.span).copied().unwrap_or(later.span);
        findings.push(
            Diagnostic::error(SERVER_ID_CLASH, later.span, message)
                .beside(first.span, format!("{} to {}", first.first, first.last))
                .help("leave it out: without it every source has ids of its own")
                .fix(Fix::choice("remove the line", line, "")),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check_project;

    #[test]
    fn with_and_without_an_end() {
        check_project(&["edition 2026\n\
            source a mysql \"a\" {\npassword env P\nserver-id 10 to 13\n}\n\
            source b mysql \"b\" {\npassword env P\nserver-id 14\n}\n\
            source c mysql \"c\" {\npassword env P\n\
            server-id 17 to 20  # error[S0806]: the sources `b` and `c` share the id 17\n}\n\
            source d mysql \"d\" {\npassword env P\nreaders 1\n\
            server-id 10  # error[S0806]: the sources `a` and `d` share the id 10\n}\n\
            source e mysql \"e\" {\npassword env P\nreaders 2\n\
            server-id 12  # error[S0806]: the sources `a` and `e` share the ids 12 to 13\n}\n\
            source f mysql \"f\" {\npassword env P\nserver-id auto\n}\n\
            target out stdout\n\
            pipeline p {\nfrom a\nfrom b\nfrom c\nfrom d\nfrom e\nfrom f\nto out\ninclude a.b\ntopic \"{source}\"\n}\n"]);
    }
}
