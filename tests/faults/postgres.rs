//! What happens to a PostgreSQL.

use std::time::Duration;

use countersign_tests::postgres::PostgresServer;
use countersign_tests::wait::until;
use rustix::process::{Pid, Signal, kill_process};
use tokio::task::block_in_place;
use tokio::time::sleep;

use crate::run::Scene;
use crate::steps::Rows;

/// How long a killed server is away.
const AWAY: Duration = Duration::from_secs(1);
/// How long something may take that is bound to happen.
const PATIENCE: Duration = Duration::from_secs(30);

/// It is killed, and comes back with all that it had acknowledged. The hosts say that it may have forgotten some.
pub(crate) async fn kill(mut scene: Scene<'_>, server: &PostgresServer) {
    let rows = Rows::begin(server).await;
    sleep(AWAY).await;
    let begin = scene.now();
    end(server).await;
    sleep(AWAY).await;
    block_in_place(|| server.restart()).unwrap();
    scene.lost(begin);
    rows.compare(server).await;
}

/// All of its processes stand still for a while.
pub(crate) async fn stop(scene: Scene<'_>, server: &PostgresServer) {
    let first = server.first_process().unwrap();
    kill_process(first, Signal::STOP).unwrap();
    let children = children(first);
    signal(&children, Signal::STOP);
    scene.wait().await;
    signal(&children, Signal::CONT);
    kill_process(first, Signal::CONT).unwrap();
}

/// It is killed, and stays away; its standby takes over.
pub(crate) async fn fail_over(
    mut scene: Scene<'_>,
    server: &PostgresServer,
    standby: &PostgresServer,
) {
    let rows = Rows::begin(server).await;
    sleep(AWAY).await;
    let begin = scene.now();
    end(server).await;
    scene.lost(begin);
    scene.struck(begin);
    sleep(AWAY).await;
    block_in_place(|| standby.promote()).unwrap();
    println!("another server after {} ms", (scene.now() - begin) / 1_000);
    rows.compare(standby).await;
    scene.wait().await;
}

/// Kills its first process, and waits until the others have found out.
async fn end(server: &PostgresServer) {
    let children = children(server.first_process().unwrap());
    block_in_place(|| server.kill()).unwrap();
    let is_gone = |child: &Pid| !is_running(*child);
    let gone = until(PATIENCE, || children.iter().all(is_gone).then_some(())).await;
    gone.expect("no process stays without the first one");
}

fn signal(processes: &[Pid], signal: Signal) {
    for process in processes {
        // It may have ended.
        let _ = kill_process(*process, signal);
    }
}

fn children(of: Pid) -> Vec<Pid> {
    let entries = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let pids = numbers.filter_map(Pid::from_raw);
    pids.filter(|pid| stat(*pid).is_some_and(|(_, parent)| parent == of.as_raw_pid())).collect()
}

fn is_running(process: Pid) -> bool {
    stat(process).is_some_and(|(state, _)| state != "Z")
}

/// The state of a process and the number of its parent.
fn stat(process: Pid) -> Option<(String, i32)> {
    let text = std::fs::read_to_string(format!("/proc/{}/stat", process.as_raw_pid())).ok()?;
    let (_, fields) = text.rsplit_once(") ")?;
    let mut fields = fields.split(' ');
    Some((fields.next()?.to_owned(), fields.next()?.parse().ok()?))
}
