//! Declared names of one kind: what is there, what was probably meant, what looks alike.

use crate::diagnostic::{Code, CodeDoc, Diagnostic, Fix};
use crate::pattern::NamePattern;
use crate::statement::closest;
use crate::text::{Span, Spanned};
use std::collections::{BTreeSet, HashMap};

/// A name that nothing declares.
pub const UNKNOWN_NAME: Code = Code::new("S0101", "unknown-name");
/// One name for two things of a kind.
pub const DECLARED_TWICE: Code = Code::new("S0102", "declared-twice");
/// Two names that look alike.
pub const CONFUSABLE_NAMES: Code = Code::new("S0105", "confusable-names");

/// Most names that a finding lists.
const NAMED_MAX: usize = 12;

/// The pages of the codes of this module.
pub const PAGES: &[CodeDoc] = &[
    CodeDoc {
        code: UNKNOWN_NAME,
        what: "A source, target, profile, parameter or pipeline is named that no file of the project declares.",
        why: "What names it cannot work without it. Names of one directory are known in all of its files, in any order.",
        wrong: "edition 2026\n\nsource shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\ntarget bus kafka \"kafka1:9092\"\n\npipeline shop from shop to buss {\n  include shop.*\n}\n",
        right: "edition 2026\n\nsource shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\ntarget bus kafka \"kafka1:9092\"\n\npipeline shop from shop to bus {\n  include shop.*\n}\n",
    },
    CodeDoc {
        code: DECLARED_TWICE,
        what: "Two sources, two targets or two pipelines have one name, in one file or in two.",
        why: "All files of a project form one namespace, and no file comes before another.",
        wrong: "edition 2026\n\nsource shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\ntarget bus kafka \"kafka1:9092\"\ntarget bus kafka \"kafka2:9092\"\n\npipeline shop from shop to bus {\n  include shop.*\n}\n",
        right: "edition 2026\n\nsource shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\ntarget bus kafka \"kafka1:9092\"\n\npipeline shop from shop to bus {\n  include shop.*\n}\n",
    },
    CodeDoc {
        code: CONFUSABLE_NAMES,
        what: "Two names of a kind differ only by case, or by signs that look alike.",
        why: "Names become topics, metric labels and transactional ids; nobody can tell such two apart in a log.",
        wrong: "edition 2026\n\nsource shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\ntarget bus kafka \"kafka1:9092\"\n\npipeline orders from shop to bus {\n  include shop.orders\n}\npipeline Orders from shop to bus {\n  include shop.lines\n}\n",
        right: "edition 2026\n\nsource shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\ntarget bus kafka \"kafka1:9092\"\n\npipeline orders from shop to bus {\n  include shop.orders\n}\npipeline lines from shop to bus {\n  include shop.lines\n}\n",
    },
];

/// Names of one kind of thing.
pub(super) struct Scope {
    /// What such a thing is called, `source`.
    kind: &'static str,
    ids: HashMap<String, (u32, Span)>,
    /// Name and place by what it looks like.
    looks: HashMap<String, (String, Span)>,
    /// What is declared, as it is written: names, and ranges of them.
    written: BTreeSet<String>,
}

impl Scope {
    pub(super) fn new(kind: &'static str) -> Scope {
        Scope { kind, ids: HashMap::new(), looks: HashMap::new(), written: BTreeSet::new() }
    }

    /// Declares the next name; its id, or none when the name is taken. Names come in order of (file, line).
    pub(super) fn declare(&mut self, name: &Spanned<String>, findings: &mut Vec<Diagnostic>) -> Option<u32> {
        self.declare_one_of(name, &name.value, findings)
    }

    /// The same for one name of a range, which is `written` so. What is wrong with several names of a range is told once.
    pub(super) fn declare_one_of(
        &mut self,
        name: &Spanned<String>,
        written: &str,
        findings: &mut Vec<Diagnostic>,
    ) -> Option<u32> {
        let n_findings = findings.len();
        let id = self.declare_name(name, findings);
        let place = |finding: &Diagnostic| (finding.code, finding.primary.as_ref().map(|label| label.span));
        if let [told @ .., new] = findings.as_slice()
            && findings.len() > n_findings
            && told.iter().any(|told| place(told) == place(new))
        {
            findings.pop();
        }
        self.written.insert(written.to_owned());
        id
    }

