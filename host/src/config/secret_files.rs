//! Secrets in files of their own: wherever the configuration has a secret `x`, it also has `x_file`.
//!
//! The one place for it: the sections know nothing of files, and the schema says which of their settings are secret.
//! A file that others on the machine may read is warned of.

use std::fs::{File, Metadata};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use countersign_settings::problem::Problem;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::schema::Shape;
use super::secrets::ENDING;
use super::tree::{Tree, below};

const MAX_BYTES: usize = 64 * 1024;

/// Puts what the files hold where the secrets belong.
pub(super) fn read_into(
    tree: &mut Tree,
    shape: &Shape,
    warnings: &mut Vec<Problem>,
) -> Vec<Problem> {
    let mut found = Vec::new();
    find(&tree.root, shape, &mut Vec::new(), &mut found);
    let mut problems = Vec::new();
    for path in found {
        match read_one(tree, &path) {
            Ok(warning) => warnings.extend(warning),
            Err(problem) => problems.push(problem),
        }
    }
    problems
}

/// A warning where secrets stand in the configuration file itself and others may read it: of the first one. To be
/// called before [`read_into`].
pub(super) fn exposed(tree: &Tree, shape: &Shape) -> Option<Problem> {
    let steps = |path: &str| path.split('.').map(str::to_owned).collect::<Vec<_>>();
    let is_secret =
        |path: &str| shape.is_surely_secret(&steps(path)) && holds_secret(&tree.root, path);
    let (path, file) = tree.places.in_files().find(|(path, _)| is_secret(path))?;
    let readers = readers(&std::fs::metadata(file).ok()?)?;
    let file = file.display();
    Some(Problem::new(
        path,
        format!("{file} holds secrets that {readers} may read: `chmod 600 {file}`"),
    ))
}

/// Whether the text at `path` is more than a URL without a password.
fn holds_secret(root: &Value, path: &str) -> bool {
    let pointer = format!("/{}", path.replace('.', "/"));
    let text = root.pointer(&pointer).and_then(Value::as_str);
    text.is_some_and(|text| !text.contains("://") || text.contains('@'))
}

/// Finds every `x_file` of a secret `x`.
fn find(value: &Value, shape: &Shape, path: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    match value {
        Value::Object(table) => {
            for (name, value) in table {
                path.push(name.clone());
                if let Some(secret) = name.strip_suffix(ENDING) {
                    let mut secret_path = path.clone();
                    secret_path.pop();
                    secret_path.push(secret.to_owned());
                    if shape.is_secret(&secret_path) {
                        found.push(path.clone());
                    }
                }
                find(value, shape, path, found);
                path.pop();
            }
        }
        Value::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                path.push(index.to_string());
                find(value, shape, path, found);
                path.pop();
            }
        }
        _ => {}
    }
}

/// Takes one `x_file` out of the tree and puts `x` in. Returns what the operator should know of the file.
fn read_one(tree: &mut Tree, path: &[String]) -> Result<Option<Problem>, Problem> {
    let place = path.join(".");
    let Some((name, above)) = path.split_last() else { return Ok(None) };
    let secret = name.strip_suffix(ENDING).unwrap_or(name);
    let Some(table) = table_at(&mut tree.root, above) else { return Ok(None) };
    let file = table.remove(name);
    let text = match (file, table.get(secret)) {
        (Some(Value::Null) | None, _) => return Ok(None),
        (Some(_), Some(value)) if !value.is_null() => {
            let text = format!("`{secret}` and `{name}` are both given: one too many");
            return Err(Problem::new(place, text));
        }
        (Some(Value::String(file)), _) => read(Path::new(&file)),
        (Some(_), _) => Err("has to be a text in quotes".to_owned()),
    };
    // Where it can't be read the secret isn't missing as well.
    let (value, result) = match text {
        Ok((text, warning)) => (text, Ok(warning.map(|text| Problem::new(place.clone(), text)))),
        Err(text) => (String::new(), Err(Problem::new(place.clone(), text))),
    };
    table.insert(secret.to_owned(), Value::String(value));
    tree.moved(&place, &below(&above.join("."), secret));
    result
}

/// What the file holds, and what the operator should know of it.
fn read(path: &Path) -> Result<(String, Option<String>), String> {
    let unreadable = |error| format!("{} can't be read: {error}", path.display());
    let mut file = File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    let mut text = Zeroizing::new(String::new());
    let most = MAX_BYTES as u64 + 1;
    (&mut file).take(most).read_to_string(&mut text).map_err(unreadable)?;
    if text.len() > MAX_BYTES {
        return Err(format!("{} holds over 65,536 bytes", path.display()));
    }
    let warning = readers(&metadata).map(|readers| {
        let path = path.display();
        format!("{path} holds a secret that {readers} may read: `chmod 600 {path}`")
    });
    Ok((text.trim_end_matches(['\r', '\n']).to_owned(), warning))
}

/// Who, but its owner and the groups of this process, may read a regular file.
fn readers(metadata: &Metadata) -> Option<String> {
    let (mode, group) = (metadata.mode(), metadata.gid());
    let is_ours = || {
        let mut groups = rustix::process::getgroups().unwrap_or_default();
        groups.push(rustix::process::getegid());
        // Root's group: it reads everything anyway.
        group == 0 || groups.iter().any(|ours| ours.as_raw() == group)
    };
    if !metadata.is_file() {
        None
    } else if mode & 0o004 != 0 {
        Some("every user of this machine".to_owned())
    } else if mode & 0o040 != 0 && !is_ours() {
        Some(format!("the group {group}"))
    } else {
        None
    }
}

fn table_at<'a>(root: &'a mut Value, path: &[String]) -> Option<&'a mut Map<String, Value>> {
    let mut place = root;
    for step in path {
        place = match place {
            Value::Object(table) => table.get_mut(step)?,
            Value::Array(list) => list.get_mut(step.parse::<usize>().ok()?)?,
            _ => return None,
        };
    }
    place.as_object_mut()
}
