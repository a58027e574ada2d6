//! The registration with one directory over one link: compare, tell what differs, keep the lease.

use std::time::Duration;

use super::message::{CentralMessage, Known, Lease, Register, Renew};
use super::sync::Sync;
use crate::base::Time;
use crate::overlay::io::{Context, DirectoryState, LinkId};
use crate::overlay::limit::Bucket;
use crate::overlay::message::ByeReason;
use crate::overlay::node::Node;
use crate::overlay::timers::Timer;
use crate::proto::PeerAddr;
use crate::proto::limits::{LEASE, MAX_FILES_A_NODE};

/// A library that changes is looked at that long after the first of several changes.
const COALESCE: Duration = Duration::from_millis(500);
/// A directory whose link lives but that answers nothing for that long is given up.
const ANSWER: Duration = Duration::from_secs(30);
/// A registration that lasted that long makes up for earlier failures of its directory.
const STEADY: Duration = Duration::from_secs(10);
/// What a lease may be: whatever else a directory says is taken as the nearest of the two.
const LEASES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(3_600));
/// The longest that a directory can make its client wait between two changes.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// Files that a directory refused are offered again after that.
const OFFER_AGAIN: Duration = Duration::from_secs(300);
/// Times in a row that the two may disagree about what the directory has: after that it is given up. Each time they
/// compare again, after a wait that doubles.
const MAX_DISAGREEMENTS: u32 = 4;
/// The first of those waits.
const COMPARE_AGAIN: Duration = Duration::from_secs(1);
/// Messages of a directory that make no sense and that the link survives: one in so much time, and so many at once.
const NONSENSE: (Duration, u32) = (Duration::from_secs(60), 16);
/// Leases that a directory may tell of unasked, as when it found out whether it can reach this node: so many a second,
/// and so many at once.
const UNASKED: (u32, u32) = (1, 5);

/// A registration.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) link: LinkId,
    pub(super) addr: Option<PeerAddr>,
    since: Time,
    sync: Sync,
    lease: Duration,
    /// When the directory last said that it keeps the files.
    leased: Option<Time>,
    renew_at: Time,
    renewing: bool,
    /// Whether the directory is yet to confirm what it has, with the answer to a renewal.
    unconfirmed: bool,
    paused_until: Time,
    look_at: Time,
    compare_at: Time,
    answer_by: Time,
    disagreements: u32,
    refused: u64,
    pub(super) reachable: Option<bool>,
    /// Files that the directory has, as it says.
    pub(super) files: u64,
    /// Look-ups that the directory has not answered yet.
    pub(super) asked: u32,
    nonsense: Bucket,
    unasked: Bucket,
}

impl Session {
    pub(super) fn new(link: LinkId, addr: Option<PeerAddr>, since: Time) -> Self {
        Self {
            link,
            addr,
            since,
            sync: Sync::new(MAX_FILES_A_NODE),
            lease: LEASE,
            leased: None,
            renew_at: Time::NEVER,
            renewing: false,
            unconfirmed: false,
            paused_until: Time::ZERO,
            look_at: Time::NEVER,
            compare_at: Time::NEVER,
            answer_by: Time::NEVER,
            disagreements: 0,
            refused: 0,
            reachable: None,
            files: 0,
            asked: 0,
            nonsense: Bucket::FULL,
            unasked: Bucket::FULL,
        }
    }

    /// Until when the directory keeps the files without another sign of life.
    pub(super) fn leased_until(&self) -> Option<Time> {
        self.leased.map(|leased| leased + self.lease)
    }

    /// Something came from the directory: whatever else is awaited may take its time again.
    fn expect_more(&mut self, now: Time) {
        self.answer_by = if self.sync.is_waiting() || self.renewing { now + ANSWER } else { Time::NEVER };
    }

