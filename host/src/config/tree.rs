//! A configuration before it is typed: values by path, each with the place that it came from. Some are secrets, so that
//! all are wiped from memory on drop.

use std::path::{Path, PathBuf};

use countersign_settings::problem::{Origin, Problem, Problems};
use serde_json::{Map, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};
use zeroize::Zeroize;

use super::places::Places;

/// Values, and where they came from.
#[derive(Debug)]
pub(super) struct Tree {
    /// The values: an object.
    pub(super) root: Value,
    /// Where they came from.
    pub(super) places: Places,
}

impl Tree {
    /// A tree without values.
    pub(super) fn empty() -> Self {
        Self { root: Value::Object(Map::new()), places: Places::default() }
    }

    /// Reads the text of `file`.
    ///
    /// # Errors
    /// Every place at which it isn't TOML.
    pub(super) fn parse(file: &Path, text: &str) -> Result<Self, Problems> {
        let mut reader =
            Reader { file: file.to_owned(), lines: line_starts(text), places: Places::default() };
        let (table, errors) = DeTable::parse_recoverable(text);
        let problems = errors.iter().map(|error| Problem {
            origin: reader.origin(error.span().unwrap_or_default().start),
            path: String::new(),
            // Not `Display`: that repeats the line, and a secret may stand in it.
            text: error.message().to_owned(),
        });
        let mut problems: Vec<Problem> = problems.collect();
        // What follows from an error in the same line isn't told.
        problems.dedup_by(|next, first| next.origin == first.origin);
        if !problems.is_empty() {
            return Err(Problems(problems));
        }
        let root = reader.table("", table.into_inner())?;
        Ok(Self { root, places: reader.places })
    }

    /// Has the value at `to` come from where the one at `from` came from.
    pub(super) fn moved(&mut self, from: &str, to: &str) {
        let origin = self.places.origin(from);
        self.places.0.insert(to.to_owned(), origin);
    }

    /// Puts `value` at `path`, as the environment variable `name` says. Makes what is missing on the way.
    pub(super) fn put(&mut self, path: &[String], value: Value, name: &str) -> Result<(), Problem> {
        let whole = path.join(".");
        let origin = Origin::Environment(name.to_owned());
        let made = self.missing_above(path);
        put_below(&mut self.root, path, value).map_err(|text| Problem {
            origin: origin.clone(),
            path: whole.clone(),
            text: text.to_owned(),
        })?;
        for place in &made {
            self.places.0.insert(place.clone(), origin.clone());
        }
        self.places.0.insert(whole, origin);
        Ok(())
    }

    /// The paths above `path` at which nothing stands.
    fn missing_above(&self, path: &[String]) -> Vec<String> {
        let mut place = Some(&self.root);
        let mut missing = Vec::new();
        let mut above = String::new();
        for step in path.iter().take(path.len().saturating_sub(1)) {
            above = below(&above, step);
            place = match place {
                Some(Value::Object(table)) => table.get(step),
                Some(Value::Array(list)) => step.parse().ok().and_then(|at: usize| list.get(at)),
                _ => None,
            };
            if place.is_none() {
                missing.push(above.clone());
            }
        }
        missing
    }
}

/// One value of TOML, as an environment variable gives it.
pub(super) fn parse_value(text: &str) -> Option<Value> {
    let value = DeValue::parse(text).ok()?;
    let mut reader = Reader { file: PathBuf::new(), lines: Vec::new(), places: Places::default() };
    reader.value("", value).ok()
}

impl Drop for Tree {
    fn drop(&mut self) {
        wipe(&mut self.root);
    }
}

/// Overwrites every text in it.
fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(list) => list.iter_mut().for_each(wipe),
        Value::Object(table) => table.values_mut().for_each(wipe),
        Value::Bool(_) | Value::Null | Value::Number(_) => {}
    }
}

/// `path` with `step` below it.
pub(super) fn below(path: &str, step: &str) -> String {
    if path.is_empty() { step.to_owned() } else { format!("{path}.{step}") }
}

fn put_below(holder: &mut Value, path: &[String], value: Value) -> Result<(), &'static str> {
    let Some((step, rest)) = path.split_first() else {
        wipe(holder);
        *holder = value;
        return Ok(());
    };
    let index = step.parse::<usize>().ok();
    if holder.is_null() {
        *holder = match index {
            Some(_) => Value::Array(Vec::new()),
            None => Value::Object(Map::new()),
        };
    }
    match holder {
        Value::Object(table) => {
            put_below(table.entry(step.clone()).or_insert(Value::Null), rest, value)
        }
        Value::Array(list) => {
            let index = index.ok_or("a list: its elements are numbered from 0")?;
            if index == list.len() {
                list.push(Value::Null);
            }
            let element = list
                .get_mut(index)
                .ok_or("the elements of a list have to be given without a gap, from 0")?;
            put_below(element, rest, value)
        }
        _ => Err("has no settings of its own below it"),
    }
}

