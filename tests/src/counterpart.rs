//! A provider on loopback that answers as a test scripts it, and as badly as a network allows.

use std::collections::VecDeque;
use std::io::Result;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use countersign_recorded::Answer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// The longest request that it reads.
const MAX_REQUEST_BYTES: usize = 1024 * 1024;

/// What becomes of a request.
#[derive(Clone, Debug)]
pub enum Behaviour {
    /// A whole answer; the connection stays open.
    Answer {
        /// Its status.
        status: u16,
        /// Its headers, less those of its length.
        headers: Vec<(String, String)>,
        /// Its body.
        body: Vec<u8>,
    },
    /// A success whose body comes a byte at a time, for ever.
    Drip,
    /// Nothing, for as long as the other side waits.
    Hang,
    /// A success with a body of so many bytes.
    Oversized(usize),
    /// The request is read and the connection reset.
    Reset,
    /// An answer that ends in the middle of its body.
    Truncated {
        /// Its status.
        status: u16,
        /// What comes of the body: the head says that there is twice as much.
        body: Vec<u8>,
    },
}

impl From<&Answer> for Behaviour {
    /// What the real provider answered, as it is recorded.
    fn from(answer: &Answer) -> Self {
        let own = |name: &&(&str, &str)| !name.0.eq_ignore_ascii_case("content-length");
        let headers = answer.headers.iter().filter(own);
        let headers = headers.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let body = answer.body.as_bytes().to_vec();
        Self::Answer { status: answer.status, headers: headers.collect(), body }
    }
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// The head, as it came.
    pub head: String,
    /// The body.
    pub body: String,
}

impl Request {
    /// The first header of that name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// A running counterpart, gone with the test.
pub struct Counterpart {
    address: SocketAddr,
    state: Arc<State>,
    task: JoinHandle<()>,
}

struct State {
    /// By the beginning of a path: what is answered where nothing is scripted.
    usual: Mutex<Vec<(String, Behaviour)>>,
    script: Mutex<VecDeque<(String, Behaviour)>>,
    requests: Mutex<Vec<Request>>,
}

impl Counterpart {
    /// Starts one on a free port.
    ///
    /// # Errors
    ///
    /// Where no port is free.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let state = Arc::new(State {
            usual: Mutex::default(),
            script: Mutex::default(),
            requests: Mutex::default(),
        });
        let task = tokio::spawn(serve(listener, Arc::clone(&state)));
        Ok(Self { address, state, task })
    }

    /// Where it is, without a path: `http://127.0.0.1:1234`.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What requests whose path begins so are answered from now on, where nothing is scripted. The longest beginning
    /// counts.
    pub fn usually(&self, path: &str, behaviour: Behaviour) {
        let mut usual = locked(&self.state.usual);
        usual.retain(|(known, _)| known != path);
        usual.push((path.to_owned(), behaviour));
        usual.sort_by_key(|(path, _)| std::cmp::Reverse(path.len()));
    }

    /// What the next request whose path begins so is answered.
    pub fn once(&self, path: &str, behaviour: Behaviour) {
        locked(&self.state.script).push_back((path.to_owned(), behaviour));
    }

    /// The requests since this was last asked.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        std::mem::take(&mut *locked(&self.state.requests))
    }
}

impl Drop for Counterpart {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(listener: TcpListener, state: Arc<State>) {
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let state = Arc::clone(&state);
        // A client that goes away is no business of ours. All end with the server.
        connections.spawn(async move { drop(converse(stream, &state).await) });
        while connections.try_join_next().is_some() {}
    }
}

async fn converse(mut stream: TcpStream, state: &State) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut read = Vec::new();
    while let Some(request) = next(&mut stream, &mut read).await? {
        let behaviour = state.behaviour(&request.path);
        locked(&state.requests).push(request);
        if !behave(&mut stream, behaviour).await? {
            return Ok(());
        }
    }
    Ok(())
}

impl State {
    fn behaviour(&self, path: &str) -> Behaviour {
        let mut script = locked(&self.script);
        let next = script.iter().position(|(start, _)| path.starts_with(start.as_str()));
        if let Some((_, behaviour)) = next.and_then(|index| script.remove(index)) {
            return behaviour;
        }
        let usual = locked(&self.usual);
        let found = usual.iter().find(|(start, _)| path.starts_with(start.as_str()));
        let nothing = Behaviour::Answer { status: 404, headers: Vec::new(), body: Vec::new() };
        found.map_or(nothing, |(_, behaviour)| behaviour.clone())
    }
}

/// The next request on a connection; nothing where it ended.
async fn next(stream: &mut TcpStream, read: &mut Vec<u8>) -> Result<Option<Request>> {
    let end = loop {
        if let Some(end) = read.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            break end;
        }
        if read.len() > MAX_REQUEST_BYTES || stream.read_buf(read).await? == 0 {
            return Ok(None);
        }
    };
    let mut head: Vec<u8> = read.drain(..end + 4).collect();
    head.truncate(end);
    let head = String::from_utf8_lossy(&head).into_owned();
    let mut words = head.lines().next().unwrap_or_default().split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut request = Request {
        method: method.into(),
        path: path.into(),
        head: head.clone(),
        body: String::new(),
    };
    let length = request.header("content-length").and_then(|length| length.parse().ok());
    let length: usize = length.unwrap_or_default();
    while read.len() < length {
        if length > MAX_REQUEST_BYTES || stream.read_buf(read).await? == 0 {
            return Ok(None);
        }
    }
    let body: Vec<u8> = read.drain(..length).collect();
    request.body = String::from_utf8_lossy(&body).into_owned();
    Ok(Some(request))
}

/// Answers; says whether the connection goes on.
async fn behave(stream: &mut TcpStream, behaviour: Behaviour) -> Result<bool> {
    match behaviour {
        Behaviour::Answer { status, headers, body } => {
            write(stream, &head(status, &headers, body.len()), &body).await?;
            return Ok(true);
        }
        Behaviour::Drip => {
            write(stream, &head(200, &[], 1_000_000), b"{").await?;
            loop {
                tokio::time::sleep(Duration::from_millis(200)).await;
                stream.write_all(b" ").await?;
            }
        }
        // Until the other side has enough.
        Behaviour::Hang => while stream.read(&mut [0; 1_024]).await? > 0 {},
        Behaviour::Oversized(bytes) => {
            write(stream, &head(200, &[], bytes), b"").await?;
            let chunk = vec![b' '; 64 * 1_024];
            let mut left = bytes;
            while left > 0 {
                let (chunk, _) = chunk.split_at(left.min(chunk.len()));
                stream.write_all(chunk).await?;
                left -= chunk.len();
            }
            return Ok(true);
        }
        // With nothing more to send, an abrupt end.
        Behaviour::Reset => stream.set_zero_linger()?,
        Behaviour::Truncated { status, body } => {
            write(stream, &head(status, &[], 2 * body.len() + 2), &body).await?;
        }
    }
    Ok(false)
}

fn head(status: u16, headers: &[(String, String)], length: usize) -> String {
    let mut head = format!("HTTP/1.1 {status} Status\r\n");
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    if status == 204 {
        return head + "\r\n";
    }
    head + &format!("content-length: {length}\r\n\r\n")
}

async fn write(stream: &mut TcpStream, head: &str, body: &[u8]) -> Result<()> {
    stream.write_all(&[head.as_bytes(), body].concat()).await
}
