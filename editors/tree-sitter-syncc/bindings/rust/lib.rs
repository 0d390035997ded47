//! The grammar of syncc's project files, for the crate `tree-sitter`.

use tree_sitter_language::LanguageFn;

unsafe extern "C" {
    fn tree_sitter_syncc() -> *const ();
}

/// The language, for `tree_sitter::Parser::set_language`.
// SAFETY: the function is the one that `tree-sitter generate` wrote into src/parser.c, and does what a `LanguageFn`
// must: it returns a pointer to a language that lives as long as the program.
pub const LANGUAGE: LanguageFn = unsafe { LanguageFn::from_raw(tree_sitter_syncc) };

/// The query for highlighting.
pub const HIGHLIGHTS_QUERY: &str = include_str!("../../queries/highlights.scm");
