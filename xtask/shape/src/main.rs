//! What keeps the code easy to read, in numbers, each with a limit. The code of tests is left out.
//!
//! `cargo xtask shape` runs it: `xtask-shape <root of the workspace> <list>`. The list has a line for each crate: the name of
//! its package, and its root file.

mod circles;
mod conversions;
mod report;
mod sources;
mod words;

use std::cmp::Reverse;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use self::report::Measure;
use self::sources::Source;

/// What each number may be at most: what was reached last. Lower a limit where the code falls below it; raise none
/// without a reason in the commit.
const LIMITS: Limits =
    Limits { second_definitions: 3, lines_of_conversions: 634, files_in_circles: 0, long_files: 1 };

struct Limits {
    /// Types that have the name of a word of the contract, beyond one for each word.
    second_definitions: usize,
    /// Lines of code that makes one type of another.
    lines_of_conversions: usize,
    /// Files that name one another's items.
    files_in_circles: usize,
    /// Files of over [`LONG`] lines, generated ones left out.
    long_files: usize,
}

/// A file of more lines is a long one.
const LONG: usize = 300;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask-shape: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [root, list] = arguments.as_slice() else { bail!("which workspace, and which crates?") };
    let sources = read(root, list)?;
    let measures = [
        second_definitions(root, &sources)?,
        lines_of_conversions(&sources),
        files_in_circles(&sources),
        long_files(&sources),
    ];
    report::close(&measures)
}

fn read(root: &Path, list: &Path) -> Result<Vec<Source>> {
    let list = std::fs::read_to_string(list)
        .with_context(|| format!("{} can't be read", list.display()))?;
    let crates = list.lines().filter_map(|line| line.split_once(' '));
    crates.map(|(package, file)| Source::read(package, root, Path::new(file))).collect()
}

fn second_definitions(root: &Path, sources: &[Source]) -> Result<Measure> {
    let words = words::find(root, sources)?;
    let mut lines = Vec::new();
    for (word, places) in words.iter().filter(|(_, places)| places.len() != 1) {
        let places: Vec<_> = places.iter().map(|place| place.display().to_string()).collect();
        let places = if places.is_empty() { "none".to_owned() } else { places.join(", ") };
        lines.push(format!("{word}: {places}"));
    }
    Ok(Measure {
        name: "second definitions of words",
        found: words.values().map(|places| places.len().saturating_sub(1)).sum(),
        limit: LIMITS.second_definitions,
        lines,
    })
}

fn lines_of_conversions(sources: &[Source]) -> Measure {
    let mut files: Vec<_> = sources.iter().flat_map(conversions::find).collect();
    files.sort_by_key(|(_, lines)| Reverse(*lines));
    Measure {
        name: "lines of conversions",
        found: files.iter().map(|(_, lines)| lines).sum(),
        limit: LIMITS.lines_of_conversions,
        lines: files.iter().map(|(path, lines)| sized(*lines, path)).collect(),
    }
}

fn files_in_circles(sources: &[Source]) -> Measure {
    let (mut found, mut lines) = (0, Vec::new());
    for source in sources {
        for circle in circles::find(source) {
            found += circle.len();
            let files: Vec<_> = circle.iter().map(|path| path.display().to_string()).collect();
            lines.push(format!("{}: {}", source.name, files.join(", ")));
        }
    }
    Measure { name: "files in circles", found, limit: LIMITS.files_in_circles, lines }
}

fn long_files(sources: &[Source]) -> Measure {
    let files = sources.iter().flat_map(|source| &source.files);
    let mut long: Vec<_> = files.filter(|file| file.lines > LONG && !file.is_generated).collect();
    long.sort_by_key(|file| Reverse(file.lines));
    Measure {
        name: "files of over 300 lines",
        found: long.len(),
        limit: LIMITS.long_files,
        lines: long.iter().map(|file| sized(file.lines, &file.path)).collect(),
    }
}

fn sized(lines: usize, path: &Path) -> String {
    format!("{lines:>5}  {}", path.display())
}
