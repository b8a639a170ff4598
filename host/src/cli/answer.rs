//! What the HTTP surface answered, as a command prints it and ends with it.

use std::process::ExitCode;

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::error::CommandError;
use super::exit;
use super::output::{Output, print};
use crate::telemetry;

/// An answer of the HTTP surface.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    /// Nothing where it has no content.
    pub(super) body: Option<Value>,
}

impl Answer {
    /// Prints the answer, or that `done` is true where it has no content, and says what the process ends with.
    pub(super) fn tell(mut self, output: Output, done: &str) -> Result<ExitCode, CommandError> {
        self.body.get_or_insert_with(|| json!({ done: true }));
        self.tell_as(output, |body| lines(body, "", &[]))
    }

    /// The same, with a success `shown` to people in another form.
    pub(super) fn tell_as(
        self,
        output: Output,
        shown: impl FnOnce(&Value) -> String,
    ) -> Result<ExitCode, CommandError> {
        let code = self.exit_code();
        let body = self.body.unwrap_or_default();
        match output {
            Output::Json => print(&format!("{body:#}"))?,
            Output::Text if self.status.is_success() => print(&shown(&body))?,
            Output::Text => telemetry::say(&refusal(&body)),
        }
        Ok(code.into())
    }

    /// What the process ends with.
    fn exit_code(&self) -> u8 {
        let text = |name: &str| self.body.as_ref()?.get(name)?.as_str();
        let code = text("code").unwrap_or_default();
        match self.status {
            status if status.is_success() => exit::DONE,
            _ if code == "code_mismatch" => exit::WRONG_CODE,
            _ if code == "challenge_not_found" || code == "unknown_purpose" => exit::UNKNOWN,
            StatusCode::BAD_REQUEST if text("reason") == Some("number_not_allowed") => {
                exit::REFUSED
            }
            StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE => exit::USAGE,
            StatusCode::INTERNAL_SERVER_ERROR => exit::FAILED,
            status if status.is_server_error() => exit::UNAVAILABLE,
            _ => exit::REFUSED,
        }
    }
}

/// A problem, for people: what happened, then what more there is to know.
fn refusal(problem: &Value) -> String {
    let text = |name: &str| problem.get(name).and_then(Value::as_str).unwrap_or_default();
    let more = lines(problem, "  ", &["detail", "status", "title", "type"]);
    format!("countersign: {}: {}\n{more}", text("title"), text("detail"))
}

/// A line for each member but `without`.
fn lines(body: &Value, before: &str, without: &[&str]) -> String {
    let members = body.as_object().into_iter().flatten();
    let lines =
        members.filter(|(name, _)| !without.contains(&name.as_str())).map(|(name, value)| {
            match value.as_str() {
                Some(text) => format!("{before}{name}: {text}"),
                None => format!("{before}{name}: {value}"),
            }
        });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exit_code(status: u16, body: Value) -> u8 {
        let status = StatusCode::from_u16(status).unwrap();
        Answer { status, body: Some(body) }.exit_code()
    }

    #[test]
    fn every_kind_of_refusal_has_its_own_exit_code() {
        for (status, code, expected) in [
            (201, "", 0),
            (422, "code_mismatch", 3),
            (422, "reference_mismatch", 4),
            (429, "throttled", 4),
            (429, "locked", 4),
            (429, "exhausted", 4),
            (403, "disabled", 4),
            (403, "channel_not_allowed", 4),
            (410, "challenge_expired", 4),
            (404, "challenge_not_found", 5),
            (404, "unknown_purpose", 5),
            (502, "delivery_failed", 6),
            (503, "store_unavailable", 6),
            (503, "overloaded", 6),
            (504, "timeout", 6),
            (500, "internal", 1),
            (500, "misconfigured", 1),
            (400, "invalid_code", 2),
            (400, "invalid_recipient", 2),
            (413, "body_too_large", 2),
        ] {
            assert_eq!(exit_code(status, json!({ "code": code })), expected, "{code}");
        }
        let refused = json!({ "code": "invalid_recipient", "reason": "number_not_allowed" });
        assert_eq!(exit_code(400, refused), 4);
        let status = StatusCode::NO_CONTENT;
        assert_eq!(Answer { status, body: None }.exit_code(), 0);
    }

    #[test]
    fn texts_have_a_line_for_each_member() {
        let body = json!({ "id": "login.x", "attempts_left": 3, "resend": null });
        assert_eq!(lines(&body, "", &["resend"]), "attempts_left: 3\nid: login.x");
        let problem = json!({ "title": "Wrong code", "detail": "The code is wrong.", "status": 422,
            "type": "/problems/x", "code": "code_mismatch", "attempts_left": 2 });
        let said = "countersign: Wrong code: The code is wrong.\n  attempts_left: 2\n  code: code_mismatch";
        assert_eq!(refusal(&problem), said);
    }
}
