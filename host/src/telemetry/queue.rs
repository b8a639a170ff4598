//! The queue between the code that logs and the stream that may stall: bounded, and emptied by a
//! thread of its own.
//!
//! Logging a line copies it into a buffer and never waits for the stream. When the buffer is full
//! the line is dropped and counted; so are lines that the stream refuses. Once a write succeeds
//! again, the writer logs the count.
//!
//! This is our own code rather than `tracing-appender`, because that crate's guard prints to the
//! same stream when the queue is full at the end of the process, waits for fixed times, and writes
//! each line with a system call of its own.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

/// Bytes that may wait for the writer: some thousand lines.
const MAX_QUEUED_BYTES: usize = 1024 * 1024;

/// How long the writer lets lines gather: it is woken, and writes, at most so often, however many
/// lines there are.
const GATHER: Duration = Duration::from_millis(5);

/// The lines that wait to be written. Clones share them.
#[derive(Clone)]
pub(super) struct Queue(Arc<Shared>);

#[derive(Default)]
struct Shared {
    pending: Mutex<Pending>,
    /// There is something to write, or nothing more will come.
    filled: Condvar,
    /// Everything is written.
    drained: Condvar,
    /// The thread that writes.
    writer: OnceLock<ThreadId>,
}

#[derive(Default)]
struct Pending {
    lines: Vec<u8>,
    /// Lines lost since the last time that the count was logged.
    lost: u64,
    /// The writer waits on `filled` for a first line.
    is_waiting: bool,
    /// The process is about to end: lines are written at once.
    is_ending: bool,
}

impl Queue {
    /// An empty queue, and a thread that writes what comes into it to `out`. After a loss the
    /// thread calls `report` with the number of lines that were lost, as soon as a write has
    /// succeeded.
    pub(super) fn start(
        out: impl Write + Send + 'static,
        report: impl Fn(u64) + Send + 'static,
    ) -> io::Result<Self> {
        let queue = Self(Arc::default());
        let writer = Self(Arc::clone(&queue.0));
        thread::Builder::new()
            .name("countersign-log".to_owned())
            .spawn(move || writer.write_to(out, report))?;
        Ok(queue)
    }

    /// Adds a whole line, or counts it as lost where the queue is full. Never waits for the stream.
    pub(super) fn push(&self, line: &[u8]) {
        let mut pending = self.pending();
        // The writer's own line tells how many were lost: without room for it the count would be lost as well.
        if pending.lines.len() + line.len() > MAX_QUEUED_BYTES && !self.is_writer() {
            pending.lost += 1;
            return;
        }
        pending.lines.extend_from_slice(line);
        let wakes = std::mem::take(&mut pending.is_waiting);
        drop(pending);
        if wakes {
            self.0.filled.notify_one();
        }
    }

    /// Waits until everything is written, for `patience` at most: at the end of the process.
    pub(super) fn flush(&self, patience: Duration) {
        let mut pending = self.pending();
        pending.is_ending = true;
        self.0.filled.notify_one();
        let is_busy = |pending: &mut Pending| !(pending.is_waiting && pending.lines.is_empty());
        // Whether it was in time or not, there is nothing more to do.
        let _ = self.0.drained.wait_timeout_while(pending, patience, is_busy);
    }

    fn is_writer(&self) -> bool {
        self.0.writer.get() == Some(&thread::current().id())
    }

    fn write_to(self, mut out: impl Write, report: impl Fn(u64)) {
        // The one place where it is set.
        let _ = self.0.writer.set(thread::current().id());
        let mut lines = Vec::new();
        // Whether the last thing that the stream took was the first part of a line.
        let mut is_torn = false;
        loop {
            let lost = self.take(&mut lines);
            if is_torn && out.write_all(b"\n").is_ok() {
                is_torn = false;
            }
            let (written, failed) = write(&mut out, &lines);
            let rest = lines.get(written..).unwrap_or_default();
            if failed {
                is_torn |= written > 0 && lines.get(written - 1) != Some(&b'\n');
                self.pending().lost += lost + count(rest);
            } else if lost > 0 {
                report(lost);
            }
        }
    }

