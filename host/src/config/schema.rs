//! The shape of a configuration, as JSON schema: what the documentation carries, and what a configuration is held
//! against before it is typed, so that every mistake is found at once and named by its place.

use countersign_settings::problem::Problem;
use serde_json::{Map, Value};

use super::sections::Config;
use super::tree::below;
use super::values::{self, Kind, kinds_of};
use super::{nearest, secrets};

/// The JSON schema of the configuration file, as committed in `docs/config.schema.json`.
#[must_use]
pub fn schema() -> Value {
    let mut schema = with_files();
    secrets::relax(&mut schema);
    schema
}

/// The schema in which every secret has its file beside it.
fn with_files() -> Value {
    let mut schema = schemars::schema_for!(Config).to_value();
    secrets::add_to(&mut schema);
    schema
}

/// The schema, ready for questions.
pub(super) struct Shape {
    root: Value,
}

impl Shape {
    /// The shape of [`Config`].
    pub(super) fn of_config() -> Self {
        Self { root: with_files() }
    }

    /// The types that the setting at `path` may have; none where there is no such setting.
    pub(super) fn kinds(&self, path: &[String]) -> Vec<Kind> {
        let parts = self.places(path).into_iter().flat_map(|place| self.branches(place));
        parts.flat_map(kinds_of).collect()
    }

    /// The names of the sections.
    pub(super) fn sections(&self) -> Vec<String> {
        self.children(&[]).map(str::to_owned).collect()
    }

