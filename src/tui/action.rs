//! What a person can ask of the screen: one table, from which the help, the footer, the palette, the prefix popup, the
//! documentation and the check of keymaps come.

use std::fmt;

use crate::app::TopologyKind;

/// What is known about an action, apart from its keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActionInfo {
    /// How a keymap file calls it.
    pub name: &'static str,
    /// What it takes, for help; empty when it takes nothing.
    pub argument: &'static str,
    /// A word or two for the footer.
    pub label: &'static str,
    /// One sentence for help and palette.
    pub help: &'static str,
    /// Under which heading help lists it.
    pub group: &'static str,
}

/// A named part of the screen that can have the focus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PaneName {
    /// Screen 1: the links.
    Neighbors,
    /// Screen 1: queries in flight.
    Queries,
    /// Screen 1: topology and role.
    Role,
    /// Screen 1: downloads and uploads.
    Transfers,
    /// Screen 1: the chosen query's flood, hop by hop.
    Flood,
    /// Screen 2: what the search found.
    Results,
    /// Screen 2: what the search cost.
    Cost,
    /// Screen 3: the flood as rings.
    Rings,
    /// Screen 3: the flood in numbers.
    Hops,
    /// Screen 3: the selected node.
    Story,
    /// Screen 4: the known overlay as a graph.
    Map,
    /// Screen 4: the selected node.
    About,
    /// Screen 5: the shared folders.
    Shares,
    /// Screen 5: the shared files.
    Files,
    /// Screen 6: the log.
    Log,
}

impl PaneName {
    /// Every pane, in the order in which the screens show them.
    pub const ALL: [Self; 15] = [
        Self::Neighbors,
        Self::Queries,
        Self::Role,
        Self::Transfers,
        Self::Flood,
        Self::Results,
        Self::Cost,
        Self::Rings,
        Self::Hops,
        Self::Story,
        Self::Map,
        Self::About,
        Self::Shares,
        Self::Files,
        Self::Log,
    ];

    /// How keymaps call it: the table `[keys.<name>]` and the argument of `pane`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Neighbors => "neighbors",
            Self::Queries => "queries",
            Self::Role => "role",
            Self::Transfers => "transfers",
            Self::Flood => "flood",
            Self::Results => "results",
            Self::Cost => "cost",
            Self::Rings => "rings",
            Self::Hops => "hops",
            Self::Story => "story",
            Self::Map => "map",
            Self::About => "about",
            Self::Shares => "shares",
            Self::Files => "files",
            Self::Log => "log",
        }
    }

    /// The screen that it is on.
    #[must_use]
    pub const fn screen(self) -> u8 {
        match self {
            Self::Neighbors | Self::Queries | Self::Role | Self::Transfers | Self::Flood => 1,
            Self::Results | Self::Cost => 2,
            Self::Rings | Self::Hops | Self::Story => 3,
            Self::Map | Self::About => 4,
            Self::Shares | Self::Files => 5,
            Self::Log => 6,
        }
    }
}

/// The titles of the screens, 1 first.
pub const SCREENS: [&str; 6] = ["node", "search", "flood", "map", "files", "log"];

/// Why a text names no action.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ActionError {
    /// There is none of that name.
    #[error("unknown action `{0}`")]
    Unknown(String),
    /// It takes an argument, and another one than this.
    #[error("`{name}` takes {wanted}, not `{given}`")]
    Argument {
        /// The action.
        name: &'static str,
        /// What it takes.
        wanted: &'static str,
        /// What it got.
        given: String,
    },
    /// It takes nothing.
    #[error("`{name}` takes no argument, but got `{given}`")]
    NoArgument {
        /// The action.
        name: &'static str,
        /// What it got.
        given: String,
    },
}

