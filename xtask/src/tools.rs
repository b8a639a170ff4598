//! What the tests and benches need beside Rust, installed through apt where we may.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process;

/// A program from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tool {
    /// The mail server, which the suite for SMTP starts itself on free ports.
    Exim,
    /// The web server, for the suite that puts one before many processes.
    Nginx,
    /// The pooler before PostgreSQL, which the suites start themselves on free ports.
    PgBouncer,
    /// The PostgreSQL server, likewise.
    Postgres,
    /// Python with `venv`, for the phone numbers' oracle.
    Python,
    /// The Redis server, which the suites start themselves on free ports.
    Redis,
    /// What counts the host's instructions.
    Valgrind,
}

impl Tool {
    fn is_present(self) -> bool {
        match self {
            Self::Exim => process::find_program("exim4").is_some(),
            Self::Nginx => process::find_program("nginx").is_some(),
            Self::PgBouncer => process::find_program("pgbouncer").is_some(),
            Self::Postgres => has_postgres(),
            Self::Python => {
                process::succeeds(Command::new("python3").args(["-c", "import ensurepip, venv"]))
            }
            Self::Redis => process::find_program("redis-server").is_some(),
            Self::Valgrind => process::find_program("valgrind").is_some(),
        }
    }

    /// Its packages in Debian and what follows it.
    fn packages(self) -> &'static [&'static str] {
        match self {
            Self::Exim => &["exim4-daemon-light"],
            Self::Nginx => &["nginx"],
            Self::PgBouncer => &["pgbouncer"],
            Self::Postgres => &["postgresql"],
            Self::Python => &["python3", "python3-venv"],
            Self::Redis => &["redis-server"],
            Self::Valgrind => &["valgrind"],
        }
    }
}

/// Whether there is a server where Debian has it, which is not on every user's path, or on the path.
fn has_postgres() -> bool {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let mut versions = versions.filter_map(Result::ok);
    versions.any(|version| version.path().join("bin/postgres").is_file())
        || process::find_program("postgres").is_some()
}

/// Installs what is missing of `tools`. No service of theirs is started or enabled.
///
/// # Errors
/// Where something is missing and can't be installed; the message names what to install.
pub(crate) fn ensure(tools: &[Tool]) -> Result<()> {
    let missing: Vec<Tool> = tools.iter().copied().filter(|tool| !tool.is_present()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages = packages_of(&missing);
    let wish = wish(&packages);
    if process::find_program("apt-get").is_none() {
        bail!(wish);
    }
    let Some(mut root) = root_command() else { bail!(wish) };
    println!("installing {} through apt-get", packages.join(" "));
    root.args(["sh", "-euc", INSTALL, "install"]).args(&packages);
    process::read(&mut root).with_context(|| wish.clone())?;
    if missing.iter().all(|tool| tool.is_present()) { Ok(()) } else { bail!(wish) }
}

fn packages_of(tools: &[Tool]) -> Vec<&'static str> {
    tools.iter().flat_map(|tool| tool.packages()).copied().collect()
}

/// What a developer is asked to install.
fn wish(packages: &[&str]) -> String {
    format!("missing: {0}; install it (on Debian: apt-get install {0})", packages.join(" "))
}

/// `env …` with the rights to install, where that takes no password.
fn root_command() -> Option<Command> {
    let is_root = process::read(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    let mut command = if is_root {
        Command::new("env")
    } else if process::succeeds(Command::new("sudo").args(["-n", "true"])) {
        let mut sudo = Command::new("sudo");
        sudo.args(["-n", "env"]);
        sudo
    } else {
        return None;
    };
    command.arg("DEBIAN_FRONTEND=noninteractive");
    Some(command)
}

/// Debian starts a server when it is installed and again at every boot; a developer's machine should run
/// none. Of mail servers only one can be installed: where there is another nothing is removed for ours, and the message
/// says what is missing. The policy that forbids the start is ours only where there was none, and goes away again.
const INSTALL: &str = r#"
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' > "$policy"
  chmod 755 "$policy"
fi
apt-get -o DPkg::Lock::Timeout=120 -qq update
apt-get -o DPkg::Lock::Timeout=120 -qq install -y --no-remove --no-install-recommends "$@"
if [ -d /run/systemd/system ]; then
  for package in "$@"; do
    case "$package" in
      exim4-daemon-light) systemctl --quiet disable exim4.service exim4-base.timer ;;
      nginx | pgbouncer | postgresql | redis-server) systemctl --quiet disable "$package" ;;
    esac
  done
fi
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_install_script_is_valid_shell() {
        assert!(process::succeeds(Command::new("sh").args(["-n", "-c", INSTALL])));
    }

    #[test]
    fn what_is_missing_is_asked_for_by_the_names_of_its_packages() {
        let packages = packages_of(&[Tool::Redis, Tool::Python]);
        assert_eq!(
            wish(&packages),
            "missing: redis-server python3 python3-venv; install it \
             (on Debian: apt-get install redis-server python3 python3-venv)"
        );
    }

    #[test]
    fn every_server_that_is_installed_is_kept_from_starting_at_boot() {
        const SERVERS: [Tool; 5] =
            [Tool::Exim, Tool::Nginx, Tool::PgBouncer, Tool::Postgres, Tool::Redis];
        for package in packages_of(&SERVERS) {
            let arm =
                INSTALL.lines().find(|line| line.contains("systemctl") && line.contains(package));
            assert!(arm.is_some(), "no line disables {package}");
        }
    }
}
