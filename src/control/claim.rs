//! One node a home: the lock that says so, and the socket that comes with it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, OpenOptionsExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use crate::app::{Home, Refusal};

/// Bytes that the system takes for a socket's path, its final zero left out: 104 on the BSDs, 108 on Linux.
const MAX_SOCKET_PATH: usize = 103;
/// What the socket is called until it has its mode; it takes the old one's place in one step.
const NEW: &str = ".new";
/// The lock's name in the state folder.
const LOCK: &str = "node.lock";

/// The right to be the node of a home, held for as long as this lives.
///
/// A lock decides, not the socket: the system drops it with the process, however that dies, while a socket's file stays.
#[derive(Debug)]
pub struct Claim {
    /// Locked; never read or written.
    _lock: File,
    pub(super) listener: UnixListener,
    path: PathBuf,
}

impl Claim {
    /// Locks the home and binds its control socket, whose place it takes over if nobody answers there.
    ///
    /// # Errors
    /// When another node runs on this home, or when the folders cannot be used; the refusal says what to do.
    pub fn take(home: &Home) -> Result<Self, Refusal> {
        let folder = home.socket.parent().unwrap_or(Path::new("."));
        for folder in [&home.state, folder] {
            private_folder(folder).map_err(|error| unusable(folder, &error))?;
        }
        let lock = lock(&home.state.join(LOCK), home)?;
        let listener = bind(&home.socket, home)?;
        Ok(Self { _lock: lock, listener, path: home.socket.clone() })
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // Gone already, or on a disk that is gone: the next node finds it stale and takes it over.
        let _ = std::fs::remove_file(&self.path);
    }
}

fn private_folder(folder: &Path) -> io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

fn lock(path: &Path, home: &Home) -> Result<File, Refusal> {
    let file = OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(|error| unusable(path, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(taken(home)),
        Err(TryLockError::Error(error)) => Err(unusable(path, &error)),
    }
}

fn bind(path: &Path, home: &Home) -> Result<UnixListener, Refusal> {
    let mut new = path.as_os_str().to_owned();
    new.push(NEW);
    let new = PathBuf::from(new);
    let length = new.as_os_str().as_bytes().len();
    if length > MAX_SOCKET_PATH {
        return Err(Refusal::new(
            "bad_socket_path",
            format!("the control socket's path has {length} bytes and the system takes {MAX_SOCKET_PATH}"),
            "choose a shorter --home",
        ));
    }
    // The lock may be another's if two homes were set to share a socket; then whoever answers there keeps it.
    match path.symlink_metadata() {
        Ok(found) if !found.file_type().is_socket() => {
            return Err(Refusal::new(
                "bad_socket_path",
                format!("{} is in the way of the control socket", path.display()),
                "move it away",
            ));
        }
        Ok(_) if UnixStream::connect(path).is_ok() => return Err(taken(home)),
        _ => {}
    }
    bind_private(path, &new).map_err(|error| unusable(path, &error))
}

/// Binds under another name and renames, so that the socket is never there with a wider mode than its own.
fn bind_private(path: &Path, new: &Path) -> io::Result<UnixListener> {
    match std::fs::remove_file(new) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(new)?;
    std::fs::set_permissions(new, std::fs::Permissions::from_mode(0o600))?;
    listener.set_nonblocking(true)?;
    std::fs::rename(new, path)?;
    Ok(listener)
}

fn taken(home: &Home) -> Refusal {
    Refusal::new(
        "home_in_use",
        format!("another node runs on this home already; its control socket is {}", home.socket.display()),
        "talk to it with `hopscope status`, or give this one its own --home",
    )
}

fn unusable(path: &Path, error: &io::Error) -> Refusal {
    Refusal::new(
        "home_unusable",
        format!("cannot use {}: {error}", path.display()),
        "make it writable, or choose another --home",
    )
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::Claim;
    use crate::app::Home;

    fn home(folder: &std::path::Path) -> Home {
        Home { config: folder.into(), state: folder.into(), socket: folder.join("control.sock") }
    }

    #[test]
    fn a_second_node_is_refused_and_a_later_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let home = home(folder.path());
        let first = Claim::take(&home).unwrap();
        let mode = std::fs::metadata(&home.socket).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(Claim::take(&home).unwrap_err().code, "home_in_use");
        drop(first);
        assert!(!home.socket.exists());
        Claim::take(&home).unwrap();
    }

    #[test]
    fn a_stale_socket_is_taken_over_and_a_file_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let home = home(folder.path());
        drop(std::os::unix::net::UnixListener::bind(&home.socket).unwrap());
        assert!(home.socket.exists(), "the socket's file outlives its listener");
        drop(Claim::take(&home).unwrap());
        std::fs::write(&home.socket, "somebody's notes").unwrap();
        let refusal = Claim::take(&home).unwrap_err();
        assert!(refusal.message.contains("in the way"), "{refusal}");
        assert_eq!(std::fs::read_to_string(&home.socket).unwrap(), "somebody's notes");
    }

    #[test]
    fn a_path_that_no_socket_can_have_is_said_before_the_system_says_it_worse() {
        let folder = tempfile::tempdir().unwrap();
        let mut home = home(folder.path());
        home.socket = folder.path().join("x".repeat(100)).join("control.sock");
        assert_eq!(Claim::take(&home).unwrap_err().code, "bad_socket_path");
    }
}
