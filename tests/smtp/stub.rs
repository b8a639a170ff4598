//! A server that keeps silent, hangs up or talks nonsense where it is told to: what no real one can be made to do.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What a server does at the start, and after each command and each content.
#[derive(Clone, Copy)]
pub(crate) enum Act {
    /// Hangs up.
    Close,
    /// Says nothing, and keeps the connection open.
    Hang,
    /// Says this and a line break, and reads nothing more.
    Ignore(&'static str),
    /// Says this and a line break.
    Say(&'static str),
    /// Says this and a line break, in whatever bytes.
    SayBytes(&'static [u8]),
}

/// The greetings of a server that offers nothing.
pub(crate) const GREETED: [Act; 2] = [Act::Say("220 stub"), Act::Say("250 stub")];
/// All that follows for one mail.
pub(crate) const TAKEN: [Act; 4] =
    [Act::Say("250 ok"), Act::Say("250 ok"), Act::Say("354 go on"), Act::Say("250 taken")];

/// A server that plays one script per connection, in turn, and hangs after its end.
pub(crate) struct Stub {
    port: u16,
    heard: Arc<Mutex<String>>,
    serving: JoinHandle<()>,
}

impl Stub {
    pub(crate) async fn start(scripts: Vec<Vec<Act>>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::new(Mutex::new(String::new()));
        let hearing = Arc::clone(&heard);
        let serving = tokio::spawn(async move {
            for script in scripts {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(play(stream, script, Arc::clone(&hearing)));
            }
            // A client that connects now waits for a greeting.
            std::future::pending::<()>().await;
        });
        Self { port, heard, serving }
    }

    /// Settings for it, without encryption.
    pub(crate) fn settings(&self) -> Value {
        json!({
            "host": "127.0.0.1",
            "port": self.port,
            "tls": "none",
            "from": "codes@example.test",
        })
    }

    /// All lines that it was sent, over all connections.
    pub(crate) fn heard(&self) -> String {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn play(stream: TcpStream, script: Vec<Act>, heard: Arc<Mutex<String>>) {
    let mut stream = BufReader::new(stream);
    let mut end;
    for act in script {
        let text = match act {
            Act::Close => return,
            Act::Hang => break,
            Act::Ignore(text) | Act::Say(text) => text.as_bytes(),
            Act::SayBytes(text) => text,
        };
        if stream.write_all(&[text, b"\r\n"].concat()).await.is_err() {
            return;
        }
        if matches!(act, Act::Ignore(_)) {
            break;
        }
        end = if text.starts_with(b"354") { "\r\n.\r\n" } else { "\n" };
        let mut asked = String::new();
        while !asked.ends_with(end) {
            if !matches!(stream.read_line(&mut asked).await, Ok(1..)) {
                return;
            }
        }
        heard.lock().unwrap_or_else(PoisonError::into_inner).push_str(&asked);
    }
    // Neither an answer nor an end.
    std::future::pending().await
}
