//! Files: who may read and write them, and whether certificates can be used.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use countersign_providers::{NativeSettings, Opened};
use countersign_settings::problem::Problem;

use super::configuration::is_about_files;
use crate::config::{Config, DEFAULT_FILE};
use crate::findings::{Check, Findings};
use crate::senders::now;
use crate::stores::{StoreSettings, TlsSettings};
use crate::tls;

/// A certificate that ends within so many seconds is warned of: 14 days.
const SOON: u64 = 14 * DAY;
const DAY: u64 = 86_400;

/// Looks at all of them.
pub(super) fn examine(
    config: &Config,
    file: Option<&Path>,
    exposed: Option<&Problem>,
    warnings: &[Problem],
) -> Findings {
    let mut findings = Findings::default();
    configuration(file.unwrap_or_else(|| Path::new(DEFAULT_FILE)), exposed, &mut findings);
    secrets(warnings, &mut findings);
    let mut certificates = Vec::new();
    let encryptions = config.stores().filter_map(|(_, store)| encryption(store));
    for TlsSettings { ca_file, client_certificate_file, client_key_file, .. } in encryptions {
        certificates.extend(ca_file.as_deref());
        certificates.extend(client_certificate_file.as_deref());
        if let Some(key) = client_key_file {
            private(key, &mut findings);
        }
    }
    certificates.extend(config.delivery.ca_file.as_deref());
    let senders: Vec<_> = config.senders.all().collect();
    for (channel, path, sender) in &senders {
        if let Ok(Opened::Native(NativeSettings::Smtp(smtp))) = sender.open(*channel, path) {
            certificates.extend(smtp.ca_file.as_deref());
        }
    }
    for file in certificates {
        certificate(file, now().0, &mut findings);
    }
    findings
}

fn configuration(file: &Path, exposed: Option<&Problem>, findings: &mut Findings) {
    let check = Check::FilesConfiguration;
    let shown = file.display();
    let Ok(metadata) = file.metadata() else {
        return findings.skipped(check, "no file: the settings come from the environment");
    };
    let mode = metadata.mode() & 0o777;
    if mode & 0o002 != 0 || (mode & 0o020 != 0 && metadata.gid() != 0) {
        let found = format!("{shown} can be changed by other users (mode {mode:o})");
        findings.failed(check, found, format!("chmod go-w {shown}"));
    } else if let Some(exposed) = exposed {
        let (found, mend) = parted(&exposed.text);
        findings.warning(check, found, mend);
    } else {
        findings.ok(check, format!("{shown} (mode {mode:o})"));
    }
}

fn secrets(warnings: &[Problem], findings: &mut Findings) {
    let check = Check::FilesSecrets;
    let open: Vec<&Problem> = warnings.iter().filter(|warning| is_about_files(warning)).collect();
    if open.is_empty() {
        findings.ok(check, "no file with a secret can be read by other users");
    }
    for warning in open {
        let (found, mend) = parted(&warning.text);
        findings.warning(check, format!("{}: {found}", warning.path), mend);
    }
}

/// What was found, and the command that mends it, of a text ``found: `command` ``.
fn parted(text: &str) -> (String, String) {
    match text.rsplit_once(": `") {
        Some((found, mend)) => (found.to_owned(), mend.trim_end_matches('`').to_owned()),
        None => (text.to_owned(), "chmod 600".to_owned()),
    }
}

fn encryption(store: &StoreSettings) -> Option<&TlsSettings> {
    match store {
        StoreSettings::Postgres(settings) => Some(&settings.tls),
        StoreSettings::Redis(settings) => Some(&settings.tls),
        StoreSettings::Memory(_) | StoreSettings::Sqlite(_) => None,
    }
}

fn private(key: &Path, findings: &mut Findings) {
    let shown = key.display();
    let Ok(metadata) = key.metadata() else { return };
    let mode = metadata.mode() & 0o777;
    if mode & 0o007 != 0 {
        let found = format!("{shown} holds a private key that every user may read (mode {mode:o})");
        findings.warning(Check::FilesSecrets, found, format!("chmod 600 {shown}"));
    }
}

fn certificate(file: &Path, now: u64, findings: &mut Findings) {
    let check = Check::FilesCertificates;
    let shown = file.display();
    let mend = "renew the certificate, or take it out of the file";
    match tls::first_end(file) {
        Err(reason) => {
            findings.failed(
                check,
                format!("{shown} {reason}"),
                "give a file in PEM that this user may read",
            );
        }
        Ok(None) => findings.ok(check, format!("{shown} can be read")),
        Ok(Some(end)) if end <= now => {
            findings.failed(check, format!("{shown} holds a certificate that has expired"), mend);
        }
        Ok(Some(end)) if end - now < SOON => {
            let found =
                format!("{shown} holds a certificate that expires in {} days", (end - now) / DAY);
            findings.warning(check, found, mend);
        }
        Ok(Some(end)) => {
            findings.ok(check, format!("{shown} is good for {} more days", (end - now) / DAY));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_of_a_file_is_parted_into_what_and_how() {
        let (found, mend) =
            parted("a.key holds a secret that every user may read: `chmod 600 a.key`");
        assert_eq!(found, "a.key holds a secret that every user may read");
        assert_eq!(mend, "chmod 600 a.key");
    }
}
