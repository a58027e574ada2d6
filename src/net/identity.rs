//! Who this node is: an Ed25519 key, made on its first run and kept in a file that nobody else can read.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use data_encoding::BASE64;
use ring::rand::SystemRandom;
use ring::signature::Ed25519KeyPair;
use rustls::crypto::ring::sign::any_eddsa_type;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;
use rustls::sign::SigningKey;

use super::random;
use crate::proto::NodeId;

/// The file's name in the state folder.
pub const KEY_FILE: &str = "node.key";
/// A key file takes about 150 bytes; more is something else.
const MAX_KEY_FILE: u64 = 4096;

/// Why there is no key to use. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// Others may read the file.
    #[error("the key {} can be read by other users (mode {mode:03o}): run `chmod 600` on it", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It is no key.
    #[error(
        "the key {} is damaged: restore it from a backup, or move it away and this node starts again under a new id",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// It can be neither read nor made.
    #[error("the key {} cannot be {doing}: {source}; check the folder's owner and free space", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// `read` or `written`.
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The system has no randomness.
    #[error("the system gives no random numbers, so no key can be made")]
    Random,
}

/// A node's key and the id that follows from it.
#[derive(Clone, Debug)]
pub struct Identity {
    key: Arc<dyn SigningKey>,
    spki: Arc<[u8]>,
    node: NodeId,
}

impl Identity {
    /// The key in `state`, made there if there is none. The folder is made too.
    ///
    /// # Errors
    /// When the file is damaged, readable by others, or cannot be read or written.
    pub fn load_or_create(state: &Path) -> Result<Self, IdentityError> {
        let path = state.join(KEY_FILE);
        match File::open(&path) {
            Ok(file) => read(&path, file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => create(state, &path),
            Err(source) => Err(IdentityError::Io { path, doing: "read", source }),
        }
    }

    /// A key that is kept nowhere: for tests, labs and one-shot searches.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn ephemeral() -> Result<Self, IdentityError> {
        Self::from_pkcs8(&generate()?).ok_or(IdentityError::Random)
    }

    fn from_pkcs8(der: &[u8]) -> Option<Self> {
        let key = any_eddsa_type(&PrivatePkcs8KeyDer::from(der)).ok()?;
        let spki: Arc<[u8]> = key.public_key()?.as_ref().into();
        Some(Self { key, node: node_id(&spki), spki })
    }

    /// Who that is.
    #[must_use]
    pub const fn node(&self) -> NodeId {
        self.node
    }

    /// The private half, for the handshake.
    pub(super) fn signing_key(&self) -> Arc<dyn SigningKey> {
        Arc::clone(&self.key)
    }

    /// The public half, as the SubjectPublicKeyInfo that peers see.
    pub(super) fn spki(&self) -> &[u8] {
        &self.spki
    }
}

/// The id of the node with that public key (SubjectPublicKeyInfo, DER).
#[must_use]
pub fn node_id(spki: &[u8]) -> NodeId {
    NodeId(*blake3::hash(spki).as_bytes())
}

fn generate() -> Result<Vec<u8>, IdentityError> {
    let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| IdentityError::Random)?;
    Ok(document.as_ref().to_vec())
}

fn read(path: &Path, file: File) -> Result<Identity, IdentityError> {
    let io_error = |source| IdentityError::Io { path: path.into(), doing: "read", source };
    refuse_exposed(path, &file.metadata().map_err(io_error)?)?;
    let mut pem = Vec::new();
    file.take(MAX_KEY_FILE).read_to_end(&mut pem).map_err(io_error)?;
    PrivatePkcs8KeyDer::from_pem_slice(&pem)
        .ok()
        .and_then(|der| Identity::from_pkcs8(der.secret_pkcs8_der()))
        .ok_or_else(|| IdentityError::Damaged { path: path.into() })
}

#[cfg(unix)]
fn refuse_exposed(path: &Path, metadata: &fs::Metadata) -> Result<(), IdentityError> {
    use std::os::unix::fs::PermissionsExt;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 == 0 { Ok(()) } else { Err(IdentityError::Exposed { path: path.into(), mode }) }
}

#[cfg(not(unix))]
fn refuse_exposed(_: &Path, _: &fs::Metadata) -> Result<(), IdentityError> {
    Ok(())
}

/// Writes a whole new file beside the final one and gives it its name in one step: a crash leaves no half a key, and of
/// two nodes that start at once both use the key of the first.
fn create(state: &Path, path: &Path) -> Result<Identity, IdentityError> {
    let io_error = |source| IdentityError::Io { path: path.into(), doing: "written", source };
    let der = generate()?;
    let unique = u64::from_le_bytes(random::bytes().map_err(|_| IdentityError::Random)?);
    let temporary = state.join(format!(".{KEY_FILE}.{unique:016x}"));
    fs::create_dir_all(state).map_err(io_error)?;
    let named = write_secret(&temporary, &der).and_then(|()| fs::hard_link(&temporary, path));
    let cleaned = fs::remove_file(&temporary);
    match named {
        Ok(()) => cleaned.map_err(io_error)?,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        // A file system without hard links.
        Err(error) if error.kind() == io::ErrorKind::Unsupported => write_secret(path, &der).map_err(io_error)?,
        Err(error) => return Err(io_error(error)),
    }
    read(path, File::open(path).map_err(io_error)?)
}

fn write_secret(path: &Path, der: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    writeln!(file, "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----", BASE64.encode(der))?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Identity, IdentityError, KEY_FILE};

    #[test]
    fn the_key_is_made_once_and_stays() {
        let home = tempfile::tempdir().unwrap();
        let state = home.path().join("deep/state");
        let first = Identity::load_or_create(&state).unwrap();
        assert_eq!(Identity::load_or_create(&state).unwrap().node(), first.node());
        assert_eq!(fs::read_dir(&state).unwrap().count(), 1, "the temporary file is gone");
        assert_ne!(Identity::ephemeral().unwrap().node(), first.node());
    }

    #[test]
    fn two_that_start_at_once_agree() {
        let home = tempfile::tempdir().unwrap();
        let load = || Identity::load_or_create(home.path()).unwrap().node();
        let ids = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(load)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
        });
        assert!(ids.iter().all(|id| *id == ids[0]));
    }

    #[test]
    fn a_damaged_key_says_what_to_do_and_is_left_alone() {
        let home = tempfile::tempdir().unwrap();
        Identity::load_or_create(home.path()).unwrap();
        let path = home.path().join(KEY_FILE);
        for damaged in ["", "not a key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"] {
            fs::write(&path, damaged).unwrap();
            let error = Identity::load_or_create(home.path()).unwrap_err();
            assert!(matches!(error, IdentityError::Damaged { .. }));
            assert!(error.to_string().contains("move it away"), "{error}");
            assert_eq!(fs::read_to_string(&path).unwrap(), damaged);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_key_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::tempdir().unwrap();
        Identity::load_or_create(home.path()).unwrap();
        let path = home.path().join(KEY_FILE);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let error = Identity::load_or_create(home.path()).unwrap_err();
        assert!(error.to_string().contains("chmod 600"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("file");
        fs::write(&file, "").unwrap();
        let error = Identity::load_or_create(&file.join("state")).unwrap_err();
        assert!(matches!(error, IdentityError::Io { .. }), "{error}");
    }
}
