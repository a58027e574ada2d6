//! Parsed to resolved: default < configuration file < environment < flag, for every row of the table, and from where each
//! value came.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use super::config_file;
use super::failure::{Exit, Failure};
use super::options::{OPTIONS, Opt, Shape};
use super::places::Places;
use super::settings;

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// Nobody said anything.
    Default,
    /// A line of the configuration file.
    File(PathBuf, usize),
    /// A variable of the environment.
    Environment(String),
    /// A flag.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path, line) => write!(f, "{}:{line}", path.display()),
            Self::Environment(variable) => f.write_str(variable),
            Self::Flag(flag) => write!(f, "--{flag}"),
        }
    }
}

/// One setting with its value.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) option: &'static Opt,
    /// None, one, or for some settings many.
    pub(super) values: Vec<String>,
    pub(super) origin: Origin,
}

/// Every setting with its value.
#[derive(Clone, Debug)]
pub(super) struct Resolved {
    pub(super) places: Places,
    /// In the order of the table.
    pub(super) rows: Vec<Row>,
}

/// What the flags of a command line say, by the settings' names.
pub(super) type Flags = BTreeMap<&'static str, Vec<String>>;

impl Resolved {
    /// Reads the three sources; `environment` tells a variable's value.
    ///
    /// # Errors
    /// When the home cannot be, or when the configuration file has mistakes; all of them, and with them all values that
    /// make no sense, so that nobody needs to correct it twice.
    pub(super) fn new(flags: &Flags, environment: impl Fn(&str) -> Option<String>) -> Result<Self, Failure> {
        let said = |option: &'static Opt| -> Option<(Vec<String>, Origin)> {
            if let Some(values) = flags.get(option.key) {
                return Some((values.clone(), Origin::Flag(option.flag())));
            }
            // An empty variable is how shells unset one for a single command.
            let variable = option.variable();
            let value = environment(&variable).filter(|value| !value.is_empty())?;
            Some((split(option, &value), Origin::Environment(variable)))
        };
        let home = OPTIONS.iter().find(|option| option.key == "home").and_then(&said);
        let places = Places::find(home.as_ref().and_then(|(values, _)| values.first()).map(String::as_str))?;
        let path = places.config_file();
        let (file, mut mistakes) = config_file::read(&path).map_err(|why| Failure::usage(why, ""))?;
        let row = |option: &'static Opt| {
            let in_file = || {
                let entry = file.get(option.key)?;
                Some((entry.values.clone(), Origin::File(path.clone(), entry.line)))
            };
            let by_default = || {
                let value = (option.default)(&places);
                (if value.is_empty() { Vec::new() } else { vec![value] }, Origin::Default)
            };
            let (values, origin) = said(option).or_else(in_file).unwrap_or_else(by_default);
            Row { option, values, origin }
        };
        let rows = OPTIONS.iter().map(row).collect();
        let resolved = Self { places, rows };
        if mistakes.is_empty() {
            return Ok(resolved);
        }
        mistakes.extend(settings::mistakes(&resolved));
        Err(Failure { exit: Exit::Usage, lines: mistakes })
    }

    /// The row of a setting that is in the table.
    pub(super) fn row(&self, key: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.option.key == key)
    }

    /// The one value of a setting, if it has one.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.row(key)?.values.first().map(String::as_str)
    }

    /// Whether somebody said something about a setting.
    pub(super) fn is_default(&self, key: &str) -> bool {
        self.row(key).is_none_or(|row| row.origin == Origin::Default)
    }

    /// Where relative paths of this origin start.
    pub(super) fn base(&self, origin: &Origin) -> PathBuf {
        match origin {
            Origin::File(path, _) => path.parent().unwrap_or(Path::new("")).to_owned(),
            _ => std::env::current_dir().unwrap_or_default(),
        }
    }
}

fn split(option: &Opt, value: &str) -> Vec<String> {
    match option.shape {
        Shape::Many(separator) => {
            value.split(separator).map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
        }
        _ => vec![value.to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use super::{Flags, Origin, Resolved};

    fn flags(pairs: &[(&'static str, &str)]) -> Flags {
        let mut flags = Flags::new();
        for (key, value) in pairs {
            flags.entry(key).or_default().push((*value).to_owned());
        }
        flags
    }

    #[test]
    fn a_flag_beats_the_environment_which_beats_the_file_which_beats_the_default() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("config.toml"), "ttl = 2\nname = \"file\"\nmin-neighbors = 3\n").unwrap();
        let home = folder.path().to_str().unwrap();
        let environment = |variable: &str| match variable {
            "HOPSCOPE_TTL" => Some("3".to_owned()),
            "HOPSCOPE_NAME" => Some("environment".to_owned()),
            "HOPSCOPE_DEDUP" => Some(String::new()),
            _ => None,
        };
        let resolved = Resolved::new(&flags(&[("home", home), ("ttl", "4")]), environment).unwrap();
        let of = |key| (resolved.text(key).unwrap(), resolved.row(key).unwrap().origin.clone());
        assert_eq!(of("ttl"), ("4", Origin::Flag("ttl".into())));
        assert_eq!(of("name"), ("environment", Origin::Environment("HOPSCOPE_NAME".into())));
        assert_eq!(of("min-neighbors"), ("3", Origin::File(folder.path().join("config.toml"), 3)));
        assert_eq!(of("dedup"), ("highest-ttl", Origin::Default));
        assert_eq!(of("home").1, Origin::Flag("home".into()));
    }

    #[test]
    fn a_home_from_the_environment_has_its_own_file_and_lists_are_split() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("config.toml"), "peer = [\"x:1\"]\n").unwrap();
        let home = folder.path().to_str().unwrap().to_owned();
        let environment = |variable: &str| match variable {
            "HOPSCOPE_HOME" => Some(home.clone()),
            "HOPSCOPE_SHARE" => Some("/a:music=/b".to_owned()),
            _ => None,
        };
        let resolved = Resolved::new(&Flags::new(), environment).unwrap();
        assert_eq!(resolved.row("share").unwrap().values, ["/a", "music=/b"]);
        assert_eq!(resolved.row("peer").unwrap().values, ["x:1"]);
        assert!(resolved.is_default("ttl") && !resolved.is_default("peer"));
        let resolved = Resolved::new(&flags(&[("peer", "y:1"), ("peer", "z:1")]), environment).unwrap();
        assert_eq!(resolved.row("peer").unwrap().values, ["y:1", "z:1"], "flags replace a list, they do not add to it");
    }
}
