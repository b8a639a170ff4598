//! What the process itself needs of this machine.

use rustix::process::{Resource, Rlimit, geteuid, getrlimit};

use crate::config::{Config, Mode};
use crate::findings::{Check, Findings};
use crate::senders::now;

/// File descriptors on top of those of clients: the store, providers, the log.
const RESERVED: u64 = 512;
/// 2026-01-01 and 2100-01-01: before this version was made, and after anyone runs it.
const SANE: std::ops::Range<u64> = 1_767_225_600..4_102_444_800;

/// Looks at all of it; `config` is what can be read of it.
pub(super) fn examine(config: Option<&Config>, findings: &mut Findings) {
    user(findings);
    open_files(config, findings);
    clock(now().0, findings);
    entropy(findings);
    if let Some(config) = config {
        api_keys(config, findings);
    }
}

fn user(findings: &mut Findings) {
    let user = geteuid();
    let found = if user.is_root() {
        "root: says nothing of what the service's own user may read and write".to_owned()
    } else {
        format!("user {}: has to be the one who runs the service", user.as_raw())
    };
    findings.ok(Check::ProcessUser, found);
}

fn open_files(config: Option<&Config>, findings: &mut Findings) {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let wanted = config.map(|config| u64::from(config.server.max_connections) + RESERVED);
    let check = Check::ProcessOpenFiles;
    match (maximum, wanted) {
        (None, _) => findings.ok(check, "no limit"),
        (Some(limit), Some(wanted)) if limit < wanted => {
            let found = format!("at most {limit}: server.max_connections needs {wanted}");
            findings.warning(
                check,
                found,
                "raise the limit (ulimit -Hn, LimitNOFILE), or lower server.max_connections",
            );
        }
        (Some(limit), _) => findings.ok(check, format!("at most {limit}")),
    }
}

fn clock(now: u64, findings: &mut Findings) {
    if SANE.contains(&now) {
        return findings.ok(Check::ProcessClock, format!("{now} s since 1970"));
    }
    let found = format!("{now} s since 1970: this machine's clock is not set");
    findings.failed(Check::ProcessClock, found, "set the clock, and keep it by NTP");
}

fn entropy(findings: &mut Findings) {
    let (mut first, mut second) = ([0; 32], [0; 32]);
    let check = Check::ProcessEntropy;
    match getrandom::fill(&mut first).and_then(|()| getrandom::fill(&mut second)) {
        Ok(()) if first != second => findings.ok(check, "the system gives random bytes"),
        Ok(()) => findings.failed(check, "the system gives the same bytes twice", MEND),
        Err(error) => findings.failed(check, error.to_string(), MEND),
    }
}

const MEND: &str = "look at the sandbox or container: the system call getrandom has to work";

fn api_keys(config: &Config, findings: &mut Findings) {
    let check = Check::ServerApiKeys;
    let count = config.api_keys.len();
    match (count, config.server.mode) {
        (0, Mode::Production) => findings.warning(
            check,
            "none: whatever runs on this machine may ask for codes",
            "`countersign key generate --api` makes one for [[api_keys]]",
        ),
        (0, Mode::Development) => findings.ok(check, "none, in development"),
        _ => {
            let operators = config.api_keys.iter().filter(|key| key.operator).count();
            findings.ok(check, format!("{count}, operators: {operators}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::Grade;

    #[test]
    fn a_clock_that_was_never_set_fails() {
        for (now, expected) in
            [(0, Grade::Failed), (1_795_822_380, Grade::Ok), (u64::MAX, Grade::Failed)]
        {
            let mut findings = Findings::default();
            clock(now, &mut findings);
            assert_eq!(findings.worst(), expected, "{now}");
        }
    }
}
