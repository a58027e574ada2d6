//! Starts the screen on a thread of its own, and sees to it that the program can always end.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::action::PaneName;
use super::effect::Reloaded;
use super::input::{self, Outside, QUEUE};
use super::model::{Model, Tone};
use super::options::TuiOptions;
use super::reload::Files;
use super::run::{Ended, Loop};
use super::shell::Shell;
use super::summary::ExitSummary;
use super::terminal::{self, Device, THREAD, Tty};
use crate::app::Handle;

/// How long a screen may take to go after a signal. One that hangs in a write to a terminal that has stopped reading
/// would never.
const PATIENCE: Duration = Duration::from_secs(2);

/// Shows a node until the user quits, a signal says so, the terminal is gone, or the node has stopped. The node itself
/// goes on: ending it is the caller's.
///
/// The screen has a thread and a runtime of its own, because a write to a terminal that does not read (`^S`, a slow ssh)
/// waits, and must not hold up the node.
///
/// # Errors
/// When there is no terminal to draw on, or it fails.
pub async fn run(handle: Handle, options: TuiOptions) -> anyhow::Result<ExitSummary> {
    terminal::check(&options)?;
    let (done, mut ended) = oneshot::channel();
    let screen = handle.clone();
    std::thread::Builder::new().name(THREAD.into()).spawn(move || {
        let result = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(anyhow::Error::from)
            .and_then(|runtime| runtime.block_on(show(screen, options)));
        // Nobody waits any more when it took too long.
        let _ = done.send(result);
    })?;
    let result = tokio::select! {
        result = &mut ended => result,
        () = hangs() => freed(ended).await?,
    };
    let Ok(result) = result else { anyhow::bail!("the screen failed; the terminal is as it was") };
    let summary = ExitSummary::of(&handle.snapshot());
    Ok(ExitSummary { why: why(&result?), failures: terminal::failures(), ..summary })
}

fn why(ended: &Ended) -> Option<String> {
    match ended {
        Ended::Quit => None,
        Ended::Signal(signal) => Some(signal.to_string()),
        Ended::Closed => Some("the terminal is gone".into()),
        Ended::NodeStopped => Some("the node has stopped".into()),
    }
}

/// Returns when a signal came and the screen had its time to go.
async fn hangs() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut terminate), Ok(mut hangup)) = (signal(SignalKind::terminate()), signal(SignalKind::hangup())) else {
        return std::future::pending().await;
    };
    tokio::select! { _ = terminate.recv() => {} _ = hangup.recv() => {} }
    tokio::time::sleep(PATIENCE).await;
}

/// Throws away what a terminal that does not read has not read, so that the screen's thread comes out of its write.
async fn freed<T>(mut ended: oneshot::Receiver<T>) -> anyhow::Result<Result<T, oneshot::error::RecvError>> {
    for _ in 0..100 {
        terminal::discard();
        tokio::select! {
            result = &mut ended => return Ok(result),
            () = tokio::time::sleep(Duration::from_millis(20)) => {}
        }
    }
    terminal::restore_mode();
    anyhow::bail!("the terminal has stopped reading and was left as it is")
}

/// The screen's thread.
async fn show(handle: Handle, options: TuiOptions) -> anyhow::Result<Ended> {
    let (to, outside) = mpsc::channel::<Outside>(QUEUE);
    input::signals(&to)?;
    let (files, read) = Files::load(&options, &to);
    let mut device = Tty::open()?;
    let size = device.terminal().size()?;
    let suspend = Shell::open(to)?;
    let model = first(&handle, read, size, &options);
    let (ended, _) = Loop { device, model, handle, outside, files, suspend }.run().await?;
    Ok(ended)
}

/// The model of the first frame.
pub(super) fn first(handle: &Handle, read: Reloaded, size: ratatui::layout::Size, options: &TuiOptions) -> Model {
    let mut model = Model::new(handle.snapshot(), size, read.keymap, read.theme, options.glyphs());
    model.problems = read.problems;
    if model.recorded().is_some() {
        model.screen = PaneName::Rings.screen();
        model.settle();
    }
    if !model.problems.is_empty() {
        let many = format!("{} mistakes in keymap or theme: the built-in ones hold", model.problems.len());
        let first = model.problems.first().map(|problem| crate::app::Untrusted::from(problem.as_str()).visible(300));
        model.say(Tone::Bad, many, first.unwrap_or_default());
    }
    model
}
