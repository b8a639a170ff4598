//! What happens to a database.

use std::process::Command;

use crate::run::Scene;

/// Has a host bear a disk that is full: a write that finds no room fails, and ends nothing.
pub(crate) const BEARS: &str = "trap '' XFSZ";

/// Whether the limit of a running process can be changed here.
pub(crate) fn can_limit() -> bool {
    Command::new("prlimit").arg("--version").output().is_ok_and(|output| output.status.success())
}

/// No file of a host may grow: a limit of the size of files stands in for a disk that is full.
pub(crate) async fn fill_disk(scene: Scene<'_>) {
    limit(&scene, "4096");
    scene.wait().await;
    limit(&scene, "unlimited");
}

fn limit(scene: &Scene<'_>, bytes: &str) {
    for host in &scene.site.hosts {
        let id = host.id().to_string();
        let limit = format!("--fsize={bytes}:unlimited");
        let status = Command::new("prlimit").args(["--pid", &id, &limit]).status().unwrap();
        assert!(status.success());
    }
    assert!(scene.site.path().join("store.db").exists());
}
