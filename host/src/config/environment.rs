//! Settings from the environment: `COUNTERSIGN_` and the path, levels separated by two underscores.
//!
//! `COUNTERSIGN_STORE__URL` is `store.url`. A level is the setting's name in capitals; where the file already has
//! a name there that differs only in case, or in `-` for `_`, that one is meant, and so
//! `COUNTERSIGN_PURPOSES__WALLET_FUNDING__LIFETIME_SECONDS` reaches `[purposes.wallet-funding]`. Elements of a list
//! are numbered from 0: `COUNTERSIGN_KEYS__RING__0__SECRET`; new ones follow those of the file. A whole list or
//! table may be given as TOML: `COUNTERSIGN_SERVER__TRUSTED_PROXIES='["10.0.0.0/8"]'`.
//!
//! The environment wins over the file. A variable that names no setting is refused, so that a misspelt one is
//! not ignored. Exempt are `COUNTERSIGN_CONFIG` (the path of the file), `COUNTERSIGN_TEST_…`, and what Kubernetes sets
//! by itself where a service is called `countersign` (`COUNTERSIGN_PORT…`, `COUNTERSIGN_SERVICE_HOST`,
//! `COUNTERSIGN_SERVICE_PORT…`).

use std::ffi::OsString;

use countersign_settings::problem::{Origin, Problem};
use serde_json::Value;

use super::schema::{Kind, Shape};
use super::tree::{Tree, parse_value};

const PREFIX: &str = "COUNTERSIGN_";

/// Puts every setting of `variables` into `tree`, in the order of their names.
pub(super) fn apply(
    tree: &mut Tree,
    shape: &Shape,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Vec<Problem> {
    let mut settings: Vec<(String, OsString)> = variables
        .into_iter()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
        .filter(|(name, _)| is_setting(name))
        .collect();
    settings.sort_by_key(|(name, _)| order(name));

    let mut problems = Vec::new();
    for (name, value) in settings {
        let Ok(value) = value.into_string() else {
            problems.push(Problem {
                origin: Origin::Environment(name),
                path: String::new(),
                text: "not UTF-8".to_owned(),
            });
            continue;
        };
        let path = path_of(&name, &tree.root);
        let value = typed(value, shape.kinds(&path));
        if let Err(problem) = tree.put(&path, value, &name) {
            problems.push(problem);
        }
    }
    problems
}

/// Whether `environment` holds any setting.
pub(super) fn is_setting(name: &str) -> bool {
    let Some(rest) = name.strip_prefix(PREFIX) else {
        return false;
    };
    let foreign = ["PORT", "SERVICE_HOST", "SERVICE_PORT", "TEST_"];
    rest != "CONFIG" && !foreign.iter().any(|start| rest.starts_with(start))
}

/// Shorter paths first, and numbers by their value: a list's element 2 comes before its element 10.
fn order(name: &str) -> Vec<(usize, String)> {
    name.split("__").map(|level| (level.parse().unwrap_or(0), level.to_owned())).collect()
}

fn path_of(name: &str, root: &Value) -> Vec<String> {
    let mut place = Some(root);
    let levels = name.strip_prefix(PREFIX).unwrap_or(name).split("__");
    levels
        .map(|level| {
            let plain = level.to_ascii_lowercase();
            let step = match place {
                Some(Value::Object(table)) => table
                    .keys()
                    .find(|key| key.to_ascii_lowercase().replace('-', "_") == plain)
                    .cloned()
                    .unwrap_or(plain),
                _ => plain,
            };
            place = match place {
                Some(Value::Object(table)) => table.get(&step),
                Some(Value::Array(list)) => {
                    step.parse().ok().and_then(|index: usize| list.get(index))
                }
                _ => None,
            };
            step
        })
        .collect()
}

/// `text` as the type that the setting has: variables have none of their own.
fn typed(text: String, kinds: Vec<Kind>) -> Value {
    if kinds.contains(&Kind::String) || kinds.is_empty() {
        return Value::String(text);
    }
    parse_value(&text).unwrap_or(Value::String(text))
}
