//! The block of a statement, against what the table has there.

use super::{Body, Reader};
use crate::diagnostic::Diagnostic;
use crate::statement::{self as st, Block, StatementSpec};
use crate::syntax::NodeId;
use crate::text::Span;

impl Reader<'_> {
    pub(super) fn inner(&mut self, id: NodeId, spec: &StatementSpec, head: Span, bare: bool) -> Option<Body> {
        let outer = std::mem::replace(&mut self.scope, self.tree.span(id));
        if self.tree.node(id).parent == self.tree.root() {
            self.top = self.scope;
        }
        let body = self.inner_body(id, spec, head, bare);
        self.scope = outer;
        body
    }

    fn inner_body(&mut self, id: NodeId, spec: &StatementSpec, head: Span, bare: bool) -> Option<Body> {
        match (self.block(id), spec.block) {
            // Its lines are no statements.
            (Some(_), Block::May(inner) | Block::Must(inner)) if !inner.holds_statements() => {
                Some(Body::default())
            }
            (Some(block), Block::May(inner) | Block::Must(inner)) => Some(self.body(block, inner)),
            (Some(block), Block::Instead(inner)) if bare => Some(self.body(block, inner)),
            (None, Block::No | Block::May(_)) => Some(Body::default()),
            (None, Block::Instead(_)) if !bare => Some(Body::default()),
            (None, Block::Instead(_)) => {
                let finding = Diagnostic::error(
                    st::WRONG_ARGUMENTS,
                    head,
                    format!("`{}` lacks its arguments or its block", spec.word),
                )
                .help(format!("it is written `{}`", spec.usage()));
                self.findings.push(finding);
                None
            }
            (None, Block::Must(_)) => {
                let finding =
                    Diagnostic::error(st::WRONG_ARGUMENTS, head, format!("`{}` lacks its block", spec.word))
                        .help(format!("it is written `{} {{ … }}`", spec.usage()));
                self.findings.push(finding);
                None
            }
            (Some(block), Block::No | Block::Instead(_)) => {
                let open = self.tree.span(block);
                let form = self.text[head.start as usize..head.end as usize].trim();
                let what = if spec.block == Block::No { spec.word } else { form };
                let finding = Diagnostic::error(
                    st::WRONG_ARGUMENTS,
                    Span::new(open.file, open.start, open.start + 1),
                    format!("`{what}` takes no block"),
                );
                let touches = !self.text[..open.start as usize].ends_with([' ', '\t']);
                self.findings.push(match spec.word {
                    "include" | "exclude" if touches => finding.help(
                        "a pattern has no braces: numbers are `[00..63]`, other names are items of their own",
                    ),
                    _ => finding.help(format!("it is written `{}`", spec.usage())),
                });
                None
            }
        }
    }
}
