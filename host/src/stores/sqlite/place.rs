//! Whether the file is still the one that was opened. SQLite goes on with a file that was deleted,
//! and what it writes from then on is gone with the process.

use std::fs;
use std::path::{Path, PathBuf};

use countersign_contract::types::StoreError;

/// Where the file was when it was opened, and which file that is.
pub(super) struct Place {
    path: PathBuf,
    opened: Option<(u64, u64)>,
}

impl Place {
    /// The file in `path`.
    pub(super) fn of(path: &Path) -> Self {
        // The working directory may change, the file may not.
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        Self { opened: identity(&path), path }
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Finds out whether the same file is there.
    ///
    /// # Errors
    /// [`StoreError::Other`] where there is none, or another one.
    pub(super) fn look(&self) -> Result<(), StoreError> {
        if self.opened.is_some() && identity(&self.path) == self.opened {
            return Ok(());
        }
        Err(StoreError::Other("sqlite: the file was deleted or replaced".to_owned()))
    }
}

#[cfg(unix)]
fn identity(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;

    let metadata = fs::metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

/// Elsewhere an open file can't be deleted.
#[cfg(not(unix))]
fn identity(path: &Path) -> Option<(u64, u64)> {
    fs::metadata(path).ok().map(|_| (0, 0))
}
