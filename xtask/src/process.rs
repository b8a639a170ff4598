//! Running other programs: one line says which, and a failure says what failed.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// Runs a program to its end; what it prints is shown.
///
/// # Errors
/// Where it can't be started or doesn't succeed.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let shown = show(command);
    let status = command.status().with_context(|| format!("`{shown}` can't be started"))?;
    if !status.success() {
        bail!("`{shown}` failed ({status})");
    }
    Ok(())
}

/// Runs a program to its end and returns what it wrote to its standard output.
///
/// # Errors
/// Where it can't be started, doesn't succeed (the message holds what it complained of) or writes
/// something other than UTF-8.
pub(crate) fn read(command: &mut Command) -> Result<String> {
    let shown = show(command);
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("`{shown}` can't be started"))?;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        let failure = format!("`{shown}` failed ({}): {}", output.status, complaint.trim());
        // Of a complaint that was shown already nothing is left.
        bail!("{}", failure.trim_end_matches(": "));
    }
    String::from_utf8(output.stdout).with_context(|| format!("`{shown}` wrote no UTF-8"))
}

/// Whether a program can be started and succeeds; what it prints is dropped.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Becomes another program where the system can, so that signals reach it directly.
///
/// # Errors
/// Where it can't be started or, on systems without `exec`, doesn't succeed.
#[cfg(unix)]
pub(crate) fn replace_with(command: &mut Command) -> Result<()> {
    use std::os::unix::process::CommandExt;

    let shown = show(command);
    Err(command.exec()).with_context(|| format!("`{shown}` can't be started"))
}

/// Becomes another program where the system can, so that signals reach it directly.
///
/// # Errors
/// Where it can't be started or, on systems without `exec`, doesn't succeed.
#[cfg(not(unix))]
pub(crate) fn replace_with(command: &mut Command) -> Result<()> {
    run(command)
}

/// Where a program is: on the `PATH`, or where Debian keeps the servers, which is on root's only.
pub(crate) fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain([PathBuf::from("/usr/sbin"), PathBuf::from("/usr/local/sbin")])
        .map(|folder| folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX)))
        .find(|file| file.is_file())
}

/// The program and its arguments as one would type them, the program without its folders.
fn show(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or(command.get_program());
    let mut shown = name.to_string_lossy().into_owned();
    for argument in command.get_args() {
        shown.push(' ');
        shown.push_str(&argument.to_string_lossy());
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_the_program_and_its_arguments() {
        let error = read(Command::new("cargo").arg("no-such-command")).unwrap_err();
        assert!(error.to_string().starts_with("`cargo no-such-command` failed"));
    }

    #[test]
    fn a_program_that_is_nowhere_is_not_found() {
        assert_eq!(find_program("no-such-program-anywhere"), None);
        assert!(!succeeds(&mut Command::new("no-such-program-anywhere")));
    }
}
