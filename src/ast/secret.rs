//! Secrets in a file: repairs that name where one is found, and texts that look like one.

use super::token::Token;
use crate::diagnostic::{Diagnostic, Fix, Safety, TextEdit};
use crate::statement::{self as st, Address};
use crate::syntax::{NodeId, NodeKind, Tree};
use crate::text::Span;

/// Words behind which a text is the path of a file.
const PATH_WORDS: [&str; 5] = ["file", "ca", "cert", "use", "schema"];

/// Adds repairs to findings about secrets, and findings about texts that look like one.
pub(super) fn look(tree: &Tree, text: &str, findings: &mut Vec<Diagnostic>) {
    for finding in findings.iter_mut().filter(|finding| is_about_secrets(finding)) {
        let Some(span) = finding.primary.as_ref().map(|label| label.span) else { continue };
        let around = Around { tree, text, blocks: statements_around(tree, span) };
        if finding.code == st::SECRET_LITERAL {
            finding.fixes.extend(around.reference(span));
        } else {
            finding.fixes.extend(around.plain_address(span));
        }
    }
    for range in tree.private_keys() {
        findings.push(private_key(range));
    }
    let about_secrets = findings.iter().filter(|finding| is_about_secrets(finding));
    let told: Vec<Span> = about_secrets.filter_map(|finding| Some(finding.primary.as_ref()?.span)).collect();
    for leaf in texts(tree) {
        let span = tree.span(leaf);
        if told.iter().any(|other| other.start < span.end && span.start < other.end) {
            continue;
        }
        let written = tree.text(leaf, text);
        if st::holds_private_key(written) {
            findings.push(private_key(span));
        } else if st::holds_login(written) && !is_in_test_or_lock(tree, leaf, text) {
            findings.push(
                Diagnostic::error(st::SECRET_IN_OTHER_TEXT, span, "an address holds no password")
                    .label("not repeated here")
                    .help(
                        "write it without `USER:PASSWORD@`; whoever has read the file can use this password",
                    ),
            );
        } else if st::looks_secret(written) && !is_exempt(tree, leaf, text) {
            findings.push(
                Diagnostic::warning(st::SECRET_IN_OTHER_TEXT, span, "this text looks like a key or a token")
                    .label("not repeated here")
                    .help("name where it is found instead, or write it in another way if it is no secret"),
            );
        }
    }
}

fn is_about_secrets(finding: &Diagnostic) -> bool {
    [st::SECRET_LITERAL, st::SECRET_IN_OTHER_TEXT].contains(&finding.code)
}

fn private_key(span: Span) -> Diagnostic {
    Diagnostic::error(st::SECRET_IN_OTHER_TEXT, span, "a private key is never written into a file")
        .label("not repeated here")
        .help("keep it in a file of its own and name that: `tls verify-full cert \"FILE\" key file \"FILE\"`; whoever has \
               read this one can use it")
}

/// Texts in quotes, of statements and of conditions.
fn texts(tree: &Tree) -> impl Iterator<Item = NodeId> + '_ {
    tree.descendants(tree.root())
        .filter(|&id| matches!(tree.kind(id), NodeKind::String | NodeKind::SqlString))
}

/// Digests of a test or of `schema.lock`, places in the log and paths are no secrets.
fn is_exempt(tree: &Tree, text_node: NodeId, text: &str) -> bool {
    if is_in_test_or_lock(tree, text_node, text) {
        return true;
    }
    let around = statements_around(tree, tree.span(text_node));
    let Some(&statement) = around.last() else { return false };
    let parts: Vec<NodeId> =
        tree.children(statement).filter(|&part| tree.kind(part) != NodeKind::Ws).collect();
    let at = parts.iter().position(|&part| part == text_node);
    let word = at.and_then(|at| at.checked_sub(1)).map(|before| tree.text(parts[before], text));
    word.is_some_and(|word| PATH_WORDS.contains(&word) || word == "gtid" || word == "binlog")
}

fn is_in_test_or_lock(tree: &Tree, text_node: NodeId, text: &str) -> bool {
    let around = statements_around(tree, tree.span(text_node));
    let first = |id: NodeId| tree.children(id).find(|&child| tree.kind(child) == NodeKind::Path);
    let outermost = around.first().and_then(|&id| first(id)).map(|word| tree.text(word, text));
    matches!(outermost, Some("test" | "lock"))
}

/// The statements that hold a place, the outermost first.
fn statements_around(tree: &Tree, span: Span) -> Vec<NodeId> {
    let holds = |&id: &NodeId| {
        let node = tree.node(id);
        node.kind == NodeKind::Statement && node.start <= span.start && span.end <= node.end
    };
    tree.descendants(tree.root()).filter(holds).collect()
}

