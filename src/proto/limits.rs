//! Every bound on what the network can make this program hold or do, by name.
//!
//! A limit that only one room knows stands in that room; what two nodes must agree on, or what two rooms share, is here.

use std::time::Duration;

/// The highest TTL that a query may start with, and the most that TTL and hops may add up to (Gnutella 0.6: 7).
pub const MAX_TTL: u8 = 7;
/// The most steps that a walker may start with, and that its TTL and hops may add up to. A walker is one message a step,
/// where a flood's TTL is an exponent: this many cost less than a flood over seven hops.
pub const MAX_WALK_TTL: u8 = 128;
/// Walkers of one search.
pub const MAX_WALKERS: u8 = 64;
/// Hops that a hit or report may take on its way back.
pub const MAX_WAY_BACK: u8 = 15;
/// The same for those of a walk: the way back follows first visits, and those of several walkers may lie in a row.
pub const MAX_WALK_BACK: u8 = 255;
/// Bytes of one message on a link, its length prefix left out. Gnutella servents cap payloads at 64 KiB as well.
pub const MAX_FRAME: usize = 64 * 1024;
/// Bytes of a query's text.
pub const MAX_QUERY_TEXT: usize = 256;
/// Bytes of a query's body: its text, its origin, and room for what newer versions add. A relay passes all of it on.
pub const MAX_QUERY_BODY: usize = 1_024;
/// Words, phrases and filters in one query.
pub const MAX_QUERY_TERMS: usize = 16;
/// Bytes of a file's name as it travels: what common file systems allow a name.
pub const MAX_FILE_NAME: usize = 255;
/// Bytes of a node's name.
pub const MAX_NODE_NAME: usize = 64;
/// Bytes of a reason that travels with a Bye.
pub const MAX_REASON: usize = 200;
/// Files that one node names in answer to one query.
pub const MAX_HITS_A_NODE: usize = 64;
/// Files named in one hit message.
pub const MAX_HITS_A_MESSAGE: usize = 32;
/// Addresses named in one pong or one refusal.
pub const MAX_ADDRS_A_MESSAGE: usize = 10;
/// Hop reports in one message.
pub const MAX_REPORTS_A_MESSAGE: usize = 32;

/// GUIDs of queries remembered, in each of two generations.
pub const SEEN_CAPACITY: usize = 65_536;
/// How long a generation of GUIDs lasts. It outlives any query: more than [`MAX_TTL`] times what one hop may take.
pub const SEEN_GENERATION: Duration = Duration::from_secs(300);
/// Addresses of other nodes remembered.
pub const MAX_HOSTS: usize = 1_000;
/// Own searches that may run at once.
pub const MAX_SEARCHES: usize = 32;
/// Hits kept of one search.
pub const MAX_HITS_A_SEARCH: usize = 2_000;
/// Hop reports kept of one search: a flood among some thousands of nodes.
pub const MAX_HOPS_A_SEARCH: usize = 50_000;
/// Hits and reports that a node passes back for one query: no origin keeps more.
pub const MAX_PASSED_BACK: u16 = (MAX_HITS_A_SEARCH + MAX_HOPS_A_SEARCH) as u16;
const _: () = assert!(MAX_PASSED_BACK as usize == MAX_HITS_A_SEARCH + MAX_HOPS_A_SEARCH);
/// Links that may exist at once, whatever the settings say.
pub const MAX_LINKS: usize = 256;

/// Leaves that an ultra-peer takes unless the settings say otherwise (LimeWire: 30).
pub const MAX_LEAVES: usize = 30;
/// Ultra-peers that a leaf is linked to (LimeWire: 3).
pub const MAX_ULTRAPEERS: usize = 3;
/// How long a directory keeps what a node registered that it does not hear of.
pub const LEASE: Duration = Duration::from_secs(60);
/// Nodes that may be registered with a directory.
pub const MAX_REGISTERED_NODES: usize = 16_384;
/// Files that one node may register.
pub const MAX_FILES_A_NODE: usize = 200_000;
/// Files that may be registered with a directory.
pub const MAX_REGISTERED_FILES: usize = 4_000_000;
/// Parts that a library is compared by: each has a digest.
pub const REGISTER_BUCKETS: usize = 256;
/// Files in one registration message.
pub const MAX_FILES_A_CHANGE: usize = 128;
/// Tags of files in one registration message.
pub const MAX_TAGS_A_MESSAGE: usize = 4_096;
/// Nodes in one page of a directory's answer.
pub const MAX_NODES_A_PAGE: usize = 32;
/// Bits of a leaf's keyword filter, as a power of two: the smallest and the largest.
pub const FILTER_BITS: std::ops::RangeInclusive<u8> = 10..=20;
/// Bytes of a filter in one message.
pub const MAX_FILTER_PART: usize = 16 * 1024;
/// Directories that a node knows.
pub const MAX_DIRECTORIES: usize = 32;
