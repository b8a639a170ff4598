//! Single values, held against the schema of their setting: type, range, words and form.

use countersign_settings::problem::Problem;
use serde_json::{Map, Value};

use super::listen::{self, Listen};
use super::{nearest, proxies};

/// The type of a value.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    Array,
    Boolean,
    Integer,
    Number,
    Object,
    String,
}

impl Kind {
    fn of(value: &Value) -> Option<Self> {
        Some(match value {
            Value::Null => return None,
            Value::Bool(_) => Self::Boolean,
            Value::Number(number) if number.is_f64() => Self::Number,
            Value::Number(_) => Self::Integer,
            Value::String(_) => Self::String,
            Value::Array(_) => Self::Array,
            Value::Object(_) => Self::Object,
        })
    }

    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "array" => Self::Array,
            "boolean" => Self::Boolean,
            "integer" => Self::Integer,
            "number" => Self::Number,
            "object" => Self::Object,
            "string" => Self::String,
            _ => return None,
        })
    }

    /// In words of TOML.
    fn words(self) -> &'static str {
        match self {
            Self::Array => "a list in brackets: `[…]`",
            Self::Boolean => "true or false",
            Self::Integer => "a whole number",
            Self::Number => "a number",
            Self::Object => "a table",
            Self::String => "a text in quotes",
        }
    }
}

/// Everything that is wrong with a number or a text.
pub(super) fn compare(
    parts: &[&Map<String, Value>],
    value: &Value,
    path: &str,
    problems: &mut Vec<Problem>,
) {
    match value {
        Value::Number(number) => compare_range(parts, number, path, problems),
        Value::String(text) => {
            compare_words(parts, text, path, problems);
            compare_format(parts, text, path, problems);
        }
        _ => {}
    }
}

/// What is wrong with the type of a value, if anything is.
pub(super) fn wrong_type(parts: &[&Map<String, Value>], value: &Value) -> Option<String> {
    let kinds: Vec<Kind> = parts.iter().flat_map(|part| kinds_of(part)).collect();
    let fits = Kind::of(value).is_some_and(|kind| {
        kinds.contains(&kind) || (kind == Kind::Integer && kinds.contains(&Kind::Number))
    });
    if kinds.is_empty() || fits {
        return None;
    }
    let mut words = Vec::new();
    for kind in &kinds {
        if !words.contains(&kind.words()) {
            words.push(kind.words());
        }
    }
    let range = range(parts).map(|range| format!(", {range}")).unwrap_or_default();
    Some(format!("has to be {}{range}", words.join(" or ")))
}

/// The types that a schema allows.
pub(super) fn kinds_of(part: &Map<String, Value>) -> Vec<Kind> {
    match part.get("type") {
        Some(Value::String(name)) => Kind::named(name).into_iter().collect(),
        Some(Value::Array(names)) => {
            names.iter().filter_map(|name| Kind::named(name.as_str()?)).collect()
        }
        _ => Vec::new(),
    }
}

fn compare_range(
    parts: &[&Map<String, Value>],
    number: &serde_json::Number,
    path: &str,
    problems: &mut Vec<Problem>,
) {
    let (least, most) = bounds(parts);
    let Some(number) = number.as_f64() else { return };
    if least.is_some_and(|least| number < least) || most.is_some_and(|most| number > most) {
        let range = range(parts).unwrap_or_default();
        problems.push(Problem::new(path, format!("has to be {range}")));
    }
}

/// The range of a number, in words.
fn range(parts: &[&Map<String, Value>]) -> Option<String> {
    match bounds(parts) {
        (Some(least), Some(most)) => Some(format!("{least} to {most}")),
        (Some(least), None) => Some(format!("at least {least}")),
        (None, Some(most)) => Some(format!("at most {most}")),
        (None, None) => None,
    }
}

/// The range of a number: the setting's own, or that of its type.
fn bounds(parts: &[&Map<String, Value>]) -> (Option<f64>, Option<f64>) {
    let bound = |name: &str| parts.iter().find_map(|part| part.get(name)?.as_f64());
    let by_type = || match parts.iter().find_map(|part| part.get("format")?.as_str())? {
        "uint8" => Some(f64::from(u8::MAX)),
        "uint16" => Some(f64::from(u16::MAX)),
        "uint32" => Some(f64::from(u32::MAX)),
        _ => None,
    };
    (bound("minimum"), bound("maximum").or_else(by_type))
}

/// Texts with a form of their own.
fn compare_format(
    parts: &[&Map<String, Value>],
    text: &str,
    path: &str,
    problems: &mut Vec<Problem>,
) {
    let wrong = match parts.iter().find_map(|part| part.get("format")?.as_str()) {
        Some(listen::FORMAT) => text.parse::<Listen>().err().map(|wrong| wrong.to_string()),
        Some(proxies::FORMAT) => proxies::parse(text).err().map(str::to_owned),
        _ => None,
    };
    problems.extend(wrong.map(|wrong| Problem::new(path, wrong)));
}

fn compare_words(
    parts: &[&Map<String, Value>],
    text: &str,
    path: &str,
    problems: &mut Vec<Problem>,
) {
    let Some(words) = parts.iter().find_map(|part| part.get("enum")?.as_array()) else {
        return;
    };
    let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
    if !words.contains(&text) {
        problems.push(Problem::new(path, nearest::unknown("value", text, words)));
    }
}
