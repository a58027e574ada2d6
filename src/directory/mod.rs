//! What a directory keeps of the nodes that register with it: searched in memory, and kept on disk.

mod catalogue;
mod files;
mod nodes;
mod search;
#[cfg(test)]
mod tests;

pub use catalogue::Catalogue;
