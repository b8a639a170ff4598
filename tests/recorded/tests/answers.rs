//! The answers, and what each means.

use countersign_providers::{Accepted, MAX_RESPONSE_BYTES};
use countersign_recorded::WithoutWords;

use super::*;

/// What an answer comes to, a further request for a login that it asks for included.
fn meaning(recorded: &Recorded, answer: &Answer) -> Result<Progress, SendError> {
    outcome(recorded, response(answer))
}

#[test]
fn every_documented_refusal_has_its_meaning() {
    for recorded in ALL.iter().copied() {
        for (answer, expected) in recorded.documented() {
            let provider = open(recorded);
            let meaning = meaning(recorded, &answer);
            let name = provider.provider_type();
            // A token that is refused asks for a login first: whose refusal is the last word.
            let is_token = expected == SendError::Unauthorised && recorded.accepted.len() > 1;
            if is_token && meaning == Ok(Progress::Again) {
                continue;
            }
            assert_eq!(meaning, Err(expected), "{name}: {} {}", answer.status, answer.body);
        }
    }
}

#[test]
fn a_refusal_repeats_nothing_of_the_answer() {
    for recorded in ALL.iter().copied() {
        for status in [400, 401, 403, 404, 409, 422, 429, 500, 503] {
            let body =
                r#"{"error":"hunter2","message":"hunter2","code":"hunter2","detail":"hunter2"}"#;
            let answer = Answer { status, headers: &[], body };
            let error = format!("{:?}", meaning(recorded, &answer));
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}

#[test]
fn what_every_server_may_answer_has_one_meaning_everywhere() {
    for recorded in ALL.iter().copied() {
        // Who may have taken the message is believed before its `Retry-After` is: another provider would send it again.
        let busy = match recorded.failed.error() {
            SendError::Unreadable => SendError::Unreadable,
            _ => SendError::Throttled(Some(17)),
        };
        for body in ["", "<html><body>Error</body></html>", "{", "null", "[]"] {
            for (status, retry_after, expected) in [
                (429, None, SendError::Throttled(None)),
                (429, Some("17"), SendError::Throttled(Some(17))),
                (500, None, recorded.failed.error()),
                (502, None, SendError::Unreadable),
                (503, None, recorded.failed.error()),
                (503, Some("17"), busy.clone()),
                (504, None, SendError::Timeout),
            ] {
                let mut answer = Response::builder().status(status);
                if let Some(seconds) = retry_after {
                    answer = answer.header("retry-after", seconds);
                }
                let answer = answer.body(body.as_bytes()).unwrap();
                let meaning = outcome(recorded, answer);
                let name = open(recorded).provider_type();
                assert_eq!(meaning, Err(expected), "{name}: {status} {body}");
            }
        }
    }
}

#[test]
fn a_success_that_cannot_be_read_is_not_taken_for_more_than_it_says() {
    let oversized = format!("{{\"padding\":\"{}", "x".repeat(MAX_RESPONSE_BYTES));
    let deep = "[".repeat(MAX_RESPONSE_BYTES);
    for recorded in ALL.iter().copied() {
        let last = recorded.accepted.last().unwrap().answer;
        let (truncated, _) = last.body.split_at(last.body.len() / 2);
        let html = "<!doctype html><title>Welcome</title>";
        for body in
            ["", truncated, html, "null", "[]", "{}", "7", &oversized[..MAX_RESPONSE_BYTES], &deep]
        {
            let answer = Response::builder().status(last.status).body(body.as_bytes()).unwrap();
            let expected = match recorded.without_words {
                WithoutWords::Accepted => Ok(Progress::Accepted(Accepted::default())),
                WithoutWords::Unreadable => Err(SendError::Unreadable),
            };
            let start = &body[..body.len().min(60)];
            assert_eq!(
                outcome(recorded, answer),
                expected,
                "{}: {start}",
                open(recorded).provider_type()
            );
        }
    }
}

#[test]
fn a_byte_order_mark_before_an_answer_is_ignored() {
    for recorded in ALL.iter().copied() {
        let last = recorded.accepted.last().unwrap().answer;
        let body = format!("\u{feff}{}", last.body);
        let answer = Response::builder().status(last.status).body(body.as_bytes()).unwrap();
        let message_id = recorded.message_id.map(str::to_owned);
        let expected = Ok(Progress::Accepted(Accepted { message_id }));
        assert_eq!(outcome(recorded, answer), expected, "{}", open(recorded).provider_type());
    }
}

#[test]
fn fields_that_are_not_needed_cost_no_success() {
    for recorded in ALL.iter().copied() {
        let last = recorded.accepted.last().unwrap().answer;
        let trimmed = last.body.trim();
        let Some(members) = trimmed.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'))
        else {
            continue;
        };
        let beside = |text: &[u8]| {
            [&b"{\"padding\":\""[..], text, &b"\","[..], members.as_bytes(), &b"}"[..]].concat()
        };
        let twice = format!("{{{members},{members}}}").into_bytes();
        for body in [beside(b"\xff"), beside(b"\xed\xa0\xbd"), beside(br"\ud83d"), twice] {
            let answer = Response::builder().status(last.status).body(body.as_slice()).unwrap();
            let message_id = recorded.message_id.map(str::to_owned);
            let expected = Ok(Progress::Accepted(Accepted { message_id }));
            let body = String::from_utf8_lossy(&body);
            assert_eq!(
                outcome(recorded, answer),
                expected,
                "{}: {body}",
                open(recorded).provider_type()
            );
        }
    }
}

#[test]
fn a_time_in_place_of_seconds_bars_no_provider_for_decades() {
    for recorded in ALL.iter().copied() {
        let answer = Response::builder().status(429).header("retry-after", "1795208661");
        let meaning = outcome(recorded, answer.body(&b""[..]).unwrap());
        assert_eq!(
            meaning,
            Err(SendError::Throttled(Some(300))),
            "{}",
            open(recorded).provider_type()
        );
    }
}

#[test]
fn a_proxy_that_refuses_the_client_does_not_refuse_the_key() {
    for recorded in ALL.iter().copied() {
        let answer = Response::builder().status(403).body(&b"error code: 1010"[..]).unwrap();
        let Err(SendError::Other(text)) = outcome(recorded, answer) else {
            panic!("{}", open(recorded).provider_type())
        };
        assert!(text.contains("403"), "{text}");
    }
}

#[test]
fn bytes_that_are_no_text_break_nothing() {
    for recorded in ALL.iter().copied() {
        for status in [200, 201, 202, 400, 401, 404, 422, 500] {
            let answer = Response::builder().status(status).body(&[0xff, 0, 0xfe][..]).unwrap();
            let meaning = outcome(recorded, answer);
            let is_accepted = matches!(meaning, Ok(Progress::Accepted(_)));
            assert!(!is_accepted || recorded.without_words == WithoutWords::Accepted);
        }
    }
}