/// Builds the enum and its table from one list, so that an action without a name or a help text does not compile.
macro_rules! actions {
    ($($variant:ident $name:literal $label:literal $group:literal $help:literal;)*) => {
        /// Something that a key, the palette or the mouse asks for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Action {
            $(#[doc = $help] $variant,)*
            /// Show a screen, 1 to 6.
            Screen(u8),
            /// Focus a pane, on whichever screen it is.
            Pane(PaneName),
            /// Change this node to a topology.
            Topology(TopologyKind),
            /// Propose a topology to the overlay.
            Propose(TopologyKind),
        }

        const PLAIN: &[(Action, ActionInfo)] = &[$((
            Action::$variant,
            ActionInfo { name: $name, argument: "", label: $label, help: $help, group: $group },
        ),)*];

        const ALL: &[Action] = &[
            $(Action::$variant,)*
            Action::Screen(1), Action::Screen(2), Action::Screen(3),
            Action::Screen(4), Action::Screen(5), Action::Screen(6),
            Action::Pane(PaneName::Neighbors), Action::Pane(PaneName::Queries), Action::Pane(PaneName::Role),
            Action::Pane(PaneName::Transfers), Action::Pane(PaneName::Flood), Action::Pane(PaneName::Results),
            Action::Pane(PaneName::Cost), Action::Pane(PaneName::Rings), Action::Pane(PaneName::Hops),
            Action::Pane(PaneName::Story), Action::Pane(PaneName::Map), Action::Pane(PaneName::About),
            Action::Pane(PaneName::Shares), Action::Pane(PaneName::Files), Action::Pane(PaneName::Log),
            Action::Topology(TopologyKind::Flood), Action::Topology(TopologyKind::Ultrapeer),
            Action::Topology(TopologyKind::Central), Action::Propose(TopologyKind::Flood),
            Action::Propose(TopologyKind::Ultrapeer), Action::Propose(TopologyKind::Central),
        ];

        impl Action {
            /// Its row of the table.
            #[must_use]
            pub const fn info(&self) -> &'static ActionInfo {
                match self {
                    $(Self::$variant => {
                        &ActionInfo { name: $name, argument: "", label: $label, help: $help, group: $group }
                    })*
                    Self::Screen(_) => &SCREEN,
                    Self::Pane(_) => &PANE,
                    Self::Topology(_) => &TOPOLOGY,
                    Self::Propose(_) => &PROPOSE,
                }
            }
        }
    };
}

const SCREEN: ActionInfo = ActionInfo {
    name: "screen",
    argument: "a number from 1 to 6",
    label: "screen",
    help: "Show a screen: 1 node, 2 search, 3 flood, 4 map, 5 files, 6 log",
    group: "Go to",
};

const PANE: ActionInfo = ActionInfo {
    name: "pane",
    argument: "a pane: neighbors, queries, role, transfers, flood, results, cost, rings, hops, story, map, about, \
               shares, files or log",
    label: "pane",
    help: "Focus a pane, on whichever screen it is",
    group: "Go to",
};

const TOPOLOGY: ActionInfo = ActionInfo {
    name: "topology",
    argument: "a topology: flood, ultrapeer or central",
    label: "topology",
    help: "Change this node to a topology, whichever it is in",
    group: "Network",
};

const PROPOSE: ActionInfo = ActionInfo {
    name: "propose",
    argument: "a topology: flood, ultrapeer or central",
    label: "propose",
    help: "Propose a topology to the overlay, after a question",
    group: "Network",
};

/// The topologies, in the order of the key that goes through them.
pub const TOPOLOGIES: [TopologyKind; 3] = [TopologyKind::Flood, TopologyKind::Ultrapeer, TopologyKind::Central];

