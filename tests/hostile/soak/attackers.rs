//! Strangers that hold connections. Thousands of them need more files than one process may open, so that each kind is a
//! process of its own: this test binary again, asked for [`attack`] alone.

use std::io::{BufRead, BufReader, Error, Result};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// Says what an attacking process is to do.
const VARIABLE: &str = "COUNTERSIGN_TEST_ATTACK";
/// Written once all connections have been made.
const THERE: &str = "all are there";
/// After which a connection that was closed comes again.
const PAUSE: Duration = Duration::from_secs(10);
/// Addresses that connections come from, so that there are ports enough: 127.0.0.2 and those that follow it.
const ADDRESSES: usize = 20;
/// Connections made at once.
const AT_ONCE: usize = 64;

/// What the connections do.
#[derive(Clone, Copy)]
pub(super) enum Attack {
    /// Nothing, after one request.
    Rest,
    /// Ask for much, and read a byte a second.
    ReadSlowly,
    /// Begin a report of a provider, known or not, whose body never comes.
    StallBodies,
}

/// A process of attackers, gone on drop.
pub(super) struct Attackers(Child);

impl Attackers {
    pub(super) fn start(attack: Attack, connections: usize, address: SocketAddr) -> Self {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--ignored", "--nocapture", "soak::attackers::attack"])
            .env(VARIABLE, format!("{} {connections} {address}", attack as u8))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn();
        Self(child.unwrap())
    }

    /// Waits until all connections have been made.
    pub(super) fn wait_until_there(&mut self) {
        let output = self.0.stdout.take().unwrap();
        let mut lines = BufReader::new(output).lines().map_while(Result::ok);
        assert!(lines.any(|line| line.contains(THERE)), "the attackers are gone");
        // A process whose output is read no more ends when it writes.
        std::thread::spawn(move || lines.for_each(drop));
    }
}

impl Drop for Attackers {
    fn drop(&mut self) {
        let _ = self.0.kill().and_then(|()| self.0.wait());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
#[ignore = "a part of another test, in a process of its own"]
async fn attack() {
    let Ok(words) = std::env::var(VARIABLE) else {
        println!("skipped: a part of another test");
        return;
    };
    let words: Vec<&str> = words.split(' ').collect();
    let attack = match words[0] {
        "0" => Attack::Rest,
        "1" => Attack::ReadSlowly,
        _ => Attack::StallBodies,
    };
    let (connections, address) = (words[1].parse().unwrap(), words[2].parse().unwrap());
    let (made, gate) =
        (Arc::new(AtomicUsize::new(0)), Arc::new(tokio::sync::Semaphore::new(AT_ONCE)));
    for number in 0..connections {
        let (made, gate) = (Arc::clone(&made), Arc::clone(&gate));
        tokio::spawn(async move {
            let mut is_first = true;
            loop {
                let permit = gate.acquire().await.unwrap();
                let connected = connect(attack, number, address).await;
                drop(permit);
                if std::mem::take(&mut is_first) {
                    made.fetch_add(1, Ordering::Relaxed);
                }
                if let Ok(stream) = connected {
                    // How it ends is all the same.
                    let _ = hold(attack, number, stream).await;
                }
                tokio::time::sleep(PAUSE).await;
            }
        });
    }
    while made.load(Ordering::Relaxed) < connections {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    println!("{THERE}");
    std::future::pending::<()>().await;
}

async fn connect(attack: Attack, number: usize, address: SocketAddr) -> Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    if matches!(attack, Attack::ReadSlowly) {
        socket.set_recv_buffer_size(4_096)?;
    }
    let last = u8::try_from(2 + number % ADDRESSES).map_err(Error::other)?;
    socket.bind((Ipv4Addr::new(127, 0, 0, last), 0).into())?;
    socket.connect(address).await
}

/// Until the other side closes the connection.
async fn hold(attack: Attack, number: usize, mut stream: TcpStream) -> Result<()> {
    match attack {
        Attack::Rest => {
            stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await?;
            let mut bytes = [0; 512];
            while stream.read(&mut bytes).await? > 0 {}
        }
        Attack::ReadSlowly => {
            let requests = "GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n".repeat(20);
            stream.write_all(requests.as_bytes()).await?;
            loop {
                stream.read_u8().await?;
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
        Attack::StallBodies => {
            let provider = if number.is_multiple_of(2) { "sms-file" } else { "nope" };
            let head = format!(
                "POST /v1/callbacks/{provider} HTTP/1.1\r\nhost: x\r\ncontent-length: 262144\r\n\r\n"
            );
            stream.write_all(head.as_bytes()).await?;
            // All but the last byte of what may be read.
            stream.write_all(&[b' '; 262_143]).await?;
            let mut bytes = [0; 512];
            while stream.read(&mut bytes).await? > 0 {}
        }
    }
    Ok(())
}
