//! What comes into [`super::update::update`] and what it asks for.

use std::sync::Arc;

use crossterm::event::{KeyEvent, MouseEvent};

use super::keymap::Keymap;
use super::theme::Theme;
use crate::app::{
    Event, FilesPage, Guid, NodeId, Refusal, SearchRequest, Snapshot, Strategy, TopologyKind, Why, WhyRequest,
    WorldCommand,
};

/// Something that happened.
#[derive(Debug)]
pub enum Message {
    /// A key was pressed.
    Key(KeyEvent),
    /// A text was pasted.
    Paste(String),
    /// The mouse did something.
    Mouse(MouseEvent),
    /// The terminal has another size: columns, rows.
    Resize(u16, u16),
    /// The node changed.
    Snapshot(Arc<Snapshot>),
    /// The node tells of something that is not in its snapshot, or that somebody may miss there.
    Told(Box<Event>),
    /// An effect was carried out, or refused.
    Answer(Answer),
    /// Keymap and theme were read anew.
    Reloaded(Box<Reloaded>),
    /// Time has passed.
    Tick,
}

/// What the files of keymap and theme say now.
#[derive(Debug)]
pub struct Reloaded {
    /// The keys.
    pub keymap: Keymap,
    /// The colours.
    pub theme: Theme,
    /// What is wrong with the files.
    pub problems: Vec<String>,
}

/// What came of an effect.
#[derive(Debug)]
pub enum Answer {
    /// A search runs, or does not.
    Search(Result<Guid, Refusal>),
    /// Why something was not found at a node: what was asked, and what came of it.
    Why(WhyRequest, Result<Why, Refusal>),
    /// Files were read.
    Files {
        /// The filter that was asked for.
        filter: String,
        /// The library's version when it was asked.
        version: u64,
        /// The files.
        page: Result<FilesPage, Refusal>,
    },
    /// The topology is another one now, or is not.
    Topology {
        /// The one that was asked for.
        topology: TopologyKind,
        /// The one before.
        before: TopologyKind,
        /// Whether it was proposed to the overlay besides.
        proposed: bool,
        /// Whether it came to that.
        result: Result<(), Refusal>,
    },
    /// The simulated world was steered, or was not.
    World(Result<(), Refusal>),
    /// Something else was done, which this sentence tells, or refused.
    Done(String, Result<(), Refusal>),
}

/// Something that the loop must do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Start a search.
    Search(Wanted),
    /// Find out why something was not found at a node.
    Why(WhyRequest),
    /// End a search.
    CancelSearch(Guid),
    /// Download a magnet link; the name is for the message.
    Get(String, String),
    /// Stop a transfer or take it off the list; the sentence says what that did.
    CancelTransfer(u64, String),
    /// Dial an address.
    AddPeer(String),
    /// Close a link; the name is for the message.
    DropNeighbor(NodeId, String),
    /// Change the topology of this node.
    Topology {
        /// The one that is wanted.
        topology: TopologyKind,
        /// The one that it is in.
        before: TopologyKind,
        /// Whether to propose it to the overlay besides.
        propose: bool,
    },
    /// Scan the shares again.
    Rescan,
    /// Read shared files: filter, place, library's version.
    Files(String, u64, u64),
    /// Steer the simulated world.
    World(WorldCommand),
    /// Put a text on the clipboard.
    Copy(String),
    /// Use another theme.
    Theme(String),
    /// Draw everything anew.
    Redraw,
    /// Give the terminal back until the user returns.
    Suspend,
    /// Leave.
    Quit,
}

/// A search that the user typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The words.
    pub text: String,
    /// How far: in hops, or in steps of each walker.
    pub ttl: u8,
    /// How it spreads.
    pub strategy: Strategy,
}

impl From<Wanted> for SearchRequest {
    fn from(wanted: Wanted) -> Self {
        Self { text: wanted.text, ttl: Some(wanted.ttl), strategy: Some(wanted.strategy), ..Self::default() }
    }
}
