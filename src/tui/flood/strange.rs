//! What of a report cannot be true.

/// Why a report cannot be true, or not all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Strange {
    /// A hop that no copy of this query can have.
    Hop,
    /// It came from a node that had no copy at the hop before.
    Parent,
    /// Earlier than what was told before it, or later than any query travels.
    Time,
    /// At hop 1, but not from here.
    Origin,
    /// New to the same node twice.
    Twice,
    /// From itself, or told by this node as if it were another.
    Itself,
}

impl Strange {
    /// Every kind.
    pub const ALL: [Self; 6] = [Self::Hop, Self::Parent, Self::Time, Self::Origin, Self::Twice, Self::Itself];

    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Hop => "a hop that no copy can have",
            Self::Parent => "its sender had no copy at the hop before",
            Self::Time => "its time goes backwards, or too far",
            Self::Origin => "hop 1, but not from this node",
            Self::Twice => "new to the same node twice",
            Self::Itself => "from itself",
        }
    }
}
