//! Which setting holds for which tables.

use super::columns;
use super::flow::{Guess, Known};
use super::index::Index;
use super::selector::Selector;
use crate::ast::{LeftOut, Settings, TableBlock, Where};
use crate::hir::{Pipeline, Program, To};
use crate::pattern::{Covered, Matcher, Relation, TableMatcher, TablePattern};
use crate::statement::{ColumnRule, MaskRule, Property, Template};
use crate::text::{Span, Spanned};
use std::collections::{BTreeMap, HashMap};

/// A pipeline towards one of its targets.
pub(super) struct Lane<'p> {
    pub(super) to: &'p To,
    /// Its number in the pipeline.
    n: usize,
    /// `defaults`, pipeline, `to`, and then `table` blocks with their levels.
    levels: Vec<Level<'p>>,
    index: Index<'p>,
    /// All of the levels could be read.
    is_whole: bool,
    /// What each `columns` leaves out.
    columns: HashMap<Span, columns::LeftOut>,
}

/// A block of settings.
struct Level<'p> {
    /// The higher wins.
    rank: u8,
    /// Which tables; none means all.
    tables: Option<TableMatcher>,
    settings: &'p Settings,
    /// It says anything about tables, or may have.
    says_something: bool,
    /// What could not be read of it.
    left_out: &'p LeftOut,
    /// Tables for which a block could not be read; none when that may be any table.
    unread_blocks: Option<Vec<TableMatcher>>,
    /// Its masks, the strongest first.
    masks: Vec<(Matcher, &'p Spanned<MaskRule>)>,
}

/// Tables that a rule asks about: one, or all that a pattern takes.
#[derive(Clone, Copy)]
pub(super) enum Subject<'a> {
    One(&'a Known),
    All(&'a Selector<'a>),
}

/// The setting that holds for tables.
pub(super) enum Setting<'p, 's, T> {
    /// None is given.
    Default,
    /// This one, and the pattern of the `table` block it stands in.
    Given(&'p Spanned<T>, Option<&'s TableMatcher>),
    /// Not one for all of them.
    Various,
}

