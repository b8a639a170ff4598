//! Instructions per call: `cargo xtask instructions`. They are the same on a busy machine, so that a change of a few per
//! cent shows, and the table in the docs can be held to them.

mod callgrind;
mod column;
mod guest;
mod host;
mod http;
mod judge;
mod script;
mod table;
mod verb;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use tokio::runtime::Runtime;

use self::table::Table;
use crate::engines::component_path;

/// Where the table is.
#[derive(clap::Args)]
pub(crate) struct Place {
    /// The document with the table, which `UPDATE=1` writes again.
    #[arg(long, default_value = "docs/benchmarks.md")]
    document: PathBuf,
}

/// What is run below valgrind.
#[derive(clap::Args)]
pub(crate) struct Counted {
    /// Only has the component compiled.
    #[arg(long)]
    prepare: bool,
}

/// Counts, prints what was counted, and compares it with the table or writes that again.
///
/// # Errors
/// Where a figure is too far from the table's; the message names all that are.
pub(crate) fn run(place: &Place) -> Result<()> {
    let shown = place.document.display();
    let document = fs::read_to_string(&place.document);
    let document = document.with_context(|| format!("{shown} can't be read"))?;
    let told = Table::read(&document).with_context(|| format!("{shown} can't be understood"))?;
    let mut cells = guest::count(&runtime()?, &fs::read(component_path()?)?)?;
    cells.append(&mut callgrind::count()?);
    let found = Table::new(callgrind::machine()?, cells);
    print!("{}", found.render());
    if std::env::var_os("UPDATE").is_some() {
        let updated = judge::updated(&told, found).put_into(&document)?;
        return fs::write(&place.document, updated)
            .with_context(|| format!("{shown} can't be written"));
    }
    if told.machine != found.machine {
        println!("\nThe host's figures were not compared: the table is of {}.", told.machine);
    }
    let differences = judge::differences(&told, &found);
    if !differences.is_empty() {
        bail!(
            "over 2 % from the table in {shown}:\n  {}\nIf this is meant, or an improvement: run \
             UPDATE=1 cargo xtask instructions, and say why in the commit",
            differences.join("\n  ")
        );
    }
    Ok(())
}

/// Makes the calls that callgrind counts.
///
/// # Errors
/// Where one fails.
pub(crate) fn run_counted(counted: &Counted) -> Result<()> {
    if counted.prepare { host::prepare(&runtime()?) } else { host::run(&runtime()?) }
}

/// On this thread alone: callgrind follows the calls of one.
fn runtime() -> Result<Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}
