//! What the edge app says: lines of JSON on standard error, which Spin shows and keeps. No line ever holds a code, a
//! key or a full recipient.

use std::sync::{Once, OnceLock};

use jiff::Timestamp;

use crate::bindings::wasi::cli::stderr;
use crate::bindings::wasi::clocks::wall_clock;
use crate::bindings::wasi::io::streams::OutputStream;
use crate::lines::Lines;

/// Begins to log, once per instance.
pub(crate) fn begin() {
    static BEGUN: Once = Once::new();
    BEGUN.call_once(install);
}

fn install() {
    // There is no other that could be in place.
    let _ = tracing::subscriber::set_global_default(Lines::new(now, write));
}

/// By the runtime's clock: the standard library has none here.
fn now() -> String {
    let now = wall_clock::now();
    let seconds = i64::try_from(now.seconds).unwrap_or_default();
    let nanoseconds = i32::try_from(now.nanoseconds).unwrap_or_default();
    let now = Timestamp::new(seconds, nanoseconds).unwrap_or(Timestamp::UNIX_EPOCH);
    format!("{now:.6}")
}

/// Without waiting, where the runtime takes a line at once, as all that we know do: a call that may wait costs a request
/// several times as much.
fn write(line: &str) {
    static STREAM: OnceLock<OutputStream> = OnceLock::new();
    let stream = STREAM.get_or_init(stderr::get_stderr);
    // The most that one call takes.
    for bytes in line.as_bytes().chunks(4_096) {
        let room = stream.check_write().unwrap_or_default();
        let written = if room >= bytes.len() as u64 {
            stream.write(bytes)
        } else {
            stream.blocking_write_and_flush(bytes)
        };
        // A log that can't be written can't say so.
        if written.is_err() {
            return;
        }
    }
}
