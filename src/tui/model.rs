//! Everything that the screen knows: the node's last snapshot, and what the user looks at and does.

use std::sync::Arc;
use std::time::Duration;

use ratatui::layout::{Rect, Size};

use super::action::{Action, PaneName};
use super::edit::LineEdit;
use super::flood::Flood;
use super::glyphs::Glyphs;
use super::keymap::{KeyPress, Keymap};
use super::layout::{self, Plan};
use super::map::Map;
use super::panes::role;
use super::rows::Rows;
use super::theme::Theme;
use crate::app::recorded::Origin;
use crate::app::{
    FileId, FileRow, Guid, NodeId, Pace, PeerAddr, Search, Snapshot, Strategy, TopologyKind, Untrusted, Why,
    WhyRequest, WorldStatus,
};

/// Files asked for at once: some screens' worth on both sides of the selection.
pub const FILES_WINDOW: usize = 256;

/// What a row of a list is, so that a selection stays on it when rows come, go and change places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowId {
    /// A neighbor.
    Node(NodeId),
    /// An address being dialled.
    Dial(PeerAddr),
    /// A query.
    Query(Guid),
    /// A transfer.
    Transfer(u64),
    /// A result: one content.
    Content(FileId),
    /// A line of the log: its time, and which of that time.
    Line(u64, usize),
    /// A hop of the flood.
    Hop(u8),
    /// A node of the flood.
    Reached(NodeId),
    /// A shared folder, by its alias.
    Share(String),
    /// A shared file, by its path.
    Path(Untrusted),
}

/// How the user looks at one list.
#[derive(Clone, Debug, Default)]
pub struct ListState {
    /// The row under the cursor; `None` for the first one, or in the log for the last.
    pub selected: Option<RowId>,
    /// Where that row was, for when it goes away.
    pub index: usize,
    /// Rows scrolled past.
    pub offset: usize,
    /// The column that it is sorted by, and whether downwards; `None` for the engine's order.
    pub sort: Option<(usize, bool)>,
    /// Columns that are not wanted, one bit each.
    pub hidden: u32,
    /// Show only rows that contain this.
    pub filter: String,
}

/// Something said for a few seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toast {
    /// How good or bad it is.
    pub tone: Tone,
    /// One sentence.
    pub text: String,
    /// What to do, if anything.
    pub hint: String,
    /// When it goes.
    pub until: Duration,
}

/// How good or bad a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// It went as asked.
    Good,
    /// To know.
    Plain,
    /// It did not go.
    Bad,
}

/// What a typed line is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PromptKind {
    /// A search.
    Search,
    /// A peer's address.
    AddPeer,
    /// A node of the simulated world.
    Node,
    /// The node at which something was not found.
    Why,
    /// A filter of the list of that pane.
    Filter(PaneName),
}

/// A line being typed.
#[derive(Clone, Debug)]
pub struct Prompt {
    /// What for.
    pub kind: PromptKind,
    /// The line.
    pub line: LineEdit,
    /// Which line of the history, or of those to choose from, is shown: 0 is the one being typed.
    pub recalled: usize,
    /// What was there before, to come back to.
    pub before: String,
}

/// Something that costs, before it is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Costly {
    /// Leave while transfers run.
    Quit {
        /// How many of them.
        running: usize,
    },
    /// Close the link to a neighbor.
    DropNeighbor(NodeId, String),
    /// Stop a transfer.
    CancelTransfer(u64, String),
}

/// What lies over the panes and takes the keys first.
#[derive(Clone, Debug)]
pub enum Overlay {
    /// The keys that work here.
    Help {
        /// Lines scrolled past.
        scroll: usize,
    },
    /// Find an action.
    Palette {
        /// What is looked for.
        line: LineEdit,
        /// The chosen one of those that fit.
        chosen: usize,
    },
    /// A line being typed.
    Prompt(Prompt),
    /// A question.
    Confirm {
        /// What is about to be done.
        what: Costly,
    },
    /// Whether to propose a topology to the overlay, and which.
    Propose {
        /// The one under the cursor.
        chosen: TopologyKind,
    },
    /// Why something was not found at a node.
    Why {
        /// What was asked.
        asked: WhyRequest,
        /// The answer; `None` while it is awaited.
        answer: Option<Box<Why>>,
        /// Lines scrolled past.
        scroll: usize,
    },
    /// What is wrong with keymap, theme and node.
    Problems {
        /// Lines scrolled past.
        scroll: usize,
    },
    /// Which columns a list shows.
    Columns {
        /// Whose.
        pane: PaneName,
        /// The column under the cursor.
        chosen: usize,
    },
    /// All about one row.
    Detail {
        /// In which list.
        pane: PaneName,
        /// Which row.
        row: RowId,
        /// Lines scrolled past.
        scroll: usize,
    },
}

