//! Where a node's things lie: in the XDG folders, or all in one folder that `--home` names.

use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use super::failure::Failure;
use crate::app::Home;

const APP: &str = "hopscope";
const SOCKET: &str = "control.sock";
/// The configuration's name in its folder.
const CONFIG: &str = "config.toml";

/// The folders of one node, before any setting is read but the home.
#[derive(Clone, Debug)]
pub(super) struct Places {
    /// `--home`, if it was given.
    home: Option<PathBuf>,
    /// What the engine takes.
    pub(super) folders: Home,
    /// Where downloads go unless a setting says otherwise.
    pub(super) downloads: PathBuf,
    /// `~`; `None` where the user has none.
    pub(super) user: Option<PathBuf>,
}

impl Places {
    /// The folders for this `--home`, or for none.
    ///
    /// # Errors
    /// When there is neither a `--home` nor a home folder of the user.
    pub(super) fn find(home: Option<&str>) -> Result<Self, Failure> {
        let user = etcetera::home_dir().ok();
        if let Some(home) = home {
            let home = std::path::absolute(home)
                .map_err(|error| Failure::usage(format!("`{home}` cannot be a home: {error}"), "name a folder"))?;
            let folders = Home { config: home.clone(), state: home.clone(), socket: home.join(SOCKET) };
            return Ok(Self { downloads: home.join("downloads"), home: Some(home), folders, user });
        }
        let (Ok(xdg), Some(user)) = (etcetera::choose_base_strategy(), user) else {
            return Err(Failure::usage(
                "you have no home folder",
                "say with --home DIR where the node may keep its things",
            ));
        };
        let state = xdg.state_dir().unwrap_or_else(|| xdg.data_dir()).join(APP);
        // Set and gone is common: a login without a session, a container.
        let runtime = xdg.runtime_dir().filter(|folder| folder.is_dir()).map(|folder| folder.join(APP));
        let socket = runtime.as_ref().unwrap_or(&state).join(SOCKET);
        Ok(Self {
            home: None,
            folders: Home { config: xdg.config_dir().join(APP), state, socket },
            downloads: user.join("Downloads").join(APP),
            user: Some(user),
        })
    }

    /// The configuration file.
    pub(super) fn config_file(&self) -> PathBuf {
        self.folders.config.join(CONFIG)
    }

    /// `--home` as text, empty for the XDG folders.
    pub(super) fn home_text(&self) -> String {
        self.home.as_ref().map(|home| home.display().to_string()).unwrap_or_default()
    }

    /// The host's name; with a home of its own, that folder's name too, so that several nodes of one machine differ.
    pub(super) fn node_name(&self) -> String {
        let uname = rustix::system::uname();
        let host = uname.nodename().to_string_lossy();
        let host = host.split('.').next().filter(|host| !host.is_empty()).unwrap_or(APP).to_owned();
        match self.home.as_ref().and_then(|home| home.file_name()) {
            Some(folder) => format!("{host}-{}", folder.to_string_lossy().trim_start_matches('.')),
            None => host,
        }
    }

    /// A path of a setting: `~/` is the user's folder, and what is relative is relative to `base`.
    pub(super) fn path(&self, text: &str, base: &Path) -> PathBuf {
        let path = match (text.strip_prefix('~'), &self.user) {
            (Some(rest), Some(user)) if rest.is_empty() || rest.starts_with('/') => {
                user.join(rest.trim_start_matches('/'))
            }
            _ => PathBuf::from(text),
        };
        base.join(path)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::Places;

    #[test]
    fn a_home_holds_everything() {
        let places = Places::find(Some("/srv/node-7")).unwrap();
        assert_eq!(places.folders.socket, Path::new("/srv/node-7/control.sock"));
        assert_eq!(places.config_file(), Path::new("/srv/node-7/config.toml"));
        assert_eq!(places.downloads, Path::new("/srv/node-7/downloads"));
        assert!(places.node_name().ends_with("-node-7"), "{}", places.node_name());
    }

    #[test]
    fn paths_are_the_users_or_relative_to_where_they_were_written() {
        let mut places = Places::find(Some("/srv/node")).unwrap();
        places.user = Some("/home/ada".into());
        let path = |text| places.path(text, Path::new("/etc/hop")).display().to_string();
        assert_eq!([path("~/music"), path("~"), path("~bob/x")], ["/home/ada/music", "/home/ada/", "/etc/hop/~bob/x"]);
        assert_eq!([path("/a"), path("a/b")], ["/a", "/etc/hop/a/b"]);
    }
}