    /// When there is something to do without a message from the directory.
    fn next_step(&self) -> Time {
        let mut next = self.renew_at.min(self.answer_by);
        if !self.sync.is_waiting() {
            next = next.min(self.compare_at);
        }
        if self.sync.has_room() {
            let change = if self.sync.has_more() { Time::ZERO } else { self.look_at };
            next = next.min(change.max(self.paused_until));
        }
        next
    }

    /// For people: what the directory has, and what of it is wrong.
    fn story(&self) -> String {
        let (told, left_out) = self.sync.counts();
        let unreachable = match self.reachable {
            Some(false) => "; it cannot reach this node, so nobody can fetch from it: open its port to the outside",
            _ => "",
        };
        if self.refused > 0 {
            format!("it has {} of {told} files and takes no more: try another directory{unreachable}", self.files)
        } else if left_out > 0 {
            format!("it has {} files; {left_out} more than a directory takes were left out{unreachable}", self.files)
        } else {
            match told {
                0 => format!("this node shares nothing{unreachable}"),
                1 => format!("it has the one file of this node{unreachable}"),
                _ => format!("it has all {told} files{unreachable}"),
            }
        }
    }
}

impl Node {
    /// Tells the directory in short what this node shares, and asks what it has of it.
    pub(super) fn register(&mut self, index: usize, cx: &mut Context<'_>) {
        let (now, own) = (self.now, self.addr);
        let Some(session) = self.session_mut() else { return };
        let digests = session.sync.compare(cx.library);
        (session.compare_at, session.look_at) = (Time::NEVER, Time::NEVER);
        session.refused = 0;
        session.answer_by = now + ANSWER;
        session.renew_at = session.renew_at.min(now + session.lease / 3);
        let (addr, next) = (session.addr, session.next_step());
        self.tell_directory(index, CentralMessage::Register(Register { addr: own, digests }), cx);
        self.timers.at_latest(Timer::Register, next);
        if self.client_mut().stand.state != DirectoryState::Registered {
            let why = "it is being told what this node shares".to_owned();
            self.stand_with_directory(DirectoryState::Registering, addr, why, cx);
        }
    }

    /// The directory told what it has in the parts that differ.
    pub(super) fn on_known(&mut self, index: usize, known: &Known, cx: &mut Context<'_>) {
        let now = self.now;
        let Some(session) = self.session_mut() else { return };
        match session.sync.take_known(known) {
            Ok(last) => {
                session.expect_more(now);
                session.unconfirmed |= last;
                self.go_on_registering(index, cx);
            }
            Err(why) => {
                self.counters.inconsistent += 1;
                self.leave_directory(index, why, cx);
            }
        }
    }

    /// The directory answered a change or a renewal, or told whether it could reach this node.
    pub(super) fn on_lease(&mut self, index: usize, lease: &Lease, cx: &mut Context<'_>) {
        let now = self.now;
        let Some(session) = self.session_mut() else { return };
        let is_expected = if lease.serial > 0 {
            session.sync.acknowledge(lease.serial)
        } else {
            session.renewing || session.unasked.take(now, UNASKED.0, UNASKED.1)
        };
        if !is_expected {
            self.counters.inconsistent += 1;
            return self.count_nonsense(index, cx);
        }
        if lease.serial == 0 {
            session.renewing = false;
        }
        // Renewals are answered while the comparison or a change is still awaited: that is no answer to these.
        let waits_for_more = lease.serial == 0 && session.sync.is_waiting();
        session.unconfirmed = false;
        session.lease = Duration::from_millis(lease.lease_ms.into()).clamp(LEASES.0, LEASES.1);
        session.leased = Some(now);
        session.renew_at = session.renew_at.min(now + session.lease / 3);
        session.paused_until = now + Duration::from_millis(lease.wait_ms.into()).min(LONGEST_WAIT);
        session.refused += u64::from(lease.refused);
        (session.files, session.reachable) = (lease.files, lease.reachable);
        if !waits_for_more {
            session.expect_more(now);
        }
        if session.sync.is_settled() {
            self.compare_with(index, lease, cx);
        }
        self.go_on_registering(index, cx);
    }

