//! `cargo xtask messages`: a page with every message in every language, for a person's eye.

use anyhow::Result;

use crate::workspace::Workspace;
use crate::{arguments, process};

/// The test that renders them all, and writes the page where this variable says.
const TEST: &str = "every_message_says_its_code_once";
const PAGE: &str = "COUNTERSIGN_TEST_PAGE";

/// Renders the page and says where it is.
///
/// # Errors
/// Where a message doesn't say what it must.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    arguments::refuse("messages", arguments)?;
    let page = workspace.target.join("messages.html");
    let mut cargo = workspace.cargo();
    cargo.args(["test", "--quiet", "--package", "countersign-providers", "--lib", "--", TEST]);
    process::run(cargo.env(PAGE, &page))?;
    println!("{}", page.display());
    Ok(())
}
