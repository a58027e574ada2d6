//! Ctrl-c while a long run goes on: the first ends it with what was done so far, the second ends the program.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::cli::failure::{Exit, Failure};
use crate::cli::node::Signals;

/// Whether the user wants to stop.
#[derive(Clone, Debug, Default)]
pub(super) struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Listens for signals from now on.
    ///
    /// # Errors
    /// When the system does not let them be caught.
    pub(super) fn listen() -> Result<Self, Failure> {
        let stop = Self::default();
        let wanted = stop.clone();
        let failed = |error: std::io::Error| Failure::failed(format!("cannot start: {error}"), "look at `ulimit -a`");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let mut signals = {
            let _entered = runtime.enter();
            Signals::catch()?
        };
        let wait = move || {
            runtime.block_on(signals.wait());
            wanted.0.store(true, Ordering::Relaxed);
            runtime.block_on(signals.wait());
            std::process::exit(Exit::Failed as i32);
        };
        std::thread::Builder::new().name("signals".into()).spawn(wait).map_err(failed)?;
        Ok(stop)
    }

    /// Whether the first signal came.
    pub(super) fn is_wanted(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
