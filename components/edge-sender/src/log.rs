//! What the sender says: lines of JSON on standard error, as the front writes them. No line ever holds a code, a key or a
//! recipient.

use countersign_providers::Event;
use serde_json::json;

use crate::bindings::wasi::cli::stderr::get_stderr;

/// Writes what happened on a message's way.
pub(crate) fn tell(event: &Event) {
    let level = if event.is_good() { "INFO" } else { "WARN" };
    let line = json!({
        "level": level,
        "message": event.to_string(),
        "provider": event.about(),
        "target": "countersign_edge_sender",
    });
    // A log that can't be written can't say so.
    let _ = get_stderr().blocking_write_and_flush(format!("{line}\n").as_bytes());
}
