//! Which settings are secrets, in the schema: each secret `x` has an `x_file` beside it, and either may stand.

use serde_json::{Value, json};

/// What the name of the setting with a secret's file ends in.
pub(super) const ENDING: &str = "_file";

/// Adds `x_file` beside each secret `x` of a schema.
pub(super) fn add_to(schema: &mut Value) {
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        let names: Vec<_> = properties
            .iter()
            .filter(|(_, place)| is_secret(place))
            .map(|(name, _)| name.clone())
            .collect();
        for name in names {
            let place = json!({
                "description": format!("The file that holds `{name}`. A line break at its end is ignored."),
                "type": ["string", "null"],
            });
            properties.insert(format!("{name}{ENDING}"), place);
        }
    }
    match schema {
        Value::Object(parts) => parts.values_mut().for_each(add_to),
        Value::Array(parts) => parts.iter_mut().for_each(add_to),
        _ => {}
    }
}

/// Has no secret of a schema required: each may stand in its file instead.
pub(super) fn relax(schema: &mut Value) {
    if let Value::Object(parts) = schema {
        let secrets: Vec<String> = parts
            .get("properties")
            .and_then(Value::as_object)
            .map(|places| places.iter().filter(|(_, place)| is_secret(place)))
            .into_iter()
            .flatten()
            .map(|(name, _)| name.clone())
            .collect();
        if let Some(required) = parts.get_mut("required").and_then(Value::as_array_mut) {
            required.retain(|name| !secrets.iter().any(|secret| name == secret.as_str()));
            if required.is_empty() {
                parts.remove("required");
            }
        }
    }
    match schema {
        Value::Object(parts) => parts.values_mut().for_each(relax),
        Value::Array(parts) => parts.iter_mut().for_each(relax),
        _ => {}
    }
}

/// Whether a schema is a secret's.
pub(super) fn is_secret(schema: &Value) -> bool {
    let is_marked = |schema: &Value| schema.get("writeOnly") == Some(&Value::Bool(true));
    let choices = schema.get("anyOf").and_then(Value::as_array);
    is_marked(schema) || choices.is_some_and(|choices| choices.iter().any(is_marked))
}
