//! What is said of a name that doesn't exist: the nearest one that does.

/// How like two names have to be for one to be taken for the other, misspelt.
const LIKENESS: f64 = 0.8;

/// `unknown setting`, and the nearest name or all of them.
pub(super) fn unknown<'a>(
    what: &str,
    name: &str,
    valid: impl IntoIterator<Item = &'a str>,
) -> String {
    let mut valid: Vec<&str> = valid.into_iter().collect();
    valid.sort_unstable();
    valid.dedup();
    match nearest(name, valid.iter().copied(), strsim::jaro_winkler) {
        Some(nearest) => format!("unknown {what}: did you mean `{nearest}`?"),
        _ => format!("unknown {what}: one of {} is valid here", list(valid)),
    }
}

/// Names in quotes.
pub(super) fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

/// The name that is most like `name`, if one is like enough.
pub(super) fn nearest<'a>(
    name: &str,
    valid: impl IntoIterator<Item = &'a str>,
    likeness: impl Fn(&str, &str) -> f64,
) -> Option<&'a str> {
    let rated = valid.into_iter().map(|candidate| (likeness(name, candidate), candidate));
    let best = rated.max_by(|left, right| left.0.total_cmp(&right.0));
    best.filter(|(likeness, _)| *likeness > LIKENESS).map(|(_, nearest)| nearest)
}
