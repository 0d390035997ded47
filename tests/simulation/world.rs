//! A source, a broker and up to two instances, moved by dice.

use super::broker::Broker;
use super::judge::judge;
use super::plan::GENERATIONS;
use super::source::Source;
use super::task::{Counts, ELSEWHERE, EXPIRED, Instance, OWNER_LOST, Phase, Servers};
use crate::dice::Dice;

/// Source transactions of a run.
const TRANSACTIONS: usize = 40;

/// Steps with faults.
const STEPS: usize = 1_500;

/// Steps without faults in which everything must have come.
const STEPS_TO_REST: usize = 6_000;

/// Instances watch each other that long, ms.
const WATCH_MS: u64 = 20_000;

/// What happened.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Figures {
    pub(super) records: u64,
    pub(super) faults: u64,
    pub(super) did: Counts,
    /// Instances that ended because another one has the task.
    pub(super) takeovers: u64,
    /// Instances that did not begin because another one has it.
    pub(super) refused: u64,
    pub(super) late_ends: u64,
    /// Instances that ended because nothing moved for too long.
    pub(super) expired: u64,
}

impl Figures {
    pub(super) fn add(&mut self, other: Figures) {
        self.records += other.records;
        self.faults += other.faults;
        self.did.add(other.did);
        self.takeovers += other.takeovers;
        self.refused += other.refused;
        self.late_ends += other.late_ends;
        self.expired += other.expired;
    }
}

pub(super) struct World {
    dice: Dice,
    servers: Servers,
    instances: [Option<Instance>; 2],
    /// Asked to stop.
    draining: [bool; 2],
    n_lives: usize,
    figures: Figures,
}

impl World {
    pub(super) fn new(seed: u64) -> World {
        let mut dice = Dice::part(seed, 0);
        let mut source = Source::new(&mut dice);
        // what is written last need not show yet when the first instance looks for its beginning
        for _ in 0..dice.below(8) {
            source.write(&mut dice);
        }
        source.visible = dice.below(source.log.len() + 1);
        let servers =
            Servers { source, broker: Broker::default(), now_ms: 1_000, trouble: true, generation: 1 };
        World {
            dice,
            servers,
            instances: [None, None],
            draining: [false; 2],
            n_lives: 0,
            figures: Figures::default(),
        }
    }

    /// # Errors
    /// What went wrong first.
    pub(super) fn run(mut self) -> Result<Figures, String> {
        for _ in 0..STEPS {
            self.turn()?;
        }
        self.rest()?;
        self.figures.records = self.servers.broker.committed().count() as u64;
        judge(&self.servers.source, &self.servers.broker)?;
        Ok(self.figures)
    }

    /// One thing happens somewhere.
    fn turn(&mut self) -> Result<(), String> {
        match self.dice.below(1_000) {
            0..=69 => {
                if self.servers.source.log.len() < TRANSACTIONS {
                    self.servers.source.write(&mut self.dice);
                }
            }
            70..=169 => self.show(),
            170..=299 => {
                let ms = self.dice.below(500) as u64;
                self.pass(ms);
            }
            300..=302 => self.fault(|world, one| world.instances[one] = None),
            303..=304 => {
                let ms = [2_000, 30_000, 90_000][self.dice.below(3)];
                self.fault(|world, one| {
                    if let Some(instance) = &mut world.instances[one] {
                        instance.frozen_until_ms = world.servers.now_ms + ms;
                    }
                });
            }
            305..=307 => {
                let takeover = self.dice.percent(30);
                let one = self.dice.below(2);
                self.start(one, takeover);
            }
            308 => self.fault(|world, one| world.draining[one] = world.instances[one].is_some()),
            319..=320 => self.servers.generation = (self.servers.generation + 1).min(GENERATIONS),
            309..=318 => self.figures.late_ends += u64::from(self.servers.broker.late_end()),
            _ => {
                if self.instances.iter().all(Option::is_none) {
                    let one = self.dice.below(2);
                    self.start(one, false);
                }
                let one = self.dice.below(2);
                self.step(one)?;
            }
        }
        Ok(())
    }

    /// Faults are over: one instance brings everything to its end.
    fn rest(&mut self) -> Result<(), String> {
        self.servers.trouble = false;
        self.draining = [false; 2];
        for instance in self.instances.iter_mut().flatten() {
            instance.frozen_until_ms = 0;
        }
        for n in 0..STEPS_TO_REST {
            if self.instances.iter().all(Option::is_none) {
                self.start(0, false);
            }
            self.show();
            self.pass(20);
            self.step(n % 2)?;
            let ends = self.servers.source.log.len();
            let at_rest = |instance: &Instance| match &instance.phase {
                Phase::Live(life) => {
                    super::source::index(life.ledger.position()) == ends
                        && life.generation() == self.servers.generation
                        && life.ledger.settled()
                        && life.load.done()
                        && !life.ledger.has_rows()
                        && !self.servers.broker.is_open()
                }
                _ => false,
            };
            if self.servers.source.visible == ends && self.instances.iter().flatten().any(at_rest) {
                return Ok(());
            }
        }
        Err("stuck: not everything has come".to_owned())
    }

    /// The tables show one more transaction.
    fn show(&mut self) {
        let source = &mut self.servers.source;
        source.visible = (source.visible + 1).min(source.log.len());
    }

    fn pass(&mut self, ms: u64) {
        self.servers.now_ms += ms;
        self.servers.broker.tick(self.servers.now_ms);
    }

    fn fault(&mut self, fault: impl FnOnce(&mut World, usize)) {
        let one = self.dice.below(2);
        if self.instances[one].is_some() {
            self.figures.faults += 1;
            fault(self, one);
        }
    }

    fn start(&mut self, one: usize, takeover: bool) {
        if self.instances[one].is_none() {
            self.n_lives += 1;
            let incarnation = format!("{one}.{}", self.n_lives);
            self.instances[one] = Some(Instance::new(["a", "b"][one], incarnation, takeover));
            self.draining[one] = false;
        }
    }

    fn step(&mut self, one: usize) -> Result<(), String> {
        let now_ms = self.servers.now_ms;
        let other = self.instances[1 - one].as_ref();
        let other = other.and_then(|other| Some((other.incarnation.clone(), other.steady_since()?)));
        let Some(instance) = &mut self.instances[one] else { return Ok(()) };
        if now_ms < instance.frozen_until_ms {
            instance.steady_since_ms = u64::MAX;
            return Ok(());
        }
        if instance.steady_since_ms == u64::MAX {
            instance.steady_since_ms = now_ms;
        }
        let watched = match &instance.phase {
            Phase::Watch { owner, .. } => Some(owner.incarnation.clone()),
            _ => None,
        };
        let before = instance.counts;
        instance.step(&mut self.servers, self.draining[one], &mut self.dice)?;
        self.figures.did.add(instance.counts.since(before));
        let took = matches!(instance.phase, Phase::Take { .. });
        let lived = |(other, since_ms): &(String, u64)| {
            watched.as_ref() == Some(other) && *since_ms <= now_ms.saturating_sub(WATCH_MS)
        };
        if took && other.as_ref().is_some_and(lived) {
            return Err(format!("{} takes the task from one that lives", instance.incarnation));
        }
        if let Phase::Ended(code) = instance.phase {
            self.figures.takeovers += u64::from(code == OWNER_LOST);
            self.figures.refused += u64::from(code == ELSEWHERE);
            self.figures.expired += u64::from(code == EXPIRED);
            self.instances[one] = None;
        }
        Ok(())
    }
}
