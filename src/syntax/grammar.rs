//! The pest grammar, and the one mapping from its rules to our node kinds.

use super::NodeKind;

#[derive(pest_derive::Parser)]
#[grammar = "../grammar/sync.pest"]
pub(super) struct Grammar;

/// Kind of node a rule makes; none for end of input and for rules that are silent.
pub(super) fn node_kind(rule: Rule) -> Option<NodeKind> {
    use NodeKind as K;
    Some(match rule {
        Rule::file => K::File,
        Rule::statement => K::Statement,
        Rule::block => K::Block,
        Rule::open => K::Open,
        Rule::close => K::Close,
        Rule::unclosed => K::Unclosed,
        Rule::stray => K::Stray,
        Rule::bom => K::Bom,
        Rule::ws => K::Ws,
        Rule::nl => K::Nl,
        Rule::doc => K::Doc,
        Rule::comment => K::Comment,
        Rule::string => K::String,
        Rule::quote => K::Quote,
        Rule::text => K::Text,
        Rule::escape => K::Escape,
        Rule::hole => K::Hole,
        Rule::hole_open => K::HoleOpen,
        Rule::hole_close => K::HoleClose,
        Rule::hole_name => K::HoleName,
        Rule::bad_char => K::BadChar,
        Rule::missing => K::Missing,
        Rule::unquoted | Rule::unquoted_tail => K::Unquoted,
        Rule::sql_string => K::SqlString,
        Rule::squote => K::Squote,
        Rule::squote_esc => K::SquoteEsc,
        Rule::sql_text => K::SqlText,
        Rule::timestamp => K::Timestamp,
        Rule::clock => K::Clock,
        Rule::quantity => K::Quantity,
        Rule::path => K::Path,
        Rule::dot => K::Dot,
        Rule::quoted => K::Quoted,
        Rule::regex => K::Regex,
        Rule::glob => K::Glob,
        Rule::arrow => K::Arrow,
        Rule::op => K::Op,
        Rule::comma => K::Comma,
        Rule::group => K::Group,
        Rule::paren => K::Paren,
        Rule::paren_close => K::ParenClose,
        Rule::bad_close => K::BadClose,
        Rule::bad => K::Bad,
        Rule::where_clause => K::WhereClause,
        Rule::kw_where => K::KwWhere,
        Rule::expr => K::Expr,
        Rule::where_path => K::WherePath,
        Rule::where_group => K::WhereGroup,
        Rule::is_null => K::IsNull,
        Rule::between => K::Between,
        Rule::kw_and => K::KwAnd,
        Rule::kw_or => K::KwOr,
        Rule::kw_like => K::KwLike,
        Rule::kw_in => K::KwIn,
        Rule::kw_between => K::KwBetween,
        Rule::not => K::Not,
        Rule::cmp => K::Cmp,
        Rule::bad_tail => K::BadTail,
        Rule::EOI => return None,
        Rule::head
        | Rule::any_arg
        | Rule::inner_nl
        | Rule::trivia
        | Rule::top
        | Rule::valued
        | Rule::blanks
        | Rule::arg
        | Rule::date
        | Rule::time
        | Rule::d2
        | Rule::number
        | Rule::unit
        | Rule::known_hole
        | Rule::any_hole
        | Rule::unquoted_sign
        | Rule::segment
        | Rule::class
        | Rule::word_char
        | Rule::name
        | Rule::unary
        | Rule::operand
        | Rule::postfix
        | Rule::infix
        | Rule::gap
        | Rule::enter => return None,
    })
}
