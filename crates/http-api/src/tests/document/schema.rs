//! Holds values to schemas: as much of JSON Schema as the documents use. A keyword that it doesn't know is an error, so that
//! none is passed over.

use regex_lite::Regex;
use serde_json::{Map, Value};

/// What a value has against a schema of `document`; nothing where it fits.
pub(super) fn misfits(value: &Value, schema: &Value, document: &Value) -> Vec<String> {
    let mut found = Vec::new();
    hold(value, schema, document, "", &mut found);
    found
}

fn hold(value: &Value, schema: &Value, document: &Value, at: &str, found: &mut Vec<String>) {
    let schema = schema.as_object().unwrap();
    for (keyword, wanted) in schema {
        let fits = match keyword.as_str() {
            "$ref" => {
                let target = wanted.as_str().unwrap().strip_prefix('#').unwrap();
                hold(value, document.pointer(target).unwrap(), document, at, found);
                true
            }
            "additionalProperties" => has_no_other(value, schema, wanted),
            "anyOf" => wanted.as_array().unwrap().iter().any(|one| {
                let mut aside = Vec::new();
                hold(value, one, document, at, &mut aside);
                aside.is_empty()
            }),
            "const" => value == wanted,
            "enum" => wanted.as_array().unwrap().contains(value),
            "items" => {
                for (place, item) in value.as_array().into_iter().flatten().enumerate() {
                    hold(item, wanted, document, &format!("{at}/{place}"), found);
                }
                true
            }
            "maxItems" => value.as_array().is_none_or(|items| items.len() <= size(wanted)),
            "maxLength" => value.as_str().is_none_or(|text| text.chars().count() <= size(wanted)),
            "maximum" => value.as_i64().is_none_or(|number| Some(number) <= wanted.as_i64()),
            "minItems" => value.as_array().is_none_or(|items| items.len() >= size(wanted)),
            "minLength" => value.as_str().is_none_or(|text| text.chars().count() >= size(wanted)),
            "minimum" => value.as_i64().is_none_or(|number| Some(number) >= wanted.as_i64()),
            "pattern" => {
                let pattern = Regex::new(wanted.as_str().unwrap()).unwrap();
                value.as_str().is_none_or(|text| pattern.is_match(text))
            }
            "properties" => {
                for (name, one) in wanted.as_object().unwrap() {
                    if let Some(member) = value.get(name) {
                        hold(member, one, document, &format!("{at}/{name}"), found);
                    }
                }
                true
            }
            "required" => {
                let has = |name: &Value| value.get(name.as_str().unwrap()).is_some();
                !value.is_object() || wanted.as_array().unwrap().iter().all(has)
            }
            "type" => match wanted {
                Value::Array(names) => names.iter().any(|name| is_of(value, name)),
                name => is_of(value, name),
            },
            // They say nothing of which values fit, or what only the server can tell.
            "default" | "description" | "examples" | "format" | "x-extensible-enum" => true,
            _ => panic!("unknown keyword {keyword}"),
        };
        if !fits {
            found.push(format!("{at}: {value} and {keyword}: {wanted}"));
        }
    }
}

fn has_no_other(value: &Value, schema: &Map<String, Value>, wanted: &Value) -> bool {
    let known = schema.get("properties").and_then(Value::as_object);
    let is_known = |name: &String| known.is_some_and(|known| known.contains_key(name));
    *wanted != Value::Bool(false)
        || value.as_object().is_none_or(|members| members.keys().all(is_known))
}

fn size(wanted: &Value) -> usize {
    usize::try_from(wanted.as_u64().unwrap()).unwrap()
}

fn is_of(value: &Value, name: &Value) -> bool {
    match name.as_str().unwrap() {
        "array" => value.is_array(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "null" => value.is_null(),
        "object" => value.is_object(),
        "string" => value.is_string(),
        other => panic!("unknown type {other}"),
    }
}

#[test]
fn each_keyword_counts() {
    use serde_json::json;
    for (schema, good, bad) in [
        (json!({"$ref": "#/s"}), json!(7), json!("7")),
        (
            json!({"additionalProperties": false, "properties": {"a": {}}}),
            json!({"a": 1}),
            json!({"b": 1}),
        ),
        (json!({"anyOf": [{"type": "null"}, {"type": "array"}]}), json!([]), json!({})),
        (json!({"const": true}), json!(true), json!(false)),
        (json!({"enum": ["a", null]}), json!(null), json!("b")),
        (json!({"items": {"type": "boolean"}}), json!([true]), json!([true, 1])),
        (json!({"maxItems": 1}), json!([1]), json!([1, 2])),
        (json!({"maxLength": 2}), json!("é\u{e9}"), json!("abc")),
        (json!({"maximum": 2}), json!(2), json!(3)),
        (json!({"minItems": 1}), json!([1]), json!([])),
        (json!({"minLength": 2}), json!("ab"), json!("é")),
        (json!({"minimum": 2}), json!(2), json!(1)),
        (json!({"pattern": "^a+$"}), json!("aa"), json!("ab")),
        (json!({"properties": {"a": {"type": "string"}}}), json!({"a": ""}), json!({"a": 1})),
        (json!({"required": ["a"]}), json!({"a": null}), json!({"b": 1})),
        (json!({"type": ["string", "null"]}), json!(null), json!(1)),
    ] {
        let document = json!({"s": {"type": "integer"}});
        assert_eq!(misfits(&good, &schema, &document), Vec::<String>::new());
        assert_eq!(misfits(&bad, &schema, &document).len(), 1, "{schema}");
    }
}
