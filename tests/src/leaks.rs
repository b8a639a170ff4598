//! Looking for what must not be there.

use serde_json::Value;

use crate::outbox::text;

/// Which of `secrets` stand in `log`, as words of their own or, from eight characters on, anywhere.
///
/// What is a number by nature is left out of lines that are JSON: the microseconds of a timestamp may equal a code.
#[must_use]
pub fn leaks<'a>(log: &str, secrets: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let lines: Vec<String> = log.lines().map(without_numbers).collect();
    let is_in = |secret: &&str| lines.iter().any(|line| stands_in(line, secret));
    secrets.into_iter().filter(|secret| !secret.is_empty()).filter(is_in).collect()
}

/// The codes and the recipients, in the spellings that a careless line would use, of messages that were sent.
#[must_use]
pub fn secrets_of(messages: &[Value]) -> Vec<String> {
    let spellings = |message: &Value| {
        let (code, to) = (text(message, "code"), text(message, "to"));
        let digits = to.trim_start_matches('+');
        [code.to_owned(), to.to_owned(), digits.to_owned()]
    };
    let mut secrets: Vec<String> = messages.iter().flat_map(spellings).collect();
    secrets.sort_unstable();
    secrets.dedup();
    secrets
}

fn without_numbers(line: &str) -> String {
    match serde_json::from_str::<Value>(line) {
        Ok(Value::Object(mut fields)) => {
            fields.remove("timestamp");
            fields.remove("process");
            Value::Object(fields).to_string()
        }
        _ => line.to_owned(),
    }
}

fn stands_in(line: &str, secret: &str) -> bool {
    if secret.len() >= 8 {
        return line.to_ascii_lowercase().contains(&secret.to_ascii_lowercase());
    }
    let is_word = |sign: char| sign.is_ascii_alphanumeric() || matches!(sign, '_' | '-' | '.');
    line.match_indices(secret).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        let after = line.get(at + secret.len()..).and_then(|text| text.chars().next());
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_found_as_a_word_and_an_address_anywhere() {
        let log = "{\"timestamp\":\"2026-11-20T10:00:00.482913Z\",\"text\":\"code 123456, x:+628123456789y\"}";
        let found = leaks(log, ["123456", "482913", "234567", "+628123456789", "a@b.example"]);
        assert_eq!(found, ["123456", "+628123456789"]);
    }
}
