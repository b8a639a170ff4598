//! A history as lines of JSON, for people to read.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Event, History, Outcome, Request, Verdict};

/// The violations, then every event that is about a subject of theirs, in the order in which they began.
#[must_use]
pub fn lines(history: &History, verdict: &Verdict) -> String {
    let mut text = String::new();
    let mut subjects: Vec<&str> = Vec::new();
    for violation in &verdict.violations {
        let line = json!({
            "rule": format!("{:?}", violation.rule),
            "text": violation.text,
            "events": violation.events,
        });
        // Writing to a String can't fail.
        let _ = writeln!(text, "{line}");
        let events = violation.events.iter().filter_map(|place| history.events.get(*place));
        subjects.extend(events.map(|event| event.subject.as_str()));
    }
    let events = history.events.iter().enumerate();
    let mut shown: Vec<_> =
        events.filter(|(_, event)| subjects.contains(&event.subject.as_str())).collect();
    shown.sort_by_key(|(_, event)| (event.subject.as_str(), event.start));
    for (place, event) in shown {
        let _ = writeln!(text, "{}", line(place, event));
    }
    text
}

fn line(place: usize, event: &Event) -> Value {
    let (verb, id, code) = match &event.request {
        Request::Issue => ("issue", None, None),
        Request::Verify { id, code } => ("verify", id.as_deref(), Some(code.as_str())),
        Request::Resend { id } => ("resend", Some(id.as_str()), None),
        Request::Revoke { id } => ("revoke", Some(id.as_str()), None),
        Request::Status => ("status", None, None),
        Request::Unlock => ("unlock", None, None),
    };
    let outcome = match &event.outcome {
        Outcome::Answered { status, code, id } => {
            json!({ "status": status, "code": code, "id": id })
        }
        other => json!(format!("{other:?}")),
    };
    json!({
        "event": place, "client": event.client, "host": event.host, "start": event.start,
        "end": event.end, "subject": event.subject, "verb": verb, "id": id, "code": code,
        "outcome": outcome,
    })
}
