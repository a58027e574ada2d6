//! How a command ends when it does not end well.

use std::io;
use std::process::ExitCode;

use crate::app::Refusal;
use crate::control::ClientError;

/// The exit codes, a contract with scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    Done = 0,
    Failed = 1,
    Usage = 2,
    NothingFound = 3,
    TimedOut = 4,
    NoNode = 5,
    Unverified = 6,
}

/// The exit codes as `--help` and the manual tell them.
pub(super) const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  failed
  2  usage: the command line or the configuration has a mistake
  3  nothing found
  4  timed out
  5  no running node
  6  verification failed: the content is not what its hash promised";

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// The codes of refusals that say that the user gave something wrong, here or in a request to the running node. All other
/// refusals are failures.
const MISTAKES: &[&str] = &[
    "address_not_local",
    "bad_magnet",
    "bad_passphrase",
    "bad_peer",
    "bad_query",
    "bad_request",
    "bad_share",
    "bad_socket_path",
    "bad_strategy",
    "bad_ttl",
    "bad_walkers",
    "no_such_strategy",
    "no_such_topology",
    "several_nodes",
    "this_node",
    "topology",
];

/// How a command ends that was refused with this code.
fn refused(code: &str) -> Exit {
    if MISTAKES.contains(&code) { Exit::Usage } else { Exit::Failed }
}

/// Why a command failed: an exit code, and for people one sentence a problem with what to do about it.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) exit: Exit,
    /// Empty if there is nothing to say.
    pub(super) lines: Vec<String>,
}

impl Failure {
    /// One sentence, and what to do.
    pub(super) fn new(exit: Exit, message: impl AsRef<str>, hint: impl AsRef<str>) -> Self {
        let (message, hint) = (message.as_ref().trim_end_matches('.'), hint.as_ref());
        let line = if hint.is_empty() { message.to_owned() } else { format!("{message}; {hint}") };
        Self { exit, lines: vec![line] }
    }

    /// A mistake in the command line or the configuration.
    pub(super) fn usage(message: impl AsRef<str>, hint: impl AsRef<str>) -> Self {
        Self::new(Exit::Usage, message, hint)
    }

    /// Something failed.
    pub(super) fn failed(message: impl AsRef<str>, hint: impl AsRef<str>) -> Self {
        Self::new(Exit::Failed, message, hint)
    }

    /// Nobody reads the output any more: no reason to say anything, nor to call it an error.
    pub(super) fn quiet() -> Self {
        Self { exit: Exit::Done, lines: Vec::new() }
    }

    /// Writes the lines to standard error; whether that works changes nothing.
    pub(super) fn report(&self) {
        use io::Write as _;
        let mut stderr = io::stderr().lock();
        for line in &self.lines {
            let _ = writeln!(stderr, "hopscope: {line}");
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::new(refused(refusal.code), refusal.message, refusal.hint)
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        let message = error.to_string();
        match error {
            ClientError::NoNode(_) => {
                Self::new(Exit::NoNode, message, "start one with `hopscope` or `hopscope daemon`, or name its --home")
            }
            ClientError::Refused { code, hint, .. } => Self::new(refused(&code), message, hint),
            ClientError::Timeout(_) => Self::new(Exit::TimedOut, message, "look at its log, or start it again"),
            ClientError::Broken(_) => Self::failed(message, "look whether the node still runs"),
        }
    }
}

impl From<io::Error> for Failure {
    /// An error of writing the output.
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::quiet(),
            _ => Self::failed(format!("the output cannot be written: {error}"), "look at where it goes"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Exit, Failure, MISTAKES};
    use crate::app::Refusal;
    use crate::control::ClientError;

    #[test]
    fn what_the_user_got_wrong_is_a_usage_error_wherever_it_was_noticed() {
        let here = |code| Failure::from(Refusal::new(code, "no", "do otherwise")).exit;
        let there = |code: &str| {
            let (message, hint) = ("no".to_owned(), "do otherwise".to_owned());
            Failure::from(ClientError::Refused { code: code.to_owned(), message, hint }).exit
        };
        for code in MISTAKES {
            assert_eq!((here(code), there(code)), (Exit::Usage, Exit::Usage), "{code}");
        }
        for code in ["port_in_use", "home_in_use", "no_source", "busy", "stopped", "of a newer node"] {
            assert_eq!((here(code), there(code)), (Exit::Failed, Exit::Failed), "{code}");
        }
    }
}