    fn declare_name(&mut self, name: &Spanned<String>, findings: &mut Vec<Diagnostic>) -> Option<u32> {
        if let Some(&(_, first)) = self.ids.get(&name.value) {
            let message = format!("there are two {}s called `{}`", self.kind, name.value);
            findings.push(beside(Diagnostic::error(DECLARED_TWICE, name.span, message), first));
            return None;
        }
        let look: String = unicode_security::skeleton(&name.value.to_lowercase()).collect();
        match self.looks.get(&look) {
            Some((other, first)) => {
                let message = format!("the {}s `{}` and `{other}` look alike", self.kind, name.value);
                let finding = Diagnostic::error(CONFUSABLE_NAMES, name.span, message)
                    .help("rename one of them: they become topics, labels and ids, where nobody tells such two apart");
                findings.push(beside(finding, *first));
            }
            None => {
                self.looks.insert(look, (name.value.clone(), name.span));
            }
        }
        let id = self.ids.len() as u32;
        self.ids.insert(name.value.clone(), (id, name.span));
        Some(id)
    }

    /// The id of a name.
    pub(super) fn id(&self, name: &str) -> Option<u32> {
        self.ids.get(name).map(|&(id, _)| id)
    }

    /// The ids of all names that a pattern takes, in order.
    pub(super) fn matching(&self, pattern: &NamePattern) -> Vec<u32> {
        let mut ids: Vec<u32> = match pattern {
            NamePattern::Exact(name) => self.id(name).into_iter().collect(),
            NamePattern::Glob(_) | NamePattern::Regex(_) => {
                let Ok(matcher) = pattern.compile() else { return Vec::new() };
                let hits = self.ids.iter().filter(|(name, _)| matcher.matches(name));
                hits.map(|(_, &(id, _))| id).collect()
            }
        };
        ids.sort_unstable();
        ids
    }

    /// The finding for a pattern that takes no name.
    pub(super) fn nothing_matches(&self, pattern: &Spanned<NamePattern>) -> Diagnostic {
        let text = pattern.value.to_string();
        let message = format!("no {} matches `{text}`", self.kind);
        let finding = Diagnostic::error(UNKNOWN_NAME, pattern.span, message);
        // The same pattern behind the letters that a declared name begins with.
        let begin = |name: &str| name.split(['[', '*', '?']).next().unwrap_or_default().to_owned();
        let begins: BTreeSet<String> =
            self.written.iter().map(|name| begin(name)).filter(|begin| !begin.is_empty()).collect();
        let own = begin(&text);
        let near = closest(&own, begins.iter().map(String::as_str)).map(|near| {
            let rest = &text[own.len()..];
            format!("{near}{rest}")
        });
        let fits = |near: &String| {
            NamePattern::from_glob(near).is_ok_and(|pattern| !self.matching(&pattern).is_empty())
        };
        match near.filter(fits) {
            Some(near) => finding.label(format!("did you mean `{near}`?")).fix(Fix::machine(
                format!("write `{near}`"),
                pattern.span,
                near,
            )),
            None => self.with_names(finding),
        }
    }

    fn with_names(&self, finding: Diagnostic) -> Diagnostic {
        if self.written.is_empty() {
            return finding.help(format!("this project declares no {}", self.kind));
        }
        let shown: Vec<&str> = self.written.iter().take(NAMED_MAX).map(String::as_str).collect();
        let more = match self.written.len() - shown.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        finding.help(format!("declared {}s: {}{more}", self.kind, shown.join(", ")))
    }

    /// The finding for a use of a name that is not declared.
    pub(super) fn unknown(&self, name: &Spanned<String>) -> Diagnostic {
        let message = format!("there is no {} `{}`", self.kind, name.value);
        let finding = self.with_names(Diagnostic::error(UNKNOWN_NAME, name.span, message));
        let Some(near) = closest(&name.value, self.ids.keys().map(String::as_str)) else { return finding };
        let (_, declared) = self.ids[near];
        finding
            .label(format!("did you mean `{near}`?"))
            .fix(Fix::machine(format!("write `{near}`"), name.span, near))
            .related(declared, "declared here")
    }
}

fn beside(finding: Diagnostic, first: Span) -> Diagnostic {
    let same_file = finding.primary.as_ref().is_some_and(|label| label.span.file == first.file);
    if same_file { finding.also(first, "first here") } else { finding.related(first, "first here") }
}