impl<'p> Lane<'p> {
    /// The n-th of a pipeline. Blocks that are for no table as they are written are for those they were `meant` for: what they
    /// say is not missing there.
    pub(super) fn new(
        program: &'p Program,
        pipeline: &'p Pipeline,
        n: usize,
        meant: &BTreeMap<TablePattern, Guess>,
    ) -> Lane<'p> {
        let to = &pipeline.to[n];
        let everywhere = |rank, settings, left_out| Level::new(rank, None, settings, left_out);
        let mut levels = vec![
            everywhere(0, &program.defaults.settings, &program.defaults.left_out),
            everywhere(1, &pipeline.settings, &pipeline.left_out),
            everywhere(2, &to.settings, &pipeline.left_out),
        ];
        let mut patterns = vec![None; levels.len()];
        for (rank, blocks) in [(3, &pipeline.tables), (4, &to.tables)] {
            // Where several agree, the one that is drawn does not depend on where they stand.
            let mut blocks: Vec<&TableBlock> = blocks.iter().collect();
            blocks.sort_by(|a, b| a.pattern.value.cmp(&b.pattern.value));
            for TableBlock { pattern, settings, left_out, .. } in blocks {
                let guess = meant.get(&pattern.value);
                if let Ok(tables) = guess.map_or(&pattern.value, |guess| &guess.pattern).compile() {
                    patterns.push(guess.is_none().then_some(&pattern.value));
                    levels.push(Level::new(rank, Some(tables), settings, left_out));
                }
            }
        }
        let is_whole =
            levels.iter().all(|level| level.left_out.is_empty() && level.settings.damaged.is_empty());
        let columns = levels.iter().filter_map(|level| level.settings.columns.as_ref());
        let columns = columns.map(|rule| (rule.span, columns::LeftOut::new(&rule.value))).collect();
        Lane { to, n, levels, index: Index::new(patterns), is_whole, columns }
    }

    /// True when a `columns` that this lane has leaves out a column.
    pub(super) fn drops(&self, rule: &Spanned<ColumnRule>, column: &str) -> bool {
        self.columns.get(&rule.span).is_some_and(|left_out| left_out.drops(column))
    }

    /// How many levels it has.
    pub(super) fn n_levels(&self) -> usize {
        self.levels.len()
    }

    /// Numbers of the levels that say something about a table.
    pub(super) fn near<'a>(&'a self, db: &'a str, table: &'a str) -> impl Iterator<Item = usize> + 'a {
        let hits = self.index.hits(db, table, |n| self.levels[n].tables.as_ref());
        hits.filter(|&n| self.levels[n].says_something)
    }

    /// The levels that say something about a known table.
    fn levels_of<'s>(&'s self, known: &Known) -> impl Iterator<Item = &'s Level<'p>> {
        known.near[self.n].iter().map(|&n| &self.levels[n])
    }

    /// The settings of the levels that say something about a known table.
    pub(super) fn settings_of<'s>(
        &'s self,
        known: &Known,
    ) -> impl Iterator<Item = &'p Settings> + use<'s, 'p> {
        let levels = known.near[self.n].to_vec();
        levels.into_iter().map(|n| self.levels[n].settings)
    }

    /// Every block of settings, and the pattern of a `table` block.
    pub(super) fn blocks(&self) -> impl Iterator<Item = (&'p Settings, Option<&TableMatcher>)> {
        self.levels.iter().map(|level| (level.settings, level.tables.as_ref()))
    }

    /// True when something was left out of the block of the statement at a place: what seems to be missing may be there.
    pub(super) fn is_damaged(&self, statement: Span) -> bool {
        self.levels.iter().any(|level| level.settings.damaged.contains(&statement))
    }

    /// True when one of these statements may have been left out of what decides about any table.
    pub(super) fn may_lack(&self, words: &[&str]) -> bool {
        !self.is_whole && self.levels.iter().any(|level| level.may_lack(words))
    }

    /// True when one of these statements may have been left out of what decides about this table.
    pub(super) fn may_lack_for(&self, known: &Known, words: &[&str]) -> bool {
        !self.is_whole && self.levels_of(known).any(|level| level.may_lack_for(known, words))
    }

    /// The same for one setting, as far as it would win over what is given.
    pub(super) fn may_lack_nearer<T: 'p>(
        &self,
        known: &Known,
        word: &str,
        of: impl Fn(&'p Settings) -> Option<&'p Spanned<T>>,
    ) -> bool {
        if self.is_whole {
            return false;
        }
        let given = || self.levels_of(known).filter(|level| of(level.settings).is_some());
        // A block that could not be read is nearer than the block around it.
        let lacks = |level: &Level<'p>| {
            let own = level.left_out.may_be(&[word, "with"]) && !given().any(|one| one.wins_over(level));
            own || level.may_lack_block(known)
        };
        self.levels_of(known).any(lacks)
    }

    /// Every `topic`, and the pattern of the `table` block it stands in.
    pub(super) fn topics(&self) -> impl Iterator<Item = (&'p Spanned<Template>, Option<&TableMatcher>)> {
        self.levels.iter().filter_map(|level| Some((level.settings.topic.as_ref()?, level.tables.as_ref())))
    }

    /// The conditions that hold for a table: those of the nearest level, none where levels disagree (S0206).
    pub(super) fn conditions(&self, known: &Known) -> &'p [Spanned<Where>] {
        let given = || self.levels_of(known).filter(|level| !level.settings.conditions.is_empty());
        // Whichever wins over all others also wins over the one before it in a row.
        let nearest = given().reduce(|best, level| if level.wins_over(best) { level } else { best });
        let wins = |nearest: &&Level<'p>| {
            given().all(|other| std::ptr::eq(*nearest, other) || nearest.wins_over(other))
        };
        nearest.filter(wins).map_or(&[], |level| &level.settings.conditions)
    }

    /// The mask of a column of tables.
    pub(super) fn mask(&self, subject: Subject<'_>, column: &str) -> Setting<'p, '_, MaskRule> {
        self.nearest(subject, |level| {
            level.masks.iter().find(|(matcher, _)| matcher.matches(column)).map(|(_, rule)| *rule)
        })
    }

    /// The setting of the nearest level for tables. Where a nearer level may have had one that could not be read, none is known.
    pub(super) fn setting<T: PartialEq + 'p>(
        &self,
        (subject, property): (Subject<'_>, Property),
        of: impl Fn(&'p Settings) -> Option<&'p Spanned<T>>,
    ) -> Setting<'p, '_, T> {
        let is_given = |level: &&Level<'p>| of(level.settings).is_some();
        if !self.is_whole {
            let given = || self.levels_about(subject).filter(is_given);
            let lacks = |level: &Level<'p>| {
                let own = level.lacks(property) && !given().any(|one| one.wins_over(level));
                own && of(level.settings).is_none()
            };
            if self.levels_about(subject).any(lacks) {
                return Setting::Various;
            }
        }
        self.nearest(subject, |level| of(level.settings))
    }

    /// The levels that are for all tables that are asked about.
    fn levels_about<'s>(&'s self, subject: Subject<'s>) -> Box<dyn Iterator<Item = &'s Level<'p>> + 's> {
        match subject {
            Subject::One(known) => Box::new(self.levels_of(known)),
            Subject::All(all) => Box::new(self.levels.iter().filter(|level| {
                level.tables.as_ref().is_none_or(|tables| {
                    matches!(all.matcher.relation(tables), Relation::Equal | Relation::Narrower)
                })
            })),
        }
    }

    fn nearest<T: PartialEq + 'p>(
        &self,
        subject: Subject<'_>,
        of: impl Fn(&Level<'p>) -> Option<&'p Spanned<T>>,
    ) -> Setting<'p, '_, T> {
        let mut nearest = Nearest::default();
        match subject {
            Subject::One(known) => {
                for level in self.levels_of(known) {
                    nearest.add(level, of(level));
                }
            }
            Subject::All(all) => {
                // Blocks for some of the tables may together hold them all.
                let mut partial: Vec<(u8, &TableMatcher)> = Vec::new();
                for level in &self.levels {
                    let Some(value) = of(level) else { continue };
                    let Some(tables) = &level.tables else {
                        nearest.add(level, Some(value));
                        continue;
                    };
                    match all.matcher.relation(tables) {
                        Relation::Equal | Relation::Narrower => nearest.add(level, Some(value)),
                        Relation::Wider | Relation::Crossing | Relation::TooLarge => {
                            partial.push((level.rank, tables));
                        }
                        Relation::Disjoint => {}
                    }
                }
                let least = nearest.best.map_or(0, |(level, _)| level.rank);
                partial.retain(|(rank, _)| *rank >= least);
                let nearer: Vec<&TableMatcher> = partial.into_iter().map(|(_, one)| one).collect();
                if !nearer.is_empty() && all.matcher.covered_by(&nearer) != Covered::No {
                    return Setting::Various;
                }
            }
        }
        nearest.setting()
    }
}

