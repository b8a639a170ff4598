//! What `countersign doctor` finds: a list of findings, each of one check.

mod check;

use std::fmt;

pub use self::check::Check;

/// How a check ended. The worst last.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Grade {
    /// All is well.
    Ok,
    /// Nothing could be looked at: `found` says why.
    Skipped,
    /// It works, and probably not as it is meant to.
    Warning,
    /// It doesn't work, or a promise isn't kept.
    Failed,
}

impl Grade {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Skipped => "skipped",
            Self::Warning => "warning",
            Self::Failed => "failed",
        }
    }
}

/// What one check found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    /// Which check.
    pub check: Check,
    /// What it looked at, where there is more than one: a store, a sender, a file.
    pub subject: Option<String>,
    /// How it ended.
    pub grade: Grade,
    /// What was found. For an operator; never a secret.
    pub found: String,
    /// How to mend it.
    pub mend: Option<String>,
}

/// All that was found so far, about one subject at a time.
#[derive(Debug, Default)]
pub struct Findings {
    all: Vec<Finding>,
    subject: Option<String>,
}

impl Findings {
    /// For findings about `subject`.
    #[must_use]
    pub fn about(subject: impl Into<String>) -> Self {
        Self { all: Vec::new(), subject: Some(subject.into()) }
    }

    /// What is found from now on is about `subject`.
    pub fn turn_to(&mut self, subject: Option<&str>) {
        self.subject = subject.map(str::to_owned);
    }

    /// All is well.
    pub fn ok(&mut self, check: Check, found: impl Into<String>) {
        self.push(check, Grade::Ok, found, None);
    }

    /// It works, and probably not as it is meant to; `mend` says what to do.
    pub fn warning(&mut self, check: Check, found: impl Into<String>, mend: impl Into<String>) {
        self.push(check, Grade::Warning, found, Some(mend.into()));
    }

    /// It doesn't work; `mend` says what to do.
    pub fn failed(&mut self, check: Check, found: impl Into<String>, mend: impl Into<String>) {
        self.push(check, Grade::Failed, found, Some(mend.into()));
    }

    /// Nothing could be looked at.
    pub fn skipped(&mut self, check: Check, reason: impl Into<String>) {
        self.push(check, Grade::Skipped, reason, None);
    }

    /// Skips each of `checks` that has found nothing about the subject.
    pub fn skip_rest(&mut self, checks: &[Check], reason: &str) {
        for check in checks {
            let is_known =
                |finding: &Finding| finding.check == *check && finding.subject == self.subject;
            if !self.all.iter().any(is_known) {
                self.skipped(*check, reason);
            }
        }
    }

    /// Forgets what `check` has found about the subject: it turned out otherwise.
    pub fn forget(&mut self, check: Check) {
        self.all.retain(|finding| finding.check != check || finding.subject != self.subject);
    }

    /// Names settings of another section: texts say `before` in front of a setting's name.
    pub fn rename_settings(&mut self, before: &str, after: &str) {
        for finding in &mut self.all {
            for text in std::iter::once(&mut finding.found).chain(&mut finding.mend) {
                let mut parts = text.split(before);
                let mut renamed = parts.next().unwrap_or_default().to_owned();
                for part in parts {
                    // Behind the end of a sentence no name follows.
                    let is_name = part.starts_with(|first: char| first.is_ascii_lowercase());
                    renamed.push_str(if is_name { after } else { before });
                    renamed.push_str(part);
                }
                *text = renamed;
            }
        }
    }

    /// Takes what was found about another subject.
    pub fn take(&mut self, other: Self) {
        self.all.extend(other.all);
    }

    /// All of them, in the order in which they were found.
    #[must_use]
    pub fn all(&self) -> &[Finding] {
        &self.all
    }

    /// How many of them ended so.
    #[must_use]
    pub fn count(&self, grade: Grade) -> usize {
        self.all.iter().filter(|finding| finding.grade == grade).count()
    }

    /// How the whole ended: skipped checks are no reason for concern.
    #[must_use]
    pub fn worst(&self) -> Grade {
        let grades = self.all.iter().map(|finding| finding.grade);
        grades.filter(|grade| *grade != Grade::Skipped).max().unwrap_or(Grade::Ok)
    }

    fn push(&mut self, check: Check, grade: Grade, found: impl Into<String>, mend: Option<String>) {
        let (subject, found) = (self.subject.clone(), found.into());
        self.all.push(Finding { check, subject, grade, found, mend });
    }
}

impl fmt::Display for Grade {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_is_as_bad_as_its_worst_finding_and_skipping_is_not_bad() {
        let mut findings = Findings::about("store");
        assert_eq!(findings.worst(), Grade::Ok);
        findings.ok(Check::StoreReachable, "");
        findings.skip_rest(&[Check::StoreReachable, Check::StoreTls], "refused");
        assert_eq!((findings.worst(), findings.count(Grade::Skipped)), (Grade::Ok, 1));
        findings.warning(Check::StoreClock, "", "");
        assert_eq!(findings.worst(), Grade::Warning);
        let mut more = Findings::default();
        more.failed(Check::ServerListen, "", "");
        findings.take(more);
        findings.forget(Check::ServerListen);
        assert_eq!(findings.worst(), Grade::Failed, "it is about something else");
        findings.turn_to(None);
        findings.forget(Check::ServerListen);
        assert_eq!(findings.worst(), Grade::Warning);
    }
}
