//! Every setting of a node, in one table: its flag, its name in the file and in the environment, its default, its help.
//! The command line, the resolver, `hopscope config` and the documentation are made from it.

use super::places::Places;

/// How many values a setting takes, and how they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// One.
    One,
    /// Any number: the flag again for each, a list in the file, separated by this in the environment.
    Many(char),
    /// Yes or no; the flag alone says yes.
    Switch,
    /// Yes or no; the flag is called `--no-…` and alone says no.
    Negated,
}

/// Under which heading of `--help` a flag stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Group {
    /// Where things lie.
    Files,
    /// Who it talks to.
    Overlay,
    /// How it searches.
    Search,
    /// What it looks like.
    Screen,
    /// What it writes down.
    Log,
    /// No flag: only for the file and the environment.
    Quiet,
}

impl Group {
    /// The heading.
    pub(super) const fn heading(self) -> &'static str {
        match self {
            Self::Files => "Folders",
            Self::Overlay => "Overlay",
            Self::Search => "Searches",
            Self::Screen => "Screen",
            Self::Log => "Log",
            Self::Quiet => "Settings without a flag",
        }
    }
}

/// One setting.
#[derive(Debug)]
pub(super) struct Opt {
    /// Its name everywhere: `--min-neighbors`, `min-neighbors = 4`, `HOPSCOPE_MIN_NEIGHBORS`.
    pub(super) key: &'static str,
    /// How many values.
    pub(super) shape: Shape,
    /// What stands for the value in the help.
    pub(super) value: &'static str,
    /// What it does.
    pub(super) help: &'static str,
    /// Where it stands in the help.
    pub(super) group: Group,
    /// Whether `demo` takes its flag too.
    pub(super) demo: bool,
    /// Its value when nobody says anything; empty for none.
    pub(super) default: fn(&Places) -> String,
}

impl Opt {
    /// Its name in the environment.
    pub(super) fn variable(&self) -> String {
        format!("HOPSCOPE_{}", self.key.to_uppercase().replace('-', "_"))
    }

    /// Its flag, without dashes.
    pub(super) fn flag(&self) -> String {
        if self.shape == Shape::Negated { format!("no-{}", self.key) } else { self.key.into() }
    }

    /// Whether the configuration file may hold it. The home says where that file is.
    pub(super) fn in_file(&self) -> bool {
        self.key != "home"
    }
}

/// The setting of that name.
pub(super) fn find(key: &str) -> Option<&'static Opt> {
    OPTIONS.iter().find(|option| option.key == key)
}

const fn option(
    key: &'static str,
    shape: Shape,
    value: &'static str,
    group: Group,
    demo: bool,
    default: fn(&Places) -> String,
    help: &'static str,
) -> Opt {
    Opt { key, shape, value, help, group, demo, default }
}

use Group::{Files, Log, Overlay, Quiet, Screen, Search};
use Shape::{Many, Negated, One, Switch};