/// A place and the statements around it.
struct Around<'t> {
    tree: &'t Tree,
    text: &'t str,
    blocks: Vec<NodeId>,
}

impl Around<'_> {
    /// Words of a statement's head, as long as they are words.
    fn words(&self, statement: NodeId) -> Vec<&str> {
        let parts = self.tree.children(statement).filter(|&part| self.tree.kind(part) != NodeKind::Ws);
        parts.map_while(|part| Token::new(self.tree, self.text, part).word()).collect()
    }

    /// A reference to a variable in place of what stands here: named after what it belongs to, or the one that is named
    /// already.
    fn reference(&self, span: Span) -> Option<Fix> {
        let written = &self.text[span.start as usize..span.end as usize];
        let named = written
            .strip_prefix("env ")
            .and_then(|rest| rest.split(" else").next())
            .or_else(|| st::named_variable(written));
        let variable = match named {
            Some(variable) => variable.trim().to_owned(),
            None => self.variable()?,
        };
        let text = format!("env {variable}");
        Some(Fix::machine(format!("write `{text}`"), span, text))
    }

    /// `SHOP_PASSWORD` of source `shop`.
    fn variable(&self) -> Option<String> {
        let (&statement, blocks) = self.blocks.split_last()?;
        let kind = if self.words(statement).first() == Some(&"mask") { "SALT" } else { "PASSWORD" };
        let mut parts = Vec::new();
        for &block in blocks {
            match self.words(block).as_slice() {
                ["source" | "target" | "pipeline" | "profile", name, ..] => parts.push(*name),
                ["registry", ..] => parts.push("registry"),
                _ => {}
            }
        }
        parts.push(kind);
        let name = parts.join("_").to_uppercase().replace('-', "_");
        let is_name = name.chars().all(|sign| sign.is_ascii_alphanumeric() || sign == '_');
        // A member of a range has a variable of its own.
        is_name.then_some(name)
    }

    /// The address without its password, in a source that says elsewhere where that is found, or with a line that does.
    fn plain_address(&self, span: Span) -> Option<Fix> {
        let written = &self.text[span.start as usize..span.end as usize];
        let address = written.strip_prefix('"')?.strip_suffix('"')?;
        let (login, host) = address.rsplit_once('@')?;
        let (user, _) = login.split_once(':')?;
        let plain = format!("{user}@{host}");
        Address::parse(&plain).ok()?;
        let &source = self.blocks.first()?;
        let words = self.words(source);
        let (Some(&"source"), Some(_)) = (words.first(), words.get(1)) else { return None };
        let mut fix = Fix {
            title: "take the password out of the address".to_owned(),
            safety: Safety::Machine,
            edits: vec![TextEdit { span, text: format!("\"{plain}\"") }],
        };
        let block = self.tree.children(source).find(|&child| self.tree.kind(child) == NodeKind::Block);
        let inner = block.into_iter().flat_map(|block| self.tree.children(block));
        let has_login = inner.filter(|&id| self.tree.kind(id) == NodeKind::Statement).any(|id| {
            self.words(id).first() == Some(&"password") || self.tree.text(id, self.text).contains(" cert ")
        });
        if !has_login {
            let password =
                format!("  password env {}", Around { blocks: vec![source, source], ..*self }.variable()?);
            let (at, text) = match block {
                // Behind the brace that opens the block.
                Some(block) => (self.tree.node(block).start + 1, format!("\n{password}")),
                None => (span.end, format!(" {{\n{password}\n}}")),
            };
            fix.edits.push(TextEdit { span: Span::new(span.file, at, at), text });
        }
        Some(fix)
    }
}

#[cfg(test)]
mod tests {
    use crate::syntax;
    use crate::text::FileId;

    /// Findings of a file, as `line code`, and the text after their repairs.
    fn found(text: &str) -> (Vec<String>, String) {
        let parse = syntax::parse(FileId(0), text);
        let mut all = syntax::errors(&parse, text);
        all.extend(super::super::lower(&parse, text, &crate::ast::Values::default()).1);
        let line = |at: u32| text[..at as usize].matches('\n').count() + 1;
        all.sort_by_key(|finding| finding.primary.as_ref().map(|label| label.span));
        let shown = all.iter().map(|finding| {
            let at = finding.primary.as_ref().map_or(0, |label| label.span.start);
            format!("{} {}", line(at), finding.code.number)
        });
        let shown = shown.collect();
        let mut edits: Vec<_> =
            all.into_iter().flat_map(|finding| finding.fixes).flat_map(|fix| fix.edits).collect();
        edits.sort_by_key(|edit| std::cmp::Reverse(edit.span));
        let mut repaired = text.to_owned();
        for edit in edits {
            repaired.replace_range(edit.span.start as usize..edit.span.end as usize, &edit.text);
        }
        (shown, repaired)
    }

