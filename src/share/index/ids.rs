//! A sorted list of file numbers that is cheap to change anywhere.

/// Numbers in one chunk: what an insertion or removal moves at the most, 4 KiB.
const CHUNK: usize = 1024;
/// The least a list grows by: what fits into the smallest block that allocators give out.
const LEAST_GROWTH: usize = 6;

/// File numbers in some order that the caller knows. A short list is one piece; a long one is cut into chunks, so that a
/// change moves kilobytes even among a million. Grows by an eighth, not by doubling: there is one list for every word.
#[derive(Debug)]
pub(crate) enum Ids {
    Few(Vec<u32>),
    Many(Vec<Vec<u32>>),
}

/// A place in a list: chunk, and place there.
type Place = (usize, usize);

impl Default for Ids {
    fn default() -> Self {
        Self::Few(Vec::new())
    }
}

impl Ids {
    /// Numbers in the list.
    pub(crate) fn len(&self) -> usize {
        self.chunks().iter().map(Vec::len).sum()
    }

    /// Whether it has none.
    pub(crate) fn is_empty(&self) -> bool {
        self.chunks().iter().all(Vec::is_empty)
    }

    /// The numbers in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> {
        self.chunks().iter().flatten().copied()
    }

    /// The numbers from the first one on that is not `before` the wanted place; `before` must hold for a beginning of
    /// the list only.
    pub(crate) fn iter_from(&self, before: impl FnMut(u32) -> bool) -> impl Iterator<Item = u32> {
        let (chunk, at) = self.find(before);
        let chunks = self.chunks();
        let first = chunks.get(chunk).map_or(&[][..], |ids| &ids[at..]);
        first.iter().chain(chunks.iter().skip(chunk + 1).flatten()).copied()
    }

    /// Puts a number behind all others.
    pub(crate) fn push(&mut self, id: u32) {
        let last = self.chunks().len().saturating_sub(1);
        let at = self.chunks().last().map_or(0, Vec::len);
        self.insert_at((last, at), id);
    }

    /// Takes the last number out.
    pub(crate) fn pop(&mut self) -> Option<u32> {
        match self {
            Self::Few(ids) => ids.pop(),
            Self::Many(chunks) => {
                let id = chunks.last_mut()?.pop();
                if chunks.last().is_some_and(Vec::is_empty) {
                    chunks.pop();
                }
                id
            }
        }
    }

    /// Puts a number at the first place that is not `before` it, unless it stands there already.
    pub(crate) fn insert(&mut self, id: u32, before: impl FnMut(u32) -> bool) {
        let (chunk, at) = self.find(before);
        if self.chunks().get(chunk).and_then(|ids| ids.get(at)) != Some(&id) {
            self.insert_at((chunk, at), id);
        }
    }

    /// Takes a number out if it is there; `before` tells what stands before it.
    pub(crate) fn remove(&mut self, id: u32, before: impl FnMut(u32) -> bool) {
        let (chunk, at) = self.find(before);
        match self {
            Self::Few(ids) if ids.get(at) == Some(&id) => {
                ids.remove(at);
            }
            Self::Many(chunks) if chunks.get(chunk).is_some_and(|ids| ids.get(at) == Some(&id)) => {
                chunks[chunk].remove(at);
                join_small(chunks, chunk);
            }
            _ => {}
        }
    }

    /// Bytes on the heap.
    pub(crate) fn heap_bytes(&self) -> usize {
        match self {
            Self::Few(ids) => ids.capacity() * 4,
            Self::Many(chunks) => {
                chunks.capacity() * size_of::<Vec<u32>>() + chunks.iter().map(|ids| ids.capacity() * 4).sum::<usize>()
            }
        }
    }

    fn chunks(&self) -> &[Vec<u32>] {
        match self {
            Self::Few(ids) => std::slice::from_ref(ids),
            Self::Many(chunks) => chunks,
        }
    }

    fn find(&self, mut before: impl FnMut(u32) -> bool) -> Place {
        let chunks = self.chunks();
        let chunk = chunks.partition_point(|ids| ids.last().is_some_and(|&last| before(last)));
        if chunk == chunks.len() {
            return (chunk.saturating_sub(1), chunks.last().map_or(0, Vec::len));
        }
        (chunk, chunks[chunk].partition_point(|&id| before(id)))
    }

    fn insert_at(&mut self, (chunk, at): Place, id: u32) {
        if let Self::Few(ids) = self {
            if ids.len() < CHUNK {
                return grow_and_insert(ids, at, id);
            }
            *self = Self::Many(vec![std::mem::take(ids)]);
        }
        let Self::Many(chunks) = self else { return };
        match chunks.get_mut(chunk) {
            None => chunks.push(vec![id]),
            Some(ids) if ids.len() < CHUNK => grow_and_insert(ids, at, id),
            // Numbers mostly come in order: then chunks stay full.
            Some(_) if at == CHUNK => {
                let mut fresh = Vec::new();
                grow_and_insert(&mut fresh, 0, id);
                chunks.insert(chunk + 1, fresh);
            }
            Some(ids) => {
                let mut upper = ids.split_off(CHUNK / 2);
                ids.shrink_to_fit();
                let (half, at) = if at <= CHUNK / 2 { (ids, at) } else { (&mut upper, at - CHUNK / 2) };
                grow_and_insert(half, at, id);
                chunks.insert(chunk + 1, upper);
            }
        }
    }
}

