//! The names of WhatsApp templates, of which Meta or a partner of Meta's has the words.

use std::collections::BTreeMap;

use countersign_contract::names::{MAX_NAME, is_name};

use crate::protocol::checks::Checks;

const MAX_PURPOSES: usize = 256;
const MAX_NAME_BYTES: usize = 512;

/// Which template each purpose has.
#[derive(Debug)]
pub(crate) struct Templates {
    others: String,
    by_purpose: BTreeMap<String, String>,
}

impl Templates {
    /// Reads the settings `template` and `templates`.
    pub(crate) fn open(
        template: &str,
        templates: &BTreeMap<String, String>,
        checks: &mut Checks,
    ) -> Self {
        checks.take("template", is_template(template));
        let has_room = templates.len() <= MAX_PURPOSES;
        checks.require("templates", has_room, "has more than 256 purposes");
        for (purpose, template) in templates.iter().take(MAX_PURPOSES) {
            let field = format!("templates.{purpose}");
            checks.require(&field, is_name(purpose, MAX_NAME), "is no purpose's name");
            checks.take(&field, is_template(template));
        }
        Self { others: template.to_owned(), by_purpose: templates.clone() }
    }

    /// The template of a purpose.
    pub(crate) fn of(&self, purpose: &str) -> &str {
        self.by_purpose.get(purpose).unwrap_or(&self.others)
    }

    /// Whether any purpose has that template.
    pub(crate) fn has(&self, template: &str) -> bool {
        self.others == template || self.by_purpose.values().any(|known| known == template)
    }
}

/// Whether a text can be a template's name, by Meta's rule.
///
/// # Errors
/// What it has to be.
pub(crate) fn is_template(text: &str) -> Result<(), &'static str> {
    let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if (1..=MAX_NAME_BYTES).contains(&text.len()) && text.bytes().all(is_letter) {
        Ok(())
    } else {
        Err("has to be a template's name: 1 to 512 characters of `a-z 0-9 _`")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(template: &str, templates: &[(&str, &str)]) -> (Templates, Vec<String>) {
        let mut checks = Checks::new("p");
        let table = templates.iter().map(|(key, text)| ((*key).into(), (*text).into())).collect();
        let templates = Templates::open(template, &table, &mut checks);
        let problems = checks.finish(|| Some(())).err().map_or_else(Vec::new, |all| all.0);
        (templates, problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_purpose_without_a_template_of_its_own_gets_the_others() {
        let (templates, problems) = open("login_otp", &[("wallet-funding", "pay_otp")]);
        assert!(problems.is_empty());
        assert_eq!(templates.of("wallet-funding"), "pay_otp");
        assert_eq!(templates.of("login"), "login_otp");
        assert!(templates.has("pay_otp") && templates.has("login_otp") && !templates.has("login"));
    }

    #[test]
    fn everything_wrong_with_the_names_is_told() {
        let name = "has to be a template's name: 1 to 512 characters of `a-z 0-9 _`";
        let (_, problems) = open("Login OTP", &[("login", ""), ("Login", "a"), ("x", "a-b")]);
        assert_eq!(
            problems,
            [
                format!("p.template: {name}"),
                "p.templates.Login: is no purpose's name".to_owned(),
                format!("p.templates.login: {name}"),
                format!("p.templates.x: {name}"),
            ]
        );
        assert!(is_template(&"a".repeat(512)).is_ok() && is_template(&"a".repeat(513)).is_err());
    }
}
