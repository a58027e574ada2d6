//! A simulated world behind the handle of a node: any of its nodes is looked at as if it ran here, while the world's clock
//! is stopped, stepped, slowed down and sped up.
//!
//! The world has a thread of its own and runs in slices that are bounded in time, so that whoever steers it is answered at
//! once; what cannot be done in time is done late, and said so. Only the node that is looked at is described.

mod clock;
mod command;
mod desk;
mod engine;
mod goal;
mod place;
#[cfg(test)]
mod tests;

use std::io;
use std::sync::Arc;

use tokio::sync::{broadcast, mpsc, watch};

use self::engine::{Engine, Faces};
use crate::app::{Handle, Speed};
use crate::base::Time;
use crate::sim::live::{Scenario, World};

/// Commands that may wait.
const COMMANDS: usize = 64;
/// Events that a reader may lag behind before it loses some.
const EVENTS: usize = 4_096;

/// How a world is looked at from the start.
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// From which node.
    pub node: u32,
    /// How fast its clock runs.
    pub speed: Speed,
    /// Whether it stands at first.
    pub paused: bool,
    /// Until when it is run ahead before either.
    pub from: Time,
}

/// Lets a world of that scenario and seed run behind a handle, until [`Handle::shutdown`] or until all handles are gone.
///
/// # Errors
/// When the system has no thread for it.
pub fn start(world: World, scenario: &Scenario, seed: u64, view: View) -> io::Result<Handle> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let (commands, inbox) = mpsc::channel(COMMANDS);
    let (events, _) = broadcast::channel(EVENTS);
    let mut engine = Engine::new(world, scenario, seed, view);
    let (snapshots, seen) = watch::channel(Arc::new(engine.snapshot()));
    let faces = Faces { snapshots, events: events.clone() };
    let run = move || runtime.block_on(engine.run(inbox, &faces));
    std::thread::Builder::new().name("world".into()).spawn(run)?;
    Ok(Handle::new(commands, seen, events))
}
