//! What happens to a Redis.

use std::fs;
use std::time::Duration;

use countersign_tests::redis::RedisServer;
use countersign_tests::wait::until;
use rustix::process::Signal;
use tokio::time::sleep;

use crate::run::Scene;

/// How long a killed server is away.
const AWAY: Duration = Duration::from_secs(1);
/// How long something may take that is bound to happen.
const PATIENCE: Duration = Duration::from_secs(30);

/// Options of a Redis that keeps all that it has acknowledged.
pub(crate) const DURABLE: &[&str] = &["--appendonly", "yes", "--appendfsync", "always"];

/// Options of a Redis whose directory can be changed, as a full disk changes it.
pub(crate) const CHANGEABLE: &[&str] = &["--enable-protected-configs", "local"];

/// It is killed, and comes back with what it has kept: all, or nothing. Of both the hosts say that it may have forgotten.
pub(crate) async fn kill(mut scene: Scene<'_>, redis: &mut RedisServer) {
    let begin = scene.now();
    redis.stop().unwrap();
    sleep(AWAY).await;
    redis.restart().unwrap();
    scene.lost(begin);
}

/// It comes back with what it had a while ago.
pub(crate) async fn go_back(scene: Scene<'_>, redis: &mut RedisServer) {
    redis.run(&["SAVE"]).unwrap();
    scene.wait().await;
    kill(scene, redis).await;
}

/// It stands still for so long.
pub(crate) async fn stop(_: Scene<'_>, redis: &RedisServer, pause: Duration) {
    redis.signal(Signal::STOP).unwrap();
    sleep(pause).await;
    redis.signal(Signal::CONT).unwrap();
}

/// Everything is deleted.
pub(crate) async fn flush(mut scene: Scene<'_>, redis: &RedisServer) {
    let begin = scene.now();
    redis.run(&["FLUSHALL"]).unwrap();
    scene.lost(begin);
}

/// It has no memory left, and evicts nothing.
pub(crate) async fn fill_memory(scene: Scene<'_>, redis: &RedisServer) {
    redis.run(&["CONFIG", "SET", "maxmemory", "1mb"]).unwrap();
    scene.wait().await;
    redis.run(&["CONFIG", "SET", "maxmemory", "0"]).unwrap();
}

/// It can't write to its disk, and so takes no more writes (`MISCONF`).
pub(crate) async fn fill_disk(scene: Scene<'_>, redis: &RedisServer) {
    // A directory that is gone takes no file, as a full disk does.
    let gone = redis.directory().join("gone");
    fs::create_dir(&gone).unwrap();
    redis.run(&["CONFIG", "SET", "dir", gone.to_str().unwrap()]).unwrap();
    redis.run(&["CONFIG", "SET", "save", "3600 1"]).unwrap();
    fs::remove_dir(&gone).unwrap();
    redis.run(&["BGSAVE"]).unwrap();
    saved(redis, "err").await;
    scene.wait().await;
    redis.run(&["CONFIG", "SET", "dir", redis.directory().to_str().unwrap()]).unwrap();
    redis.run(&["BGSAVE"]).unwrap();
    saved(redis, "ok").await;
}

async fn saved(redis: &RedisServer, how: &str) {
    let wanted = format!("rdb_last_bgsave_status:{how}");
    let seen = until(PATIENCE, || {
        let mut connection = redis.connection().unwrap();
        let info: String = ::redis::cmd("INFO").arg("persistence").query(&mut connection).unwrap();
        (info.contains(&wanted) && info.contains("rdb_bgsave_in_progress:0")).then_some(())
    });
    seen.await.expect("it says how its save ended");
}
