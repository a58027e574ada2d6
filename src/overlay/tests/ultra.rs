//! Ultra-peers and leaves among their like.
use super::*;
