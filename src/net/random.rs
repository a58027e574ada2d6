//! The one place that draws from the operating system.

use crate::proto::Guid;

/// Random bytes fit for keys and for names that nobody can guess.
///
/// # Errors
/// When the system has no randomness to give, which it has everywhere but in a broken sandbox.
#[expect(clippy::disallowed_methods, reason = "this is the driver's own source, which seeds the core's generator")]
pub(super) fn bytes<const N: usize>() -> Result<[u8; N], getrandom::Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

/// A fresh name for a query.
///
/// # Errors
/// Those of [`bytes`].
pub(super) fn guid() -> Result<Guid, getrandom::Error> {
    bytes().map(Guid)
}
