//! `countersign doctor`: looks at everything that a process depends on, and says what is wrong and how to mend it.
//!
//! Nothing is sent, set up or kept, and of a store only the scratch key is written. One check that fails keeps no other
//! from being made. Every question has a deadline, each part has one, and so has the whole: `docs/doctor.md`.

mod component;
mod configuration;
mod files;
mod listening;
mod process;
mod report;
mod stores;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use futures_util::future::join_all;
use tokio::time::{Instant, timeout_at};

use self::configuration::Examined;
use super::error::CommandError;
use super::exit;
use super::output::{Output, print};
use crate::config::{BuiltIn, LogSettings};
use crate::findings::{Check, Findings, Grade};
use crate::serve::StartError;
use crate::{senders, telemetry};

/// How long the whole may take.
const LIMIT: Duration = Duration::from_secs(30);
/// How long all files may take: a network file system may hang.
const FILES_LIMIT: Duration = Duration::from_secs(5);

/// Looks at everything and says what is wrong.
#[derive(Args, Debug)]
pub(super) struct Doctor {
    /// End with 7 for a warning too
    #[arg(long)]
    strict: bool,
    /// How findings are printed
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    output: Output,
    /// The same as `--output json`
    #[arg(long, conflicts_with = "output")]
    json: bool,
}

impl Doctor {
    /// `log` is what is logged, where anything is.
    pub(super) async fn run(
        self,
        file: Option<&Path>,
        component: BuiltIn,
        log: impl FnOnce(&LogSettings) -> LogSettings,
    ) -> Result<ExitCode, CommandError> {
        let mut findings = Findings::default();
        let examined = configuration::examine(file, component, &mut findings);
        let settings = examined.as_ref().map(|examined| examined.loaded.config.log.clone());
        telemetry::begin(&log(&settings.unwrap_or_default())).map_err(StartError::Log)?;
        let deadline = Instant::now() + LIMIT;
        let file = file.map(Path::to_owned);
        let done = timeout_at(deadline, look(examined, file, &mut findings)).await;
        findings.turn_to(None);
        if done.is_err() {
            let found = format!("not everything was looked at within {} s", LIMIT.as_secs());
            let mend = "mend what is said to give no answer, and run it again";
            findings.failed(Check::DoctorTime, found, mend);
        } else {
            findings.ok(Check::DoctorTime, "everything was looked at");
        }
        let is_json = self.json || self.output == Output::Json;
        print(&if is_json { report::json(&findings) } else { report::text(&findings) })?;
        let is_healthy = match findings.worst() {
            Grade::Failed => false,
            Grade::Warning => !self.strict,
            Grade::Ok | Grade::Skipped => true,
        };
        Ok(if is_healthy { exit::DONE } else { exit::UNHEALTHY }.into())
    }
}

/// Everything but the configuration itself, one after the other, so that nothing else disturbs what is measured.
async fn look(examined: Option<Examined>, file: Option<PathBuf>, findings: &mut Findings) {
    process::examine(examined.as_ref().map(|examined| &examined.loaded.config), findings);
    let Some(Examined { loaded, doubts }) = examined else {
        let reason = "the configuration can't be read";
        for check in [Check::ComponentDigest, Check::ServerListen, Check::StoreReachable] {
            findings.skipped(check, reason);
        }
        return;
    };
    listening::examine(&loaded.config, &doubts, findings).await;
    let looking = tokio::task::spawn_blocking({
        let (config, exposed) = (loaded.config.clone(), loaded.exposed.clone());
        let warnings = loaded.warnings.clone();
        move || files::examine(&config, file.as_deref(), exposed.as_ref(), &warnings)
    });
    match tokio::time::timeout(FILES_LIMIT, looking).await {
        Ok(Ok(found)) => findings.take(found),
        Ok(Err(_)) | Err(_) => findings.failed(
            Check::FilesConfiguration,
            "the files could not be looked at in time",
            "look at the file system: a network file system may hang",
        ),
    }
    let fingerprint = doubts.fingerprint(&loaded);
    for (name, settings) in loaded.config.stores() {
        findings.turn_to(Some(name));
        if doubts.cover(name) {
            findings.skipped(Check::StoreReachable, "its settings are wrong");
        } else {
            let mut found = Findings::about(name);
            stores::examine(settings, fingerprint.as_deref(), &mut found).await;
            if name != "store" {
                found.rename_settings("store.", &format!("{name}."));
            }
            findings.take(found);
        }
    }
    findings.turn_to(None);
    let config = &loaded.config;
    let authorities = config.delivery.ca_file.as_deref();
    let looks = config.senders.all().filter(|(_, path, _)| !doubts.cover(path)).map(
        |(channel, path, settings)| async move {
            senders::examine(channel, &path, settings, authorities).await
        },
    );
    for found in join_all(looks).await {
        findings.take(found);
    }
    component::examine(loaded, findings).await;
}
