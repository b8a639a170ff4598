//! Where each setting was given: the line of the file, or the environment variable.

use std::collections::BTreeMap;
use std::path::Path;

use countersign_settings::problem::{Origin, Problem, Problems};

/// Origins by path. A value whose path isn't among them came with the nearest one above.
#[derive(Clone, Debug, Default)]
pub struct Places(pub(super) BTreeMap<String, Origin>);

impl Places {
    /// Says where the value at `path` came from.
    pub(super) fn origin(&self, path: &str) -> Origin {
        let mut path = path;
        loop {
            if let Some(origin) = self.0.get(path) {
                return origin.clone();
            }
            match path.rsplit_once('.') {
                Some((above, _)) => path = above,
                None => return Origin::Anywhere,
            }
        }
    }

    /// What was given in files, and in which.
    pub(super) fn in_files(&self) -> impl Iterator<Item = (&str, &Path)> {
        self.0.iter().filter_map(|(path, origin)| match origin {
            Origin::File(file, _) => Some((path.as_str(), file.as_path())),
            _ => None,
        })
    }

    /// Gives each problem its place, and puts them in the order of the places: the file's from top to bottom, then
    /// the environment's.
    #[must_use]
    pub fn locate(&self, problems: impl IntoIterator<Item = Problem>) -> Problems {
        let place = |problem: Problem| match problem.origin {
            Origin::Anywhere if !problem.path.is_empty() => {
                Problem { origin: self.origin(&problem.path), ..problem }
            }
            _ => problem,
        };
        let mut problems: Vec<Problem> = problems.into_iter().map(place).collect();
        problems.sort_by_key(|problem| match &problem.origin {
            Origin::File(_, line) => (0, *line, String::new()),
            Origin::Environment(name) => (1, 0, name.clone()),
            Origin::Anywhere => (2, 0, String::new()),
        });
        Problems(problems)
    }
}
