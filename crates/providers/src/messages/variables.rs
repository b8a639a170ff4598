//! What a template may use.

use countersign_contract::Secret;
use minijinja::Value;

use super::name::Part;

/// What of a message and of whose it is goes into a text.
#[derive(Clone, Debug)]
pub(super) struct Variables {
    pub(super) brand: Option<String>,
    pub(super) code: Secret<String>,
    pub(super) lifetime_seconds: u32,
    pub(super) purpose: String,
    pub(super) reference: Option<String>,
    pub(super) tenant: String,
}

/// The names that a template of `part` may use: subjects show on lock screens and in logs, and a reference read aloud
/// helps no operator.
pub(super) const fn allowed(part: Part) -> &'static [&'static str] {
    match part {
        Part::Html | Part::Sms | Part::Text => {
            &["brand", "code", "lifetime", "purpose", "reference", "tenant"]
        }
        Part::Subject => &["brand", "lifetime", "purpose", "tenant"],
        Part::Voice => &["brand", "code", "code_spelled", "lifetime", "purpose", "tenant"],
    }
}

/// Whether a template of `part` may use `name`, which may be that of a field: `lifetime.unit`.
pub(super) fn is_allowed(part: Part, name: &str) -> bool {
    matches!(name, "plural" | "lifetime.unit" | "lifetime.value") || allowed(part).contains(&name)
}

impl Variables {
    /// What a template of `part` sees, and nothing else.
    pub(super) fn values(&self, part: Part) -> Value {
        Value::from_pairs(allowed(part).iter().map(|name| (*name, self.value(name))))
    }

    fn value(&self, name: &str) -> Value {
        match name {
            "brand" => Value::from(self.brand.as_deref()),
            "code" => Value::from(self.code.expose().as_str()),
            "code_spelled" => Value::from(spelled(self.code.expose())),
            "lifetime" => {
                let (value, unit) = lifetime(self.lifetime_seconds);
                Value::from_pairs([("value", Value::from(value)), ("unit", Value::from(unit))])
            }
            "purpose" => Value::from(self.purpose.as_str()),
            "reference" => Value::from(self.reference.as_deref().map(one_line)),
            "tenant" => Value::from(self.tenant.as_str()),
            _ => Value::UNDEFINED,
        }
    }
}

/// The code with its signs apart, so that a voice says them one by one.
pub(super) fn spelled(code: &str) -> String {
    let mut spelled = String::with_capacity(3 * code.len());
    for sign in code.chars() {
        if !spelled.is_empty() {
            spelled.push_str(", ");
        }
        spelled.push(sign);
    }
    spelled
}

/// Whole minutes from two on, and never more than there are.
const fn lifetime(seconds: u32) -> (u32, &'static str) {
    if seconds < 120 { (seconds, "second") } else { (seconds / 60, "minute") }
}

/// A caller's text, in which no line can be begun and no direction turned: the line that a phone trusts is ours.
fn one_line(text: &str) -> String {
    let turns = |sign| matches!(sign, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let breaks = |sign: char| sign.is_control() || matches!(sign, '\u{2028}' | '\u{2029}');
    text.chars()
        .filter(|sign| !turns(*sign))
        .map(|sign| if breaks(sign) { ' ' } else { sign })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_time_is_promised_than_there_is() {
        for (seconds, expected) in [
            (0, (0, "second")),
            (59, (59, "second")),
            (60, (60, "second")),
            (119, (119, "second")),
            (120, (2, "minute")),
            (179, (2, "minute")),
            (299, (4, "minute")),
            (300, (5, "minute")),
            (600, (10, "minute")),
        ] {
            assert_eq!(lifetime(seconds), expected, "{seconds}");
        }
    }

    #[test]
    fn signs_are_spelled_one_by_one() {
        assert_eq!(spelled("4801B2"), "4, 8, 0, 1, B, 2");
        assert_eq!(spelled("7"), "7");
    }

    #[test]
    fn a_reference_stays_on_its_line_and_turns_nothing_round() {
        assert_eq!(one_line("a\n@evil.example #1\r\u{2028}b\tc"), "a @evil.example #1  b c");
        assert_eq!(one_line("\u{202e}321\u{202c}\u{2067}x\u{2069}"), "321x");
        assert_eq!(one_line("заказ №7 – हिन्दी"), "заказ №7 – हिन्दी");
    }
}
