//! The audit: one line in the log for each action of an operator, whether it was done, refused or given up.
//!
//! The lines have a target of their own, [`TARGET`], so that they can be kept apart. They never hold a code or a full
//! recipient: a recipient is masked, an id stands there once the engine has found it, a purpose where the tenant has it.

use axum::http::request::Parts;

use crate::keys::Caller;
use crate::problem::Problem;
use crate::trace::Done;

/// The target of every line.
pub const TARGET: &str = "countersign::audit";

/// The person who acts, where the API key alone doesn't say: put into the request's extensions by the environment.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct User(pub String);

/// One action. It is written when it [ends](Entry::ended), or as given up where that never happens.
pub(crate) struct Entry {
    action: &'static str,
    key: String,
    tenant: String,
    user: Option<String>,
    purpose: Option<String>,
    challenge: Option<String>,
    to: Option<String>,
    is_written: bool,
}

impl Entry {
    /// An action that `caller` asks for.
    pub(crate) fn new(action: &'static str, caller: &Caller, parts: &Parts) -> Self {
        Self {
            action,
            key: caller.name().to_owned(),
            tenant: caller.tenant().to_owned(),
            user: parts.extensions.get().map(|User(name)| name.clone()),
            purpose: None,
            challenge: None,
            to: None,
            is_written: false,
        }
    }

    /// What the codes are for: a purpose that the tenant has.
    pub(crate) fn purpose(&mut self, purpose: &str) {
        self.purpose = Some(purpose.to_owned());
    }

    /// The recipient as the caller wrote it.
    pub(crate) fn to(&mut self, to: &str) {
        self.to = Some(masked(to));
    }

    /// Writes what became of it, and passes that on. The challenge and the recipient are those of the request's own line,
    /// where that has them: the engine found the one and masked the other.
    pub(crate) fn ended(mut self, result: Result<Done, Problem>) -> Result<Done, Problem> {
        let (line, outcome) = match &result {
            Ok(done) => (done.line(), "ok"),
            Err(problem) => (problem.log_line.as_deref(), problem.code.as_str()),
        };
        if let Some(line) = line {
            self.challenge.clone_from(&line.challenge);
            self.to = line.to.clone().or(self.to.take());
        }
        self.write(outcome);
        result
    }

    fn write(&mut self, result: &str) {
        self.is_written = true;
        let Self { action, key, tenant, user, purpose, challenge, to, .. } = self;
        let (user, purpose) = (user.as_deref(), purpose.as_deref());
        let (challenge, to) = (challenge.as_deref(), to.as_deref());
        tracing::info!(
            target: TARGET,
            action = *action,
            result,
            key = key.as_str(),
            user,
            tenant = tenant.as_str(),
            purpose,
            challenge,
            to,
            "an operator acted"
        );
    }
}

impl Drop for Entry {
    /// The client has gone, or took too long: what the engine had begun is finished all the same.
    fn drop(&mut self) {
        if !self.is_written {
            self.write("given_up");
        }
    }
}

/// The same of a call that every caller may make: there is an entry where an operator made it.
pub(crate) fn ended(entry: Option<Entry>, result: Result<Done, Problem>) -> Result<Done, Problem> {
    match entry {
        Some(entry) => entry.ended(result),
        None => result,
    }
}

/// What may stand in the log of a recipient in any spelling, also of a text that is none: of a mail address what the
/// engine shows of it, of anything else the last four digits where there are at least eight.
fn masked(to: &str) -> String {
    let first = |part: &str| part.chars().next().map(String::from).unwrap_or_default();
    if let Some((local, domain)) = to.split_once('@') {
        let label = domain.rsplit_once('.').map_or("", |(_, label)| label);
        let is_name = label.len() <= 10 && label.bytes().all(|byte| byte.is_ascii_alphabetic());
        let label = if is_name { label } else { "" };
        return format!("{}***@{}***.{label}", first(local), first(domain));
    }
    let digits: String = to.chars().filter(char::is_ascii_digit).collect();
    match digits.len().checked_sub(4).and_then(|end| Some((end, digits.get(end..)?))) {
        Some((hidden, shown)) if hidden >= 4 => format!("****{shown}"),
        _ => "****".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_recipient_in_any_spelling_little_is_shown() {
        for (to, shown) in [
            ("+62 812-3456-7890", "****7890"),
            ("0812 3456", "****3456"),
            ("1234567", "****"),
            ("", "****"),
            ("John Smith", "****"),
            ("ann@example.com", "a***@e***.com"),
            ("ann@localhost", "a***@l***."),
            ("a@b.4915112345678", "a***@b***."),
            ("a@b.annoftheexample", "a***@b***."),
            ("@", "***@***."),
            ("ä@ü.de", "ä***@ü***.de"),
        ] {
            assert_eq!(masked(to), shown, "{to}");
        }
    }
}