impl FromIterator<u32> for Ids {
    fn from_iter<I: IntoIterator<Item = u32>>(ids: I) -> Self {
        let mut list = Self::default();
        ids.into_iter().for_each(|id| list.push(id));
        list
    }
}

fn grow_and_insert(ids: &mut Vec<u32>, at: usize, id: u32) {
    if ids.len() == ids.capacity() {
        ids.reserve_exact((ids.len() / 8).max(LEAST_GROWTH).min(CHUNK - ids.len()));
    }
    ids.insert(at, id);
}

/// Keeps removals from leaving a trail of tiny chunks.
fn join_small(chunks: &mut Vec<Vec<u32>>, chunk: usize) {
    if chunks[chunk].is_empty() {
        chunks.remove(chunk);
    } else if chunk + 1 < chunks.len() && chunks[chunk].len() + chunks[chunk + 1].len() <= CHUNK / 2 {
        let upper = chunks.remove(chunk + 1);
        chunks[chunk].extend(upper);
    }
}

/// A reader of a list in ascending order that is told where to go on.
#[derive(Clone, Debug)]
pub(crate) struct Cursor<'a> {
    chunks: &'a [Vec<u32>],
    at: usize,
}

impl<'a> Cursor<'a> {
    /// A reader at the beginning.
    pub(crate) fn new(ids: &'a Ids) -> Self {
        Self { chunks: ids.chunks(), at: 0 }
    }

    /// Whether the list has this number; to be asked in ascending order. Gallops: near numbers cost little, far ones
    /// the logarithm of the distance.
    pub(crate) fn has(&mut self, id: u32) -> bool {
        let is_before = |ids: &Vec<u32>| ids.last().is_none_or(|&last| last < id);
        if self.chunks.first().is_some_and(is_before) {
            let mut step = 1;
            while step < self.chunks.len() && is_before(&self.chunks[step]) {
                step *= 2;
            }
            let end = step.min(self.chunks.len());
            let skip = step / 2 + self.chunks[step / 2..end].partition_point(is_before);
            (self.chunks, self.at) = (&self.chunks[skip..], 0);
        }
        let Some(ids) = self.chunks.first() else { return false };
        let mut step = 1;
        while self.at + step < ids.len() && ids[self.at + step] < id {
            self.at += step;
            step *= 2;
        }
        let end = (self.at + step + 1).min(ids.len());
        self.at += ids[self.at..end].partition_point(|&other| other < id);
        ids.get(self.at) == Some(&id)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::{CHUNK, Cursor, Ids};

    #[test]
    fn numbers_that_come_in_order_fill_their_chunks() {
        let ids: Ids = (0..10_000).collect();
        assert_eq!((ids.len(), ids.iter().nth(7_777)), (10_000, Some(7_777)));
        assert!(ids.heap_bytes() < 10_000 * 4 * 9 / 8 + 1_000, "{}", ids.heap_bytes());
    }

    proptest! {
        #[test]
        fn it_is_a_sorted_set(
            stride in 1u32..7,
            start in 0usize..3 * CHUNK,
            changes in prop::collection::vec((any::<bool>(), 0u32..20_000), 0..400),
            cut in (0u32..20_000, 0u32..12_000),
        ) {
            let mut model: BTreeSet<u32> = (0..start as u32).map(|id| id * stride).collect();
            let mut ids: Ids = model.iter().copied().collect();
            // Single changes, then a whole stretch taken out, which empties chunks.
            let stretch: Vec<u32> = model.range(cut.0..cut.0.saturating_add(cut.1)).copied().collect();
            for (add, id) in changes.into_iter().chain(stretch.into_iter().map(|id| (false, id))) {
                if add {
                    model.insert(id);
                    ids.insert(id, |other| other < id);
                } else {
                    model.remove(&id);
                    ids.remove(id, |other| other < id);
                }
            }
            prop_assert_eq!(ids.len(), model.len());
            prop_assert_eq!(ids.is_empty(), model.is_empty());
            prop_assert!(ids.iter().eq(model.iter().copied()));
            prop_assert!(ids.iter_from(|id| id < cut.0).eq(model.range(cut.0..).copied()));
            let mut cursor = Cursor::new(&ids);
            for id in (0..20_000).step_by(cut.1 as usize % 50 + 1) {
                prop_assert_eq!(cursor.has(id), model.contains(&id), "{}", id);
            }
        }
    }
}
