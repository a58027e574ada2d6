//! Keymap and theme, read again when somebody saves them.

use std::path::{Path, PathBuf};

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;

use super::effect::Reloaded;
use super::input::Outside;
use super::keymap::{Keymap, Loaded};
use super::options::TuiOptions;
use super::theme::{ColorDepth, Theme};

/// The user's files, and what reads them.
pub(super) struct Files {
    loaded: Loaded,
    theme: String,
    themes: PathBuf,
    depth: ColorDepth,
    /// Kept alive: it ends with its watches. `None` where the system has no watch to give.
    _watcher: Option<RecommendedWatcher>,
}

impl Files {
    /// Reads them for the first time, and watches them from then on.
    pub(super) fn load(options: &TuiOptions, to: &mpsc::Sender<Outside>) -> (Self, Reloaded) {
        let loaded = Keymap::load(&options.keymap, &options.config_dir.join("keymaps"));
        let themes = options.config_dir.join("themes");
        let mut watched: Vec<PathBuf> = loaded.files().to_vec();
        watched.push(Theme::path(&options.theme, &themes));
        let watcher = watch(&watched, to.clone());
        let mut files =
            Self { loaded, theme: options.theme.clone(), themes, depth: options.depth(), _watcher: watcher };
        let read = files.read();
        (files, read)
    }

    /// Reads them again.
    pub(super) fn reload(&mut self) -> Reloaded {
        self.loaded = self.loaded.reload();
        self.read()
    }

    /// Another theme from now on.
    pub(super) fn use_theme(&mut self, name: String) -> Reloaded {
        self.theme = name;
        self.read()
    }

    fn read(&mut self) -> Reloaded {
        let (theme, errors) = Theme::load(&self.theme, &self.themes);
        let keys = self.loaded.errors.iter().map(ToString::to_string);
        let problems = keys.chain(errors.iter().map(ToString::to_string)).collect();
        Reloaded { keymap: self.loaded.keymap.clone(), theme: theme.at(self.depth), problems }
    }
}

/// Watches the folders of files: editors save by putting another file in the place of the old one.
fn watch(files: &[PathBuf], to: mpsc::Sender<Outside>) -> Option<RecommendedWatcher> {
    let wanted = files.to_vec();
    let saved = move |event: notify::Result<Event>| {
        // Reading a file is an event too, and would make this read it for ever.
        let ours = |event: &Event| !matches!(event.kind, EventKind::Access(_)) && touches(event, &wanted);
        if event.as_ref().is_ok_and(ours) {
            // A queue that is full holds enough news already.
            let _ = to.try_send(Outside::Saved);
        }
    };
    let mut watcher = notify::recommended_watcher(saved).ok()?;
    let mut folders: Vec<&Path> = files.iter().filter_map(|file| file.parent()).filter(|dir| dir.is_dir()).collect();
    folders.sort_unstable();
    folders.dedup();
    for folder in folders {
        if let Err(error) = watcher.watch(folder, RecursiveMode::NonRecursive) {
            tracing::warn!(folder = %folder.display(), %error, "saved keymaps and themes there are not noticed");
        }
    }
    Some(watcher)
}

fn touches(event: &Event, wanted: &[PathBuf]) -> bool {
    event.need_rescan() || event.paths.iter().any(|path| wanted.iter().any(|file| file.file_name() == path.file_name()))
}
