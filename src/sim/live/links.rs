//! What links are like, and the links that there are.
//!
//! A link is TCP: what is sent arrives, once and in order, or the link breaks. So a lost packet is not a lost message but a
//! delay, and what is called `loss` here breaks the link that it hits. Messages that get lost, come twice or overtake each
//! other on a link that stays up are what a broken or hostile neighbor does; there are rates for these too, apart.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::hash::mix;
use super::units::{Fraction, Span, Spread, Whole};
use crate::base::{Rng, Time};
use crate::overlay::Message;

/// Messages that a direction holds while nothing gets through; one more breaks the link.
pub(super) const MAX_HELD: usize = 512;

/// What links are like.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Links {
    /// One way, each pair of nodes its own.
    pub latency: Spread,
    /// Regions that nodes lie in, evenly.
    pub regions: Whole<1, 1_000>,
    /// One way between nodes of different regions; as within one unless given.
    pub across: Option<Spread>,
    /// What a message may take longer than the one before. It never overtakes.
    pub jitter: Span,
    /// Bytes a second in each direction; 0 is as many as wanted.
    pub capacity: Whole<0, 1_000_000_000>,
    /// Bytes that wait for the line; what comes on top is dropped, as the queues of a real node do.
    pub queue: Whole<1_000, 100_000_000>,
    /// Messages that break their link, which both ends notice.
    pub loss: Fraction,
    /// Messages that get lost on a link that stays up.
    pub drop: Fraction,
    /// Messages that come twice.
    pub duplicate: Fraction,
    /// Messages that are held back for up to four times the latency, so that others overtake them.
    pub reorder: Fraction,
    /// Messages that some neighbor sends on links that are gone: a core has to know which are its own.
    pub stray: Fraction,
}

impl Default for Links {
    fn default() -> Self {
        Self {
            latency: Spread::millis(20, 80),
            regions: Whole(1),
            across: None,
            jitter: Span::default(),
            capacity: Whole(0),
            queue: Whole(65_536),
            loss: Fraction::default(),
            drop: Fraction::default(),
            duplicate: Fraction::default(),
            reorder: Fraction::default(),
            stray: Fraction::default(),
        }
    }
}

impl Links {
    /// How long a message from one node to another takes: the same both ways and every time.
    pub(super) fn delay(&self, of_run: u64, from: u32, to: u32) -> Duration {
        let region = |node: u32| mix(&[of_run, node.into()]) % self.regions.0 as u64;
        let spread = match self.across {
            Some(across) if region(from) != region(to) => across,
            _ => self.latency,
        };
        spread.draw(&mut Rng::new(mix(&[of_run, from.min(to).into(), from.max(to).into()])))
    }

    /// Nothing goes wrong any more, and there is room for everything.
    pub(super) fn heal(&mut self) {
        let off = Fraction::default();
        *self = Self { capacity: Whole(0), loss: off, drop: off, duplicate: off, reorder: off, stray: off, ..*self };
    }
}

/// What one end of a link knows of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// It will be told that the link is up.
    Opening,
    /// It was told so.
    Up,
    /// It was told that the link is gone, or is dead itself.
    Gone,
}

/// What waits while nothing gets through.
#[derive(Debug)]
pub(super) enum Held {
    Message(Message),
    /// The other side closed the link.
    End(&'static str),
}

/// One end of a link, and the direction from there to the other end.
#[derive(Debug)]
pub(super) struct End {
    pub(super) node: u32,
    pub(super) life: u32,
    pub(super) phase: Phase,
    /// Whether it is already on its way to be told that the link is gone.
    pub(super) ending: bool,
    /// When the last message that was sent from here arrives.
    pub(super) last: Time,
    /// Until when the line is busy with what was sent from here.
    pub(super) busy: Time,
    /// When it learns that the link is up: nothing arrives before.
    pub(super) opened: Time,
    /// What waits here because nothing gets through.
    pub(super) held: Vec<Held>,
}

/// A link: two ends. The end that dialled is the first.
#[derive(Debug)]
pub(super) struct Conn {
    /// The name of its first end.
    number: u32,
    pub(super) ends: [End; 2],
    /// One way.
    pub(super) delay: Duration,
}

// A world of a million nodes has some millions of them.
const _: () = assert!(size_of::<Option<Conn>>() <= 152);

/// All links. A core's [`crate::overlay::LinkId`] names an end: twice the number of the link, and one more at the side that
/// was dialled. Numbers are never used again; a place in the table is.
#[derive(Debug)]
pub(super) struct Conns {
    table: Vec<Option<Conn>>,
    /// Where in the table each link stands that there ever was, or [`NOWHERE`].
    places: Vec<u32>,
    free: Vec<u32>,
    /// Ends that hold something back.
    pub(super) holding: Vec<u32>,
}

/// The place of a link that is gone.
const NOWHERE: u32 = u32::MAX;

impl Conns {
    pub(super) const fn new() -> Self {
        Self { table: Vec::new(), places: Vec::new(), free: Vec::new(), holding: Vec::new() }
    }

