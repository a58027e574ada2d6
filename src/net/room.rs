//! How many connections this node has room for.

use rustix::process::{Resource, getrlimit, setrlimit};

use super::limits::{BATCHES_A_LINK, MAX_DIRECT_IN, MAX_INBOUND, SPARE_FILES};
use crate::proto::limits::{MAX_LINKS, MAX_REGISTERED_NODES};

/// Connections at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Room {
    /// Links.
    pub(super) links: usize,
    /// Those of them that the clients of a directory may take; the others are for neighbors, or for a word of refusal.
    pub(super) clients: usize,
    /// Inbound connections of all kinds.
    pub(super) inbound: usize,
}

impl Room {
    /// Room for the neighbors of an overlay, and for the clients of a directory if one is served: as many as the system
    /// lets this process have open files for.
    pub(super) fn make(serves_directory: bool) -> Self {
        if !serves_directory {
            return Self { links: MAX_LINKS, clients: 0, inbound: MAX_INBOUND };
        }
        let files = raise_open_files();
        let clients = files.saturating_sub(SPARE_FILES + MAX_INBOUND).min(MAX_REGISTERED_NODES);
        if clients < MAX_REGISTERED_NODES {
            tracing::info!(
                "the system's limit of {files} open files leaves room for {clients} clients of the directory"
            );
        }
        Self { links: MAX_LINKS + clients, clients, inbound: MAX_INBOUND + clients }
    }

    /// Things that may wait for the actor: more than all links' batches, so that these never wait for each other.
    pub(super) const fn queue(self) -> usize {
        BATCHES_A_LINK * (self.links + MAX_DIRECT_IN) + 256
    }
}

/// Takes as many open files as the system allows this process, and says how many that are.
fn raise_open_files() -> usize {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // If it does not work, the limit is what it was.
    let _ = setrlimit(Resource::Nofile, limit);
    getrlimit(Resource::Nofile).current.map_or(usize::MAX, |files| usize::try_from(files).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::Room;
    use crate::net::limits::MAX_INBOUND;
    use crate::proto::limits::MAX_LINKS;

    #[test]
    fn only_a_directory_takes_more_than_an_overlay_needs() {
        let (node, directory) = (Room::make(false), Room::make(true));
        assert_eq!((node.links, node.inbound), (MAX_LINKS, MAX_INBOUND));
        assert_eq!((node.clients, directory.links - directory.clients), (0, MAX_LINKS), "neighbors keep their places");
        assert!(directory.links >= node.links && directory.inbound - directory.links == node.inbound - node.links);
        assert!(directory.queue() > 2 * directory.links);
    }
}
