//! What a server says of itself: `INFO`, where our user may ask.

use redis::Value;

use super::line::{Line, Silent, code};

/// Why something isn't looked at.
pub(super) const NO_INFO: &str = "the user may not ask INFO, or the server doesn't say";

/// The answer to `INFO`.
pub(super) struct Info(String);

impl Info {
    /// Asks. Nothing where it is refused: managed servers do that.
    pub(super) async fn ask(line: &mut Line) -> Result<Option<Self>, Silent> {
        let answer = line.ask(&["INFO"]).await?;
        Ok(match answer {
            Value::BulkString(text) => Some(Self(String::from_utf8_lossy(&text).into_owned())),
            Value::VerbatimString { text, .. } => Some(Self(text)),
            _ => None,
        })
    }

    /// A field; nothing where the server doesn't tell it.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.0.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
    }

    /// A field that is a number.
    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.field(name)?.parse().ok()
    }

    #[cfg(test)]
    pub(super) fn of(text: &str) -> Self {
        Self(text.to_owned())
    }
}

/// A setting of the server's. Nothing where it is refused.
pub(super) async fn setting(line: &mut Line, name: &str) -> Result<Option<String>, Silent> {
    let answer = line.ask(&["CONFIG", "GET", name]).await?;
    if code(&answer).is_some() {
        return Ok(None);
    }
    let text = |value: &Value| match value {
        Value::BulkString(text) => String::from_utf8(text.clone()).ok(),
        Value::SimpleString(text) => Some(text.clone()),
        _ => None,
    };
    Ok(match &answer {
        Value::Array(parts) => parts.get(1).and_then(text),
        Value::Map(pairs) => pairs.first().and_then(|(_, value)| text(value)),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_by_their_whole_name() {
        let info = Info::of("# Memory\r\nused_memory_peak:9\r\nused_memory:7\r\nrole:master\r\n");
        assert_eq!(info.number("used_memory"), Some(7));
        assert_eq!(info.field("role"), Some("master"));
        assert_eq!(info.field("rol"), None);
    }
}
