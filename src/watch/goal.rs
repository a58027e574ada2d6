//! How far a step goes.

use crate::app::simulated::News;
use crate::app::{Event, Refusal, Reply};
use crate::base::Time;
use crate::proto::Guid;

/// A step that is being taken.
#[derive(Debug)]
pub(super) struct Goal {
    /// How far at most.
    pub(super) until: Time,
    /// What ends it before.
    pub(super) wants: Wants,
    /// Whom to tell, if anybody waits.
    pub(super) reply: Option<Reply<()>>,
}

/// What a step goes for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wants {
    /// Its whole time.
    Time,
    /// News of that search, or any news at all.
    News(Option<Guid>),
    /// News of that search from beyond a hop, or of its end.
    Beyond(Guid, u8),
}

impl Wants {
    /// Whether the step is over with these news.
    pub(super) fn met_by(self, news: &News) -> bool {
        match self {
            Self::Time => false,
            Self::News(None) => true,
            Self::News(wanted) => news.of == wanted,
            Self::Beyond(guid, hop) => {
                let over = news.events.iter().any(|event| matches!(event, Event::Done(_)));
                news.of == Some(guid) && (news.hop > hop || over)
            }
        }
    }
}

impl Goal {
    /// Tells whoever waits: the step was taken, or nothing came within its time.
    pub(super) fn over(self, met: bool) {
        let quiet = || {
            let message = "nothing came to this node for a minute of its time";
            Err(Refusal::new("quiet", message, "search from it, or look at another"))
        };
        let answer = if met || self.wants == Wants::Time { Ok(()) } else { quiet() };
        self.tell(answer);
    }

    /// Tells whoever waits what came of the step.
    pub(super) fn tell(self, answer: Result<(), Refusal>) {
        if let Some(reply) = self.reply {
            // Whoever asked may have gone.
            let _ = reply.send(answer);
        }
    }
}
