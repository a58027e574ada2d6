//! The two answers that go on: all events, and one search.

use futures_util::Stream;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::feed::{Feed, LOST};
use crate::app::{Done, Event, Guid, Handle, Refusal, SearchRequest, Snapshot};
use std::sync::Arc;

/// Every event from now on.
pub(super) fn events(handle: &Handle, stop: CancellationToken) -> impl Stream<Item = Event> + Send + use<> {
    let feed = Feed::new(handle, stop);
    futures_util::stream::unfold(feed, async |mut feed| feed.next().await.map(|event| (event, feed)))
}

/// Starts a search; the events are its own, the last one `done`. Dropping the stream ends the search.
///
/// # Errors
/// When the engine refuses.
pub(super) async fn search(
    handle: &Handle,
    request: SearchRequest,
    stop: CancellationToken,
) -> Result<impl Stream<Item = Event> + Send + use<>, Refusal> {
    // Before the search starts, or its first events would be missed.
    let feed = Feed::new(handle, stop);
    let guid = handle.search(request).await?;
    let search = Running {
        feed,
        snapshots: handle.snapshots(),
        owner: Owner { handle: handle.clone(), guid },
        lost: false,
        over: false,
    };
    Ok(futures_util::stream::unfold(search, async |mut search| search.next().await.map(|event| (event, search))))
}

/// Ends a search that nobody reads any more.
struct Owner {
    handle: Handle,
    guid: Guid,
}

impl Drop for Owner {
    fn drop(&mut self) {
        let (handle, guid) = (self.handle.clone(), self.guid);
        // One that ended by itself is unknown to the engine by now, which is as good as cancelled.
        tokio::spawn(async move { handle.cancel_search(guid).await.ok() });
    }
}

struct Running {
    feed: Feed,
    snapshots: watch::Receiver<Arc<Snapshot>>,
    owner: Owner,
    /// Events were lost, `done` perhaps among them.
    lost: bool,
    over: bool,
}

impl Running {
    async fn next(&mut self) -> Option<Event> {
        while !self.over {
            let event = tokio::select! {
                biased;
                event = self.feed.next() => event?,
                changed = self.snapshots.changed(), if self.lost => {
                    changed.ok()?;
                    match self.ended() {
                        Some(done) => done,
                        None => continue,
                    }
                }
            };
            match about(&event) {
                About::Search(guid) if guid == self.owner.guid => {
                    self.over = matches!(event, Event::Done(_));
                    return Some(event);
                }
                About::Reader => {
                    self.lost = true;
                    return Some(event);
                }
                About::Search(_) | About::Other => {}
            }
        }
        None
    }

    /// The end of the search as the snapshot tells it.
    fn ended(&self) -> Option<Event> {
        let snapshot = self.snapshots.borrow();
        let search = snapshot.searches.iter().find(|search| search.row.guid == self.owner.guid)?;
        Some(Event::Done(Done {
            guid: self.owner.guid,
            hits: search.row.hits,
            reached: search.row.nodes,
            messages: search.messages,
            duplicates: search.row.duplicates,
            bytes: search.bytes,
            reports: search.reports,
            report_bytes: search.report_bytes,
            first_hit_ms: search.first_hit_ms,
            elapsed_ms: search.elapsed_ms,
            topology: snapshot.role.topology,
            strategy: search.row.strategy,
            why: search.ended?,
        }))
    }
}

enum About {
    Search(Guid),
    Reader,
    Other,
}

fn about(event: &Event) -> About {
    match event {
        Event::Query { guid, .. } | Event::Round { guid, .. } | Event::Hop { guid, .. } => About::Search(*guid),
        Event::Hit(hit) => About::Search(hit.guid),
        Event::Done(done) => About::Search(done.guid),
        Event::Error { code, .. } if code == LOST => About::Reader,
        _ => About::Other,
    }
}
