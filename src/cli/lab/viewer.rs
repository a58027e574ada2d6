//! The node in the terminal: one more of the lab, in this process.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use super::OWN_LINKS;
use super::VIEWER;
use super::plan::MAX_NEIGHBORS;
use super::running::Lab;
use crate::app::{Home, LogRing, Settings};
use crate::base::Rng;
use crate::cli::failure::Failure;
use crate::cli::node::{self, Node};
use crate::cli::settings::ScreenSettings;
use crate::trace::Tape;
use crate::tui::ExitSummary;

/// How the viewer's node looks and where its files lie.
pub(super) struct Viewer<'a> {
    /// The settings of the command line.
    pub(super) settings: Settings,
    /// Where its searches are recorded, if they are.
    pub(super) tape: Option<Tape>,
    pub(super) screen: ScreenSettings,
    /// Whether it keeps the links that it starts with, and no others.
    pub(super) drawn: bool,
    pub(super) folder: &'a Path,
    /// Where keymaps and themes of the user lie.
    pub(super) config_dir: &'a Path,
}

impl Viewer<'_> {
    /// Joins the lab, and draws until the user quits.
    ///
    /// # Errors
    /// When the node or the screen cannot start.
    pub(super) async fn join(self, lab: &Lab, log: LogRing, rng: &mut Rng) -> Result<(), Failure> {
        let mut peers: Vec<String> = lab.children.iter().map(|child| child.addr.to_string()).collect();
        rng.shuffle(&mut peers);
        peers.truncate(OWN_LINKS);
        let settings = own(self.settings, &self.folder.join(VIEWER), peers, lab.directory.addr.to_string(), self.drawn);
        let (node, _) = Node::start(settings, false, log, self.tape).await?;
        let handle = node.handle.clone();
        let result = node::open_screen(handle.clone(), self.screen, self.config_dir).await;
        node.stop().await;
        // What was downloaded goes with the lab.
        eprint!("{}", ExitSummary { downloaded: Vec::new(), ..node::summary(result?, &handle) });
        Ok(())
    }
}

fn own(settings: Settings, home: &Path, peers: Vec<String>, directory: String, drawn: bool) -> Settings {
    Settings {
        home: Home { config: home.into(), state: home.into(), socket: home.join("control.sock") },
        shares: Vec::new(),
        downloads: home.join("downloads"),
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        name: VIEWER.into(),
        peers,
        only_peers: drawn,
        discovery: false,
        min_neighbors: OWN_LINKS,
        max_neighbors: MAX_NEIGHBORS,
        directories: vec![directory],
        serve_directory: false,
        follow: true,
        ..settings
    }
}
