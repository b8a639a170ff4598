//! Strangers that hold connections. Thousands of them need more files than one process may open, so that each kind is a
//! process of its own.

use std::io::{BufRead, BufReader, Result};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use countersign_tests::attack::Attack;

/// A process of attackers, gone on drop.
pub(super) struct Attackers(Child);

impl Attackers {
    pub(super) fn start(attack: Attack, connections: usize, address: SocketAddr) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_attackers"))
            .args([attack.name(), &connections.to_string(), &address.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn();
        Self(child.unwrap())
    }

    /// Waits until all connections have been made, of which one line tells.
    pub(super) fn wait_until_there(&mut self) {
        let output = self.0.stdout.take().unwrap();
        let mut lines = BufReader::new(output).lines().map_while(Result::ok);
        assert_eq!(lines.next().as_deref(), Some("all are there"), "the attackers are gone");
    }
}

impl Drop for Attackers {
    fn drop(&mut self) {
        let _ = self.0.kill().and_then(|()| self.0.wait());
    }
}