actions! {
    WorldPause "world-pause" "clock" "World" "Stop the simulated world's clock, and let it run";
    WorldStep "world-step" "step" "World" "Run the world until this node learns something, and stop";
    WorldHop "world-hop" "hop" "World" "Run the world until the search is a hop farther, and stop";
    WorldAhead "world-ahead" "ahead" "World" "Run the world for a tenth of a second of its speed, and stop";
    WorldSlower "world-slower" "slower" "World" "Let the world run slower";
    WorldFaster "world-faster" "faster" "World" "Let the world run faster";
    PrevNode "previous-node" "prev node" "World" "Look at the node with the number before";
    NextNode "next-node" "next node" "World" "Look at the node with the next number";
    GoToNode "go-to-node" "go to node" "World" "Type which node to look at: a number, an address or an id";
    GoToSearcher "go-to-searcher" "searcher" "World" "Look at the node where the youngest search began";
    LookAt "look-at" "look at" "World" "Look at the selected node: its own screens are shown";
    SearchPrompt "search-prompt" "search" "Network" "Type a search and send it through the network";
    WhyNot "why-not" "why not?" "Network" "Ask why the chosen search did not find something at a node";
    AddPeer "add-peer" "add peer" "Network" "Type an address and connect to it";
    NextTopology "next-topology" "topology" "Network" "Change this node to the next topology: flood, ultrapeer, central";
    ProposeTopology "propose-topology" "propose" "Network" "Propose a topology to the overlay, after a question";
    NextStrategy "next-strategy" "strategy" "Network" "Let the next search spread another way: flood, ring, walk";
    TtlUp "ttl-up" "TTL +" "Network" "Let the next search go a hop farther, a walk twice as many steps";
    TtlDown "ttl-down" "TTL -" "Network" "Let the next search go a hop less far, a walk half as many steps";
    Rescan "rescan" "rescan" "Network" "Scan the shared folders again";
    Up "up" "up" "Move" "Move the selection up";
    Down "down" "down" "Move" "Move the selection down";
    Left "left" "left" "Move" "Scroll or move left";
    Right "right" "right" "Move" "Scroll or move right";
    PageUp "page-up" "page up" "Move" "Move up by a page";
    PageDown "page-down" "page down" "Move" "Move down by a page";
    HalfUp "half-page-up" "half up" "Move" "Move up by half a page";
    HalfDown "half-page-down" "half down" "Move" "Move down by half a page";
    First "first" "first" "Move" "Move to the first row";
    Last "last" "last" "Move" "Move to the last row";
    NextPane "next-pane" "next pane" "Go to" "Focus the next pane of this screen";
    PrevPane "previous-pane" "prev pane" "Go to" "Focus the previous pane of this screen";
    Act "act" "open" "Selection" "Act on the selection: download it, open it, follow it";
    Download "download" "download" "Selection" "Download the selected result";
    Cancel "cancel" "cancel" "Selection" "Cancel or close the selection, with a question where it costs";
    Copy "copy" "copy" "Selection" "Copy the selection's magnet link or address";
    Sort "sort" "sort" "List" "Sort this list by its next column";
    Reverse "reverse-sort" "reverse" "List" "Turn the order of this list around";
    Columns "columns" "columns" "List" "Show more or fewer columns of this list";
    Filter "filter" "filter" "List" "Show only the rows of this list that contain some text";
    PrevQuery "previous-query" "prev query" "Flood" "Choose the previous query";
    NextQuery "next-query" "next query" "Flood" "Choose the next query";
    HopForward "hop-forward" "hop +" "Flood" "Step the chosen query's flood one hop forward";
    HopBack "hop-back" "hop -" "Flood" "Step the chosen query's flood one hop back";
    Play "play" "play" "Flood" "Play the chosen query's flood from where it stands, and pause it";
    Faster "faster" "faster" "Flood" "Play floods faster";
    Slower "slower" "slower" "Flood" "Play floods slower";
    Duplicates "duplicates" "duplicates" "Flood" "Hide the ways of duplicates in the flood, and show them";
    RingsIn "rings-in" "rings +" "Flood" "Show fewer rings of the flood, larger";
    RingsOut "rings-out" "rings -" "Flood" "Show more rings of the flood, smaller";
    MapIn "map-in" "map +" "Map" "Go nearer to the map";
    MapOut "map-out" "map -" "Map" "Go farther away from the map";
    PanLeft "pan-left" "pan left" "Map" "Show what is to the left on the map";
    PanRight "pan-right" "pan right" "Map" "Show what is to the right on the map";
    PanUp "pan-up" "pan up" "Map" "Show what is above on the map";
    PanDown "pan-down" "pan down" "Map" "Show what is below on the map";
    Center "center" "center" "Map" "Put the selected node of the map into the middle";
    Names "names" "names" "Map" "Hide the names on the map, and show them";
    Colors "colors" "colors" "Map" "Color the map by hops from here, by role, or by round trip";
    Pause "pause" "pause" "View" "Freeze the screen, and let it go on";
    Zoom "zoom" "zoom" "View" "Give the focused pane the whole screen, and back";
    NextTheme "next-theme" "theme" "View" "Show the next color theme";
    Redraw "redraw" "redraw" "View" "Draw the whole screen anew";
    Back "back" "back" "Program" "Close what is open, or go back";
    Palette "palette" "palette" "Program" "Find any action by its name";
    Help "help" "help" "Program" "Show the keys that work here";
    Problems "problems" "problems" "Program" "Show what is wrong with the keymap, the theme and the node";
    Suspend "suspend" "suspend" "Program" "Return to the shell; the node goes on serving, `fg` comes back";
    Quit "quit" "quit" "Program" "Quit, with a question if transfers run";
    QuitNow "quit-now" "quit now" "Program" "Quit without a question";
}

