//! What happens to a host, and what clients do.

use std::path::Path;

use rustix::process::Signal;

use crate::run::Scene;
use crate::site::Launch;

/// Where Debian's package puts the library that moves a process' clock.
const FAKETIME: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";

/// Whether the clock of a host can be moved here.
pub(crate) fn can_move_clocks() -> bool {
    Path::new(FAKETIME).exists()
}

/// A host whose clock is off.
pub(crate) fn with_clock(seconds: i64) -> Launch {
    let environment = vec![
        ("LD_PRELOAD", FAKETIME.into()),
        ("FAKETIME", format!("{seconds:+}")),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".into()),
        ("DONT_FAKE_MONOTONIC", "1".into()),
    ];
    Launch { environment, before: None }
}

/// A host is killed while it has requests, and another one takes its place.
pub(crate) async fn kill(scene: Scene<'_>) {
    let begin = scene.now();
    scene.site.hosts[0].signal(Signal::KILL).unwrap();
    scene.wait().await;
    scene.site.hosts[0].kill().unwrap();
    scene.site.restart(0).await;
    scene.terms.dead.push((0, begin..scene.now()));
}

/// All hosts are killed, one after the other, and start again.
pub(crate) async fn kill_all(scene: Scene<'_>) {
    for number in 0..scene.site.hosts.len() {
        let begin = scene.now();
        scene.site.hosts[number].signal(Signal::KILL).unwrap();
        scene.site.hosts[number].kill().unwrap();
        scene.site.restart(number).await;
        scene.terms.dead.push((number, begin..scene.now()));
    }
}

/// A host is asked to end, and another one takes its place. It answers all that has begun.
pub(crate) async fn terminate(scene: Scene<'_>) {
    let begin = scene.now();
    scene.site.hosts[0].terminate().unwrap();
    assert!(scene.site.hosts[0].ended().await.unwrap().success());
    scene.site.restart(0).await;
    scene.terms.closed.push((0, begin..scene.now()));
}

/// Clients hang up on every third request.
pub(crate) async fn hang_up(scene: Scene<'_>) {
    scene.load.hang_up(85);
    scene.wait().await;
    scene.load.hang_up(0);
}

/// What was wrong from the start goes on for a while.
pub(crate) async fn go_on(scene: Scene<'_>) {
    scene.wait().await;
}