    #[track_caller]
    fn check(text: &str, findings: &[&str], repaired: &str) {
        let text = format!("edition 2026\n{text}");
        assert_eq!(
            found(&text),
            (findings.iter().map(ToString::to_string).collect(), format!("edition 2026\n{repaired}"))
        );
    }

    #[test]
    fn a_variable_is_named_after_what_it_belongs_to() {
        check(
            "source shop-eu mysql \"db\" {\n  password \"swordfish\"\n}\n",
            &["3 S0301"],
            "source shop-eu mysql \"db\" {\n  password env SHOP_EU_PASSWORD\n}\n",
        );
        check(
            "target bus kafka \"k\" {\n  password swordfish\n}\n",
            &["3 S0301"],
            "target bus kafka \"k\" {\n  password env BUS_PASSWORD\n}\n",
        );
        check(
            "target bus kafka \"k\" {\n  registry \"https://r\" {\n    password \"swordfish\"\n  }\n}\n",
            &["4 S0301"],
            "target bus kafka \"k\" {\n  registry \"https://r\" {\n    password env BUS_REGISTRY_PASSWORD\n  }\n}\n",
        );
        check(
            "source s mysql \"db\" {\n  password env PW else \"swordfish\"\n}\n",
            &["3 S0301"],
            "source s mysql \"db\" {\n  password env PW\n}\n",
        );
    }

    #[test]
    fn a_password_leaves_its_address() {
        check(
            "source s mysql \"u:swordfish@db:1\" {\n  password env P\n}\n",
            &["2 S0302"],
            "source s mysql \"u@db:1\" {\n  password env P\n}\n",
        );
        check(
            "source s mysql \"u:swordfish@db\"\n",
            &["2 S0302"],
            "source s mysql \"u@db\" {\n  password env S_PASSWORD\n}\n",
        );
        check(
            "source s mysql {\n  address \"u:swordfish@db\"\n}\n",
            &["3 S0302"],
            "source s mysql {\n  password env S_PASSWORD\n  address \"u@db\"\n}\n",
        );
        let brokers = "target t kafka {\n  brokers \"u:swordfish@k\"\n}\n";
        check(brokers, &["3 S0302"], brokers);
    }

    #[test]
    fn texts_that_look_like_a_token() {
        let token = "d41d8cd98f00b204e9800998ecf8427e";
        let unchanged = |text: &str, findings: &[&str]| check(text, findings, text);
        unchanged(&format!("pipeline p {{\n  label key \"{token}\"\n}}\n"), &["3 S0302"]);
        unchanged(
            &format!(
                "source s mysql \"db\" {{\n  password file \"/run/{token}\"\n  tls require ca \"{token}\"\n}}\n"
            ),
            &[],
        );
        unchanged(
            "source s mysql \"db\" {\n  start at gtid \"3e11fa47-71ca-11e1-9e33-c80aa9429562:1-77\"\n}\n",
            &[],
        );
        unchanged(&format!("# {token}\n"), &[]);
        // A literal where a secret is wanted is told once, as what it is.
        let (findings, _) =
            found(&format!("edition 2026\nsource s mysql \"db\" {{\n  password \"{token}\"\n}}\n"));
        assert_eq!(findings, ["3 S0301"]);
    }

    #[test]
    fn a_private_key_is_one_finding() {
        let key = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow+/BAAKCAQEA\n/s8df=\nabc\n-----END RSA PRIVATE KEY-----\n";
        let unchanged = |text: &str, findings: &[&str]| check(text, findings, text);
        unchanged(key, &["2 S0302"]);
        unchanged(
            &format!("target out stdout\n{key}target bus kafka \"k\"\nnonsense\n"),
            &["3 S0302", "9 S0013"],
        );
        unchanged(&key.lines().map(|line| format!("# {line}\n")).collect::<String>(), &["2 S0302"]);
        unchanged("pipeline p {\n  label key \"-----BEGIN PRIVATE KEY-----\\nMII\"\n}\n", &["3 S0302"]);
        // A certificate is public; it has no place in a file all the same.
        let (findings, _) =
            found(&format!("edition 2026\n{}", key.replace("RSA PRIVATE KEY", "CERTIFICATE")));
        assert!(!findings.iter().any(|found| found.ends_with("S0302")), "{findings:?}");
    }
}
