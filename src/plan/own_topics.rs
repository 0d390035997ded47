//! Topics that a task writes beside those of rows: schema changes, marks of loads, rows that cannot be sent.

use super::decide::{DecideError, with_decider};
use super::{TableDecision, TaskPlan, Template, TopicSettings};
use crate::kafka::TopicName;
use crate::statement::{
    DdlPartition, DdlTopic, Markers, Names, OnError, OnOversize, Property, TASK_PLACEHOLDERS,
};

/// Where rows of a table go that cannot be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetters {
    /// Rows that cannot be read or written.
    pub errors: Option<TopicName>,
    /// Messages that their topic does not take.
    pub oversize: Option<TopicName>,
    /// How such a topic is made.
    pub settings: TopicSettings,
}

impl TaskPlan {
    /// The topic of a table's or database's schema changes, and how it is made; none where they are not sent, or where they go among
    /// rows that a database does not have.
    ///
    /// # Errors
    /// Its name is one that Kafka refuses.
    pub fn ddl_topic(
        &self,
        decision: &TableDecision,
    ) -> Result<Option<(TopicName, TopicSettings)>, DecideError> {
        let Some(ddl) = &decision.ddl else { return Ok(None) };
        let template = match &ddl.topic {
            DdlTopic::Same if decision.table.is_empty() => return Ok(None),
            DdlTopic::Same => return Ok(Some((decision.topic.clone(), decision.topic_settings))),
            DdlTopic::Topic(template) => template,
        };
        let partitions = match ddl.partition {
            DdlPartition::To(number) => Some(number.saturating_add(1)),
            DdlPartition::ByTable | DdlPartition::ToAll => None,
        };
        let settings =
            TopicSettings { partitions, cleanup: None, retention_ms: None, ..decision.topic_settings };
        Ok(Some((self.own_topic(template)?, settings)))
    }

    /// The topic of their own to which marks of loads go; none where they go to those of rows, or nowhere.
    ///
    /// # Errors
    /// Its name is one that Kafka refuses.
    pub fn own_marker_topic(&self) -> Result<Option<TopicName>, DecideError> {
        match &self.stream.markers {
            Markers::Topic(template) => self.own_topic(template).map(Some),
            Markers::Data | Markers::Off => Ok(None),
        }
    }

    /// The topic of the marks of a table's loads, and how it is made; none where there are none.
    ///
    /// # Errors
    /// Its name is one that Kafka refuses.
    pub fn marker_topic(
        &self,
        decision: &TableDecision,
    ) -> Result<Option<(TopicName, TopicSettings)>, DecideError> {
        if self.stream.markers == Markers::Data {
            return Ok(Some((decision.topic.clone(), decision.topic_settings)));
        }
        // One partition, so that they are in the order of the loads.
        let settings = TopicSettings {
            partitions: Some(1),
            cleanup: None,
            retention_ms: None,
            ..decision.topic_settings
        };
        Ok(self.own_marker_topic()?.map(|topic| (topic, settings)))
    }

    /// Where rows of a table go that cannot be sent.
    ///
    /// # Errors
    /// A name is one that Kafka refuses.
    pub fn dead_letters(
        &self,
        (db, table): (&str, &str),
        decision: &TableDecision,
    ) -> Result<DeadLetters, DecideError> {
        let topic = |property, template: &Template| {
            let name = with_decider(self, |decider| decider.expand(property, template, (db, table)))?;
            TopicName::new(name.clone()).map_err(|why| DecideError::Topic { name, why })
        };
        let errors = match &decision.on_error {
            OnError::DeadLetter(template) => Some(topic(Property::OnError, template)?),
            OnError::Stop | OnError::Park => None,
        };
        let oversize = match &decision.on_oversize {
            OnOversize::DeadLetter(template) => Some(topic(Property::OnOversize, template)?),
            OnOversize::Stop => None,
        };
        let settings =
            TopicSettings { partitions: None, cleanup: None, retention_ms: None, ..decision.topic_settings };
        Ok(DeadLetters { errors, oversize, settings })
    }

    /// A topic that no table is needed to know.
    fn own_topic(&self, template: &Template) -> Result<TopicName, DecideError> {
        let (source, pipeline) = (&self.id.source, &self.id.pipeline);
        let names = Names { source, pipeline, db: "", table: "", origin_db: "", origin_table: "" };
        let name = names.expand(template, &[], TASK_PLACEHOLDERS)?;
        TopicName::new(name.clone()).map_err(|why| DecideError::Topic { name, why })
    }
}