    /// Everything was told and arrived: does the directory have it?
    fn compare_with(&mut self, index: usize, lease: &Lease, cx: &mut Context<'_>) {
        let now = self.now;
        let Some(session) = self.session_mut() else { return };
        if lease.digest == session.sync.digest() {
            session.disagreements = 0;
        } else if session.refused > 0 {
            if session.compare_at == Time::NEVER {
                session.compare_at = now + OFFER_AGAIN;
            }
        } else {
            if session.compare_at == Time::NEVER {
                session.disagreements += 1;
                session.compare_at = now + COMPARE_AGAIN * (1 << session.disagreements.min(8));
            }
            if session.disagreements > MAX_DISAGREEMENTS {
                self.counters.inconsistent += 1;
                self.leave_directory(index, "it never has what it was told", cx);
            }
            return;
        }
        let (addr, story) = (session.addr, session.story());
        let steady = now.since(session.since) >= STEADY;
        if let Some(addr) = addr {
            self.client_mut().directories.answered(addr, steady);
        }
        self.stand_with_directory(DirectoryState::Registered, addr, story, cx);
    }

    /// A message of the directory that makes no sense: some are borne.
    pub(super) fn count_nonsense(&mut self, index: usize, cx: &mut Context<'_>) {
        let now = self.now;
        let Some(session) = self.session_mut() else { return };
        if !session.nonsense.take_every(now, NONSENSE.0, NONSENSE.1) {
            self.leave_directory(index, "its answers make no sense", cx);
        }
    }

    /// Sends what is to be sent now, and waits for what is to be sent later.
    fn go_on_registering(&mut self, index: usize, cx: &mut Context<'_>) {
        if self.directory_index() != Some(index) {
            return;
        }
        let now = self.now;
        // What is on its way would be acknowledged after the comparison.
        if self.session_mut().is_some_and(|session| session.compare_at <= now && !session.sync.is_waiting()) {
            return self.register(index, cx);
        }
        let mut messages = Vec::new();
        let Some(session) = self.session_mut() else { return };
        if session.look_at <= now {
            session.look_at = Time::NEVER;
            session.sync.look_again();
        }
        while session.paused_until <= now
            && let Some(change) = session.sync.next_change(cx.library)
        {
            session.answer_by = now + ANSWER;
            messages.push(CentralMessage::Change(change));
        }
        // Where nothing had to be told, the answer to a renewal says that all is there.
        let confirm = session.unconfirmed && !session.renewing && session.sync.is_settled();
        if confirm || session.renew_at <= now {
            session.renewing = true;
            session.renew_at = now + session.lease / 3;
            session.answer_by = session.answer_by.min(now + ANSWER);
            messages.push(CentralMessage::Renew(Renew { digest: session.sync.digest() }));
        }
        let next = session.next_step();
        messages.into_iter().for_each(|message| self.tell_directory(index, message, cx));
        self.timers.at_latest(Timer::Register, next);
    }

    /// `Timer::Register`.
    pub(in crate::overlay) fn check_registration(&mut self, cx: &mut Context<'_>) {
        let now = self.now;
        let Some(index) = self.directory_index() else { return };
        if self.session_mut().is_some_and(|session| session.answer_by <= now) {
            return self.close(index, ByeReason::Silent, "it does not answer", cx);
        }
        self.go_on_registering(index, cx);
    }

    /// The library changed: soon, together with what else changes, the directory is told.
    pub(in crate::overlay) fn client_library_changed(&mut self) {
        let soon = self.now + COALESCE;
        if let Some(session) = self.session_mut() {
            session.look_at = session.look_at.min(soon);
            let next = session.next_step();
            self.timers.at_latest(Timer::Register, next);
        }
    }

    pub(super) fn session_mut(&mut self) -> Option<&mut Session> {
        self.client.as_mut()?.session.as_mut()
    }
}
