//! The thread of a world: it lets the world run as its clock says, does what faces ask, and shows them the node that is
//! looked at.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::error::TryRecvError;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::time::{Instant, sleep_until};

use super::View;
use super::clock::Clock;
use super::desk::Desks;
use super::goal::{Goal, Wants};
use crate::app::{Command, Event, LogLevel, Pace, Refusal, Reply, Snapshot, Step, Untrusted, Warning, WorldStatus};
use crate::base::{Rng, Time};
use crate::overlay::Node;
use crate::sim::live::{Scenario, World};

/// The longest that the world runs before commands are looked at, but for what cannot be divided.
const SLICE: Duration = Duration::from_millis(8);
/// Events of the world between two looks at the clock.
const BATCH: u64 = 128;
/// Between two slices while the world keeps up.
const TICK: Duration = Duration::from_millis(10);
/// Between two snapshots at the least.
const SNAPSHOT_INTERVAL: Duration = Duration::from_millis(80);
/// Between two readings of the counters, in the world's time.
const SECOND: Duration = Duration::from_secs(1);
/// How long a step waits for news, in the world's time.
const PATIENCE: Duration = Duration::from_secs(60);

/// What goes out to those who look.
pub(super) struct Faces {
    pub(super) snapshots: watch::Sender<Arc<Snapshot>>,
    pub(super) events: broadcast::Sender<Event>,
}

/// A world that is looked at.
#[derive(Debug)]
pub(super) struct Engine {
    pub(super) world: World,
    pub(super) scenario: Scenario,
    seed: u64,
    pub(super) clock: Clock,
    pub(super) desks: Desks,
    pub(super) goal: Option<Goal>,
    /// Names of searches that are begun here.
    pub(super) rng: Rng,
    /// Events of the node that is looked at, which nobody was told of yet.
    told: Vec<Event>,
    /// When the counters are read next.
    second: Time,
    /// Why the world stands for good.
    broken: Option<String>,
    /// Whether a node was told to do something from outside: the seed alone does not lead here again.
    pub(super) meddled: bool,
    /// Whether the last slice was too short for what was due.
    late: bool,
    /// Whether faces have not seen the last change yet.
    dirty: bool,
    next_snapshot: Instant,
}

/// When there is something to do though nobody asks for anything.
enum Wait {
    /// At once.
    No,
    Until(Instant),
    ForEver,
}

impl Engine {
    pub(super) fn new(mut world: World, scenario: &Scenario, seed: u64, view: View) -> Self {
        let (now, at) = (Instant::now(), world.now());
        let ttl = scenario.searches.ttl.first().map_or(1, |ttl| ttl.0 as u8);
        Self {
            desks: Desks::new(view.node, &mut world, ttl),
            clock: Clock::new(view.speed, !view.paused, now, at),
            second: at + SECOND,
            world,
            scenario: scenario.clone(),
            seed,
            goal: Some(Goal { until: view.from.max(at), wants: Wants::Time, reply: None }),
            // Any stream but those that the world draws from itself.
            rng: Rng::new(!seed),
            told: Vec::new(),
            broken: None,
            meddled: false,
            late: false,
            dirty: false,
            next_snapshot: now,
        }
    }

    /// Runs until it is told to stop, or until nobody is there any more.
    pub(super) async fn run(mut self, mut inbox: mpsc::Receiver<Command>, faces: &Faces) {
        loop {
            let command = match self.wait() {
                Wait::No => match inbox.try_recv() {
                    Err(TryRecvError::Disconnected) => return,
                    tried => tried.ok(),
                },
                Wait::ForEver => match inbox.recv().await {
                    None => return,
                    some => some,
                },
                Wait::Until(at) => tokio::select! {
                    // Whoever steers comes first.
                    biased;
                    command = inbox.recv() => match command {
                        None => return,
                        some => some,
                    },
                    () = sleep_until(at) => None,
                },
            };
            match command {
                Some(Command::Shutdown(reply)) => return self.stop(reply, faces),
                Some(command) => self.command(command, faces),
                None => {}
            }
            self.turn(faces);
            if self.dirty && Instant::now() >= self.next_snapshot {
                self.publish(faces);
            }
        }
    }

    fn wait(&self) -> Wait {
        if self.goal.is_some() || (self.clock.runs && self.late) {
            Wait::No
        } else if self.clock.runs {
            Wait::Until(Instant::now() + TICK)
        } else if self.dirty {
            Wait::Until(self.next_snapshot)
        } else {
            Wait::ForEver
        }
    }

    fn stop(mut self, reply: Reply<()>, faces: &Faces) {
        self.publish(faces);
        // Whoever asked may have gone.
        let _ = reply.send(Ok(()));
    }

    /// Lets the world run for a slice, if it is to.
    fn turn(&mut self, faces: &Faces) {
        let now = Instant::now();
        let until = match &self.goal {
            Some(goal) => goal.until,
            None if self.clock.runs => self.clock.due(now),
            None => return,
        };
        let (reached, met) = self.run_until(until, now + SLICE);
        self.dirty = true;
        if let Some(goal) = self.goal.take_if(|_| reached || met || self.broken.is_some()) {
            self.clock.anew(Instant::now(), self.world.now());
            self.publish(faces);
            match self.must_hold() {
                Ok(()) => goal.over(met),
                Err(broken) => goal.tell(Err(broken)),
            }
        } else if self.goal.is_none() {
            self.late = !reached;
            self.clock.ran(Instant::now(), self.world.now());
        }
    }

