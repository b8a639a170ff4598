use std::io;

use tracing::field::{Empty, display};
use tracing::subscriber::with_default;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;

use super::*;

static OURS: Mutex<String> = Mutex::new(String::new());
static THEIRS: Mutex<String> = Mutex::new(String::new());

const NOW: &str = "2026-11-27T13:37:49.835348Z";

struct Clock;

impl FormatTime for Clock {
    fn format_time(&self, writer: &mut Writer<'_>) -> fmt::Result {
        writer.write_str(NOW)
    }
}

struct Theirs;

impl io::Write for Theirs {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        THEIRS.lock().unwrap().push_str(str::from_utf8(bytes).unwrap());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// All that the app logs, and how: spans one within the other, entered in turns, with fields that come later.
fn log() {
    tracing::info!(purposes = 2_usize, "ready");
    let span = || {
        tracing::info_span!(
            "http.request",
            request = Empty,
            method = "POST",
            route = "/\"v1\"",
            caller = Empty
        )
    };
    let (first, second) = (span(), span());
    first.in_scope(|| {
        tracing::Span::current().record("caller", "app");
        tracing::error!(
            challenge = None::<&str>,
            outcome = "a\n\u{fc}\u{1f600}",
            status = 503_u16,
            "{}",
            "verify"
        );
        second.in_scope(|| {
            tracing::info!(
                examined = 3_u32,
                more = true,
                change = -4_i64,
                duration_ms = 0.25,
                "sweep"
            )
        });
        tracing::warn!(error = ?Some("text"), number = f64::NAN, "the store is not ready");
    });
    second.record("request", display("7"));
    let (entered, handle) = (second.enter(), first.clone());
    tracing::info!("in the second");
    drop((entered, first, handle));
    let third = span();
    third.record("caller", 7.5);
    third.in_scope(|| tracing::info!(whole = 1e20, tiny = 1e-7, "in the place of the first"));
    second.in_scope(|| tracing::info!(problem = "x", "again"));
    tracing::debug!("never");
    tracing::info!("outside");
}

#[test]
fn lines_are_those_of_tracing_subscriber() {
    let theirs = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_span_list(false)
        .with_max_level(Level::INFO)
        .with_timer(Clock)
        .with_writer(|| Theirs)
        .finish();
    with_default(theirs, log);
    let ours = Lines::new(|| NOW.to_owned(), |line| OURS.lock().unwrap().push_str(line));
    with_default(ours, log);
    let (ours, theirs) = (OURS.lock().unwrap(), THEIRS.lock().unwrap());
    assert_eq!(ours.lines().count(), 8, "{ours}");
    assert_eq!(*ours, *theirs);
}
