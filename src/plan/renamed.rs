//! Tasks that are called otherwise: which one a new plan's `moved` makes of an old one.

use super::{Plan, TaskId, TaskPlan};
use std::collections::BTreeSet;

impl TaskPlan {
    /// The same under another id: pipeline, source and target are called as it says.
    pub fn called(&self, id: &TaskId) -> TaskPlan {
        let mut plan = self.clone();
        plan.source.name.clone_from(&id.source);
        plan.target.name.clone_from(&id.target);
        plan.id = id.clone();
        plan
    }
}

impl Plan {
    /// What a task of this plan may have been called before, by its `moved`; nothing that is still declared.
    pub fn former(&self, id: &TaskId) -> Vec<TaskId> {
        let mut found = BTreeSet::new();
        let mut open = vec![id.clone()];
        while let Some(known) = open.pop() {
            for moved in &self.moved {
                let before = moved.revert(&known);
                if before != known && before != *id && found.insert(before.clone()) {
                    open.push(before);
                }
            }
        }
        found.retain(|before| !self.tasks.iter().any(|task| task.id == *before));
        found.into_iter().collect()
    }

    /// The plan with its tasks called as `new` calls them, and what they were called, by their new ids.
    pub fn called_as_in(&self, new: &Plan) -> (Plan, Vec<(TaskId, TaskId)>) {
        let mut plan = self.clone();
        let mut renamed = Vec::new();
        for task in &new.tasks {
            if self.tasks.iter().any(|old| old.id == task.id) {
                continue;
            }
            let former = new.former(&task.id);
            if let Some(old) = plan.tasks.iter_mut().find(|old| former.contains(&old.id)) {
                renamed.push((task.id.clone(), old.id.clone()));
                *old = old.called(&task.id);
            }
        }
        (plan, renamed)
    }
}

#[cfg(test)]
mod tests {
    use crate::plan::tests::{HELLO, files};
    use crate::plan::{Plan, compile_files};

    fn plan(text: &str) -> Plan {
        compile_files(&files(&[text])).plan.expect("compiles").0
    }

    #[test]
    fn names_are_followed_back_and_what_is_declared_is_no_former_name() {
        let moved =
            "moved pipeline shop to store\nmoved pipeline store to market\nmoved target bus to lake\n";
        let renamed = HELLO.replace("pipeline shop", "pipeline market").replace("bus", "lake") + moved;
        let new = plan(&renamed);
        let id = &new.tasks[0].id;
        let former: Vec<String> = new.former(id).iter().map(ToString::to_string).collect();
        assert_eq!(
            former,
            ["market.shop.bus", "shop.shop.bus", "shop.shop.lake", "store.shop.bus", "store.shop.lake"]
        );
        let (called, names) = plan(HELLO).called_as_in(&new);
        assert_eq!(called.tasks[0].id, *id);
        assert_eq!(names, [(id.clone(), plan(HELLO).tasks[0].id.clone())]);
        assert!(plan(HELLO).former(&plan(HELLO).tasks[0].id).is_empty());
    }
}