/// The part of the list of shared files that is here.
#[derive(Clone, Debug, Default)]
pub struct FileWindow {
    /// Files that match the filter, in all; `None` before the first answer.
    pub total: Option<u64>,
    /// Place of the first row here.
    pub offset: u64,
    /// The rows.
    pub rows: Vec<FileRow>,
    /// The filter that they answer to.
    pub filter: String,
    /// The library's version that they are of.
    pub version: u64,
    /// What was asked for last and not answered yet: filter, place, version.
    pub asked: Option<(String, u64, u64)>,
}

/// Everything that the screen knows.
pub struct Model {
    /// The node as it is shown.
    pub snapshot: Arc<Snapshot>,
    /// The node as it is: differs from what is shown while the screen is frozen.
    pub latest: Arc<Snapshot>,
    /// When what is shown was taken, on the loop's clock.
    pub taken: Duration,
    /// The loop's clock.
    pub clock: Duration,
    /// Since when the screen stands still, on the loop's clock; `None` while it moves.
    pub frozen: Option<Duration>,
    /// The terminal's size.
    pub size: Size,
    /// The screen, 1 to 6.
    pub screen: u8,
    /// The focused pane of each screen.
    pub focus: [PaneName; 6],
    /// Whether the focused pane has the screen for itself.
    pub zoomed: bool,
    /// How each list is looked at.
    pub lists: [ListState; PaneName::ALL.len()],
    /// The rows of each list, sorted and filtered.
    pub rows: Rows,
    /// What lies over the panes.
    pub overlay: Option<Overlay>,
    /// Keys of a sequence that is not complete.
    pub pending: Vec<KeyPress>,
    /// What is being said.
    pub toast: Option<Toast>,
    /// The topology that was asked for and is not answered yet.
    pub changing: Option<TopologyKind>,
    /// The own search that is looked at; `None` for the youngest.
    pub chosen: Option<Guid>,
    /// The hop that the flood was stepped to; `None` for all of it.
    pub hop: Option<u8>,
    /// The flood of that search, while its screen is shown.
    pub flood: Flood,
    /// The known overlay, while its screen is shown.
    pub map: Map,
    /// How the next search spreads.
    pub strategy: Strategy,
    /// TTL of the next search that floods, at once or ring by ring.
    pub ttl: u8,
    /// Steps of each walker of the next walk.
    pub steps: u8,
    /// What was searched, the youngest last.
    pub history: Vec<String>,
    /// Shared files.
    pub files: FileWindow,
    /// The keys.
    pub keymap: Keymap,
    /// The colours.
    pub theme: Theme,
    /// The symbols.
    pub glyphs: Glyphs,
    /// What is wrong with keymap and theme.
    pub problems: Vec<String>,
    /// When and where the mouse was pressed last, for double clicks.
    pub clicked: Option<(Duration, u16, u16)>,
}

impl Model {
    /// A model that shows a node for the first time.
    #[must_use]
    pub fn new(snapshot: Arc<Snapshot>, size: Size, keymap: Keymap, theme: Theme, glyphs: Glyphs) -> Self {
        let mut model = Self {
            strategy: Strategy::default(),
            ttl: snapshot.node.ttl,
            steps: Strategy::WALK_TTL,
            latest: Arc::clone(&snapshot),
            snapshot,
            taken: Duration::ZERO,
            clock: Duration::ZERO,
            frozen: None,
            size,
            screen: 1,
            focus: std::array::from_fn(|i| {
                layout::panes_of(i as u8 + 1).first().copied().unwrap_or(PaneName::Neighbors)
            }),
            zoomed: false,
            lists: std::array::from_fn(|_| ListState::default()),
            rows: Rows::default(),
            overlay: None,
            pending: Vec::new(),
            toast: None,
            changing: None,
            chosen: None,
            hop: None,
            flood: Flood::default(),
            map: Map::default(),
            history: Vec::new(),
            files: FileWindow::default(),
            keymap,
            theme,
            glyphs,
            problems: Vec::new(),
            clicked: None,
        };
        model.refresh();
        model
    }