    /// A new link; returns the end of who dialled.
    pub(super) fn open(&mut self, delay: Duration, from: End, to: End) -> u32 {
        let number = 2 * self.places.len() as u32;
        let conn = Some(Conn { number, ends: [from, to], delay });
        let place = match self.free.pop() {
            Some(place) => {
                self.table[place as usize] = conn;
                place
            }
            None => {
                self.table.push(conn);
                self.table.len() as u32 - 1
            }
        };
        self.places.push(place);
        number
    }

    /// The place of a link in the table.
    fn place(&self, end: u32) -> Option<usize> {
        let place = self.places.get((end >> 1) as usize).copied();
        place.filter(|place| *place != NOWHERE).map(|place| place as usize)
    }

    /// Reads where a link stands, and changes nothing.
    pub(super) fn fetch_place(&self, end: u32) {
        std::hint::black_box(self.place(end));
    }

    /// Reads a link, and changes nothing.
    pub(super) fn fetch(&self, end: u32) {
        std::hint::black_box(self.get(end).map_or(0, |conn| conn.ends[0].node ^ conn.ends[1].node));
    }

    pub(super) fn get(&self, end: u32) -> Option<&Conn> {
        self.table[self.place(end)?].as_ref()
    }

    /// A link, seen from one end: this end, the other one, and how long a message takes.
    pub(super) fn seen_from(&mut self, end: u32) -> Option<(&mut End, &mut End, Duration)> {
        let place = self.place(end)?;
        let conn = self.table[place].as_mut()?;
        let delay = conn.delay;
        let [dialler, dialled] = &mut conn.ends;
        Some(if end & 1 == 0 { (dialler, dialled, delay) } else { (dialled, dialler, delay) })
    }

    /// One end of a link.
    pub(super) fn end(&self, end: u32) -> Option<&End> {
        self.get(end).map(|conn| &conn.ends[(end & 1) as usize])
    }

    /// Forgets a link whose ends are both gone; returns what it held back.
    pub(super) fn forget(&mut self, end: u32) -> Vec<Held> {
        let gone = self.get(end).is_some_and(|conn| conn.ends.iter().all(|end| end.phase == Phase::Gone));
        let Some(place) = self.place(end).filter(|_| gone) else { return Vec::new() };
        self.places[(end >> 1) as usize] = NOWHERE;
        self.free.push(place as u32);
        self.table[place].take().into_iter().flat_map(|conn| conn.ends).flat_map(|end| end.held).collect()
    }

    /// The links, by number: in an order that follows from the run alone.
    pub(super) fn in_order(&self) -> Vec<(u32, &Conn)> {
        let mut all: Vec<(u32, &Conn)> = self.all().collect();
        all.sort_unstable_by_key(|(number, _)| *number);
        all
    }

    /// The links in no order: to be counted.
    pub(super) fn all(&self) -> impl Iterator<Item = (u32, &Conn)> {
        self.table.iter().flatten().map(|conn| (conn.number, conn))
    }
}

impl End {
    pub(super) fn new(node: u32, life: u32, opened: Time) -> Self {
        let (phase, ending) = (Phase::Opening, false);
        Self { node, life, phase, ending, last: Time::ZERO, busy: Time::ZERO, opened, held: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Conns, End, Links, Phase, Spread, Whole};
    use crate::base::Time;

    #[test]
    fn a_place_is_used_again_and_a_number_never() {
        let mut conns = Conns::new();
        let end = |node| End::new(node, 1, Time::ZERO);
        let first = conns.open(Duration::ZERO, end(1), end(2));
        conns.forget(first);
        assert!(conns.end(first).is_some(), "both ends have to be gone");
        for side in [first, first + 1] {
            conns.seen_from(side).unwrap().0.phase = Phase::Gone;
        }
        conns.forget(first);
        let second = conns.open(Duration::ZERO, end(3), end(4));
        assert_eq!((conns.table.len(), conns.all().count()), (1, 1));
        assert!(conns.get(first).is_none() && conns.end(second + 1).is_some_and(|end| end.node == 4));
        assert!(conns.end(u32::MAX).is_none(), "a number that no link has");
    }

    #[test]
    fn regions_are_near_within_and_far_between() {
        let millis = Duration::from_millis;
        let (near, far) = (Spread::millis(5, 9), Spread::millis(50, 90));
        let links = Links { latency: near, across: Some(far), regions: Whole(4), ..Links::default() };
        let delays: Vec<Duration> = (1..2_000).map(|other| links.delay(3, 0, other)).collect();
        let within = delays.iter().filter(|delay| **delay <= millis(9)).count();
        assert!((400..600).contains(&within), "{within} of two thousand in one of four regions");
        assert!(delays.iter().all(|delay| *delay <= millis(9) || *delay >= millis(50)));
        assert_eq!(links.delay(3, 0, 17), links.delay(3, 17, 0));
    }
}
