//! What a task does between its lives.

use super::*;
use crate::checkpoint::io::FileStore;
use crate::checkpoint::{OwnerRecord, StateChange, StateRecord, Store as _};
use crate::engine::retry::{End, Kind};
use crate::mysql::position::{BinlogPosition, Flavor, Gtids};
use crate::plan::{Retry, TargetKind, compile_files};
use crate::run::failure::Side;
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

/// Whoever stood by goes on where another one has been, whatever it had come to before.
#[test]
fn who_stood_by_knows_nothing_of_what_was_before() {
    let mut world = world(false);
    let task = &mut world.task;
    let server = ServerIdentity { flavor: Flavor::MySql, uuid: "u".into(), server_id: 1 };
    let file = BinlogPosition::new("binlog.000001", 4);
    let present = Arc::new(TaskPlan { paused: Some("later".into()), ..(*task.plan).clone() });
    task.position = Some(Position { server, file, gtids: Gtids::Off });
    task.lost = true;
    task.paused = Some(true);
    task.after_cut = Some((present.clone(), Some(9)));
    let retry = task.plan.retry;
    task.retry.failed(End::Target, Kind::Connection, &retry, 0, 0);
    task.set_state(TaskState::Standby);
    world.orders.give(Command::Drain);
    let failure = Failure { side: Side::Source, ..Failure::new(Class::Connection, "nobody answers") };
    assert!(matches!(task.after(failure), Some(Exit::Done)));
    assert!(!task.lost && task.position.is_none() && task.cut.is_none() && task.paused.is_none());
    assert_eq!((&task.plan, task.generation), (&present, Some(9)));
    assert!(task.after_cut.is_none());
    assert_eq!(task.retry.left_ms(End::Target, Kind::Connection, &retry, 1), None);
}

/// A target that is to be used on after a failure elsewhere says that somebody else has the task.
#[test]
fn a_task_that_was_taken_is_not_gone_on_with() {
    let world = world(false);
    let (plan, context) = (&world.task.plan, &world.task.context);
    let open = || {
        let target = output::Target::open(plan, context).expect("nothing is sent yet");
        let mut output = target.take(None, Taps::default(), Arc::default()).expect("it is open");
        output.stage_owner(false).expect("it is taken");
        output
    };
    let write = |instance: &str, released: bool| {
        let owner = OwnerRecord {
            incarnation: "i".into(),
            instance: instance.to_owned(),
            host: "h".into(),
            pid: 7,
            version: "1".into(),
            started: 1,
            beat: 1,
            interval_ms: 5_000,
            released,
        };
        let path = context.state.path().join(format!("{}.state", plan.id));
        let saved = FileStore::new(path).save(None, &[StateChange::put(StateRecord::Owner(owner))]);
        saved.expect("it is saved");
    };
    let recovered = |instance: &str, released: bool, has_committed: bool| {
        write(instance, released);
        let recovered = open().recovered("it was cut short", has_committed);
        recovered.map(|output| output.is_some()).map_err(|failure| failure.class)
    };
    assert_eq!(recovered(context.state.instance(), false, false), Ok(true), "a former process of ours");
    assert_eq!(recovered("other", false, true), Err(Class::OwnerLost));
    assert_eq!(recovered("other", true, true), Ok(false));
    // one of our name that came behind us works in a copy of our state directory
    assert_eq!(recovered(context.state.instance(), false, true), Err(Class::OwnerLost));
}

/// How long failures are waited out is no matter of what is connected.
#[test]
fn an_edit_of_retry_keeps_the_target() {
    let mut files = FileSet::new();
    files.add(
        "a.sync",
        "edition 2026\n\nsource shop mysql {\n  address \"db:3306\"\n  user \"u\"\n  password env P\n}\n\ntarget bus kafka \
         \"k:9092\"\n\npipeline p {\n  from shop\n  to bus\n  include shop.*\n}\n",
    );
    let (plan, _) = compile_files(&files).plan.expect("it is right");
    let old = &plan.tasks[0];
    let mut new = old.clone();
    new.source.retry.window_ms += 1;
    let TargetKind::Kafka(kafka) = &mut new.target.kind else { panic!("it is a cluster") };
    kafka.retry.window_ms += 1;
    assert!(new.target != old.target && new.target.is_reached_as(&old.target));
    assert!(new.source != old.source && new.source.is_reached_as(&old.source));
    let TargetKind::Kafka(kafka) = &mut new.target.kind else { panic!("it is a cluster") };
    kafka.linger_ms += 1;
    new.source.port += 1;
    assert!(!new.target.is_reached_as(&old.target) && !new.source.is_reached_as(&old.source));
}

/// Ours for ever, and never for long enough to commit: it ends as other failures do.
#[test]
fn an_ownership_that_is_lost_again_and_again_ends_with_the_window() {
    let mut world = world(false);
    let retry = Retry { window_ms: 60_000, errors_ms: 0 };
    world.task.plan = Arc::new(TaskPlan { retry, ..(*world.task.plan).clone() });
    world.orders.give(Command::Drain);
    let lost = || Failure::new(Class::Ownership, "the transaction timed out");
    let exit = world.task.after(lost());
    assert!(matches!(exit, Some(Exit::Done)), "whose it is has to be asked: {exit:?}");
    let exit = world.task.after(lost());
    assert!(matches!(exit, Some(Exit::Failed(Failure { class: Class::Expired, .. }))), "{exit:?}");
    let status = world.task.status().clone();
    assert_eq!(status.last_error.map(|last| last.kind), Some("retry-expired".to_owned()));
}

/// A password that is changed at the server a moment before it is in the file ends no task that has run.
#[test]
fn who_was_let_in_before_is_turned_away_a_few_times() {
    let mut world = world(false);
    let exit = world.task.after(Failure::new(Class::Denied, "access denied"));
    assert!(matches!(exit, Some(Exit::Failed(_))), "at a first start the files are wrong");
    world.task.committed = Some(1);
    world.task.n_moved = 1;
    for n in 0..4 {
        world.orders.give(Command::Drain);
        let exit = world.task.after(Failure::new(Class::Denied, "access denied"));
        match exit {
            Some(Exit::Done) if n < 3 => {}
            Some(Exit::Failed(failure)) if n == 3 => assert_eq!(failure.exit_code(), 20),
            other => panic!("{n}: {other:?}"),
        }
    }
}
