//! Reading mails as others do.

use std::io::{Error, Result};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// What Python's standard library makes of the mail in a file: its `headers`, `type` and `parts`, each with `type` and
/// `text`, and what is wrong with it.
///
/// # Errors
///
/// Where it can't be read, or there is no Python.
pub fn parsed(path: &Path) -> Result<Value> {
    let python = std::env::var_os("COUNTERSIGN_TEST_PYTHON").unwrap_or_else(|| "python3".into());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/mail/parse.py");
    let output = Command::new(python).arg(script).arg(path).env("PYTHONUTF8", "1").output()?;
    if !output.status.success() {
        return Err(Error::other(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    serde_json::from_slice(&output.stdout).map_err(Error::other)
}
