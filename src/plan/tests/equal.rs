//! Texts that mean the same, and any text at all.

use super::super::*;
use super::{HELLO, files, pipeline, plan};

#[test]
fn order_of_lines_and_files_means_nothing() {
    let one = pipeline(
        "include shop.a, shop.b\nexclude shop.c\nkey none\nlabel a \"1\"\nlabel b \"2\"\ntable shop.a {\nkey id\n}",
    );
    let other = pipeline(
        "label b \"2\"\ntable shop.a {\nkey id\n}\nkey none\ninclude shop.b\ninclude shop.a\nlabel a \"1\"\nexclude shop.c, shop.c",
    );
    assert_eq!(one, other);
    let filtered = |lines: &str| pipeline(&format!("include shop.a\ntable shop.a {{\n{lines}\n}}"));
    assert_eq!(filtered("where a > 1\nwhere b = 'x'"), filtered("where b='x' AND (a > 1.0)"));
    let (head, tail) = HELLO.split_once("pipeline").expect("a pipeline");
    let tail = format!("edition 2026\n  # moved\n pipeline{}", tail.replace("  include", "\t\tinclude"));
    assert_eq!(plan(&[HELLO]), plan(&[&tail, head]));
}

#[test]
fn a_stored_plan_reads_back() {
    let compiled = plan(&[HELLO]);
    let text = serde_json::to_string(&compiled).expect("json");
    assert_eq!(serde_json::from_str::<Plan>(&text).expect("a plan"), compiled);
}

#[test]
fn formatting_leaves_the_plan_equal() {
    let ugly = HELLO.replace('\n', "  \n\n").replace("  include", "include").replace(" from", "\t from");
    let crate::fmt::Formatted::Text(formatted) = crate::fmt::format(&ugly) else { panic!("balanced") };
    assert_ne!(formatted, ugly);
    assert_eq!(plan(&[&ugly]), plan(&[&formatted]));
}

/// Statements of a pipeline, any order of which means the same.
const STATEMENTS: [&str; 12] = [
    "include shop.*",
    "include shop_[00..15].orders_[00..63], crm.x",
    "exclude shop.tmp_*",
    "rename database shop to commerce",
    "rename table shop.a to b",
    "topic \"{db}.{table}\" {\npartitions 3\nreplicas 2\n}",
    "format canal-json {\nenum label\n}",
    "table shop.* {\nkey none\n}",
    "table shop.a {\nkey id\npartition by key\n}",
    "retry for 1h",
    "label team \"x\"",
    "label app \"y\"",
];

proptest::proptest! {
    #[test]
    fn shuffled_statements_give_one_plan(
        order in proptest::strategy::Strategy::prop_shuffle(proptest::strategy::Just((0..STATEMENTS.len()).collect::<Vec<_>>()))
    ) {
        let shuffled: Vec<&str> = order.into_iter().map(|n| STATEMENTS[n]).collect();
        assert_eq!(pipeline(&shuffled.join("\n")), pipeline(&STATEMENTS.join("\n")));
    }

    /// Any edit of any example gives findings or a plan, never a panic, and every finding lies in the text.
    #[test]
    fn no_text_breaks_the_compiler(n in 0usize..10, at in 0usize..6000, cut in 0usize..40, sign in 0usize..24) {
        const SIGNS: [&str; 24] = ["\"", "'", "`", "{", "}", "(", ")", "/", "\\", "#", ".", ",", "->", "=", "\n", " ", "[",
            "]", "*", "0", "12h", "订", "param x ", "\nsource "];
        let corpus = crate::syntax::property_tests::CORPUS;
        let mut text = corpus[n % corpus.len()].1.to_owned();
        let floor = |text: &str, at: usize| (0..=at.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
        let (start, end) = (floor(&text, at % (text.len() + 1)), floor(&text, at % (text.len() + 1) + cut));
        text.replace_range(start..end.max(start), SIGNS[sign]);
        let files = files(&[&text, HELLO]);
        let compiled = compile_files(&files);
        for finding in &compiled.findings {
            let spans = finding.primary.iter().map(|label| label.span)
                .chain(finding.fixes.iter().flat_map(|fix| fix.edits.iter().map(|edit| edit.span)));
            for span in spans {
                files.slice(span);
            }
        }
        if let Some((plan, _)) = compiled.plan {
            for task in &plan.tasks {
                let _ = task.decide("shop", "orders");
            }
        }
    }
}

#[test]
fn origins_lead_back_to_the_line() {
    let files = files(&[HELLO]);
    let (plan, origins) = compile_files(&files).plan.expect("compiles");
    let span = origins.span(&plan.tasks[0].id, Part::Include(0)).expect("written");
    assert_eq!(files.slice(span), "shop.*");
    assert_eq!(origins.span(&plan.tasks[0].id, Part::Start), None, "by default");
}
