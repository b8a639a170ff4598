//! The processor's instructions, counted by valgrind's callgrind, which executes each of them itself: a busy machine
//! changes nothing. The guest's own are left out, since fuel counts those.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::host::{self, CALLS, COUNTED, TOLD};
use super::table::Cell;

/// The subcommand of this binary that is counted.
const SUBCOMMAND: &str = "counted";

/// What callgrind calls the object of code that is in no file: that of the component.
const NO_OBJECT: &str = "???";

/// Counts calls of the component and requests to the router.
pub(super) fn count() -> Result<Vec<Cell>> {
    let this = std::env::current_exe()?;
    // The processor that valgrind plays is another one than the machine's, so wasmtime compiles for it here, and is not
    // counted.
    output(valgrind("none").arg(&this).args([SUBCOMMAND, "--prepare"]))?;
    let folder = tempfile::tempdir()?;
    let profile = folder.path().join("profile");
    let mut command = valgrind("callgrind");
    command.arg(option("--callgrind-out-file=", &profile));
    command.args([format!("--toggle-collect=*{COUNTED}*"), format!("--dump-after=*{TOLD}*")]);
    let told = output(command.arg(&this).arg(SUBCOMMAND))?;
    let mut cells = Vec::new();
    for (place, line) in told.lines().enumerate() {
        let (row, column) = host::read(line)?;
        let part = profile.with_extension((place + 1).to_string());
        let text = std::fs::read_to_string(&part);
        let text = text.with_context(|| format!("callgrind has not counted `{line}`"))?;
        cells.push(Cell { row, column, count: of_the_host(&text)? / CALLS as u64 });
    }
    Ok(cells)
}

/// What the figures depend on, beside this workspace and its compiler.
pub(super) fn machine() -> Result<String> {
    let valgrind = output(Command::new("valgrind").arg("--version"))?;
    let libc = output(Command::new("getconf").arg("GNU_LIBC_VERSION"))?;
    Ok(format!(
        "{}, {}, {}",
        std::env::consts::ARCH,
        libc.trim(),
        valgrind.trim().replace('-', " ")
    ))
}

fn valgrind(tool: &str) -> Command {
    let mut command = Command::new("valgrind");
    command.args(["--quiet", &format!("--tool={tool}")]);
    command
}

fn option(name: &str, path: &Path) -> std::ffi::OsString {
    let mut option = std::ffi::OsString::from(name);
    option.push(path);
    option
}

fn output(command: &mut Command) -> Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("{program} can't be started"))?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{program} failed ({}): {complaint}", output.status);
    String::from_utf8(output.stdout).with_context(|| format!("{program} wrote no UTF-8"))
}

/// The instructions that one profile has counted in the program and its libraries.
///
/// After the name of an object follow lines of a position and a count. The line after `calls=` repeats what the called
/// function has counted.
fn of_the_host(profile: &str) -> Result<u64> {
    let (mut sum, mut is_host, mut is_repeated) = (0, false, false);
    let mut unnamed = None;
    for line in profile.lines() {
        if let Some(object) = line.strip_prefix("ob=").or_else(|| line.strip_prefix("cob=")) {
            // A number in brackets, the first time with the name that it stands for.
            let (number, name) = object.split_once(' ').unwrap_or((object, ""));
            if name == NO_OBJECT {
                unnamed = Some(number);
            }
            if line.starts_with("ob=") {
                is_host = unnamed != Some(number);
            }
        } else if line.starts_with("calls=") {
            is_repeated = true;
        } else if line.starts_with(|first: char| first.is_ascii_digit() || "+-*".contains(first)) {
            let count = line.split(' ').nth(1).and_then(|count| count.parse::<u64>().ok());
            let count = count.with_context(|| format!("callgrind wrote `{line}`"))?;
            if !std::mem::take(&mut is_repeated) && is_host {
                sum += count;
            }
        }
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guests_instructions_and_those_of_called_functions_are_left_out() {
        let profile = "\
version: 1
summary: 136

ob=(2) ???
fn=(1)
0 100
ob=(3) /a/binary
fn=(2) one
10 5
cob=(4) /a/library
calls=7 0
+3 20
* 1
ob=(4)
fn=(3)
0 20
ob=(2)
0 10
totals: 136
";
        assert_eq!(of_the_host(profile).unwrap(), 5 + 1 + 20);
        assert!(of_the_host("ob=(3) a\n10 many\n").is_err());
    }
}