    /// The names of what may stand in the table at `path`, as far as the schema knows them.
    pub(super) fn children<'a>(&'a self, path: &[String]) -> impl Iterator<Item = &'a str> {
        let parts = self.places(path).into_iter().flat_map(|place| self.branches(place));
        parts.flat_map(names_of)
    }

    /// Whether there is a setting at `path`.
    pub(super) fn has(&self, path: &[String]) -> bool {
        !self.places(path).is_empty()
    }

    /// The schemas of what may stand at `path`.
    fn places(&self, path: &[String]) -> Vec<&Value> {
        let mut places = vec![&self.root];
        for step in path {
            places = places
                .into_iter()
                .flat_map(|place| self.branches(place))
                .filter_map(|part| child(part, step))
                .collect();
        }
        places
    }

    /// Whether the setting at `path` may be a secret: in tables of some type it is one.
    pub(super) fn is_secret(&self, path: &[String]) -> bool {
        self.settings(path).into_iter().any(secrets::is_secret)
    }

    /// Whether the setting at `path` is a secret, whatever the type of its table.
    pub(super) fn is_surely_secret(&self, path: &[String]) -> bool {
        let settings = self.settings(path);
        !settings.is_empty() && settings.into_iter().all(secrets::is_secret)
    }

    /// The schemas of the setting at `path`, as its table names it.
    fn settings(&self, path: &[String]) -> Vec<&Value> {
        let Some((name, above)) = path.split_last() else { return Vec::new() };
        let parts = self.places(above).into_iter().flat_map(|place| self.branches(place));
        parts.filter_map(|part| child(part, name)).collect()
    }

    /// Everything in which `value` differs from the shape.
    pub(super) fn problems(&self, value: &Value) -> Vec<Problem> {
        let mut problems = Vec::new();
        self.compare(&self.root, value, "", &mut problems);
        problems
    }

    fn compare(&self, schema: &Value, value: &Value, path: &str, problems: &mut Vec<Problem>) {
        let parts = self.parts(schema);
        if let Some(choices) = choices(&parts) {
            return self.compare_choice(&choices, value, path, problems);
        }
        if let Some(text) = values::wrong_type(&parts, value) {
            return problems.push(Problem::new(path, text));
        }
        match value {
            Value::Object(table) => self.compare_table(&parts, table, path, problems),
            Value::Array(list) => {
                let Some(items) = parts.iter().find_map(|part| part.get("items")) else {
                    return;
                };
                for (index, element) in list.iter().enumerate() {
                    self.compare(items, element, &below(path, &index.to_string()), problems);
                }
            }
            _ => values::compare(&parts, value, path, problems),
        }
    }

    fn compare_table(
        &self,
        parts: &[&Map<String, Value>],
        table: &Map<String, Value>,
        path: &str,
        problems: &mut Vec<Problem>,
    ) {
        let closed =
            parts.iter().any(|part| part.get("additionalProperties") == Some(&Value::Bool(false)));
        for (key, value) in table {
            let path = below(path, key);
            if let Some(schema) = parts.iter().find_map(|part| child(part, key)) {
                self.compare(schema, value, &path, problems);
            } else if closed {
                let names = parts.iter().flat_map(|part| names_of(part));
                let elsewhere = self.elsewhere(key).filter(|_| path == *key);
                let text = elsewhere.unwrap_or_else(|| nearest::unknown("setting", key, names));
                problems.push(Problem::new(path, text));
            }
        }
        for required in parts.iter().filter_map(|part| part.get("required")?.as_array()).flatten() {
            let Some(name) = required.as_str() else {
                continue;
            };
            if !table.contains_key(name) {
                let place = parts.iter().find_map(|part| child(part, name));
                let text = if place.is_some_and(secrets::is_secret) {
                    format!("`{name}` is missing: give `{name}` or `{name}_file`")
                } else {
                    format!("`{name}` is missing")
                };
                problems.push(Problem::new(path, text));
            }
        }
    }

    /// What is said of a setting that stands at the top and belongs into one of the sections.
    fn elsewhere(&self, key: &str) -> Option<String> {
        let name = key.to_owned();
        let sections = self.sections();
        let mut homes = sections
            .iter()
            .filter(|section| self.children(&[(*section).clone()]).any(|child| child == name));
        let (home, others) = (homes.next()?, homes.next());
        others.is_none().then(|| format!("unknown setting: it belongs into `[{home}]`"))
    }

    /// Compares with a schema of several branches: a tagged table or one of several words. Whatever else it is
    /// (none is today) is left to serde.
    fn compare_choice(
        &self,
        choices: &[&Value],
        value: &Value,
        path: &str,
        problems: &mut Vec<Problem>,
    ) {
        // One or a list of them: what is given says which is meant.
        let is_list = |choice: &&&Value| choice.get("type") == Some(&Value::from("array"));
        let (lists, others): (Vec<&Value>, Vec<&Value>) =
            choices.iter().copied().partition(|choice| is_list(&choice));
        let choices = match (lists.as_slice(), others.is_empty()) {
            ([_, ..], false) if value.is_array() => &lists,
            _ => &others,
        };
        if let [only] = choices.as_slice() {
            return self.compare(only, value, path, problems);
        }
        let tags = choices.iter().map(|choice| self.tag(choice));
        if let Some(tags) = tags.collect::<Option<Vec<&str>>>() {
            let tag = value.get("type").and_then(Value::as_str);
            let Some(tag) = tag else {
                let text = format!("`type` is missing: one of {}", nearest::list(tags));
                return problems.push(Problem::new(path, text));
            };
            match choices.iter().find(|choice| self.tag(choice) == Some(tag)) {
                Some(choice) => self.compare(choice, value, path, problems),
                None => problems
                    .push(Problem::new(below(path, "type"), nearest::unknown("type", tag, tags))),
            }
            return;
        }
        let words: Option<Vec<&str>> =
            choices.iter().map(|choice| choice.get("const")?.as_str()).collect();
        match (words, value.as_str()) {
            (Some(words), Some(word)) if !words.contains(&word) => {
                problems.push(Problem::new(path, nearest::unknown("value", word, words)));
            }
            (Some(_), None) => problems.push(Problem::new(path, "has to be a text in quotes")),
            _ => {}
        }
    }

    /// The `type` that a branch is for.
    fn tag<'a>(&'a self, choice: &'a Value) -> Option<&'a str> {
        let parts = self.parts(choice);
        let mut tags = parts
            .iter()
            .filter_map(|part| part.get("properties")?.get("type")?.get("const")?.as_str());
        tags.next()
    }

    /// The schema itself and all that it refers to: they hold together.
    fn parts<'a>(&'a self, schema: &'a Value) -> Vec<&'a Map<String, Value>> {
        let Some(object) = schema.as_object() else {
            return Vec::new();
        };
        let mut parts = vec![object];
        if let Some(target) = object.get("$ref").and_then(Value::as_str)
            && let Some(target) = target.strip_prefix('#').and_then(|at| self.root.pointer(at))
        {
            parts.extend(self.parts(target));
        }
        for part in object.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            parts.extend(self.parts(part));
        }
        parts
    }

    /// The same with every branch of every choice.
    fn branches<'a>(&'a self, schema: &'a Value) -> Vec<&'a Map<String, Value>> {
        let mut branches = Vec::new();
        for part in self.parts(schema) {
            branches.push(part);
            for choice in choices(&[part]).into_iter().flatten() {
                branches.extend(self.branches(choice));
            }
        }
        branches
    }
}

/// The branches of a choice, without that of an absent value.
fn choices<'a>(parts: &[&'a Map<String, Value>]) -> Option<Vec<&'a Value>> {
    let branches = parts
        .iter()
        .find_map(|part| part.get("oneOf").or_else(|| part.get("anyOf"))?.as_array())?;
    let null = Value::from("null");
    Some(branches.iter().filter(|branch| branch.get("type") != Some(&null)).collect())
}

fn child<'a>(part: &'a Map<String, Value>, step: &str) -> Option<&'a Value> {
    if let Some(schema) = part.get("properties").and_then(|names| names.get(step)) {
        return Some(schema);
    }
    if let Some(items) = part.get("items")
        && step.parse::<usize>().is_ok()
    {
        return Some(items);
    }
    part.get("additionalProperties").filter(|schema| schema.is_object())
}

fn names_of(part: &Map<String, Value>) -> impl Iterator<Item = &str> {
    part.get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flat_map(|names| names.keys().map(String::as_str))
}
