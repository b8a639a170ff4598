//! What is said of an environment variable that names no setting.

use serde_json::Value;

use super::nearest::{list, nearest};
use super::schema::Shape;

/// What is said of an environment variable that names no setting: `path` is what it would name, `root` what is set.
pub(super) fn explain(shape: &Shape, root: &Value, prefix: &str, path: &[String]) -> String {
    let spelled = |path: &[String]| {
        format!("{prefix}{}", path.join("__").replace('-', "_").to_ascii_uppercase())
    };
    // The names are compared without the levels: one underscore in place of two is the usual mistake.
    let flat = |path: &[String]| path.join("_").replace('-', "_");
    // `COUNTERSIGN_CONFIG` is no setting, and is mistyped all the same.
    let mut settings = vec![vec!["config".to_owned()]];
    collect(shape, root, &mut Vec::new(), &mut settings);
    let flattened: Vec<String> = settings.iter().map(|path| flat(path)).collect();
    let found = nearest(
        &flat(path),
        flattened.iter().map(String::as_str),
        strsim::normalized_damerau_levenshtein,
    );
    let found = found.and_then(|found| flattened.iter().position(|flat| flat == found));
    if let Some(setting) = found.and_then(|at| settings.get(at)) {
        return format!("unknown setting: did you mean `{}`?", spelled(setting));
    }
    // The first level that doesn't exist.
    let at = (1..=path.len()).find(|end| path.get(..*end).is_some_and(|path| !shape.has(path)));
    let (above, rest) = path.split_at_checked(at.unwrap_or(1) - 1).unwrap_or_default();
    let Some((step, below)) = rest.split_first() else { return String::new() };
    let names: Vec<&str> = shape.children(above).collect();
    if let Some(right) = nearest(step, names.iter().copied(), strsim::jaro_winkler) {
        let right = [above, &[right.to_owned()], below].concat();
        if shape.has(&right) {
            return format!("unknown setting: did you mean `{}`?", spelled(&right));
        }
    }
    let mut names: Vec<String> =
        names.iter().map(|name| spelled(&[above, &[(*name).to_owned()]].concat())).collect();
    names.sort_unstable();
    names.dedup();
    let names = list(names.iter().map(String::as_str));
    format!(
        "unknown setting: levels are joined by two underscores, and one of {names} is valid here"
    )
}

/// Every setting that there can be in what is set.
fn collect(shape: &Shape, set: &Value, path: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    if !path.is_empty() {
        found.push(path.clone());
    }
    let mut names: Vec<String> = shape.children(path).map(str::to_owned).collect();
    match set {
        Value::Object(table) => names.extend(table.keys().cloned()),
        Value::Array(list) => names.extend((0..list.len()).map(|index| index.to_string())),
        _ => {}
    }
    names.sort_unstable();
    names.dedup();
    for name in names {
        let below = match set {
            Value::Object(table) => table.get(&name),
            Value::Array(list) => name.parse().ok().and_then(|index: usize| list.get(index)),
            _ => None,
        };
        path.push(name);
        if shape.has(path) {
            collect(shape, below.unwrap_or(&Value::Null), path, found);
        }
        path.pop();
    }
}
