//! The second look at a configuration whose first look found mistakes: what is in order is looked at further, so that
//! all mistakes are told at once, and no mistake is told that only follows from another one.

use countersign_settings::problem::Problem;
use serde_json::Value;

/// What the first look found wrong.
#[derive(Debug, Default)]
pub(super) struct Doubts {
    paths: Vec<String>,
    sections: Vec<String>,
}

impl Doubts {
    /// Those that `problems` raise, in a configuration with these sections.
    pub(super) fn new(problems: &[Problem], sections: Vec<String>) -> Self {
        let bare = |path: &str| path.strip_suffix("_file").map(str::to_owned);
        let paths = problems.iter().flat_map(|problem| {
            [Some(problem.path.clone()), bare(&problem.path)].into_iter().flatten()
        });
        Self { paths: paths.collect(), sections }
    }

    /// Whether a problem at `path` may follow from one that was found before: one of the same setting, of the same
    /// entry (`purposes.login`, `senders.sms`), or where the name of a section is unknown.
    pub(super) fn cover(&self, path: &str) -> bool {
        if path.is_empty() {
            return !self.are_clear(&["purposes", "tenants"]);
        }
        self.paths.iter().any(|doubt| {
            let entry = doubt.rsplit_once('.').map(|(entry, _)| entry);
            let entry = entry.filter(|entry| entry.contains('.'));
            is_within(path, doubt)
                || is_within(doubt, path)
                || entry.is_some_and(|entry| is_within(path, entry))
        })
    }

    /// Whether all of these sections are as they are meant, so that rules between them can be looked at.
    pub(super) fn are_clear(&self, sections: &[&str]) -> bool {
        self.paths.iter().all(|doubt| {
            let section = doubt.split('.').next().unwrap_or_default();
            let is_known = self.sections.iter().any(|known| known == section);
            is_known && !sections.contains(&section)
        })
    }

    /// Takes what is doubted out of `root`. Of a list everything behind it goes as well: what is left has to keep its
    /// number.
    pub(super) fn take_out(&self, root: &mut Value) {
        for path in &self.paths {
            remove(root, path);
        }
    }
}

/// Takes the value at `path` out of `holder`, and of a list what is behind it. Tells whether there was anything.
pub(super) fn remove(holder: &mut Value, path: &str) -> bool {
    let (step, rest) = match path.split_once('.') {
        Some((step, rest)) => (step, Some(rest)),
        None => (path, None),
    };
    let index = step.parse::<usize>().unwrap_or(usize::MAX);
    match (holder, rest) {
        (Value::Object(table), None) => table.remove(step).is_some(),
        (Value::Array(list), None) => {
            let is_there = index < list.len();
            list.truncate(index);
            is_there
        }
        (Value::Object(table), Some(rest)) => {
            table.get_mut(step).is_some_and(|value| remove(value, rest))
        }
        (Value::Array(list), Some(rest)) => {
            list.get_mut(index).is_some_and(|value| remove(value, rest))
        }
        _ => false,
    }
}

fn is_within(path: &str, above: &str) -> bool {
    path.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn doubts(paths: &[&str]) -> Doubts {
        let problems: Vec<_> = paths.iter().map(|path| Problem::new(*path, "wrong")).collect();
        let sections = ["keys", "purposes", "senders", "server", "tenants"];
        Doubts::new(&problems, sections.map(str::to_owned).into())
    }

    #[test]
    fn what_may_follow_from_a_mistake_is_covered_and_nothing_else() {
        let doubts = doubts(&["senders.sms.1.urll", "server.mode", "keys.index_file"]);
        for path in
            ["senders.sms.1.url", "senders.sms.1", "senders.sms", "server.mode", "keys.index"]
        {
            assert!(doubts.cover(path), "{path}");
        }
        for path in ["senders.sms.0", "senders.email", "server.listen", "keys.ring.0.secret", ""] {
            assert!(!doubts.cover(path), "{path}");
        }
        assert!(doubts.are_clear(&["purposes", "tenants"]));
        assert!(!doubts.are_clear(&["server"]));
    }

    #[test]
    fn a_section_of_an_unknown_name_may_be_any() {
        let doubts = doubts(&["api_kyes"]);
        assert!(!doubts.are_clear(&["server"]));
        assert!(doubts.cover(""));
    }

    #[test]
    fn what_is_left_keeps_its_place() {
        let mut root =
            json!({ "a": [{ "b": 1 }, { "b": 2, "c": 3 }, { "b": 4 }], "d": { "e": 5 } });
        doubts(&["a.0.b", "a.1", "d.e", "d.e.f", "x.y"]).take_out(&mut root);
        assert_eq!(root, json!({ "a": [{}], "d": {} }));
    }
}
