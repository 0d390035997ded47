//! One row of the statement table, and how rows are found.

use super::{STATEMENTS, Shape, Signature};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// A block in which statements stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// Outside of all blocks.
    File,
    /// `source`.
    Source,
    /// `target`.
    Target,
    /// `state` of a target.
    State,
    /// `registry` of a target.
    Registry,
    /// `pipeline`.
    Pipeline,
    /// `from` of a pipeline.
    From,
    /// `to` of a pipeline.
    To,
    /// `table` of a pipeline or of `to`.
    Table,
    /// `defaults`.
    Defaults,
    /// `profile`.
    Profile,
    /// `topic`.
    Topic,
    /// `format`.
    Format,
    /// `start`.
    Start,
    /// `ddl`.
    Ddl,
    /// `*.test.sync`, outside of all blocks.
    TestFile,
    /// `test`.
    Test,
    /// `insert`, `update` and `delete` of a test: its lines are columns, not statements.
    Row,
    /// `expect` of a test.
    Expect,
    /// `schema.lock`, outside of all blocks.
    LockFile,
    /// `lock source`.
    Lock,
    /// `table` of `lock source`.
    LockTable,
    /// `param … by`: options and their values, no statements.
    Options,
}

impl Place {
    /// False for blocks whose lines begin with free names.
    pub fn holds_statements(self) -> bool {
        !matches!(self, Place::Options | Place::Row)
    }

    /// False for what is outside of all blocks of a file.
    pub fn is_block(self) -> bool {
        !matches!(self, Place::File | Place::TestFile | Place::LockFile)
    }

    /// What it is called in a message, with its article.
    pub fn called(self) -> &'static str {
        match self {
            Place::File => "the top level of a file",
            Place::Source => "a `source`",
            Place::Target => "a `target`",
            Place::State => "the `state` of a target",
            Place::Registry => "the `registry` of a target",
            Place::Pipeline => "a `pipeline`",
            Place::From => "the `from` of a pipeline",
            Place::To => "the `to` of a pipeline",
            Place::Table => "a `table`",
            Place::Defaults => "`defaults`",
            Place::Profile => "a `profile`",
            Place::Topic => "a `topic`",
            Place::Format => "a `format`",
            Place::Start => "a `start`",
            Place::Ddl => "a `ddl`",
            Place::TestFile => "the top level of a file `*.test.sync`",
            Place::Test => "a `test`",
            Place::Row => "a row of a test",
            Place::Expect => "an `expect`",
            Place::LockFile => "the top level of `schema.lock`",
            Place::Lock => "a `lock source`",
            Place::LockTable => "a `table` of `lock source`",
            Place::Options => "a `param`",
        }
    }
}

/// What happens to running tasks when a statement changes. Ordered from what costs least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reload {
    /// As what the block holds.
    Content,
    /// In place, from the next use on.
    InPlace,
    /// Stop and go on at a transaction boundary.
    Rewire,
    /// Existing rows of new tables are loaded beside the stream.
    Backfill,
    /// Breaks consumers: needs `--accept`.
    Breaks,
    /// Refused.
    Refused,
}

/// How often a statement may stand in one block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Once {
    /// Once.
    Yes,
    /// Once per first argument word: `retry for`, `retry errors`.
    PerForm,
    /// As often as there is something to say.
    No,
}

/// Whether a statement has a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Block {
    /// None.
    No,
    /// May have one.
    May(Place),
    /// Needs one.
    Must(Place),
    /// Has arguments or a block, not both.
    Instead(Place),
}

/// How far this release goes with a statement, or with a form of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Support {
    /// It is executed.
    Runs,
    /// It is checked and stands in the plan, but `run` and a reload refuse it.
    Compiles,
}

/// One statement of the language.
#[derive(Debug, Clone, Copy)]
pub struct StatementSpec {
    /// Its first word.
    pub word: &'static str,
    /// Where it may stand.
    pub places: &'static [Place],
    /// Its arguments, in the notation of [`Signature`].
    pub args: &'static str,
    /// Its block.
    pub block: Block,
    /// How often.
    pub once: Once,
    /// What holds without it, for people; empty where nothing does.
    pub default: &'static str,
    /// What a change does to what runs.
    pub reload: Reload,
    /// Edition that brought it.
    pub since: u16,
    /// How far this release goes with it.
    pub support: Support,
    /// What it does, in a sentence or two.
    pub doc: &'static str,
    /// How it is written: one statement of its place, or of a block that stands there.
    pub example: &'static str,
}

impl StatementSpec {
    /// Its arguments, read. Each thread reads those of a row once.
    pub fn signature(&self) -> Rc<Signature> {
        thread_local!(static READ: RefCell<HashMap<&'static str, Rc<Signature>>> = RefCell::default());
        READ.with_borrow_mut(|read| {
            read.entry(self.args).or_insert_with(|| Rc::new(Signature::parse(self.args))).clone()
        })
    }

    /// Word and arguments on one line, for messages.
    pub fn usage(&self) -> String {
        let usage = format!("{} {}", self.word, self.signature());
        match self.block {
            Block::Instead(_) => format!("{usage} | {} {{ … }}", self.word),
            Block::No | Block::May(_) | Block::Must(_) => usage.trim_end().to_owned(),
        }
    }

    /// The same without what may be left out.
    pub fn usage_in_short(&self) -> String {
        let signature = self.signature();
        let needed = |sequence: &Vec<Shape>| {
            sequence.iter().filter(|shape| !matches!(shape, Shape::Optional(_))).cloned().collect()
        };
        let alternatives = signature.alternatives.iter().map(needed).collect();
        format!("{} {}", self.word, Signature { alternatives })
    }

    /// True when its plain values may be written `env NAME else …`. What decides which text is read is never taken from the
    /// environment, nor is what a lock file or a test says.
    pub fn takes_environment(&self) -> bool {
        let of_project = |place: &Place| match place {
            Place::TestFile
            | Place::Test
            | Place::Row
            | Place::Expect
            | Place::LockFile
            | Place::Lock
            | Place::LockTable
            | Place::Options => false,
            Place::File
            | Place::Source
            | Place::Target
            | Place::State
            | Place::Registry
            | Place::Pipeline
            | Place::From
            | Place::To
            | Place::Table
            | Place::Defaults
            | Place::Profile
            | Place::Topic
            | Place::Format
            | Place::Start
            | Place::Ddl => true,
        };
        !matches!(self.word, "edition" | "use" | "param" | "allow") && self.places.iter().all(of_project)
    }

    /// True when a form of its arguments is a list.
    pub fn takes_list(&self) -> bool {
        self.args.contains('+')
    }

    /// True when it, or a form of it, is not executed by this release.
    pub fn is_partly_idle(&self) -> bool {
        self.support != Support::Runs || self.args.contains('<')
    }
}

/// The row of a word at a place.
pub fn find(word: &str, place: Place) -> Option<&'static StatementSpec> {
    STATEMENTS.iter().find(|spec| spec.word == word && spec.places.contains(&place))
}

/// All rows of a place.
pub fn in_place(place: Place) -> impl Iterator<Item = &'static StatementSpec> {
    STATEMENTS.iter().filter(move |spec| spec.places.contains(&place))
}

/// Every place where a word may stand.
pub fn places_of(word: &str) -> Vec<Place> {
    let mut places: Vec<Place> =
        STATEMENTS.iter().filter(|spec| spec.word == word).flat_map(|spec| spec.places).copied().collect();
    places.sort_unstable();
    places.dedup();
    places
}