    /// Lets the world run until a time of its own, or a moment of ours; whether the first came, and whether the step met
    /// what it goes for.
    fn run_until(&mut self, until: Time, deadline: Instant) -> (bool, bool) {
        let wants = self.goal.as_ref().map_or(Wants::Time, |goal| goal.wants);
        let batch = if wants == Wants::Time { BATCH } else { 1 };
        while self.broken.is_none() {
            let stop = until.min(self.second);
            let ran = self.world.run(stop, batch);
            let (mut met, told) = (false, &mut self.told);
            self.desks.read(&mut self.world, |news| {
                met |= wants.met_by(&news);
                told.extend(news.events);
            });
            match ran {
                Err(violation) => self.breaks(violation.to_string()),
                Ok(all) => {
                    if all && stop == self.second {
                        self.desks.second_passed(&mut self.world);
                        self.second = self.second + SECOND;
                    }
                    if met || (all && stop == until) {
                        return (stop == until && all, met);
                    }
                    if Instant::now() >= deadline {
                        return (false, false);
                    }
                }
            }
        }
        (true, false)
    }

    /// A rule was broken: what happens from here on means nothing.
    pub(super) fn breaks(&mut self, rule: String) {
        let at = self.world.now();
        self.clock.runs = false;
        self.desks.shown.books.say(LogLevel::Error, format!("a rule was broken: {rule}"), at);
        self.broken = Some(rule);
    }

    /// # Errors
    /// When the world stands for good.
    pub(super) fn must_hold(&self) -> Result<(), Refusal> {
        match &self.broken {
            None => Ok(()),
            Some(_) => {
                let message = "The world stands for good: a rule was broken, and what comes after would mean nothing";
                Err(Refusal::new("broken", message, self.way_back()))
            }
        }
    }

    /// How to come to the rule that was broken once more.
    fn way_back(&self) -> String {
        let topology = self.scenario.topology.first().copied().unwrap_or_default().name();
        let seed = self.seed;
        if self.meddled {
            format!(
                "what was done here is part of it: `hopscope sim watch` with --seed {seed} --topology {topology}, and the \
                 same again at the times in the log"
            )
        } else {
            format!("`hopscope sim run` with --seed {seed} breaks it again, in {topology}")
        }
    }

    /// Sets the goal of a step. The one that was being taken ends where it is.
    pub(super) fn step(&mut self, step: Step, reply: Reply<()>) {
        let at = self.world.now();
        self.clock.runs = false;
        let running = self.shown_core().and_then(|core| core.searching().last().map(|search| search.spec.guid));
        let (until, wants) = match (step, running) {
            (Step::Time, _) => (at + self.clock.speed.step(), Wants::Time),
            (Step::News, running) => (at + PATIENCE, Wants::News(running)),
            (Step::Hop, Some(guid)) => {
                let hop = self.desks.shown.books.farthest(&guid, at);
                (at + PATIENCE, Wants::Beyond(guid, hop))
            }
            (Step::Hop, None) => {
                let refusal = Refusal::new("no_search", "No search of this node runs", "begin one with /");
                // Whoever asked may have gone.
                let _ = reply.send(Err(refusal));
                return;
            }
        };
        self.give_up_step();
        self.goal = Some(Goal { until, wants, reply: Some(reply) });
    }

    /// Whoever waits for a step is told that it is over.
    pub(super) fn give_up_step(&mut self) {
        if let Some(goal) = self.goal.take() {
            goal.over(true);
        }
    }

    /// The core of the node that is looked at; `None` while that is away.
    pub(super) fn shown_core(&self) -> Option<&Node> {
        self.world.core(self.shown_node())
    }

    /// The number of the node that is looked at.
    pub(super) fn shown_node(&self) -> u32 {
        self.desks.shown.node
    }

    /// Takes in what a command led to at once.
    pub(super) fn read(&mut self) {
        let told = &mut self.told;
        self.desks.read(&mut self.world, |news| told.extend(news.events));
    }

    /// Shows faces the node as it stands, and then tells them what happened.
    pub(super) fn publish(&mut self, faces: &Faces) {
        faces.snapshots.send_replace(Arc::new(self.snapshot()));
        for event in self.told.drain(..) {
            // An error means that nobody listens.
            let _ = faces.events.send(event);
        }
        self.dirty = false;
        self.next_snapshot = Instant::now() + SNAPSHOT_INTERVAL;
    }

    /// What is told of another node is not told any more.
    pub(super) fn forget_told(&mut self) {
        self.told.clear();
    }

    /// The node that is looked at, as it stands.
    pub(super) fn snapshot(&mut self) -> Snapshot {
        let node = self.shown_node();
        let away = self.world.core(node).is_none();
        let status = WorldStatus {
            scenario: Untrusted::from(self.scenario.name.as_str()),
            seed: self.seed,
            node,
            nodes: self.world.population(),
            online: self.world.online() as u32,
            now_us: self.world.now().micros(),
            pace: if self.goal.is_some() { Pace::Stepping } else { self.clock.pace() },
            speed: self.clock.speed,
            counted_since_ms: self.desks.shown.since.micros() / 1_000,
            away,
        };
        let warnings = self.warnings(away);
        let Self { desks, world, .. } = self;
        desks.shown.snapshot(world, status, warnings)
    }

    fn warnings(&self, away: bool) -> Arc<[Warning]> {
        let broken = self.broken.as_ref().map(|rule| Warning {
            code: "rule_broken".into(),
            message: format!("A rule was broken, and the world stands: {rule}"),
            hint: self.way_back(),
        });
        let away = away.then(|| Warning {
            code: "away".into(),
            message: "This node is away: it has not started, or its session is over".into(),
            hint: "let the world run, or look at another".into(),
        });
        broken.into_iter().chain(away).collect()
    }
}
