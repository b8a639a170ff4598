//! The component: which it is, what is kept of its native code, and whether it runs.

use std::path::Path;
use std::time::Duration;

use countersign_settings::problem::Problems;
use rustix::fs::{Access, access};
use tokio::time::timeout;

use crate::config::Loaded;
use crate::engine::{self, Kept};
use crate::findings::{Check, Findings};
use crate::serve::{StartError, try_engine};

/// How long compiling the component and preparing every purpose may take.
const LIMIT: Duration = Duration::from_secs(12);

/// Looks at it. Where no native code is kept, it is compiled and not kept: the file would be this user's.
pub(super) async fn examine(mut loaded: Loaded, findings: &mut Findings) {
    let settings = &loaded.config.engine;
    let (description, kept) = match engine::look(settings) {
        Ok(found) => found,
        Err(error) => {
            let mend = "correct engine.component, or take it out: then the component inside the binary counts";
            findings.failed(Check::ComponentDigest, error.to_string(), mend);
            findings.skip_rest(&[Check::ComponentCache, Check::ComponentRuns], "there is none");
            return;
        }
    };
    let origin = match &settings.component {
        Some(path) => path.display().to_string(),
        None => "inside the binary".to_owned(),
    };
    findings.ok(Check::ComponentDigest, format!("{description}, {origin}"));
    cache(&kept, findings);
    loaded.config.engine.without_cache = !matches!(kept, Kept::Good(_));
    let purposes = loaded.rules.policies.len();
    let runtime = tokio::runtime::Handle::current();
    let running = tokio::task::spawn_blocking(move || runtime.block_on(try_engine(loaded)));
    match timeout(LIMIT, running).await {
        Ok(Ok(Ok(()))) => {
            findings.ok(Check::ComponentRuns, format!("every purpose was prepared ({purposes})"));
        }
        Ok(Ok(Err(StartError::Config(Problems(problems))))) => {
            for problem in problems {
                let mend = "correct it; docs/running.md has the ranges";
                findings.failed(Check::ComponentRuns, problem.to_string(), mend);
            }
        }
        Ok(Ok(Err(error))) => findings.failed(Check::ComponentRuns, error.to_string(), MEND),
        Ok(Err(_)) => findings.failed(Check::ComponentRuns, "it broke", MEND),
        Err(_) => findings.failed(Check::ComponentRuns, "it doesn't get ready in time", MEND),
    }
}

const MEND: &str =
    "look at [engine] and at the memory that this process may reserve; -v shows the log";

fn cache(kept: &Kept, findings: &mut Findings) {
    let check = Check::ComponentCache;
    match kept {
        Kept::Good(path) => {
            findings.ok(check, format!("native code is kept, and loads: {}", path.display()));
        }
        Kept::Absent(folder) => match rights(folder) {
            Ok(()) => findings.ok(
                check,
                format!("nothing is kept yet in {}: the next start compiles", folder.display()),
            ),
            Err(found) => findings.warning(check, format!("{found}: every start compiles"), FOLDER_MEND),
        },
        Kept::Nowhere => findings.warning(
            check,
            "there is no folder to keep native code in: every start compiles",
            "set engine.cache_directory",
        ),
        Kept::Damaged(path) => findings.warning(
            check,
            format!("{} is damaged: the next start compiles", path.display()),
            format!("rm {}", path.display()),
        ),
        Kept::Untrusted(path) => findings.warning(
            check,
            format!(
                "{} or its folder is another user's, or can be written by others: every start compiles",
                path.display()
            ),
            FOLDER_MEND,
        ),
    }
}

const FOLDER_MEND: &str =
    "chown the folder of engine.cache_directory to the user who runs countersign, and chmod 700 it";

/// Whether native code could be kept in `folder`, which may have to be made.
fn rights(folder: &Path) -> Result<(), String> {
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let Some(there) = folder.ancestors().find(|folder| folder.exists()) else { return Ok(()) };
    access(there, Access::WRITE_OK | Access::EXEC_OK)
        .map_err(|error| format!("{} can't be written to: {error}", there.display()))?;
    if there == folder && mode(there) & 0o022 != 0 {
        return Err(format!("{} can be written by other users", there.display()));
    }
    Ok(())
}

fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::MetadataExt;

    path.metadata().map_or(0, |metadata| metadata.mode())
}