/// Turns what the parser found into values, noting lines.
struct Reader {
    file: PathBuf,
    /// The offset at which each line begins.
    lines: Vec<usize>,
    places: Places,
}

impl Reader {
    fn origin(&self, offset: usize) -> Origin {
        let line = self.lines.partition_point(|start| *start <= offset);
        Origin::File(self.file.clone(), line)
    }

    fn table(&mut self, path: &str, table: DeTable<'_>) -> Result<Value, Problem> {
        let mut object = Map::new();
        for (key, value) in table {
            let path = below(path, key.get_ref());
            let origin = self.origin(key.span().start);
            self.places.0.insert(path.clone(), origin);
            let value = self.value(&path, value)?;
            object.insert(key.into_inner().into_owned(), value);
        }
        Ok(Value::Object(object))
    }

    fn value(&mut self, path: &str, value: Spanned<DeValue<'_>>) -> Result<Value, Problem> {
        Ok(match value.into_inner() {
            DeValue::String(text) => Value::String(text.into_owned()),
            // One that doesn't fit is no whole number of any range: the check of ranges tells what is.
            DeValue::Integer(integer) => i64::from_str_radix(integer.as_str(), integer.radix())
                .map_or(Value::from(f64::MAX), Value::from),
            DeValue::Float(float) => float.as_str().parse::<f64>().map_or(Value::Null, Value::from),
            DeValue::Boolean(yes) => Value::Bool(yes),
            DeValue::Datetime(time) => Value::String(time.to_string()),
            DeValue::Array(list) => {
                let mut elements = Vec::new();
                for (index, element) in list.into_iter().enumerate() {
                    let path = below(path, &index.to_string());
                    let origin = self.origin(element.span().start);
                    self.places.0.insert(path.clone(), origin);
                    elements.push(self.value(&path, element)?);
                }
                Value::Array(elements)
            }
            DeValue::Table(table) => self.table(path, table)?,
        })
    }
}

fn line_starts(text: &str) -> Vec<usize> {
    std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(path: &str) -> Vec<String> {
        path.split('.').map(str::to_owned).collect()
    }

    #[test]
    fn every_value_knows_its_line() {
        let text =
            "[server]\nlisten = \"x\"\n\n[[api_keys]]\nname = \"a\"\n[[api_keys]]\nname = \"b\"\n";
        let tree = Tree::parse(Path::new("c.toml"), text).unwrap();
        let line = |path| match tree.places.origin(path) {
            Origin::File(_, line) => line,
            other => panic!("{other:?}"),
        };
        assert_eq!(line("server"), 1);
        assert_eq!(line("server.listen"), 2);
        assert_eq!(line("server.absent"), 1);
        assert_eq!(line("api_keys.0.name"), 5);
        assert_eq!(line("api_keys.1.name"), 7);
    }

    #[test]
    fn a_syntax_error_names_the_line_and_repeats_nothing_of_it() {
        let text = "[keys]\nindex = \"very secret\n";
        let problems = Tree::parse(Path::new("c.toml"), text).unwrap_err();
        assert_eq!(problems.0[0].origin, Origin::File("c.toml".into(), 2));
        assert!(!problems.to_string().contains("very secret"), "{problems}");
    }

    #[test]
    fn every_syntax_error_is_told_with_its_line() {
        let text =
            "[server]\nmode = development\n[log]\nformat = \"text\"\nformat = \"json\"\n[log]\n";
        let problems = Tree::parse(Path::new("c.toml"), text).unwrap_err();
        let lines: Vec<_> = problems.0.iter().map(|problem| problem.origin.clone()).collect();
        assert_eq!(lines, [2, 5, 6].map(|line| Origin::File("c.toml".into(), line)), "{problems}");
    }

    #[test]
    fn what_is_put_makes_tables_and_lists_on_its_way() {
        let mut tree = Tree::empty();
        for (path, value) in
            [("keys.ring.0.name", "a"), ("keys.ring.1.name", "b"), ("keys.index", "c")]
        {
            tree.put(&steps(path), value.into(), "V").unwrap();
        }
        assert_eq!(
            tree.root,
            serde_json::json!({ "keys": { "ring": [{ "name": "a" }, { "name": "b" }], "index": "c" } })
        );
        assert_eq!(tree.places.origin("keys.ring.1.name"), Origin::Environment("V".into()));
    }

    #[test]
    fn a_gap_in_a_list_is_refused() {
        let problem = Tree::empty().put(&steps("keys.ring.1.name"), "a".into(), "V").unwrap_err();
        assert!(problem.text.contains("without a gap"), "{problem}");
    }
}
