//! All that is traced, at every level, kept per thread.
//!
//! One subscriber for the whole process, there before the first request: scoped ones race with the other tests
//! for whether a span's callsite is enabled.

use std::cell::RefCell;
use std::io::{self, Write};
use std::sync::Once;

use tracing_subscriber::fmt::format::FmtSpan;

thread_local! {
    static TRACED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

struct ThisThread;

impl Write for ThisThread {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        TRACED.with_borrow_mut(|traced| traced.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Starts tracing, once.
pub(super) fn start() {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_span_events(FmtSpan::FULL)
            .with_ansi(false)
            .without_time()
            .with_writer(|| ThisThread)
            .finish();
        tracing::subscriber::set_global_default(subscriber).unwrap();
    });
}

/// What this thread has traced since it was last asked.
pub(super) fn taken() -> String {
    String::from_utf8(TRACED.take()).unwrap()
}