    /// TTL of the next search: hops, or steps of each walker.
    #[must_use]
    pub const fn reach(&self) -> u8 {
        match self.strategy {
            Strategy::Flood | Strategy::Ring => self.ttl,
            Strategy::Walk { .. } => self.steps,
        }
    }

    /// The focused pane, if the screen has panes.
    #[must_use]
    pub fn pane(&self) -> Option<PaneName> {
        let focus = self.focus[usize::from(self.screen - 1)];
        layout::panes_of(self.screen).contains(&focus).then_some(focus)
    }

    /// Where everything stands.
    #[must_use]
    pub fn plan(&self) -> Plan {
        let area = Rect::new(0, 0, self.size.width, self.size.height);
        let focus = self.focus[usize::from(self.screen - 1)];
        layout::plan(area, self.screen, focus, self.zoomed, self.warned())
    }

    /// Whether there is something that every screen must say.
    #[must_use]
    pub fn warned(&self) -> bool {
        !self.snapshot.warnings.is_empty() || role::cut_off(self)
    }

    /// How a list is looked at.
    #[must_use]
    pub fn list(&self, pane: PaneName) -> &ListState {
        &self.lists[pane as usize]
    }

    /// How a list is looked at, to change it.
    pub fn list_mut(&mut self, pane: PaneName) -> &mut ListState {
        &mut self.lists[pane as usize]
    }

    /// The node's age at the moment that is shown, in milliseconds.
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        self.snapshot.uptime_ms + self.since_taken_ms()
    }

    /// The simulated world that the node lives in, if it does.
    #[must_use]
    pub fn world(&self) -> Option<&WorldStatus> {
        self.snapshot.world.as_deref()
    }

    /// Whose recording this is, if there is no node.
    #[must_use]
    pub fn recorded(&self) -> Option<&Origin> {
        self.snapshot.recorded.as_deref()
    }

    /// Whether an action makes sense here: some need a node, and some a simulated world around it.
    #[must_use]
    pub fn offers(&self, action: &Action) -> bool {
        (self.recorded().is_none() || !action.needs_node()) && (self.world().is_some() || !action.needs_world())
    }

    /// Milliseconds since what is shown was taken. On a frozen screen nothing ages, in a simulation nothing by our clock,
    /// and in a recording nothing at all.
    #[must_use]
    pub fn since_taken_ms(&self) -> u64 {
        if self.snapshot.world.is_some() || self.snapshot.recorded.is_some() {
            return 0;
        }
        self.frozen.unwrap_or(self.clock).saturating_sub(self.taken).as_millis() as u64
    }

    /// The own search that is looked at.
    #[must_use]
    pub fn search(&self) -> Option<&Arc<Search>> {
        let searches = &self.snapshot.searches;
        self.chosen.and_then(|guid| searches.iter().find(|search| search.row.guid == guid)).or(searches.last())
    }

    /// Whether something moves by itself: a search that runs, files being hashed.
    #[must_use]
    pub fn animates(&self) -> bool {
        self.frozen.is_none()
            && self.world().is_none_or(|world| world.pace != Pace::Paused)
            && (self.snapshot.searches.iter().any(|search| search.ended.is_none())
                || self.snapshot.library.scanning
                || self.snapshot.library.hashing_files > 0)
    }

    /// Takes the rows of all lists anew, after the snapshot, an order or a filter changed.
    pub fn refresh(&mut self) {
        let mut rows = std::mem::take(&mut self.rows);
        rows.refresh(self);
        self.rows = rows;
        self.settle();
    }

    /// Forgets what was looked at of a node, because another is shown.
    pub fn start_over(&mut self) {
        (self.chosen, self.hop, self.changing) = (None, None, None);
        self.flood = Flood { no_duplicates: self.flood.no_duplicates, ..Flood::default() };
        self.map = Map::default();
        self.files = FileWindow::default();
        for list in &mut self.lists {
            (list.selected, list.index, list.offset) = (None, 0, 0);
        }
        if let Some(Overlay::Detail { .. } | Overlay::Confirm { .. }) = self.overlay {
            self.overlay = None;
        }
    }

    /// Says something for a while.
    pub fn say(&mut self, tone: Tone, text: impl Into<String>, hint: impl Into<String>) {
        let (text, hint) = (text.into(), hint.into());
        // Long enough to read: some 15 characters a second, and never less than four seconds.
        let span = Duration::from_millis(4_000 + 60 * (text.len() + hint.len()) as u64);
        self.toast = Some(Toast { tone, text, hint, until: self.clock + span });
    }
}
