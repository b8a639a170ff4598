//! A socket that waits only so long for the head of a request, however slowly its bytes drip in.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};

/// How far a connection is: the requests that it has begun and those that it has ended.
#[derive(Clone, Default)]
pub(super) struct Phase(Arc<Counts>);

#[derive(Default)]
struct Counts {
    begun: AtomicU64,
    ended: AtomicU64,
}

/// A request that is being worked on, until dropped.
pub(super) struct Busy(Phase);

impl Phase {
    /// Begins a request: its head is there.
    pub(super) fn busy(&self) -> Busy {
        self.0.begun.fetch_add(1, Ordering::Relaxed);
        Busy(self.clone())
    }

    fn begun(&self) -> u64 {
        self.0.begun.load(Ordering::Relaxed)
    }

    fn is_busy(&self) -> bool {
        self.begun() > self.0.ended.load(Ordering::Relaxed)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.0.ended.fetch_add(1, Ordering::Relaxed);
    }
}

/// The socket, and the time by which the head that has begun has to be there. A connection begins with a head.
pub(super) struct Patience {
    stream: TcpStream,
    phase: Phase,
    timeout: Duration,
    head: Head,
    /// Requests begun when the head was last looked at.
    begun: u64,
}

enum Head {
    /// No request has begun.
    Awaited,
    /// One has, and has to be whole when the timer rings.
    Begun(Pin<Box<Sleep>>),
}

impl Patience {
    /// Gives each head on `stream` the time `timeout`, while `phase` is not busy.
    pub(super) fn new(stream: TcpStream, phase: Phase, timeout: Duration) -> Self {
        let timer = Box::pin(tokio::time::sleep(timeout));
        Self { stream, phase, timeout, head: Head::Begun(timer), begun: 0 }
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
        let read = Pin::new(&mut this.stream).poll_read(context, buffer);
        let begun = this.phase.begun();
        if begun != this.begun {
            this.begun = begun;
            this.head = Head::Awaited;
        }
        if this.phase.is_busy() {
            return read;
        }
        if matches!(this.head, Head::Awaited) && buffer.filled().len() > before {
            let end = Instant::now() + this.timeout;
            this.head = Head::Begun(Box::pin(tokio::time::sleep_until(end)));
        }
        if let Head::Begun(timer) = &mut this.head
            && timer.as_mut().poll(context).is_ready()
        {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        read
    }
}

impl AsyncWrite for Patience {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
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
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }
}
