//! The loop: waits for keys, the node, and time; draws when something changed, and not more often than anybody sees.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use crossterm::event::Event;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::draw::draw;
use super::effect::{Answer, Effect, Message};
use super::input::Outside;
use super::model::{FILES_WINDOW, Model, Tone};
use super::reload::Files;
use super::terminal::{self, Device};
use super::update::{is_said, next_tick, update};
use crate::app::{self, Handle, Refusal, Snapshot, Untrusted};

/// Between two frames at the least: 30 a second.
const FRAME: Duration = Duration::from_micros(33_334);
/// Editors save in several steps: the file is read when they are over.
const SAVED: Duration = Duration::from_millis(80);
/// Between two looks whether the terminal is ours again, after `bg`: a shell says nothing at the `fg` that follows it.
const LOOK_AGAIN: Duration = Duration::from_millis(250);
const BEGIN_FRAME: &str = "\x1b[?2026h";
const END_FRAME: &str = "\x1b[?2026l";

/// Why the loop ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// The user wanted it.
    Quit,
    /// A signal.
    Signal(&'static str),
    /// The terminal is gone.
    Closed,
    /// The node has stopped.
    NodeStopped,
}

/// What stops the program for a while and comes back when the user does. It reads no keys meanwhile.
pub(super) trait Suspend {
    /// Gives the shell its turn; called when the terminal is given back.
    fn suspend(&mut self) -> std::io::Result<()>;

    /// Whether the terminal is ours again, so that it can be taken over.
    fn resume(&mut self) -> std::io::Result<bool>;
}

/// Everything that the loop needs.
pub(super) struct Loop<D, S> {
    pub(super) device: D,
    pub(super) model: Model,
    pub(super) handle: Handle,
    pub(super) outside: mpsc::Receiver<Outside>,
    pub(super) files: Files,
    pub(super) suspend: S,
}

/// The loop while it runs.
struct Running<D, S> {
    on: Loop<D, S>,
    events: broadcast::Receiver<app::Event>,
    work: JoinSet<Message>,
    start: Instant,
    drawn: Option<Instant>,
    dirty: bool,
    suspended: bool,
    saved: Option<Instant>,
    look_again: Option<Instant>,
    title: String,
}

impl<D: Device, S: Suspend> Loop<D, S>
where
    <D::Backend as ratatui::backend::Backend>::Error: Send + Sync + 'static,
{
    /// Runs until it is over.
    pub(super) async fn run(self) -> anyhow::Result<(Ended, Model)> {
        let snapshots = self.handle.snapshots();
        let mut running = Running {
            events: self.handle.events(),
            on: self,
            work: JoinSet::new(),
            start: Instant::now(),
            drawn: None,
            dirty: true,
            suspended: false,
            saved: None,
            look_again: None,
            title: String::new(),
        };
        let ended = running.turn(snapshots).await?;
        Ok((ended, running.on.model))
    }
}

