//! The README does what it says, and the pages for developers name what exists.

#[cfg(test)]
mod clients;
#[cfg(test)]
mod first_screen;
#[cfg(test)]
mod paths;

/// The folder of the project.
#[cfg(test)]
fn root() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
