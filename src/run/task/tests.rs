//! What a task does between its lives.

use super::*;
use crate::plan::compile_files;
use crate::run::state_dir::StateDir;
use crate::text::FileSet;
use crossbeam_channel::bounded;

struct World {
    task: Task,
    orders: Orders,
    inbox: Sender<Input>,
    _dir: tempfile::TempDir,
}

fn world(require_live: bool) -> World {
    let mut files = FileSet::new();
    files.add(
        "a.sync",
        "edition 2026\n\nsource shop mysql {\n  address \"db:3306\"\n  user \"u\"\n  password env P\n}\n\ntarget out stdout\n\npipeline p {\n  \
         from shop\n  to out\n  include shop.*\n}\n",
    );
    let compiled = compile_files(&files);
    let (plan, _) = compiled.plan.unwrap_or_else(|| panic!("{:?}", compiled.findings));
    let dir = tempfile::tempdir().expect("a directory");
    let state = StateDir::open(&dir.path().join("state")).expect("nobody else has it");
    let context = Context {
        takeover: true,
        standby: false,
        accept_state_loss: true,
        require_live,
        ..Context::new(dir.path().to_owned(), state)
    };
    let (me, inbox) = bounded(2);
    let orders = Orders::default();
    let plan = Arc::new(plan.tasks[0].clone());
    let task = Task::new(
        plan,
        None,
        Arc::new(context),
        (me.clone(), inbox),
        Shared { orders: orders.clone(), ..Shared::default() },
    );
    World { task, orders, inbox: me, _dir: dir }
}

fn swap(world: &World, generation: u64) -> Command {
    Command::Swap { plan: world.task.plan.clone(), generation }
}

#[test]
fn an_order_needs_no_room_in_the_inbox_and_ends_a_wait() {
    let mut world = world(false);
    while world.inbox.try_send(Input::Wake).is_ok() {}
    world.orders.give(Command::Drain);
    assert!(matches!(world.task.wait(3_600_000), Some(Exit::Done)));
    world.orders.give(swap(&world, 7));
    assert!(world.task.wait(3_600_000).is_none());
    assert_eq!(world.task.generation, Some(7));
}

#[test]
fn nothing_replaces_the_end_and_what_comes_later_is_not_lost() {
    let world = world(false);
    world.orders.give(swap(&world, 7));
    let first = world.orders.look().expect("an order");
    world.orders.give(swap(&world, 8));
    world.orders.done(&first);
    assert!(matches!(world.orders.look(), Some(Command::Swap { generation: 8, .. })));
    world.orders.give(Command::Drain);
    world.orders.give(swap(&world, 9));
    world.orders.done(&first);
    assert!(matches!(world.orders.take(), Some(Command::Drain)));
}

#[test]
fn consent_given_at_the_start_ends_with_the_first_commit() {
    let mut world = world(false);
    assert!(world.task.takes_over() && world.task.accepts_loss());
    world.task.committed = Some(1);
    assert!(!world.task.takes_over() && !world.task.accepts_loss());
}

#[test]
fn an_unreachable_server_fails_the_start_where_that_is_asked_for() {
    let lost = || Failure::new(Class::Connection, "nobody answers");
    let mut strict = world(true);
    strict.task.n_lives = 1;
    let exit = strict.task.after(lost());
    assert!(matches!(exit, Some(Exit::Failed(Failure { class: Class::Precheck, .. }))));
    // Once it ran, it waits like any other.
    strict.task.committed = Some(1);
    strict.orders.give(Command::Drain);
    assert!(matches!(strict.task.after(lost()), Some(Exit::Done)));
}

#[test]
fn a_failure_that_lasts_is_a_line_a_minute_for_each_name() {
    let mut world = world(false);
    let task = &mut world.task;
    assert!(task.is_worth_a_line(Name::SourceLost, "refused"));
    assert!(!task.is_worth_a_line(Name::SourceLost, "refused"));
    assert!(task.is_worth_a_line(Name::KafkaLost, "refused"), "another name");
    assert!(task.is_worth_a_line(Name::SourceLost, "it lags"), "another reason");
    assert!(!task.is_worth_a_line(Name::SourceLost, "it lags"));
    task.n_moved += 1;
    assert!(task.is_worth_a_line(Name::SourceLost, "it lags"), "it went on meanwhile");
}
