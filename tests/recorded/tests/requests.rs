//! The requests, to the byte.

use http::Request;

use super::*;

/// The request as text.
fn written(request: &Request<Vec<u8>>) -> String {
    let mut text = format!("{} {}\n", request.method(), request.uri());
    for (name, value) in request.headers() {
        text += &format!("{name}: {}\n", value.to_str().unwrap());
    }
    text + "\n" + std::str::from_utf8(request.body()).unwrap()
}

#[test]
fn every_request_is_as_documented_to_the_byte() {
    for recorded in ALL.iter().copied() {
        let provider = open(recorded);
        let mut session = Session::default();
        let message = recorded.message();
        for exchange in recorded.accepted {
            let request = provider.request(&message, &mut session, NOW).unwrap();
            assert_eq!(written(&request), exchange.request, "{}", provider.provider_type());
            let step = provider.response(response(&exchange.answer), &mut session, NOW).unwrap();
            let is_last = std::ptr::eq(exchange, recorded.accepted.last().unwrap());
            assert_eq!(
                is_last,
                matches!(step, Progress::Accepted(_)),
                "{}",
                provider.provider_type()
            );
            if let Progress::Accepted(accepted) = step {
                assert_eq!(accepted.message_id.as_deref(), recorded.message_id);
            }
        }
    }
}

#[test]
fn a_message_for_which_a_header_or_url_has_no_room_panics_nowhere() {
    for recorded in ALL.iter().copied() {
        let provider = open(recorded);
        let mut hostile = recorded.message();
        hostile.challenge_id = "a\r\nb\0ü\u{1f600}".repeat(100);
        hostile.reference = Some("\u{0}\r\n\"'<>&%{}".repeat(20));
        hostile.locale = Some("x\r\ny".into());
        hostile.callback_url = None;
        // Refused or written: it is the engine's that there is no such message.
        let _ = provider.request(&hostile, &mut Session::default(), NOW);
    }
}
