//! Which templates there are, and which of them a message gets.

use std::collections::{BTreeMap, BTreeSet};

use countersign_settings::problem::Problem;

use super::builtin;
use super::name::{Medium, Name, Part};

/// The names of all templates: by medium and locale in lower case, the narrowest first. Of a mail there is its
/// subject's.
pub(super) struct Catalogue(BTreeMap<(Medium, String), Vec<Name>>);

impl Catalogue {
    /// Lists the built-in templates and `own`.
    pub(super) fn new(own: &BTreeSet<Name>) -> Self {
        let mut catalogue = Self(BTreeMap::new());
        for name in own {
            catalogue.add(name.clone());
        }
        for name in builtin::ALL.iter().filter_map(|(name, _)| Name::parse(name).ok()) {
            catalogue.add(name);
        }
        catalogue
    }

    /// The template for a message of `tenant` for `purpose`: in the first of the locales that has one, the narrowest.
    pub(super) fn find(
        &self,
        medium: Medium,
        locales: Vec<String>,
        tenant: &str,
        purpose: &str,
    ) -> Option<&Name> {
        locales.into_iter().find_map(|locale| {
            self.0.get(&(medium, locale))?.iter().find(|name| name.serves(tenant, purpose))
        })
    }

    fn add(&mut self, name: Name) {
        let medium = name.part.medium();
        let names = self.0.entry((medium, name.locale.to_ascii_lowercase())).or_default();
        if name.part == medium.first() && !names.contains(&name) {
            let wider = names.partition_point(|other| other.narrowness() >= name.narrowness());
            names.insert(wider, name);
        }
    }
}

/// The mails among an operator's own templates that aren't whole.
pub(super) fn incomplete_mails(own: &BTreeSet<Name>) -> impl Iterator<Item = Problem> {
    own.iter().filter_map(|name| incomplete(name, own))
}

/// A mail is taken as a whole: a subject from one source over a body from another would fit neither.
fn incomplete(name: &Name, own: &BTreeSet<Name>) -> Option<Problem> {
    if name.part.medium() != Medium::Email {
        return None;
    }
    let (there, missing): (Vec<_>, Vec<_>) =
        Part::MAIL.into_iter().map(|part| name.with(part)).partition(|name| own.contains(name));
    // Told once, by the first that is there.
    if missing.is_empty() || there.first() != Some(name) {
        return None;
    }
    let missing: Vec<String> = missing.iter().map(|name| format!("`{name}`")).collect();
    let text = format!("a mail has three parts; missing: {}", missing.join(", "));
    Some(Problem::new(path(&name.to_string()), text))
}

/// Where a template stands among the settings.
pub(super) fn path(name: &str) -> String {
    let shown: String = name.chars().take(256).flat_map(char::escape_debug).collect();
    format!("messages.templates.{shown}")
}