impl Action {
    /// Every action with every argument, in the order of the table.
    #[must_use]
    pub const fn all() -> &'static [Self] {
        ALL
    }

    /// Whether a node must be there to do it: in a recording there is none.
    #[must_use]
    pub fn needs_node(&self) -> bool {
        self.info().group == "Network" || matches!(self, Self::Download | Self::Cancel)
    }

    /// Whether the node must live in a simulated world.
    #[must_use]
    pub fn needs_world(&self) -> bool {
        self.info().group == "World"
    }

    /// A word or two for the footer and the prefix popup, arguments included.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            Self::Screen(n) => SCREENS.get(usize::from(*n).wrapping_sub(1)).copied().unwrap_or(SCREEN.label),
            Self::Pane(pane) => pane.name(),
            Self::Topology(topology) | Self::Propose(topology) => topology.name(),
            _ => self.info().label,
        }
    }

    /// One sentence for help and palette, arguments included.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::Screen(n) => format!("Show screen {n}: {}", self.label()),
            Self::Pane(pane) => format!("Focus the pane {}", pane.name()),
            Self::Topology(topology) => format!("Change this node to the topology {}", topology.name()),
            Self::Propose(topology) => format!("Propose the topology {} to the overlay", topology.name()),
            _ => self.info().help.to_owned(),
        }
    }

    /// Reads what a keymap or the palette says: a name, and its argument after a space.
    ///
    /// # Errors
    /// When there is no such action, or its argument is another.
    pub fn parse(text: &str) -> Result<Self, ActionError> {
        let mut words = text.split_whitespace();
        let name = words.next().unwrap_or_default();
        let argument = words.collect::<Vec<_>>().join(" ");
        let wrong = |info: &ActionInfo| ActionError::Argument {
            name: info.name,
            wanted: info.argument,
            given: argument.clone(),
        };
        if name == SCREEN.name {
            let known = argument.parse().ok().filter(|n| (1..=SCREENS.len() as u8).contains(n));
            return known.map(Self::Screen).ok_or_else(|| wrong(&SCREEN));
        }
        if name == PANE.name {
            let known = PaneName::ALL.into_iter().find(|pane| pane.name() == argument);
            return known.map(Self::Pane).ok_or_else(|| wrong(&PANE));
        }
        for (info, action) in [(&TOPOLOGY, Self::Topology as fn(_) -> Self), (&PROPOSE, Self::Propose)] {
            if name == info.name {
                let known = TOPOLOGIES.into_iter().find(|topology| topology.name() == argument);
                return known.map(action).ok_or_else(|| wrong(info));
            }
        }
        match PLAIN.iter().find(|(_, info)| info.name == name) {
            Some((action, _)) if argument.is_empty() => Ok(*action),
            Some((_, info)) => Err(ActionError::NoArgument { name: info.name, given: argument }),
            None => Err(ActionError::Unknown(name.to_owned())),
        }
    }
}

/// As a keymap writes it.
impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.info().name)?;
        match self {
            Self::Screen(n) => write!(f, " {n}"),
            Self::Pane(pane) => write!(f, " {}", pane.name()),
            Self::Topology(topology) | Self::Propose(topology) => write!(f, " {}", topology.name()),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_read_again() {
        for action in Action::all() {
            assert_eq!(Action::parse(&action.to_string()), Ok(*action));
        }
    }

    #[test]
    fn names_are_kebab_case_and_unique_and_labels_short() {
        let mut names: Vec<_> = PLAIN.iter().map(|(_, info)| info.name).collect();
        names.extend([&SCREEN, &PANE, &TOPOLOGY, &PROPOSE].map(|info| info.name));
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
        for action in Action::all() {
            let info = action.info();
            assert!(info.name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{}", info.name);
            assert!(info.label.len() <= 10 && action.label().len() <= 10, "{}", action.label());
            assert!(!info.help.ends_with('.') && info.help.len() <= 70, "{}", info.help);
        }
    }

    #[test]
    fn wrong_texts_say_what_was_wanted() {
        let said = |text: &str| Action::parse(text).expect_err(text).to_string();
        assert_eq!(said("quitt"), "unknown action `quitt`");
        assert_eq!(said(""), "unknown action ``");
        assert_eq!(said("screen"), "`screen` takes a number from 1 to 6, not ``");
        assert_eq!(said("screen 7"), "`screen` takes a number from 1 to 6, not `7`");
        assert_eq!(said("quit now"), "`quit` takes no argument, but got `now`");
        assert!(said("pane moon").contains("neighbors, queries"));
        assert_eq!(said("propose ring"), "`propose` takes a topology: flood, ultrapeer or central, not `ring`");
    }

    #[test]
    fn every_pane_is_listed_once() {
        let listed: Vec<_> = Action::all().iter().filter(|a| matches!(a, Action::Pane(_))).collect();
        assert_eq!(listed.len(), PaneName::ALL.len());
    }
}
