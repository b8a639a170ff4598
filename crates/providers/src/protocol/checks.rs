//! What is wrong with a provider's settings, told all at once.

use countersign_settings::problem::{Problem, Problems};

/// The settings of one provider while they are checked.
pub(crate) struct Checks {
    path: String,
    problems: Vec<Problem>,
}

impl Checks {
    /// Nothing is wrong yet; `path` is where the settings stand: `senders.sms`.
    pub(crate) fn new(path: &str) -> Self {
        Self { path: path.to_owned(), problems: Vec::new() }
    }

    /// Whether nothing is wrong so far.
    pub(crate) const fn is_empty(&self) -> bool {
        self.problems.is_empty()
    }

    /// Refuses the setting `field`: `url`, or `templates.login`. `text` says what it has to be, without its value.
    pub(crate) fn refuse(&mut self, field: &str, text: impl Into<String>) {
        self.problems.push(Problem::new(format!("{}.{field}", self.path), text));
    }

    /// Refuses the setting `field` unless it is good.
    pub(crate) fn require(&mut self, field: &str, is_good: bool, text: &str) {
        if !is_good {
            self.refuse(field, text);
        }
    }

    /// What the setting `field` was read as; where it couldn't be, it is refused.
    pub(crate) fn take<T>(&mut self, field: &str, read: Result<T, &'static str>) -> Option<T> {
        read.map_err(|text| self.refuse(field, text)).ok()
    }

    /// As [`take`](Self::take), of a setting that may be missing.
    pub(crate) fn take_optional<T>(
        &mut self,
        field: &str,
        read: Option<Result<T, &'static str>>,
    ) -> Option<T> {
        self.take(field, read.transpose()).flatten()
    }

    /// What the settings make, where none was refused. `make` gives nothing only where one was.
    ///
    /// # Errors
    /// Everything that was refused.
    pub(crate) fn finish<T>(self, make: impl FnOnce() -> Option<T>) -> Result<T, Problems> {
        let made = if self.is_empty() { make() } else { None };
        made.ok_or(Problems(self.problems))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_refused_is_told_at_once_and_makes_nothing() {
        let mut checks = Checks::new("senders.sms");
        assert_eq!(checks.take("a", Ok(1)), Some(1));
        checks.require("b", true, "is good");
        assert_eq!(checks.take_optional::<u8>("c", None), None);
        assert!(checks.is_empty());
        assert_eq!(checks.take::<u8>("d", Err("is wrong")), None);
        checks.require("e.f", false, "is too");
        let problems = checks.finish(|| Some(())).unwrap_err().to_string();
        assert_eq!(problems, "senders.sms.d: is wrong\nsenders.sms.e.f: is too");
    }

    #[test]
    fn what_nothing_is_wrong_with_is_made() {
        assert_eq!(Checks::new("senders.sms").finish(|| Some(7)), Ok(7));
    }
}
