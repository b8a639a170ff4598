//! What happens to the wires between the hosts and their store.

use std::time::Duration;

use countersign_tests::proxy::Proxy;

use crate::run::Scene;

/// What a wire does to what passes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Trouble {
    /// Nothing passes.
    Cut,
    /// What the hosts ask passes, and no answer.
    CutOneWay,
    /// A tenth of all packets is lost.
    Lossy,
    /// All takes 300 ms more, each way.
    Slow,
}

/// All wires are in trouble for a while.
pub(crate) async fn trouble(scene: Scene<'_>, what: Trouble) {
    let do_to = |wire: &Proxy| match what {
        Trouble::Cut => wire.swallow(),
        Trouble::CutOneWay => wire.swallow_answers(),
        Trouble::Lossy => wire.lose(10),
        Trouble::Slow => wire.slow_down(Duration::from_millis(300)),
    };
    scene.site.wires.iter().for_each(do_to);
    scene.wait().await;
    scene.site.wires.iter().for_each(Proxy::forward);
}
