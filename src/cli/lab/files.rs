//! The shares of a lab, written to the disk.

use std::path::Path;

use super::catalogue::{self, LabFile};
use super::plan::Plan;
use crate::base::Rng;

/// Writes the shares; returns how many files each node has.
pub(super) fn fill(plans: &[Plan], rng: &mut Rng) -> std::io::Result<Vec<usize>> {
    plans.iter().try_for_each(|plan| std::fs::create_dir_all(&plan.share))?;
    let files = catalogue::catalogue(plans.len(), rng);
    let owners = catalogue::spread(files.len(), plans.len(), rng);
    let mut counts = vec![0; plans.len()];
    for (file, owners) in files.iter().zip(&owners) {
        let content = catalogue::content(file);
        for &owner in owners {
            write(&plans[owner].share, file, &content)?;
            counts[owner] += 1;
        }
    }
    Ok(counts)
}

fn write(share: &Path, file: &LabFile, content: &[u8]) -> std::io::Result<()> {
    let path = share.join(&file.path);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, content)
}
