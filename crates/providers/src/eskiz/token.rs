//! How long a token is kept.

use countersign_contract::Timestamp;
use data_encoding::BASE64URL_NOPAD;
use serde::Deserialize;

use crate::json;

/// Bytes of the longest token that is taken: those of Eskiz have less than 300.
pub(super) const MAX_BYTES: usize = 4096;
/// Where a token doesn't say when it ends. Eskiz documents 30 days: a login a day costs nothing.
const UNSAID_SECONDS: u64 = 86_400;
/// What Eskiz documents: nothing that a token says makes it last longer.
const MAX_SECONDS: u64 = 30 * 86_400;
/// Given up before its end by so much: clocks differ, and a message takes its time.
const MARGIN_SECONDS: u64 = 600;
/// Kept at least, whatever it says: by a clock that is wrong each message would log in until it gave up.
const MIN_SECONDS: u64 = 60;

/// Until when a token is good. What a JWT says of itself is read, not believed: a token that Eskiz refuses sooner is
/// replaced, one that it would take longer is replaced as well.
pub(super) fn good_until(token: &str, now: Timestamp) -> Timestamp {
    let seconds = match expiry(token) {
        Some(end) => end.saturating_sub(now.0).saturating_sub(MARGIN_SECONDS),
        None => UNSAID_SECONDS,
    };
    Timestamp(now.0.saturating_add(seconds.clamp(MIN_SECONDS, MAX_SECONDS)))
}

/// The `exp` in a JWT's payload, in seconds since 1970.
fn expiry(token: &str) -> Option<u64> {
    #[derive(Deserialize)]
    struct Payload {
        exp: u64,
    }
    let payload = token.split('.').nth(1)?;
    let payload = BASE64URL_NOPAD.decode(payload.as_bytes()).ok()?;
    json::read::<Payload>(&payload).map(|payload| payload.exp)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_795_208_661);

    fn kept(payload: &str) -> u64 {
        let payload = BASE64URL_NOPAD.encode(payload.as_bytes());
        good_until(&format!("eyJhbGciOiJIUzI1NiJ9.{payload}.c2ln"), NOW).0 - NOW.0
    }

    #[test]
    fn a_token_is_kept_until_shortly_before_its_own_end() {
        assert_eq!(kept(&format!(r#"{{"exp":{},"iat":1}}"#, NOW.0 + 2_592_000)), 2_591_400);
        assert_eq!(kept(&format!(r#"{{"exp":{}}}"#, NOW.0 + 3600)), 3000);
    }

    #[test]
    fn the_example_of_the_documentation_is_read() {
        let token = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJleHAiOjE3NTQ2NzY1NDEsImlhdCI6MTc1MjA4NDU0MSwicm9sZSI6InVzZXIiLCJzaWduIjoiM2JmYmFhY2NmODc3MDc4OTgzM2I3YTllZWEwMGVjY2MzYTUzMzUwNDI1MDk2MGU5OTQyNDY0YmFkYmQ2MDIwMyIsInN1YiI6IjExNjI1In0.1NotN0j4fw83TJRf-YkK0QtJ1tY0dnWbWM0O4nhHI_I";
        assert_eq!(expiry(token), Some(1_754_676_541));
    }

    #[test]
    fn no_token_is_kept_for_ever_nor_for_no_time() {
        assert_eq!(kept(r#"{"exp":18446744073709551615}"#), MAX_SECONDS);
        for end in [0, NOW.0 - 1, NOW.0, NOW.0 + 600] {
            assert_eq!(kept(&format!(r#"{{"exp":{end}}}"#)), MIN_SECONDS, "{end}");
        }
        assert_eq!(good_until("a.b.c", Timestamp(u64::MAX)), Timestamp(u64::MAX));
    }

    #[test]
    fn a_token_that_does_not_say_is_kept_for_a_day() {
        for payload in ["{}", r#"{"exp":null}"#, r#"{"exp":"1"}"#, r#"{"exp":-1}"#, "[", ""] {
            assert_eq!(kept(payload), UNSAID_SECONDS, "{payload}");
        }
        for token in ["", "opaque", "a.!!!.c", ".."] {
            assert_eq!(good_until(token, NOW).0 - NOW.0, UNSAID_SECONDS, "{token}");
        }
    }
}
