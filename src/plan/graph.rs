//! What runs, as data.

use super::{Layer, Retry, SourcePlan, TargetPlan};
use crate::pattern::{NamePattern, TablePattern};
use crate::statement::{
    Markers, NameCase, OnPositionLost, OnlineDdl, Rename, Split, Start, Template, Thing, Timestamp, Word,
    WordSet,
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A compiled project: one task per (pipeline, source, target), sorted by id.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Plan {
    /// The tasks.
    pub tasks: Vec<TaskPlan>,
    /// What copies topics of a target to another one, sorted.
    #[serde(default)]
    pub relays: Vec<RelayPlan>,
    /// What was renamed, sorted: its state is that of the old name.
    #[serde(default)]
    pub moved: Vec<MovedPlan>,
}

/// `moved THING A to B`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MovedPlan {
    /// What kind of thing.
    pub thing: Thing,
    /// What it was called.
    pub from: String,
    /// What it is called now.
    pub to: String,
}

impl MovedPlan {
    /// What a task is called after it.
    pub fn apply(&self, id: &TaskId) -> TaskId {
        let mut id = id.clone();
        let name = match self.thing {
            Thing::Pipeline => &mut id.pipeline,
            Thing::Source => &mut id.source,
            Thing::Target => &mut id.target,
        };
        if *name == self.from {
            name.clone_from(&self.to);
        }
        id
    }

    /// What a task was called before it.
    pub fn revert(&self, id: &TaskId) -> TaskId {
        MovedPlan { thing: self.thing, from: self.to.clone(), to: self.from.clone() }.apply(id)
    }
}

/// `from TARGET topic PATTERN`, towards one target.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RelayPlan {
    /// Pipeline.
    pub pipeline: String,
    /// Target whose topics are copied.
    pub from: String,
    /// Which of them.
    pub topics: NamePattern,
    /// Where to.
    pub to: String,
    /// What a topic is called there; `{topic}` is its name.
    pub topic: Template,
    /// It stands still, and why.
    pub paused: Option<String>,
}

impl Plan {
    /// The tasks that run: those of pipelines that are not paused.
    pub fn running(&self) -> impl Iterator<Item = &TaskPlan> {
        self.tasks.iter().filter(|task| task.paused.is_none())
    }

    /// The tasks of these pipelines alone; of all where none is named.
    ///
    /// # Errors
    /// A pipeline that is not declared, in words.
    pub fn only(mut self, pipelines: &[String]) -> Result<Plan, String> {
        let declared = |name: &&String| !self.tasks.iter().any(|task| task.id.pipeline == **name);
        if let Some(name) = pipelines.iter().find(declared) {
            return Err(format!("there is no pipeline `{name}`"));
        }
        self.tasks.retain(|task| pipelines.is_empty() || pipelines.contains(&task.id.pipeline));
        Ok(self)
    }

    /// The tasks that stand still, and why.
    pub fn paused(&self) -> impl Iterator<Item = (&TaskPlan, &str)> {
        self.tasks.iter().filter_map(|task| Some((task, task.paused.as_deref()?)))
    }
}

/// `<pipeline>.<source>.<target>`, always complete.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TaskId {
    /// Pipeline.
    pub pipeline: String,
    /// Source.
    pub source: String,
    /// Target.
    pub target: String,
}

impl TaskId {
    /// The transactional id of the task, below the prefix of its target's state.
    pub fn transactional_id(&self, prefix: &str) -> String {
        format!("{prefix}.{self}")
    }

    /// The name of its state topic.
    pub fn state_topic(&self, prefix: &str) -> String {
        format!("{}.state", self.transactional_id(prefix))
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.pipeline, self.source, self.target)
    }
}

/// Everything one task needs to run.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TaskPlan {
    /// Who it is.
    pub id: TaskId,
    /// Where changes come from.
    pub source: SourcePlan,
    /// Where records go.
    pub target: TargetPlan,
    /// Where the first start begins.
    pub start: Start,
    /// How long failures are waited out.
    pub retry: Retry,
    /// When what was produced is committed.
    pub commit: CommitPolicy,
    /// How it goes about its stream.
    pub stream: StreamPlan,
    /// Which tables, and what becomes of them.
    pub rules: TableRules,
    /// It stands still, and why.
    pub paused: Option<String>,
    /// `label` statements.
    pub labels: Vec<(String, String)>,
    /// Findings at servers that the files answer.
    #[serde(default)]
    pub allows: Allows,
}

/// Codes of `allow` statements, sorted, by the block they stand in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Allows {
    /// That of the source: about the source.
    pub source: Vec<String>,
    /// That of the target: about the target.
    pub target: Vec<String>,
    /// That of the pipeline: about anything.
    pub pipeline: Vec<String>,
    /// Those of its `table` blocks: about these tables.
    #[serde(default)]
    pub tables: Vec<(TablePattern, Vec<String>)>,
}

/// When what was produced is committed: whichever comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CommitPolicy {
    /// Age of the open transaction, ms.
    pub every_ms: u32,
    /// Rows in it.
    pub rows: u32,
    /// Bytes in it.
    pub bytes: u64,
}

/// How a task goes about its stream.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct StreamPlan {
    /// Time of messages.
    pub timestamp: Timestamp,
    /// Where marks of loads go.
    pub markers: Markers,
    /// Tools whose shadow tables are left out.
    pub online_ddl: WordSet<OnlineDdl>,
    /// What happens when the log does not reach back to the position.
    pub on_position_lost: OnPositionLost,
    /// Where large transactions are cut.
    pub split: Split,
    /// Most bytes a second; none: as fast as it goes.
    pub limit_bytes: Option<u64>,
}

/// Loads are not marked, and a part of a split transaction is what one crash may repeat.
impl Default for StreamPlan {
    fn default() -> StreamPlan {
        StreamPlan {
            timestamp: Timestamp::Produce,
            markers: Markers::Off,
            online_ddl: WordSet::new(OnlineDdl::ALL.to_vec()),
            on_position_lost: OnPositionLost::Stop,
            split: Split { bytes: 256 << 20, rows: Some(500_000) },
            limit_bytes: None,
        }
    }
}

/// Which tables a task carries, and what becomes of each; asked by [`TaskPlan::decide`](TaskPlan).
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TableRules {
    /// Selected.
    pub include: Vec<TablePattern>,
    /// Left out again.
    pub exclude: Vec<TablePattern>,
    /// Case of names that no rename gives.
    pub names: NameCase,
    /// Renames of databases, tables and columns.
    pub renames: Vec<Rename>,
    /// Settings by level, weakest first: what `defaults`, the pipeline, `to` and `table` blocks say.
    pub layers: Vec<Layer>,
}
