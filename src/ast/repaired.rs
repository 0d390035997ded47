//! What mends values that are wrong in themselves: one in place of several, several in place of one, the word of another
//! tool.

use super::token::Token;
use crate::diagnostic::{Diagnostic, Fix};
use crate::statement as st;
use crate::syntax::NodeKind;

/// Whether other arguments fit the statement.
type Fits<'f> = &'f dyn Fn(&[Token<'_>]) -> bool;

/// Joins findings that have one cause, and adds a repair where one value alone is wrong.
pub(super) fn look(tokens: &[Token<'_>], fits: Fits<'_>, findings: &mut Vec<Diagnostic>) {
    if let Some(joined) = without_database(tokens, fits, findings) {
        *findings = vec![joined];
        return;
    }
    let [finding] = findings.as_mut_slice() else { return };
    let has_none = finding.fixes.is_empty();
    let other = || parted(tokens, finding, fits).or_else(|| foreign(tokens, finding, fits));
    let repair = in_brackets(tokens, finding, fits).or_else(|| has_none.then(other).flatten());
    if let Some((help, fix)) = repair {
        finding.help = Some(help);
        finding.fixes = vec![fix];
    }
}

/// Names in a row that all lack their database, as in `include shop,orders` or `include shop, crm`: where all that is wrong
/// with the statement is that, it is one mistake.
fn without_database(tokens: &[Token<'_>], fits: Fits<'_>, findings: &[Diagnostic]) -> Option<Diagnostic> {
    let place = |finding: &Diagnostic| {
        let span = finding.primary.as_ref()?.span;
        tokens.iter().position(|token| token.span == span && token.word().is_some())
    };
    let places: Vec<usize> = findings.iter().map(place).collect::<Option<_>>()?;
    let (&first, &last) = (places.first()?, places.last()?);
    let is_row = places.windows(2).all(|two| two[1] == two[0] + 2);
    if places.len() < 2 || !is_row {
        return None;
    }
    let names: Vec<&str> = places.iter().map(|&at| tokens[at].text).collect();
    let span = tokens[first].span.to(tokens[last].span);
    let replaced = |by: &str| {
        let items = by.split(", ").map(|item| Token::bare(item, span));
        let items = items.collect::<Option<Vec<_>>>()?;
        let row = items.into_iter().flat_map(|item| [Token::imagined(",", span), item]).skip(1);
        let mut mended = tokens.to_vec();
        mended.splice(first..=last, row);
        fits(&mended).then_some(())
    };
    let everything: String = names.iter().map(|name| format!("{name}.*")).collect::<Vec<String>>().join(", ");
    replaced(&everything)?;
    let touch = tokens[first..=last].windows(2).all(|two| two[0].span.end == two[1].span.start);
    let dotted = (names.len() == 2).then(|| names.join(".")).filter(|dotted| replaced(dotted).is_some());
    let written = names.join(if touch { "," } else { ", " });
    let finding =
        Diagnostic::error(st::WRONG_ARGUMENTS, span, format!("`{written}` names no table as `DB.TABLE`"));
    let title = |text: &str| format!("write `{text}`");
    let all = Fix::choice(title(&everything), span, everything);
    let Some(dotted) = dotted else {
        return Some(finding.help(format!("all tables of a database are `{}.*`", names[0])).fix(all));
    };
    let finding = finding.help(format!("a dot stands between a database and its table: `{dotted}`"));
    Some(match touch {
        true => finding.fix(Fix::machine(title(&dotted), span, dotted)),
        false => finding.fix(Fix::choice(title(&dotted), span, dotted)).fix(all),
    })
}

/// A list in brackets, which is read as a set of signs where no blank is in it: `include [a.b,a.c]`.
fn in_brackets(tokens: &[Token<'_>], finding: &Diagnostic, fits: Fits<'_>) -> Option<(String, Fix)> {
    let span = finding.primary.as_ref()?.span;
    let at = tokens.iter().position(|token| token.span == span)?;
    let inner = tokens[at].text.strip_prefix('[')?.strip_suffix(']')?;
    // Names in quotes, as JSON has them.
    let names: Vec<&str> = inner.split(',').map(|item| item.trim_matches(['"', '\''])).collect();
    let items = names.iter().map(|item| Token::bare(item, span)).collect::<Option<Vec<_>>>()?;
    let row = items.into_iter().flat_map(|item| [Token::imagined(",", span), item]).skip(1);
    let mut mended = tokens.to_vec();
    mended.splice(at..=at, row);
    let text = names.join(", ");
    let help = "lists are written without brackets".to_owned();
    fits(&mended).then(|| (help, Fix::machine(format!("write `{text}`"), span, text)))
}

/// Quotes that hold several: a list in one text, database and table in one pair of backticks.
fn parted(tokens: &[Token<'_>], finding: &Diagnostic, fits: Fits<'_>) -> Option<(String, Fix)> {
    let span = finding.primary.as_ref()?.span;
    let at = tokens.iter().position(|token| token.span == span)?;
    let inner = tokens[at].text.get(1..tokens[at].text.len().saturating_sub(1))?;
    let (parts, text, help): (Vec<Token<'_>>, String, _) = match tokens[at].kind {
        NodeKind::String if inner.contains(',') => {
            let parts = inner.split(',').map(str::trim);
            let text: Vec<String> = parts.clone().map(|part| format!("\"{part}\"")).collect();
            let tokens = parts
                .flat_map(|part| [Token::imagined(",", span), Token::valued(part, NodeKind::String, span)]);
            (tokens.skip(1).collect(), text.join(", "), "each stands in quotes of its own")
        }
        NodeKind::Path if inner.contains('.') && tokens[at].segments.len() == 1 => {
            let help = "database and table stand in backticks of their own, or in none";
            (vec![Token::bare(inner, span)?], inner.to_owned(), help)
        }
        _ => return None,
    };
    let mut mended = tokens.to_vec();
    mended.splice(at..=at, parts);
    fits(&mended).then(|| (help.to_owned(), Fix::machine(format!("write {text}"), span, text)))
}

/// What another tool writes as a number, and is a word here: `acks -1`.
fn foreign(tokens: &[Token<'_>], finding: &Diagnostic, fits: Fits<'_>) -> Option<(String, Fix)> {
    let span = finding.primary.as_ref()?.span;
    let at = tokens.iter().position(|token| token.span == span)?;
    let word = st::foreign_value(tokens[at].text).iter().find(|word| {
        let mut mended = tokens.to_vec();
        mended[at] = Token::imagined(word, span);
        fits(&mended)
    })?;
    Some((format!("write `{word}`"), Fix::machine(format!("write `{word}`"), span, *word)))
}
