//! A socket that waits only so long: for the head of a request, however slowly its bytes drip in,
//! and for a client to read its answer.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, timeout};

use super::heads::Heads;
use super::malformed;
use super::phase::Phase;
use super::shed::Shed;

/// How long a client is given to take the answer that its head is late: it fits into the socket's buffer.
const TELLS: Duration = Duration::from_millis(100);

/// The socket, the time by which the head that has begun has to be there, and the time by which the
/// answers that the client has not read have to be gone. A connection begins with a head.
pub(super) struct Patience {
    stream: TcpStream,
    phase: Phase,
    limits: Limits,
    head: Head,
    /// Requests begun when the head was last looked at.
    begun: u64,
    /// Rings when the client has not read for too long. Set from the first byte that the socket did
    /// not take until all bytes are gone, so that reading one byte at a time wins no time.
    unread: Option<Pin<Box<Sleep>>>,
    heads: Heads,
    /// What was read behind the end of a head, from `given` on not yet passed on.
    kept: Vec<u8>,
    given: usize,
    /// Whether a head began that wasn't whole in time.
    is_late: bool,
    /// What is written in place of hyper's own answer, and how much of it is.
    instead: Option<(Vec<u8>, usize)>,
}

/// How long a socket waits.
#[derive(Clone)]
pub(super) struct Limits {
    /// For the head of a request.
    pub(super) head: Duration,
    /// For the client to read what it was sent.
    pub(super) write: Duration,
    /// Where clients that don't read are counted.
    pub(super) shed: Arc<Shed>,
}

enum Head {
    /// No request has begun.
    Awaited,
    /// One has, and has to be whole when the timer rings.
    Begun(Pin<Box<Sleep>>),
}

impl Patience {
    /// Holds the client of `stream` to `limits`; to the one of heads while `phase` is not busy.
    pub(super) fn new(stream: TcpStream, phase: Phase, limits: Limits) -> Self {
        let timer = Box::pin(tokio::time::sleep(limits.head));
        let (heads, head) = (Heads::default(), Head::Begun(timer));
        let (kept, given) = (Vec::new(), 0);
        let (begun, unread, instead, is_late) = (0, None, None, false);
        Self { stream, phase, limits, head, begun, unread, heads, kept, given, is_late, instead }
    }

    /// Waits until there is something to read. Tells whether there is, rather than the end.
    pub(super) async fn has_more(&self) -> bool {
        !self.kept.is_empty() || matches!(self.stream.peek(&mut [0]).await, Ok(1))
    }

    /// Takes back what hyper has read and not looked at: the beginning of a head.
    pub(super) fn put_back(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.kept = [bytes, self.kept.get(self.given..).unwrap_or_default()].concat();
            self.given = 0;
            self.heads = Heads::default();
        }
    }

    /// The socket alone, when nothing more is read from it. A client whose head did not arrive in time is told so: hyper
    /// says nothing.
    pub(super) async fn into_stream(mut self) -> TcpStream {
        if let Some(answer) = malformed::slow_head().filter(|_| self.is_late) {
            // It reads or it doesn't: its connection ends.
            let _ = timeout(TELLS, self.stream.write_all(&answer)).await;
        }
        self.stream
    }

    /// Reads what was kept, and from the socket where nothing was.
    fn fill(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let kept = self.kept.get(self.given..).unwrap_or_default();
        if kept.is_empty() {
            return Pin::new(&mut self.stream).poll_read(context, buffer);
        }
        let count = kept.len().min(buffer.remaining());
        buffer.put_slice(kept.get(..count).unwrap_or_default());
        Poll::Ready(Ok(()))
    }

    /// Looks at what was read into `buffer` behind `before`, and keeps what hyper may not see yet.
    fn admit(&mut self, buffer: &mut ReadBuf<'_>, before: usize) {
        let fresh = buffer.filled_mut().get_mut(before..).unwrap_or_default();
        let count = self.heads.admit(fresh);
        if self.given < self.kept.len() {
            self.given += count;
        } else {
            self.kept = fresh.get(count..).unwrap_or_default().to_vec();
            self.given = 0;
        }
        if self.given == self.kept.len() {
            (self.kept, self.given) = (Vec::new(), 0);
        }
        buffer.set_filled(before + count);
    }

    /// What came of writing: an error where the client has kept us waiting for too long.
    fn in_time<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            return written;
        }
        let limit = self.limits.write;
        let timer = self.unread.get_or_insert_with(|| Box::pin(tokio::time::sleep(limit)));
        if timer.as_mut().poll(context).is_ready() {
            self.limits.shed.unread.add();
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Poll::Pending
    }
}

impl AsyncRead for Patience {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let this = &mut *self;
        let read = this.fill(context, buffer);
        let begun = this.phase.begun();
        if begun != this.begun {
            this.begun = begun;
            this.head = Head::Awaited;
            this.heads.begin(this.phase.body());
        }
        this.admit(buffer, before);
        if buffer.filled().len() > before {
            this.phase.settle(false);
        }
        if this.phase.is_busy() {
            return read;
        }
        if matches!(this.head, Head::Awaited) && buffer.filled().len() > before {
            let end = Instant::now() + this.limits.head;
            this.head = Head::Begun(Box::pin(tokio::time::sleep_until(end)));
        }
        if let Head::Begun(timer) = &mut this.head
            && timer.as_mut().poll(context).is_ready()
        {
            this.is_late = this.heads.is_in_a_head();
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        read
    }
}

/// Writes what is left of `bytes` after `done`.
fn write_all(
    stream: &mut TcpStream,
    context: &mut Context<'_>,
    bytes: &[u8],
    done: &mut usize,
) -> Poll<io::Result<()>> {
    while let Some(rest) = bytes.get(*done..).filter(|rest| !rest.is_empty()) {
        match Pin::new(&mut *stream).poll_write(context, rest) {
            Poll::Ready(Ok(count)) if count > 0 => *done += count,
            Poll::Ready(Ok(_)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
            Poll::Pending => return Poll::Pending,
        }
    }
    Poll::Ready(Ok(()))
}

impl AsyncWrite for Patience {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        this.phase.settle(false);
        if this.instead.is_none() {
            this.instead = malformed::instead_of(bytes).map(|answer| (answer, 0));
        }
        let written = match &mut this.instead {
            Some((answer, done)) => {
                write_all(&mut this.stream, context, answer, done).map_ok(|()| bytes.len())
            }
            None => Pin::new(&mut this.stream).poll_write(context, bytes),
        };
        this.in_time(context, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // hyper flushes once everything is written.
        self.unread = None;
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        let awaits_a_head = !self.phase.is_busy() && matches!(self.head, Head::Awaited);
        if flushed.is_ready() && awaits_a_head {
            self.phase.settle(true);
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        // hyper's own answers are one slice.
        if let [slice] = slices {
            return self.poll_write(context, slice);
        }
        self.phase.settle(false);
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.in_time(context, written)
    }
}