impl<D: Device, S: Suspend> Running<D, S>
where
    <D::Backend as ratatui::backend::Backend>::Error: Send + Sync + 'static,
{
    async fn turn(&mut self, mut snapshots: watch::Receiver<Arc<Snapshot>>) -> anyhow::Result<Ended> {
        loop {
            if self.dirty && !self.suspended && self.drawn.is_none_or(|drawn| drawn.elapsed() >= FRAME) {
                self.draw()?;
            }
            let wake = self.wake();
            let ended = tokio::select! {
                outside = self.on.outside.recv() => self.outside(outside.unwrap_or(Outside::Closed))?,
                changed = snapshots.changed() => match changed {
                    Ok(()) => {
                        let snapshot = Arc::clone(&snapshots.borrow_and_update());
                        self.message(Message::Snapshot(snapshot))?
                    }
                    Err(_) => Some(Ended::NodeStopped),
                },
                told = self.events.recv() => match told {
                    Ok(event) => self.told(event)?,
                    // What was missed is in the snapshot and in the log.
                    Err(RecvError::Lagged(_)) => None,
                    Err(RecvError::Closed) => Some(Ended::NodeStopped),
                },
                Some(done) = self.work.join_next(), if !self.work.is_empty() => match done {
                    Ok(message) => self.answered(message)?,
                    Err(error) => {
                        self.on.model.say(Tone::Bad, "A command failed inside the program", error.to_string());
                        None
                    }
                },
                () = sleep_until(wake.unwrap_or_else(Instant::now)), if wake.is_some() => self.time_passed()?,
            };
            if let Some(ended) = ended {
                return Ok(ended);
            }
        }
    }

    /// When there is something to do though nothing comes in.
    fn wake(&self) -> Option<Instant> {
        if self.suspended {
            return self.look_again;
        }
        let frame = self.drawn.filter(|_| self.dirty).map(|drawn| drawn + FRAME);
        let tick = next_tick(&self.on.model).map(|at| self.start + at);
        [frame, tick, self.saved].into_iter().flatten().min()
    }

    fn time_passed(&mut self) -> anyhow::Result<Option<Ended>> {
        let now = Instant::now();
        if self.look_again.is_some() {
            return self.go_on().map(|()| None);
        }
        if self.saved.is_some_and(|saved| saved <= now) {
            self.saved = None;
            let files = self.on.files.reload();
            return self.message(Message::Reloaded(Box::new(files)));
        }
        let due = next_tick(&self.on.model).is_some_and(|at| self.start + at <= now);
        if due { self.message(Message::Tick) } else { Ok(None) }
    }

    /// Hands a message to the model and does what it asks for.
    fn message(&mut self, message: Message) -> anyhow::Result<Option<Ended>> {
        // A frozen screen looks the same whatever the node does.
        let shows = !matches!(message, Message::Snapshot(_)) || self.on.model.frozen.is_none();
        let before = self.on.model.toast.is_some();
        let effects = update(&mut self.on.model, self.start.elapsed(), message);
        self.dirty |= shows || before || self.on.model.toast.is_some();
        for effect in effects {
            if let Some(ended) = self.effect(effect)? {
                return Ok(Some(ended));
            }
        }
        Ok(None)
    }

    /// What the node told before it answered comes first, so that the answer is what is read last.
    fn answered(&mut self, message: Message) -> anyhow::Result<Option<Ended>> {
        while let Ok(event) = self.events.try_recv() {
            if let Some(ended) = self.told(event)? {
                return Ok(Some(ended));
            }
        }
        self.message(message)
    }

    /// Hits and reports come by the thousand and are in the snapshot: only what is said in words goes to the model.
    fn told(&mut self, event: app::Event) -> anyhow::Result<Option<Ended>> {
        if is_said(&event) { self.message(Message::Told(Box::new(event))) } else { Ok(None) }
    }

    fn outside(&mut self, outside: Outside) -> anyhow::Result<Option<Ended>> {
        let message = match outside {
            Outside::Closed => return Ok(Some(Ended::Closed)),
            Outside::End(signal) => return Ok(Some(Ended::Signal(signal))),
            Outside::Stop => return self.stop().map(|()| None),
            Outside::Continue => return self.go_on().map(|()| None),
            Outside::Saved => {
                self.saved = Some(Instant::now() + SAVED);
                return Ok(None);
            }
            Outside::Size => {
                let size = self.on.device.terminal().size()?;
                Message::Resize(size.width, size.height)
            }
            Outside::Terminal(Event::Key(key)) => Message::Key(key),
            Outside::Terminal(Event::Mouse(mouse)) => Message::Mouse(mouse),
            Outside::Terminal(Event::Paste(text)) => Message::Paste(text),
            Outside::Terminal(Event::Resize(width, height)) => Message::Resize(width, height),
            Outside::Terminal(Event::FocusGained | Event::FocusLost) => return Ok(None),
        };
        self.message(message)
    }

    fn stop(&mut self) -> anyhow::Result<()> {
        if !self.suspended {
            self.suspended = true;
            self.on.device.leave();
            self.on.suspend.suspend()?;
        }
        Ok(())
    }

    fn go_on(&mut self) -> anyhow::Result<()> {
        self.look_again = None;
        if !self.suspended {
            return Ok(());
        }
        if !self.on.suspend.resume()? {
            self.look_again = Some(Instant::now() + LOOK_AGAIN);
            return Ok(());
        }
        self.suspended = false;
        self.on.device.enter()?;
        let size = self.on.device.terminal().size()?;
        self.title.clear();
        self.message(Message::Resize(size.width, size.height)).map(|_| ())
    }

    fn effect(&mut self, effect: Effect) -> anyhow::Result<Option<Ended>> {
        let handle = self.on.handle.clone();
        match effect {
            Effect::Quit => return Ok(Some(Ended::Quit)),
            Effect::Suspend => self.stop()?,
            Effect::Redraw => self.on.device.terminal().clear()?,
            Effect::Copy(text) => match terminal::copy(&text) {
                Some(sequence) => self.on.device.send(&sequence)?,
                None => self.on.model.say(Tone::Bad, "That is too long for a terminal's clipboard", ""),
            },
            Effect::Theme(name) => {
                let files = self.on.files.use_theme(name);
                return self.message(Message::Reloaded(Box::new(files)));
            }
            Effect::Search(wanted) => {
                self.answer(async move { Answer::Search(handle.search(wanted.into()).await) });
            }
            Effect::Why(request) => self.answer(async move {
                let result = handle.why(request.clone()).await;
                Answer::Why(request, result)
            }),
            Effect::Files(filter, offset, version) => self.answer(async move {
                let page = handle.files(filter.clone(), offset, FILES_WINDOW).await;
                Answer::Files { filter, version, page }
            }),
            Effect::Get(magnet, name) => {
                self.done(format!("Downloading {name}"), async move { handle.get(magnet).await.map(|_| ()) });
            }
            Effect::CancelSearch(guid) => {
                self.done("The search is cancelled", async move { handle.cancel_search(guid).await });
            }
            Effect::CancelTransfer(id, said) => self.done(said, async move { handle.cancel_transfer(id).await }),
            Effect::AddPeer(addr) => {
                let said = format!("Dialling {}", Untrusted::from(addr.as_str()).visible(80));
                self.done(said, async move { handle.add_peer(addr).await });
            }
            Effect::DropNeighbor(node, name) => {
                self.done(format!("The link to {name} is closed"), async move { handle.drop_neighbor(node).await });
            }
            Effect::Topology { topology, before, propose } => self.answer(async move {
                let result =
                    if propose { handle.propose_topology(topology).await } else { handle.set_topology(topology).await };
                Answer::Topology { topology, before, proposed: propose, result }
            }),
            Effect::World(command) => self.answer(async move { Answer::World(handle.steer(command).await) }),
            Effect::Rescan => self.done("The shared folders are scanned again", async move { handle.rescan().await }),
        }
        Ok(None)
    }

    /// Does something in the background; the model gets the answer when it is there.
    fn answer(&mut self, work: impl Future<Output = Answer> + Send + 'static) {
        self.work.spawn(async move { Message::Answer(work.await) });
    }

    /// The same where all that there is to say is that it is done, or why not.
    fn done(&mut self, said: impl Into<String>, work: impl Future<Output = Result<(), Refusal>> + Send + 'static) {
        let said = said.into();
        self.answer(async move { Answer::Done(said, work.await) });
    }

    fn draw(&mut self) -> anyhow::Result<()> {
        self.dirty = false;
        self.on.model.clock = self.on.model.clock.max(self.start.elapsed());
        let title = title_of(&self.on.model.snapshot);
        if title != self.title {
            self.on.device.send(&terminal::title(&title))?;
            self.title = title;
        }
        self.on.device.send(BEGIN_FRAME)?;
        let model = &self.on.model;
        self.on.device.terminal().draw(|frame| draw(model, frame))?;
        self.on.device.send(END_FRAME)?;
        self.drawn = Some(Instant::now());
        Ok(())
    }
}

/// What the terminal's window is called.
fn title_of(now: &Snapshot) -> String {
    let name = now.node.name.visible(60);
    match &now.world {
        Some(world) => format!("hopscope {name} (SIMULATED: {})", world.scenario.visible(40)),
        None => format!("hopscope {name}"),
    }
}

#[cfg(test)]
mod tests;
