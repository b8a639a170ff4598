//! `cargo xtask serve`: the service on this machine, for trying it out.

use anyhow::{Result, bail};

use crate::workspace::{Profile, Workspace};
use crate::{arguments, build, process};

/// What is served where the developer has no configuration yet.
const EXAMPLE: &str = "examples/development.toml";

/// Builds and serves until Ctrl-C.
///
/// # Errors
/// Where the build fails or the host ends with an error.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    let (own, passed) = arguments::split(arguments);
    if let Some(argument) = own.first() {
        bail!("`serve` takes no `{argument}`; the host's own arguments follow `--`");
    }
    build::component(workspace)?;
    build::host(workspace, Profile::Trial)?;
    let own_configuration = workspace.root.join("countersign.toml").exists();
    let mut host = workspace.command(workspace.host(Profile::Trial));
    host.args(host_arguments(own_configuration, passed));
    process::replace_with(&mut host)
}

/// What the host is started with: the developer's configuration if there is one, else the example.
fn host_arguments(own_configuration: bool, passed: &[String]) -> Vec<String> {
    let names_a_configuration =
        passed.iter().any(|argument| argument == "--config" || argument.starts_with("--config="));
    let mut arguments = vec!["serve".to_owned()];
    if !names_a_configuration {
        let file = if own_configuration { "countersign.toml" } else { EXAMPLE };
        arguments.extend(["--config".to_owned(), file.to_owned()]);
    }
    arguments.extend_from_slice(passed);
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_clone_is_served_with_the_example() {
        assert_eq!(host_arguments(false, &[]), ["serve", "--config", EXAMPLE]);
    }

    #[test]
    fn a_configuration_of_ones_own_is_preferred() {
        assert_eq!(host_arguments(true, &[]), ["serve", "--config", "countersign.toml"]);
    }

    #[test]
    fn a_named_configuration_is_the_only_one() {
        let passed = ["--config=a.toml".to_owned()];
        assert_eq!(host_arguments(true, &passed), ["serve", "--config=a.toml"]);
        let passed = ["--config".to_owned(), "a.toml".to_owned()];
        assert_eq!(host_arguments(false, &passed), ["serve", "--config", "a.toml"]);
    }
}