    /// Waits for lines, swaps them for the empty buffer `lines`, and takes the number of those lost
    /// before.
    fn take(&self, lines: &mut Vec<u8>) -> u64 {
        lines.clear();
        let mut pending = self.pending();
        while pending.lines.is_empty() {
            pending.is_waiting = true;
            self.0.drained.notify_all();
            pending = self.0.filled.wait(pending).unwrap_or_else(PoisonError::into_inner);
        }
        pending.is_waiting = false;
        let gathers = |pending: &mut Pending| !pending.is_ending;
        let gathered = self.0.filled.wait_timeout_while(pending, GATHER, gathers);
        let (mut pending, _) = gathered.unwrap_or_else(PoisonError::into_inner);
        std::mem::swap(&mut pending.lines, lines);
        std::mem::take(&mut pending.lost)
    }

    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.0.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many bytes `out` took, and whether it refused the rest.
fn write(out: &mut impl Write, bytes: &[u8]) -> (usize, bool) {
    let mut written = 0;
    while let Some(rest) = bytes.get(written..).filter(|rest| !rest.is_empty()) {
        match out.write(rest) {
            Ok(0) => return (written, true),
            Ok(count) => written += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return (written, true),
        }
    }
    (written, false)
}

fn count(lines: &[u8]) -> u64 {
    lines.iter().map(|byte| u64::from(*byte == b'\n')).sum()
}

/// Writes one line: `tracing_subscriber` calls it once, with all of it.
pub(super) struct Line<'a>(&'a Queue);

impl Write for Line<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.push(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Queue {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line(self)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// A stream that takes nothing until it is told to, and then passes on what it takes.
    struct Gated {
        open: mpsc::Receiver<io::Result<()>>,
        taken: mpsc::Sender<Vec<u8>>,
    }

    impl Write for Gated {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.open.recv().unwrap_or(Ok(()))?;
            self.taken.send(bytes.to_vec()).unwrap();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_stalled_stream_holds_up_no_caller_and_losses_are_counted() {
        let (gate, open) = mpsc::channel();
        let (taken, written) = mpsc::channel();
        let (reported, reports) = mpsc::channel();
        let report = move |lost| reported.send(lost).unwrap();
        let queue = Queue::start(Gated { open, taken }, report).unwrap();
        let line = vec![b'x'; 1024];
        queue.push(b"first\n");
        while !queue.pending().lines.is_empty() {
            std::thread::yield_now();
        }
        for _ in 0..2 * MAX_QUEUED_BYTES / line.len() {
            queue.push(&line);
        }
        queue.flush(Duration::from_millis(10));
        gate.send(Ok(())).unwrap();
        assert!(written.recv().unwrap().starts_with(b"first\n"));
        gate.send(Ok(())).unwrap();
        assert!(written.recv().unwrap().len() <= MAX_QUEUED_BYTES);
        let lost = reports.recv().unwrap();
        assert!(lost >= (MAX_QUEUED_BYTES / line.len()) as u64, "{lost}");
        queue.flush(Duration::from_secs(10));
    }

    #[test]
    fn the_count_of_lines_that_were_lost_finds_room_in_a_full_queue() {
        let (gate, open) = mpsc::channel();
        let (taken, written) = mpsc::channel();
        let reporter: Arc<OnceLock<Queue>> = Arc::default();
        let report = {
            let reporter = Arc::clone(&reporter);
            move |lost| reporter.get().unwrap().push(format!("{lost} lost\n").as_bytes())
        };
        let queue = Queue::start(Gated { open, taken }, report).unwrap();
        reporter.set(queue.clone()).ok().unwrap();
        let fill = || {
            while !queue.pending().lines.is_empty() {
                thread::yield_now();
            }
            for _ in 0..=MAX_QUEUED_BYTES / 1024 {
                queue.push(&[b'x'; 1024]);
            }
        };
        queue.push(b"first\n");
        fill();
        gate.send(Ok(())).unwrap();
        fill();
        gate.send(Ok(())).unwrap();
        gate.send(Ok(())).unwrap();
        let all: Vec<u8> = written.iter().take(3).flatten().collect();
        assert!(all.ends_with(b"x1 lost\n"), "{}", all.len());
    }

    #[test]
    fn lines_that_the_stream_refuses_are_counted() {
        let (gate, open) = mpsc::channel();
        let (taken, written) = mpsc::channel();
        let (reported, reports) = mpsc::channel();
        let report = move |lost| reported.send(lost).unwrap();
        let queue = Queue::start(Gated { open, taken }, report).unwrap();
        gate.send(Err(io::ErrorKind::StorageFull.into())).unwrap();
        queue.push(b"one\n");
        queue.flush(Duration::from_secs(10));
        gate.send(Ok(())).unwrap();
        queue.push(b"two\n");
        assert_eq!(written.recv().unwrap(), b"two\n");
        assert_eq!(reports.recv().unwrap(), 1);
    }
}
