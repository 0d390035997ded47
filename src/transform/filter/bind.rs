//! A condition over the columns of a table: what each comparison is, or why it is none.

use super::class::{Class, TextOf};
use super::condition::{Comparison, Condition, Operand, Test};
use super::eval::{Against, Filter, Node, Pairing, Scratch};
use super::misfit::{Misfit, Why};
use super::moment::{self, NoMoment, Zone};
use super::number::{Bound, Number};
use crate::mysql::collate::Like;
use crate::mysql::column_type::ColumnType;
use crate::mysql::ident::same_column;
use crate::mysql::schema::{Column, TableVersion};
use crate::mysql::zone;
use crate::pattern::TextSearch;

/// How dates are written.
const DATES: &str = "'2026-09-01' or '2026-09-01 10:00:00'";
/// How instants are written.
const INSTANTS: &str = "'2026-09-01 10:00:00' in UTC or `time-zone` of the source, or with an offset: '2026-09-01 10:00:00+02:00'";
/// How durations are written.
const TIMES: &str = "'10:00:00', with no more digits of a fraction than the column has";
/// Years that a YEAR holds, besides 0. The server reads 1 to 99 as years of two digits.
const YEARS: std::ops::RangeInclusive<i128> = 1901..=2155;

impl Filter {
    /// Looks up the columns of a condition. Texts for TIMESTAMP columns are what clocks of `zone` show, of UTC without one.
    ///
    /// # Errors
    /// Everything that does not fit the table, in the order of the text.
    pub fn bind(
        condition: &Condition,
        table: &TableVersion,
        zone: Option<&zone::Zone>,
    ) -> Result<Filter, Vec<Misfit>> {
        let mut binder = Binder { table, zone, test: 0, misfits: Vec::new() };
        let root = binder.condition(condition);
        if binder.misfits.is_empty() {
            Ok(Filter { root, scratch: Scratch::default() })
        } else {
            Err(binder.misfits)
        }
    }
}

struct Binder<'t> {
    table: &'t TableVersion,
    zone: Option<&'t zone::Zone>,
    /// Questions seen.
    test: usize,
    misfits: Vec<Misfit>,
}

