//! What happens to a store that has a second one.

use std::time::Duration;

use countersign_tests::history::terms::Loss;
use countersign_tests::redis::RedisServer;
use rustix::process::Signal;
use tokio::time::sleep;

use crate::run::Scene;

/// It is killed, and comes back with all that it has kept.
pub(crate) async fn kill(mut scene: Scene<'_>, first: &mut RedisServer) {
    let begin = scene.now();
    first.stop().unwrap();
    scene.wait().await;
    first.restart().unwrap();
    scene.site.until_first_in_use().await;
    // What was issued before is refused for ever, since it was restarted; what was issued meanwhile is in the other store.
    scene.lost(begin);
}

/// It stands still for so long, and has lost nothing.
pub(crate) async fn stop(scene: Scene<'_>, first: &RedisServer, pause: Duration) {
    let begin = scene.now();
    first.signal(Signal::STOP).unwrap();
    sleep(pause).await;
    first.signal(Signal::CONT).unwrap();
    scene.site.until_first_in_use().await;
    // Each store has codes that the other doesn't know. Those of before are good again.
    let span = begin..scene.now();
    scene.terms.losses.push(Loss { span, parts: None, is_final: false });
}
