//! What the system tells about changes, gathered until somebody asks.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use notify::event::{AccessKind, AccessMode, CreateKind, EventKind, ModifyKind};
use notify::{Config, ErrorKind, Event, RecommendedWatcher, RecursiveMode, Watcher as _};

use crate::base::{Map, seed};

/// Paths gathered; with more at once a scan of everything is cheaper.
const MAX_PATHS: usize = 65_536;

/// What is known of a changed path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// Something happened.
    Touched,
    /// Somebody is writing to it.
    Writing,
    /// Who wrote to it has closed it.
    Closed,
}

/// Changes gathered.
#[derive(Debug)]
pub(super) struct Changes {
    /// Changed paths.
    pub(super) paths: Map<PathBuf, Sign>,
    /// Events were lost: everything must be scanned.
    pub(super) lost: bool,
    /// Some folder could not be watched, and why.
    pub(super) unwatched: Option<(Option<PathBuf>, String)>,
}

impl Changes {
    fn new() -> Self {
        Self { paths: Map::with_hasher(seed(1)), lost: false, unwatched: None }
    }

    /// Whether nothing happened.
    pub(super) fn is_empty(&self) -> bool {
        self.paths.is_empty() && !self.lost && self.unwatched.is_none()
    }

    fn add(&mut self, event: notify::Result<Event>) {
        let event = match event {
            Ok(event) => event,
            Err(error) => {
                let path = error.paths.first().cloned();
                match error.kind {
                    ErrorKind::MaxFilesWatch => self.unwatched = Some((path, too_many())),
                    _ => self.lost = true,
                }
                return;
            }
        };
        self.lost |= event.need_rescan();
        let sign = match event.kind {
            EventKind::Access(AccessKind::Close(AccessMode::Write)) => Sign::Closed,
            EventKind::Access(_) => return,
            EventKind::Create(CreateKind::File) | EventKind::Modify(ModifyKind::Data(_)) => Sign::Writing,
            _ => Sign::Touched,
        };
        for path in event.paths {
            if sign != Sign::Touched || !self.paths.contains_key(&path) {
                self.paths.insert(path, sign);
            }
        }
        if self.paths.len() > MAX_PATHS {
            self.paths.clear();
            self.lost = true;
        }
    }
}

/// Watches folders and gathers what changes. The system's own queue is short, so events are only put into a table here,
/// on the thread that reads them.
#[derive(Debug)]
pub(super) struct Watch {
    watcher: RecommendedWatcher,
    changes: Arc<Mutex<Changes>>,
}

impl Watch {
    /// A watcher of nothing yet; `wake` is called when the first change is there to take, and must not block.
    ///
    /// # Errors
    /// Why the system cannot watch at all, and what to do.
    pub(super) fn new(wake: impl Fn() + Send + 'static) -> Result<Self, String> {
        let changes = Arc::new(Mutex::new(Changes::new()));
        let gathered = changes.clone();
        let handler = move |event| {
            let mut changes = gathered.lock().unwrap_or_else(PoisonError::into_inner);
            let was_empty = changes.is_empty();
            changes.add(event);
            if was_empty && !changes.is_empty() {
                wake();
            }
        };
        let watcher = RecommendedWatcher::new(handler, Config::default().with_follow_symlinks(false))
            .map_err(|error| explain(&error))?;
        Ok(Self { watcher, changes })
    }

    /// Watches a folder and all below it.
    ///
    /// # Errors
    /// Why that is not possible, and what to do.
    pub(super) fn watch(&mut self, root: &Path) -> Result<(), String> {
        self.watcher.watch(root, RecursiveMode::Recursive).map_err(|error| {
            // The folders that were within the limit would only cost.
            self.unwatch(root);
            explain(&error)
        })
    }

    /// Watches a folder no more.
    pub(super) fn unwatch(&mut self, root: &Path) {
        // It may not have been watched, or may be gone, and then there is nothing to do.
        let _ = self.watcher.unwatch(root);
    }

    /// Takes what was gathered.
    pub(super) fn take(&self) -> Changes {
        let mut changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut changes, Changes::new())
    }

    /// Whether there is something to take.
    pub(super) fn has_changes(&self) -> bool {
        !self.changes.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }
}

fn explain(error: &notify::Error) -> String {
    match &error.kind {
        ErrorKind::MaxFilesWatch => too_many(),
        ErrorKind::Io(io) if io.raw_os_error() == Some(24) => {
            "too many programs watch files (fs.inotify.max_user_instances): stop some, or raise it with \
             `sudo sysctl fs.inotify.max_user_instances=1024`"
                .to_owned()
        }
        _ => format!("the system cannot watch it ({error}): changes are noticed by scanning"),
    }
}

fn too_many() -> String {
    "it has more folders than the system lets one user watch (fs.inotify.max_user_watches): raise it with \
     `sudo sysctl fs.inotify.max_user_watches=1048576` and start again; until then changes are noticed by scanning"
        .to_owned()
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use notify::event::{AccessKind, AccessMode, CreateKind, DataChange, EventKind, Flag, ModifyKind};
    use notify::{Error, ErrorKind, Event};

    use super::{Changes, MAX_PATHS, Sign};

    fn event(kind: EventKind, path: &str) -> notify::Result<Event> {
        Ok(Event::new(kind).add_path(PathBuf::from(path)))
    }

    #[test]
    fn who_writes_and_who_has_closed_is_told_apart() {
        let mut changes = Changes::new();
        let close = EventKind::Access(AccessKind::Close(AccessMode::Write));
        let write = EventKind::Modify(ModifyKind::Data(DataChange::Any));
        changes.add(event(EventKind::Access(AccessKind::Open(AccessMode::Any)), "read"));
        changes.add(event(EventKind::Create(CreateKind::File), "new"));
        for kind in [write, close, EventKind::Any] {
            changes.add(event(kind, "done"));
        }
        for kind in [close, write] {
            changes.add(event(kind, "again"));
        }
        let sign = |path: &str| changes.paths.get(Path::new(path)).copied();
        assert_eq!((sign("read"), sign("new")), (None, Some(Sign::Writing)));
        assert_eq!((sign("done"), sign("again")), (Some(Sign::Closed), Some(Sign::Writing)));
    }

    #[test]
    fn an_overflow_asks_for_a_scan() {
        let mut changes = Changes::new();
        changes.add(Ok(Event::new(EventKind::Other).set_flag(Flag::Rescan)));
        assert!(changes.lost);
        let mut changes = Changes::new();
        (0..=MAX_PATHS).for_each(|i| changes.add(event(EventKind::Any, &i.to_string())));
        assert!(changes.lost && changes.paths.is_empty());
        changes.add(Err(Error::new(ErrorKind::MaxFilesWatch).add_path("deep".into())));
        let (path, why) = changes.unwatched.unwrap();
        assert!(path == Some("deep".into()) && why.contains("sysctl"));
    }
}