/// An operand that was looked up.
enum Found<'t> {
    Column(usize, &'t Column),
    Literal(Literal<'t>),
    Null,
}

enum Literal<'t> {
    Number(&'t Number),
    Text(&'t str),
}

/// Number of the operand, and what is wrong there.
type Wrong = (usize, Why);

impl<'t> Binder<'t> {
    fn condition(&mut self, condition: &'t Condition) -> Node {
        match condition {
            Condition::And(inner) => Node::All(inner.iter().map(|one| self.condition(one)).collect()),
            Condition::Or(inner) => Node::Any(inner.iter().map(|one| self.condition(one)).collect()),
            Condition::Not(inner) => Node::Not(Box::new(self.condition(inner))),
            Condition::Unknown(inner) => Node::Unknown(Box::new(self.condition(inner))),
            Condition::Test(test) => {
                let number = self.test;
                self.test += 1;
                self.test(test).unwrap_or_else(|wrong| {
                    self.misfits.extend(wrong.into_iter().map(|(operand, why)| Misfit {
                        test: number,
                        operand,
                        why,
                    }));
                    Node::Constant(None)
                })
            }
        }
    }

    fn test(&self, test: &'t Test) -> Result<Node, Vec<Wrong>> {
        match test {
            Test::Compare { op, left, right } => {
                self.compare(*op, (0, left), (1, right)).map_err(|wrong| vec![wrong])
            }
            Test::In { operand, list } => {
                let equal = |(at, one)| self.compare(Comparison::Equal, (0, operand), (at + 1, one));
                all_fit(list.iter().enumerate().map(equal)).map(Node::Any)
            }
            Test::Between { operand, low, high } => {
                let low = self.compare(Comparison::GreaterOrEqual, (0, operand), (1, low));
                let high = self.compare(Comparison::LessOrEqual, (0, operand), (2, high));
                all_fit([low, high]).map(Node::All)
            }
            Test::Like { operand, pattern } => {
                self.search("like", operand, pattern).map_err(|wrong| vec![wrong])
            }
            Test::Regexp { operand, pattern } => {
                self.search("regexp", operand, pattern).map_err(|wrong| vec![wrong])
            }
            Test::IsNull(operand) => match self.look_up(0, operand).map_err(|wrong| vec![wrong])? {
                Found::Column(at, _) => Ok(Node::IsNull(at)),
                Found::Null => Ok(Node::Constant(Some(true))),
                Found::Literal(_) => Ok(Node::Constant(Some(false))),
            },
            Test::Truth(operand) => self.truth(operand).map_err(|wrong| vec![wrong]),
        }
    }

    fn look_up(&self, at: usize, operand: &'t Operand) -> Result<Found<'t>, Wrong> {
        Ok(match operand {
            Operand::Column(name) => {
                let index =
                    find(self.table, name).ok_or_else(|| (at, Why::NoColumn { column: name.clone() }))?;
                Found::Column(index, &self.table.columns[index])
            }
            Operand::Number(number) => Found::Literal(Literal::Number(number)),
            Operand::Text(text) => Found::Literal(Literal::Text(text)),
            Operand::Null => Found::Null,
        })
    }

    fn compare(
        &self,
        op: Comparison,
        (left_at, left): (usize, &'t Operand),
        (right_at, right): (usize, &'t Operand),
    ) -> Result<Node, Wrong> {
        let same = op == Comparison::Same;
        match (self.look_up(left_at, left)?, self.look_up(right_at, right)?) {
            (Found::Column(column, of), Found::Column(other, to)) => {
                let pairing = pair((left_at, of), (right_at, to))?;
                Ok(Node::Compare { column, op, against: Against::Column(other, pairing) })
            }
            (Found::Column(column, _), Found::Null) | (Found::Null, Found::Column(column, _)) => {
                Ok(if same { Node::IsNull(column) } else { Node::Constant(None) })
            }
            (Found::Column(column, of), Found::Literal(literal)) => {
                let against = against((left_at, of), (right_at, literal), self.zone)?;
                Ok(Node::Compare { column, op, against })
            }
            (Found::Literal(literal), Found::Column(column, of)) => {
                let against = against((right_at, of), (left_at, literal), self.zone)?;
                Ok(Node::Compare { column, op: op.mirrored(), against })
            }
            (Found::Null, Found::Null) => Ok(Node::Constant(same.then_some(true))),
            (Found::Null, Found::Literal(_)) | (Found::Literal(_), Found::Null) => {
                Ok(Node::Constant(same.then_some(false)))
            }
            (Found::Literal(Literal::Number(a)), Found::Literal(Literal::Number(b))) => {
                Ok(Node::Constant(Some(op.holds(a.compare(b)))))
            }
            (Found::Literal(Literal::Text(_)), Found::Literal(_)) => Err((left_at, Why::NoColumnBeside)),
            (Found::Literal(Literal::Number(_)), Found::Literal(Literal::Text(_))) => {
                Err((right_at, Why::NoColumnBeside))
            }
        }
    }

    fn search(&self, word: &'static str, operand: &'t Operand, pattern: &'t Operand) -> Result<Node, Wrong> {
        let (column, of) = match self.look_up(0, operand)? {
            Found::Column(column, of) => (column, of),
            Found::Null => return Ok(Node::Constant(None)),
            Found::Literal(_) => return Err((0, Why::NoColumnToSearch { word })),
        };
        let text = match Class::of(of) {
            Ok(Class::Text(text)) => text,
            Err(why) => return Err(never_searched(word, pattern, why)),
            Ok(
                Class::Whole | Class::Year | Class::Decimal | Class::Real | Class::Moment(_) | Class::Time(_),
            ) => return Err((0, Why::NoText { word, column: of.name.clone(), ty: of.declared.clone() })),
        };
        let pattern = match self.look_up(1, pattern)? {
            Found::Literal(Literal::Text(pattern)) => pattern,
            Found::Null => return Ok(Node::Constant(None)),
            Found::Column(_, _) | Found::Literal(Literal::Number(_)) => {
                return Err((1, Why::NoPattern { word }));
            }
        };
        if word == "like" {
            let like = Like::new(pattern, text.collator);
            let like = like.ok_or_else(|| (1, not_in_charset(of, &text)))?;
            return Ok(Node::Like { column, form: text.form, like });
        }
        let search = expression(pattern, of, &text).map_err(|why| (1, why))?;
        Ok(Node::Search { column, form: text.form, search: Box::new(search) })
    }

    fn truth(&self, operand: &'t Operand) -> Result<Node, Wrong> {
        let no_truth = |of: &Column| (0, Why::NoTruth { column: of.name.clone(), ty: of.declared.clone() });
        match self.look_up(0, operand)? {
            // Whatever its collation is.
            Found::Column(_, of) if is_text(&of.ty) => Err(no_truth(of)),
            Found::Column(column, of) => match Class::of(of).map_err(|why| (0, why))? {
                Class::Whole | Class::Year => Ok(Node::Truth(column)),
                // of a fraction older servers look at the whole part alone
                Class::Decimal | Class::Real | Class::Moment(_) | Class::Time(_) | Class::Text(_) => {
                    Err(no_truth(of))
                }
            },
            Found::Literal(Literal::Number(number)) => {
                Ok(Node::Constant(Some(number.compare(&Number::of_bool(false)).is_ne())))
            }
            Found::Literal(Literal::Text(_)) => Err((0, Why::TextAlone)),
            Found::Null => Ok(Node::Constant(None)),
        }
    }
}

/// What is wrong with a search in a column that is not searched for this reason: an expression that is none is none in
/// every collation.
fn never_searched(word: &str, pattern: &Operand, why: Why) -> Wrong {
    if let (Why::CollationUnknown { .. }, "regexp", Operand::Text(pattern)) = (&why, word, pattern)
        && let Err(error) = TextSearch::new(pattern, false)
    {
        return (1, Why::Expression(error.to_string()));
    }
    (0, why)
}

/// The column of this name; the server compares names of columns without case. Hidden ones have no name to users.
fn find(table: &TableVersion, name: &str) -> Option<usize> {
    table.columns.iter().position(|column| !column.hidden && same_column(&column.name, name))
}

/// All of them, or everything that is wrong. An operand that several share is wrong once.
fn all_fit(nodes: impl IntoIterator<Item = Result<Node, Wrong>>) -> Result<Vec<Node>, Vec<Wrong>> {
    let mut wrong: Vec<Wrong> = Vec::new();
    let mut fitting = Vec::new();
    for node in nodes {
        match node {
            Ok(node) => fitting.push(node),
            Err((at, why)) if wrong.iter().all(|(seen, _)| *seen != at) => wrong.push((at, why)),
            Err(_) => {}
        }
    }
    if wrong.is_empty() { Ok(fitting) } else { Err(wrong) }
}

/// A column against a number or text.
fn against(
    (column_at, column): (usize, &Column),
    (at, literal): (usize, Literal<'_>),
    zone: Option<&zone::Zone>,
) -> Result<Against, Wrong> {
    let (name, ty) = (column.name.clone(), column.declared.clone());
    if let Literal::Number(number) = literal
        && is_text(&column.ty)
    {
        return Err((at, Why::TextWithNumber { column: name, ty, number: number.to_string() }));
    }
    let class = Class::of(column).map_err(|why| (column_at, why))?;
    let wanted = match class {
        Class::Moment(Zone::Utc) => INSTANTS,
        Class::Time(_) => TIMES,
        _ => DATES,
    };
    let found = match (class, literal) {
        (Class::Whole, Literal::Number(number)) => Ok(Against::Whole(Bound::of(number))),
        (Class::Year, Literal::Number(number)) => {
            let is_year = number.to_whole().is_some_and(|year| year == 0 || YEARS.contains(&year));
            let no_year = || Why::NoYear { column: name, number: number.to_string() };
            is_year.then(|| Against::Whole(Bound::of(number))).ok_or_else(no_year)
        }
        (Class::Decimal, Literal::Number(number)) => Ok(Against::Decimal(number.as_str().as_bytes().into())),
        (Class::Real, Literal::Number(number)) => Ok(Against::Real(number.to_double())),
        (Class::Whole | Class::Year | Class::Decimal | Class::Real, Literal::Text(text)) => {
            Err(Why::NumberWithText { column: name, ty, text: text.to_owned() })
        }
        (Class::Moment(_) | Class::Time(_), Literal::Number(number)) => {
            Err(Why::MomentWithNumber { column: name, ty, number: number.to_string(), wanted })
        }
        (Class::Moment(of), Literal::Text(text)) => match moment::datetime(text, of, zone) {
            Ok(moment) => Ok(Against::Moment(moment)),
            Err(NoMoment::Text) => Err(Why::NoMoment { column: name, ty, text: text.to_owned(), wanted }),
            Err(NoMoment::Clock(why)) => Err(Why::NoInstant { text: text.to_owned(), why }),
        },
        (Class::Time(fsp), Literal::Text(text)) => moment::time(text, fsp)
            .map(Against::Time)
            .ok_or_else(|| Why::NoMoment { column: name, ty, text: text.to_owned(), wanted }),
        (Class::Text(of), Literal::Text(text)) => match of.collator.charset().encode(text) {
            Some(encoded) => Ok(Against::Text { form: of.form, collator: of.collator, text: encoded.into() }),
            None => Err(not_in_charset(column, &of)),
        },
        (Class::Text(_), Literal::Number(number)) => {
            Err(Why::TextWithNumber { column: name, ty, number: number.to_string() })
        }
    };
    found.map_err(|why| (at, why))
}

/// Texts, whatever their collation.
fn is_text(ty: &ColumnType) -> bool {
    ty.as_text().is_some() || matches!(ty, ColumnType::Enum(_) | ColumnType::Set(_))
}

/// Two columns.
fn pair((left_at, left): (usize, &Column), (right_at, right): (usize, &Column)) -> Result<Pairing, Wrong> {
    let never = || {
        let why = Why::Columns {
            left: left.name.clone(),
            left_ty: shown(left),
            right: right.name.clone(),
            right_ty: shown(right),
        };
        Err((right_at, why))
    };
    let classes = match (Class::of(left), Class::of(right)) {
        (Ok(left), Ok(right)) => (left, right),
        // Whatever its collation is, a text is no number.
        (Err(Why::CollationUnknown { .. }), Ok(other)) | (Ok(other), Err(Why::CollationUnknown { .. }))
            if !matches!(other, Class::Text(_)) =>
        {
            return never();
        }
        (Err(why), _) => return Err((left_at, why)),
        (_, Err(why)) => return Err((right_at, why)),
    };
    Ok(match classes {
        (Class::Whole, Class::Whole) | (Class::Year, Class::Year) => Pairing::Whole,
        (Class::Decimal, Class::Decimal | Class::Whole) | (Class::Whole, Class::Decimal) => Pairing::Decimal,
        (Class::Real, Class::Real | Class::Whole | Class::Decimal)
        | (Class::Whole | Class::Decimal, Class::Real) => Pairing::Real,
        // an instant and a date without a zone meet only in the zone of some session
        (Class::Moment(a), Class::Moment(b)) if a == b => Pairing::Moment,
        (Class::Time(_), Class::Time(_)) => Pairing::Time,
        (Class::Text(a), Class::Text(b)) if a.collation == b.collation => {
            Pairing::Text { left: a.form, right: b.form, collator: a.collator }
        }
        _ => return never(),
    })
}

fn shown(column: &Column) -> String {
    match &column.collation {
        Some(collation) => format!("{} ({collation})", column.declared),
        None => column.declared.clone(),
    }
}

fn not_in_charset(column: &Column, text: &TextOf) -> Why {
    Why::NotInCharset { column: column.name.clone(), charset: text.collator.charset().name() }
}

/// The expression of `regexp`, for texts in UTF-8.
fn expression(pattern: &str, column: &Column, text: &TextOf) -> Result<TextSearch, Why> {
    let charset = text.collator.charset().name();
    if !matches!(charset, "utf8mb4" | "utf8mb3" | "ascii") {
        return Err(Why::Expression(format!("column `{}` is in character set {charset}", column.name)));
    }
    let without_case = text.collation.ends_with("_ci");
    TextSearch::new(pattern, without_case).map_err(|error| Why::Expression(error.to_string()))
}