/// The table.
#[rustfmt::skip]
pub(super) static OPTIONS: &[Opt] = &[
    option("home", One, "DIR", Files, false, |places| places.home_text(),
        "Keep configuration, state and socket in this one folder instead of the XDG folders"),
    option("share", Many(':'), "[ALIAS=]DIR", Files, false, |_| String::new(),
        "Share a folder; again for more"),
    option("downloads", One, "DIR", Files, false, |places| places.downloads.display().to_string(),
        "Where downloads go"),
    option("listen", One, "ADDR:PORT", Overlay, false, |_| DEFAULT_LISTEN.into(),
        "Where to accept links; port 0 for any. The default port gives way to any other if it is taken"),
    option("name", One, "NAME", Overlay, false, |places| places.node_name(),
        "What others see this node called"),
    option("peer", Many(','), "HOST:PORT", Overlay, false, |_| String::new(),
        "A node to link to; again for more"),
    option("only-peers", Switch, "BOOL", Overlay, false, |_| "false".into(),
        "Keep exactly the links named with --peer (and inbound ones): learn nothing, discover nothing"),
    option("discovery", Negated, "BOOL", Overlay, false, |_| "true".into(),
        "Do not look for nodes on the local network"),
    option("min-neighbors", One, "N", Overlay, false, |_| "4".into(),
        "Look for more neighbors below this number"),
    option("max-neighbors", One, "N", Overlay, false, |_| "16".into(),
        "Refuse neighbors above this number"),
    option("topology", One, "NAME", Overlay, true, |_| "flood".into(),
        "The overlay's shape: flood, ultrapeer or central"),
    option("role", One, "ROLE", Overlay, true, |_| "auto".into(),
        "What to be among ultra-peers and leaves: auto for the election, leaf or ultrapeer"),
    option("capacity", One, "KBPS", Overlay, false, |_| String::new(),
        "Upload bandwidth in kbit/s, which the election weighs; measured unless given"),
    option("max-leaves", One, "N", Overlay, true, |_| "30".into(),
        "Leaves to take as an ultra-peer"),
    option("advertise-all", Switch, "BOOL", Overlay, true, |_| "false".into(),
        "As a leaf, be asked every search instead of those that may match"),
    option("directory", Many(','), "HOST:PORT", Overlay, false, |_| String::new(),
        "A directory to register with in the central topology; again for more"),
    option("serve-directory", Switch, "BOOL", Overlay, false, |_| "false".into(),
        "Serve a directory to nodes of the central topology"),
    option("follow", Switch, "BOOL", Overlay, false, |_| "false".into(),
        "Change the topology when somebody proposes it to the overlay"),
    option("passphrase-file", One, "FILE", Overlay, true, |_| String::new(),
        "Link only to nodes that know the passphrase in this file, which nobody else may read"),
    option("ttl", One, "N", Search, true, |_| "7".into(),
        "Hops that a search travels, 1 to 7"),
    option("dedup", One, "RULE", Search, true, |_| "highest-ttl".into(),
        "Which copies of a search are passed on: highest-ttl, or first for the plain rule"),
    option("hop-delay", One, "DURATION", Search, true, |_| "0ms".into(),
        "Hold each search that long before passing it on, so that people can watch it travel"),
    option("hits", One, "WAY", Search, true, |_| "direct".into(),
        "How hits come back: direct, or reverse for the way the search came"),
    option("search-timeout", One, "DURATION", Quiet, false, |_| "10s".into(),
        "A search ends after that time"),
    option("search-enough", One, "N", Quiet, false, |_| "200".into(),
        "A search ends at that many hits"),
    option("trace", Switch, "BOOL", Quiet, false, |_| "true".into(),
        "Ask the nodes to report on this node's searches, hop by hop"),
    option("upload-slots", One, "N", Quiet, false, |_| "4".into(),
        "Uploads at once"),
    option("upload-queue", One, "N", Quiet, false, |_| "64".into(),
        "Uploads that may wait"),
    option("hash-rate", One, "SIZE", Quiet, false, |_| String::new(),
        "Bytes of shared files to hash a second at the most, for example 50M"),
    option("keymap", One, "NAME|FILE", Screen, true, |_| "default".into(),
        "Keys: default, vim, emacs, or a file"),
    option("theme", One, "NAME|FILE", Screen, true, |_| "dark".into(),
        "Colours: dark, light, or a file"),
    option("ascii", Switch, "BOOL", Screen, true, |_| "auto".into(),
        "Draw with ASCII characters only; by itself where the terminal has no UTF-8"),
    option("record", One, "FILE", Log, true, |_| String::new(),
        "Write what this node's searches do, hop by hop, to this new file; `hopscope replay` shows it"),
    option("log-file", One, "FILE", Log, true, |_| String::new(),
        "Append the log to this file"),
    option("log", One, "FILTER", Quiet, false, |_| String::new(),
        "What to log, for example info,hopscope::net=debug; -v is shorter"),
];

/// Gnutella's port, on every address.
pub(super) const DEFAULT_LISTEN: &str = "0.0.0.0:6346";

#[cfg(test)]
mod tests {
    use super::{Group, OPTIONS, Shape, find};

    #[test]
    fn names_are_unique_and_derived_ones_are_what_people_expect() {
        for (place, option) in OPTIONS.iter().enumerate() {
            assert!(OPTIONS[place + 1..].iter().all(|other| other.key != option.key), "{} twice", option.key);
            assert!(option.help.len() < 110 && !option.help.ends_with('.'), "{}", option.key);
        }
        let option = find("discovery").unwrap();
        assert_eq!(
            (option.shape, option.flag(), option.variable()),
            (Shape::Negated, "no-discovery".into(), "HOPSCOPE_DISCOVERY".into())
        );
        assert_eq!(find("min-neighbors").unwrap().variable(), "HOPSCOPE_MIN_NEIGHBORS");
        assert!(find("log").unwrap().group == Group::Quiet && !find("home").unwrap().in_file());
    }
}
