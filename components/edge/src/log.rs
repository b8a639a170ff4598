//! What the edge app says: lines of JSON on standard error, which Spin shows and keeps. No line ever holds a code, a
//! key or a full recipient.

use std::sync::Once;
use std::{fmt, io};

use jiff::Timestamp;
use tracing::Level;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;

use crate::bindings::wasi::cli::stderr;
use crate::bindings::wasi::clocks::wall_clock;

/// Begins to log, once per instance.
pub(crate) fn begin() {
    static BEGUN: Once = Once::new();
    BEGUN.call_once(install);
}

fn install() {
    let subscriber = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_span_list(false)
        .with_max_level(Level::INFO)
        .with_timer(WallClock)
        .with_writer(|| StandardError)
        .finish();
    // There is no other that could be in place.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

/// The runtime's clock: the standard library has none here.
struct WallClock;

impl FormatTime for WallClock {
    fn format_time(&self, writer: &mut Writer<'_>) -> fmt::Result {
        let now = wall_clock::now();
        let seconds = i64::try_from(now.seconds).unwrap_or_default();
        let nanoseconds = i32::try_from(now.nanoseconds).unwrap_or_default();
        let now = Timestamp::new(seconds, nanoseconds).unwrap_or(Timestamp::UNIX_EPOCH);
        write!(writer, "{now:.6}")
    }
}

struct StandardError;

impl io::Write for StandardError {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // The most that one call takes.
        let bytes = bytes.get(..4_096).unwrap_or(bytes);
        stderr::get_stderr()
            .blocking_write_and_flush(bytes)
            .map(|()| bytes.len())
            .map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
