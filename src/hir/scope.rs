//! Declared names of one kind: what is there, what was probably meant, what looks alike.

use crate::diagnostic::{Code, CodeDoc, Diagnostic, Fix};
use crate::pattern::NamePattern;
use crate::statement::{closest, is_slip, write_near};
use crate::text::{Span, Spanned};
use foldhash::HashMap;
use std::collections::BTreeSet;

/// A name that nothing declares.
pub const UNKNOWN_NAME: Code = Code::new("S0101", "unknown-name");
/// One name for two things of a kind.
pub const DECLARED_TWICE: Code = Code::new("S0102", "declared-twice");
/// Two names that look alike.
pub const CONFUSABLE_NAMES: Code = Code::new("S0105", "confusable-names");

/// Most names that a finding lists.
const NAMED_MAX: usize = 12;

/// Most names that nothing uses which are offered.
const OFFERED_MAX: usize = 3;

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
    /// Names that surely nothing uses: one of them is meant where a name is not known.
    idle: BTreeSet<String>,
}

impl Scope {
    pub(super) fn new(kind: &'static str) -> Scope {
        Scope {
            kind,
            ids: HashMap::default(),
            looks: HashMap::default(),
            written: BTreeSet::new(),
            idle: BTreeSet::new(),
        }
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

    /// All names.
    pub(super) fn names(&self) -> impl Iterator<Item = (&str, u32)> {
        self.ids.iter().map(|(name, &(id, _))| (name.as_str(), id))
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
            Some(near) => write_near(finding, (&text, &near), pattern.span, near.clone()),
            None => self.with_names(finding),
        }
    }

    /// The finding for names of a range that are not declared, where others of it are.
    pub(super) fn lacking(&self, range: Span, names: &[String]) -> Option<Diagnostic> {
        let shown: Vec<String> = names.iter().take(OFFERED_MAX).map(|name| format!("`{name}`")).collect();
        let shown = shown.join(", ");
        let message = match names {
            [] => return None,
            [_] => format!("there is no {} {shown}", self.kind),
            many if many.len() > OFFERED_MAX => {
                format!("there are no {}s {shown} and {} more", self.kind, many.len() - OFFERED_MAX)
            }
            _ => format!("there are no {}s {shown}", self.kind),
        };
        Some(self.with_names(Diagnostic::error(UNKNOWN_NAME, range, message)))
    }

    /// Notes the names that nothing uses; `may_be_used` tells of a name and the place of its declaration.
    pub(super) fn note_idle(&mut self, may_be_used: impl Fn(&str, Span) -> bool) {
        let idle = self.ids.iter().filter(|(name, (_, place))| !may_be_used(name, *place));
        self.idle = idle.map(|(name, _)| name.clone()).collect();
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

    /// The same for a name to which something belongs that each of them has once; `free` lack it yet.
    pub(super) fn unknown_owner(&self, name: &Spanned<String>, free: &BTreeSet<&str>) -> Diagnostic {
        let finding = self.not_declared(name);
        match (closest(&name.value, free.iter().copied()), free.first()) {
            (Some(near), _) => self.meant(finding, name, near),
            (None, Some(only)) if free.len() == 1 => offered(finding, name, only),
            (None, _) => finding,
        }
    }

    /// The same without a guess.
    pub(super) fn not_declared(&self, name: &Spanned<String>) -> Diagnostic {
        let message = format!("there is no {} `{}`", self.kind, name.value);
        self.with_names(Diagnostic::error(UNKNOWN_NAME, name.span, message))
    }

    fn meant(&self, finding: Diagnostic, name: &Spanned<String>, near: &str) -> Diagnostic {
        let is_sure = is_slip(&name.value, near);
        self.near(finding, near).fix(Fix::sure_if(is_sure, format!("write `{near}`"), name.span, near))
    }

    fn near(&self, finding: Diagnostic, near: &str) -> Diagnostic {
        let (_, declared) = self.ids[near];
        finding.label(format!("did you mean `{near}`?")).related(declared, "declared here")
    }

    /// The finding for a use of a name that is not declared.
    pub(super) fn unknown(&self, name: &Spanned<String>) -> Diagnostic {
        let finding = self.not_declared(name);
        // Whoever renames a declaration leaves it without a use, and the uses without it.
        let idle = || self.idle.iter().map(String::as_str);
        let near = closest(&name.value, idle());
        let Some(near) = near.or_else(|| closest(&name.value, self.ids.keys().map(String::as_str))) else {
            return idle().take(OFFERED_MAX).fold(finding, |finding, meant| offered(finding, name, meant));
        };
        if self.idle.is_empty() || self.idle.contains(near) {
            return self.meant(finding, name, near);
        }
        let finding = self.near(finding, near);
        idle().take(OFFERED_MAX).chain([near]).fold(finding, |finding, meant| offered(finding, name, meant))
    }
}

fn offered(finding: Diagnostic, name: &Spanned<String>, meant: &str) -> Diagnostic {
    finding.fix(Fix::choice(format!("write `{meant}`"), name.span, meant))
}

fn beside(finding: Diagnostic, first: Span) -> Diagnostic {
    let same_file = finding.primary.as_ref().is_some_and(|label| label.span.file == first.file);
    if same_file { finding.also(first, "first here") } else { finding.related(first, "first here") }
}
