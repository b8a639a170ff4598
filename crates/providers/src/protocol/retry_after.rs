//! `Retry-After` (RFC 9110, section 10.2.3): seconds, or a date.

use std::time::UNIX_EPOCH;

use countersign_contract::Timestamp;
use http::HeaderMap;
use http::header::RETRY_AFTER;

/// As long as a provider is left alone at most. Some send a time in place of seconds, which would
/// be decades.
pub(crate) const MAX_SECONDS: u64 = 300;

/// Seconds to wait, 1 to 300; nothing where the header is absent or can't be read.
pub(crate) fn seconds(headers: &HeaderMap, now: Timestamp) -> Option<u32> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let seconds = if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than a number holds are a long time.
        text.parse().unwrap_or(u64::MAX)
    } else {
        let date = httpdate::parse_http_date(text).ok()?;
        date.duration_since(UNIX_EPOCH).ok()?.as_secs().saturating_sub(now.0)
    };
    u32::try_from(seconds.clamp(1, MAX_SECONDS)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sun, 06 Nov 1994 08:49:37 GMT.
    const NOW: Timestamp = Timestamp(784_111_777);

    #[test]
    fn every_form_is_read() {
        let cases = [
            ("30", Some(30)),
            (" 30 ", Some(30)),
            ("0", Some(1)),
            ("300", Some(300)),
            ("301", Some(300)),
            // A time in seconds since 1970.
            ("1795208661", Some(300)),
            ("99999999999999999999999999", Some(300)),
            ("Sun, 06 Nov 1994 08:50:37 GMT", Some(60)),
            ("Sunday, 06-Nov-94 08:50:37 GMT", Some(60)),
            ("Sun Nov  6 08:50:37 1994", Some(60)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(1)),
            ("Sat, 05 Nov 1994 08:49:37 GMT", Some(1)),
            ("Sun, 06 Nov 2044 08:49:37 GMT", Some(300)),
            ("", None),
            ("-5", None),
            ("+5", None),
            ("1.5", None),
            ("soon", None),
            ("Sun, 06 Nov 1994 08:49", None),
        ];
        for (text, expected) in cases {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, text.parse().unwrap());
            assert_eq!(seconds(&headers, NOW), expected, "{text}");
        }
        assert_eq!(seconds(&HeaderMap::new(), NOW), None);
    }
}
