//! The search language.

/// What somebody looks for, parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    text: Box<str>,
}

/// Why a text is no query.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// Nothing to look for.
    #[error("the search is empty: type at least one word")]
    Empty,
}

impl Query {
    /// Reads a query.
    ///
    /// # Errors
    /// When the text holds nothing to look for.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        if text.trim().is_empty() { Err(QueryError::Empty) } else { Ok(Self { text: text.into() }) }
    }

    /// The text as it was typed.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether a file answers the query.
    #[must_use]
    pub fn matches(&self, name: &str, _size: u64, _id: &super::FileId) -> bool {
        self.text.split_whitespace().all(|word| name.contains(word))
    }
}
