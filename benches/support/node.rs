//! A real node on loopback, as plain as can be: no peers, nothing remembered, nobody to be discovered by.

use hopscope::net::{Identity, NetError, NetSettings};
use hopscope::overlay::Config;

/// Settings of a node with a key of its own.
pub(crate) fn settings(name: &str, core: Config) -> Result<NetSettings, NetError> {
    Ok(NetSettings {
        listen: ([127, 0, 0, 1], 0).into(),
        name: name.to_owned(),
        agent: "bench".to_owned(),
        identity: Identity::ephemeral()?,
        peers: Vec::new(),
        directories: Vec::new(),
        remembered: Vec::new(),
        discovery: false,
        passphrase: None,
        core,
    })
}