/// The nearest of the levels that give a setting for all tables that are asked about.
struct Nearest<'p, 's, T> {
    best: Option<(&'s Level<'p>, &'p Spanned<T>)>,
    /// The other ones.
    others: Vec<(&'s Level<'p>, &'p Spanned<T>)>,
}

impl<T> Default for Nearest<'_, '_, T> {
    fn default() -> Self {
        Nearest { best: None, others: Vec::new() }
    }
}

impl<'p, 's, T: PartialEq> Nearest<'p, 's, T> {
    fn add(&mut self, level: &'s Level<'p>, value: Option<&'p Spanned<T>>) {
        let Some(value) = value else { return };
        match self.best {
            Some((best, _)) if !level.wins_over(best) => self.others.push((level, value)),
            _ => self.others.extend(self.best.replace((level, value))),
        }
    }

    fn setting(self) -> Setting<'p, 's, T> {
        let Some((level, value)) = self.best else { return Setting::Default };
        // Of blocks that disagree none holds (S0206). One that a third is narrower than has no say, whichever is the first of
        // the narrowest.
        let disagrees = |(other, said): &(&Level<'p>, &Spanned<T>)| {
            let is_beaten = || self.others.iter().any(|(third, _)| third.wins_over(other));
            said.value != value.value && !level.wins_over(other) && !is_beaten()
        };
        match self.others.iter().any(disagrees) {
            true => Setting::Various,
            false => Setting::Given(value, level.tables.as_ref()),
        }
    }
}

impl<'p> Level<'p> {
    fn new(
        rank: u8,
        tables: Option<TableMatcher>,
        settings: &'p Settings,
        left_out: &'p LeftOut,
    ) -> Level<'p> {
        let compiled =
            settings.all_masks().filter_map(|mask| Some((mask.value.column.compile_column().ok()?, mask)));
        let unread_blocks = left_out.tables("table");
        let says_something = settings.concerns_tables() || !left_out.is_empty();
        Level { rank, tables, settings, says_something, left_out, unread_blocks, masks: compiled.collect() }
    }

    /// True when a statement that gives a setting could not be read.
    fn lacks(&self, property: Property) -> bool {
        let word = if property.block().is_empty() { property.word() } else { property.block() };
        let may_be_inside = !property.block().is_empty() && !self.settings.damaged.is_empty();
        may_be_inside || !self.left_out.is_empty() && self.left_out.may_be(&[word, "with"])
    }

    /// Also in a profile that is not known, or a `table` block whose pattern is not.
    fn may_lack(&self, words: &[&str]) -> bool {
        self.left_out.may_be(words) || self.left_out.may_be(&["with", "table"])
    }

    /// As [`may_lack`](Level::may_lack), for one table.
    fn may_lack_for(&self, known: &Known, words: &[&str]) -> bool {
        self.left_out.may_be(words) || self.left_out.may_be(&["with"]) || self.may_lack_block(known)
    }

    /// True when a `table` block that could not be read may be one of this table.
    fn may_lack_block(&self, known: &Known) -> bool {
        let takes = |tables: &TableMatcher| tables.matches(&known.db, &known.table);
        self.unread_blocks.as_ref().is_none_or(|blocks| blocks.iter().any(takes))
    }

    /// True when this level's setting holds, for tables that both take.
    fn wins_over(&self, other: &Level<'_>) -> bool {
        match (&self.tables, &other.tables) {
            _ if self.rank != other.rank => self.rank > other.rank,
            (Some(own), Some(other)) => own.is_narrower(other),
            (Some(_), None) => true,
            (None, _) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check_diagnostics, check_locked, check_project, codes_locked};

    const TABLES: &str = "binlog-expires 8h\n\
        table shop.people {\nprimary id\ncolumn id \"int not null\"\ncolumn token \"text\"\ncolumn photo \"longblob\"\n}\n\
        table shop.log {\ncolumn at \"datetime\"\n}\n\
        table shop.o_1 {\nprimary id\ncolumn id \"int not null\"\n}\n\
        table shop.o_2 {\nprimary id\ncolumn id \"int not null\"\n}\n";

    const LINES: &str = "include shop.*\nretry for 1h\n\
        table shop.people {\ncolumns except photo\nmask token with null\n}\n\
        table shop.log {\nkey none\npartition to 0\n}\n\
        rename table shop.o_[1..2] to o\ntable shop.o_* {\nkey origin, id\n}\n";

    #[test]
    fn neither_order_nor_spelling_decides_which_block_holds() {
        let tables = "table shop.ab {\nprimary id\ncolumn id \"int not null\"\ncolumn no \"int\"\n}\n";
        // The first is narrower than the third, and says what the second says: it holds for `shop.ab`.
        for third in ["*.a*", "shop*.a*"] {
            let blocks = [("shop.a*", "id"), ("shop.*b", "id"), (third, "none")];
            for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
                let blocks = order.map(|n| format!("table {} {{\nkey {}\n}}\n", blocks[n].0, blocks[n].1));
                let lines = format!("include shop.ab\ncolumns except id\n{}", blocks.concat());
                let mut codes = codes_locked(&lines, tables);
                codes.sort_unstable();
                assert_eq!(codes, ["S0206", "S0501"], "{lines}");
            }
        }
    }

    #[test]
    fn what_was_left_out_is_not_missing() {
        check_locked(LINES, TABLES);
        let broken = [
            ("retry for 1h", "retry 1h", "S0015"),
            ("columns except photo", "columns exept photo", "S0015"),
            ("mask token with null", "mask token null", "S0015"),
            ("mask token with null", "maks token with null", "S0013"),
            ("mask token with null", "zzzz token with null", "S0013"),
            ("mask token with null", "mask token with \"null", "S0001"),
            ("table shop.people {", "table \"shop.people\" {", "S0015"),
            ("table shop.log {", "tabel shop.log {", "S0013"),
            ("key none", "key nothing none", "S0015"),
            ("key origin, id", "key origin id", "S0015"),
            ("include shop.*", "include shop", "S0015"),
        ];
        for (written, instead, code) in broken {
            let lines = LINES.replacen(written, instead, 1);
            assert_eq!(codes_locked(&lines, TABLES), [code], "{instead}");
        }
    }

    #[test]
    fn what_is_wrong_beside_it_is_found() {
        check_locked(
            "include shop.people  # warning[S0606]: a row with `shop.people.photo` may be larger than a message\n\
             include shop.log\n\
             table shop.people {\nmask token null  # error[S0015]: `mask` takes a comma, `with` or `keep` here, not `null`\n}\n\
             table shop.log {\npartition to 0\n}\n",
            &TABLES.replace("binlog-expires 8h\n", ""),
        );
        check_diagnostics(
            "include shop.*\nexclude crm.x  # warning[S0204]: `crm.x` takes nothing away: no `include` takes such a table\n\
             retry 12h  # error[S0015]: `retry` takes `for`, `off`, `forever` or `errors` here, not `12h`\n",
        );
        check_project(&["edition 2026\n\
            source a mysql \"db\" {\npassword env P\n}\n\
            target bus kafka \"k\" {\n\
            acks 1  # error[S0810]: Kafka refuses `acks 1` with `delivery exactly-once`, the default\n\
            transaction-timeout 20m  # error[S0018]: `20m` is out of range: 10s to 15m\n}\n\
            profile slim {\ncolums except x  # error[S0013]: `colums` is no statement; did you mean `columns`?\n}\n\
            pipeline p from a to bus {\ninclude a.b\nwith slim\n\
            table c.d {  # warning[S0205]: no table that is sent fits `c.d`\nkey x\n}\n}\n"]);
    }

    #[test]
    fn what_a_brace_tore_off_is_not_missing() {
        check_project(&["edition 2026\n\
            source a mysql \"db\"  # error[S0003]: the block of `source a mysql \"db\"` is not opened\n\
            \x20 password env P\n}\n\
            target out stdout\npipeline p from a to out {\ninclude a.b\n}\n"]);
    }

    #[test]
    fn a_list_that_goes_on_is_one_mistake() {
        check_diagnostics(
            "  include shop.a,  # error[S0015]: `include` lacks a table as `DB.TABLE` at its end\n    shop.b,\n    shop.c\n  include shop.d\n",
        );
    }
}
