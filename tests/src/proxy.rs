//! A breakable wire: a TCP proxy that cuts a connection after so many bytes, swallows what passes, loses some of it, is
//! slow, holds answers up, leads to another server, or has a Redis tell another time.

mod time;

use std::io::Result;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// After which a lost packet is sent once more: what Linux waits for at least.
const REPEATED: Duration = Duration::from_millis(200);

/// A proxy on a free port of 127.0.0.1, gone on drop.
pub struct Proxy {
    address: SocketAddr,
    wire: Arc<Wire>,
    accepting: JoinHandle<()>,
}

impl Proxy {
    /// Starts forwarding to `port` of 127.0.0.1.
    ///
    /// # Errors
    ///
    /// Where no port is free.
    pub async fn start(port: u16) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let wire = Arc::new(Wire {
            mode: watch::Sender::new(Mode::Forward),
            server: watch::Sender::new(port),
            bytes: AtomicU64::new(0),
            round_trips: AtomicU64::new(0),
            cuts: watch::Sender::new(0),
            held: watch::Sender::new(0),
            seconds: AtomicI64::new(0),
        });
        let shared = Arc::clone(&wire);
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let wire = Arc::clone(&shared);
                tokio::spawn(async move {
                    let mut server = wire.server.subscribe();
                    let port = *server.borrow_and_update();
                    if let Ok(stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await {
                        // The two sides find out by themselves when the connection ends.
                        let _ = wire.carry(client, stream, server).await;
                    }
                });
            }
        });
        Ok(Self { address, wire, accepting })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Bytes that went from clients to the server so far.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.wire.bytes.load(Ordering::SeqCst)
    }

    /// How often clients sent something after an answer, or as the first thing: of one client at a time, its round
    /// trips.
    #[must_use]
    pub fn round_trips(&self) -> u64 {
        self.wire.round_trips.load(Ordering::SeqCst)
    }

    /// Lets `bytes` more pass from the client, then cuts the connection, without an answer; then forwards again.
    /// Returns what waits until the server has dealt with those bytes.
    pub fn cut_after(&self, bytes: usize) -> impl Future<Output = ()> + use<> {
        let mut cuts = self.wire.cuts.subscribe();
        let before = *cuts.borrow();
        self.wire.set(Mode::CutAfter(bytes));
        async move {
            // The sender lives as long as the wire.
            let _ = cuts.wait_for(|count| *count > before).await;
        }
    }

    /// Swallows all that passes, in both directions, and keeps connections open.
    pub fn swallow(&self) {
        self.wire.set(Mode::Swallow);
    }

    /// Holds up answers to requests with `text` in them, until it forwards again; but for the first so many.
    pub fn hold_answers_to(&self, text: &'static str, after: usize) {
        self.wire.set(Mode::Hold { text, after });
    }

    /// Waits until so many connections have an answer held up.
    pub async fn until_held(&self, connections: usize) {
        // The sender lives as long as the wire.
        let _ = self.wire.held.subscribe().wait_for(|held| *held >= connections).await;
    }

    /// Leads to another server from now on: a connected client gets the answer that is held up, if any, and is
    /// disconnected.
    pub fn lead_to(&self, port: u16) {
        self.wire.server.send_replace(port);
    }

    /// From now on a Redis tells a time that is so many seconds later than its own.
    pub fn shift_time(&self, seconds: i64) {
        self.wire.seconds.store(seconds, Ordering::SeqCst);
    }

    /// Swallows what the server answers, which carries out all that it is asked: a wire that is cut one way.
    pub fn swallow_answers(&self) {
        self.wire.set(Mode::SwallowAnswers);
    }

    /// Takes so long with all that passes, in either direction.
    pub fn slow_down(&self, delay: Duration) {
        self.wire.set(Mode::Slow(delay));
    }

    /// Loses so many of a hundred packets: what passes is repeated after a while, and some connections end.
    pub fn lose(&self, percent: u8) {
        self.wire.set(Mode::Lossy(percent));
    }

    /// Forwards again. What was swallowed stays lost.
    pub fn forward(&self) {
        self.wire.set(Mode::Forward);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

#[derive(Clone, Copy)]
enum Mode {
    CutAfter(usize),
    Forward,
    Hold { text: &'static str, after: usize },
    Lossy(u8),
    Slow(Duration),
    Swallow,
    SwallowAnswers,
}

struct Wire {
    mode: watch::Sender<Mode>,
    server: watch::Sender<u16>,
    bytes: AtomicU64,
    round_trips: AtomicU64,
    cuts: watch::Sender<u64>,
    held: watch::Sender<usize>,
    seconds: AtomicI64,
}

impl Wire {
    async fn carry(
        &self,
        mut client: TcpStream,
        mut server: TcpStream,
        mut moved: watch::Receiver<u16>,
    ) -> Result<()> {
        let (mut asked, mut answered) = (vec![0; 65_536], vec![0; 65_536]);
        let (mut is_answered, mut may_be_held) = (true, false);
        loop {
            tokio::select! {
                _ = moved.changed() => return Ok(()),
                length = client.read(&mut asked) => {
                    let length = length?;
                    if length == 0 {
                        return Ok(());
                    }
                    if std::mem::take(&mut is_answered) {
                        self.round_trips.fetch_add(1, Ordering::SeqCst);
                    }
                    if !self.delay().await {
                        return Ok(());
                    }
                    may_be_held |= self.is_to_be_held(asked.get(..length).unwrap_or_default());
                    let (passing, is_cut) = self.admit(length);
                    self.bytes.fetch_add(passing as u64, Ordering::SeqCst);
                    server.write_all(asked.get(..passing).unwrap_or_default()).await?;
                    if is_cut {
                        return self.cut(server).await;
                    }
                }
                length = server.read(&mut answered) => {
                    let length = length?;
                    if length == 0 {
                        return Ok(());
                    }
                    is_answered = true;
                    if matches!(*self.mode.borrow(), Mode::Swallow | Mode::SwallowAnswers) {
                        continue;
                    }
                    if !self.delay().await {
                        return Ok(());
                    }
                    let goes_on = !std::mem::take(&mut may_be_held) || self.hold(&mut moved).await;
                    let answered = answered.get_mut(..length).unwrap_or_default();
                    time::shift(answered, self.seconds.load(Ordering::SeqCst));
                    client.write_all(answered).await?;
                    if !goes_on {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// How many of `length` bytes may pass, and whether that is the end.
    fn admit(&self, length: usize) -> (usize, bool) {
        let mut admitted = (length, false);
        self.mode.send_modify(|mode| match *mode {
            Mode::Forward
            | Mode::Hold { .. }
            | Mode::Lossy(_)
            | Mode::Slow(_)
            | Mode::SwallowAnswers => {}
            Mode::Swallow => admitted = (0, false),
            Mode::CutAfter(left) if length < left => *mode = Mode::CutAfter(left - length),
            Mode::CutAfter(left) => {
                *mode = Mode::Forward;
                admitted = (left, true);
            }
        });
        admitted
    }

    /// Takes as long as it takes on a wire like this one. Says whether the connection goes on.
    async fn delay(&self) -> bool {
        let mode = *self.mode.borrow();
        match mode {
            Mode::Slow(delay) => tokio::time::sleep(delay).await,
            Mode::Lossy(percent) if fastrand::u8(..100) < percent => {
                if fastrand::u8(..4) == 0 {
                    return false;
                }
                tokio::time::sleep(REPEATED).await;
            }
            _ => {}
        }
        true
    }

    /// Whether the answer to this request is one to hold up.
    fn is_to_be_held(&self, asked: &[u8]) -> bool {
        let Mode::Hold { text, .. } = *self.mode.borrow() else { return false };
        asked.windows(text.len()).any(|window| window == text.as_bytes())
    }

    /// Waits as long as answers are held up. Says whether the connection goes on.
    async fn hold(&self, moved: &mut watch::Receiver<u16>) -> bool {
        let passes = self.mode.send_if_modified(|mode| match mode {
            Mode::Hold { after, .. } if *after > 0 => {
                *after -= 1;
                true
            }
            _ => false,
        });
        let mut mode = self.mode.subscribe();
        let is_held = |mode: &Mode| matches!(mode, Mode::Hold { .. });
        if passes || !is_held(&mode.borrow()) {
            return true;
        }
        self.held.send_modify(|held| *held += 1);
        let goes_on = tokio::select! {
            _ = mode.wait_for(|mode| !is_held(mode)) => true,
            _ = moved.changed() => false,
        };
        self.held.send_modify(|held| *held -= 1);
        goes_on
    }

    /// Ends the server's side, and waits until the server has read it to its end and hung up.
    async fn cut(&self, mut server: TcpStream) -> Result<()> {
        server.shutdown().await?;
        let mut rest = Vec::new();
        // A reset is an end as well.
        let _ = server.read_to_end(&mut rest).await;
        self.cuts.send_modify(|count| *count += 1);
        Ok(())
    }

    fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }
}
