//! What of a recipient may be shown: enough to recognise one's own, too little to learn another's.
//!
//! The stars never tell how much they hide.

/// The longest masked form: `j***@e***.` and a label of 63 bytes.
pub(super) const MAX_BYTES: usize = 10 + 63;

/// The digits of a number's end that are shown at most.
const SHOWN_AT_END: usize = 4;

/// `+6281234567890` as `62****7890`: the country calling code and the last four digits, of a short
/// number at most half of its national digits.
pub(super) fn number(e164: &str, calling_code_digits: usize) -> String {
    let digits = e164.trim_start_matches('+');
    let (code, national) = digits.split_at_checked(calling_code_digits).unwrap_or((digits, ""));
    let shown = SHOWN_AT_END.min(national.len() / 2);
    let end = national.get(national.len() - shown..).unwrap_or_default();
    format!("{code}****{end}")
}

/// `john@example.com` as `j***@e***.com`: the first character of either side and the last label, of an
/// internationalised domain those of its ASCII form (`j***@x***.de`).
pub(super) fn address(address: &str) -> String {
    let (local, domain) = address.split_once('@').unwrap_or((address, ""));
    let (_, label) = domain.rsplit_once('.').unwrap_or(("", ""));
    let first = |part: &str| part.chars().next().map(String::from).unwrap_or_default();
    format!("{}***@{}***.{label}", first(local), first(domain))
}
