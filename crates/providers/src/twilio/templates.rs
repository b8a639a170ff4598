//! Which of Twilio's content templates a message is made of: each is of one language.

use std::collections::BTreeMap;

use countersign_settings::problem::Problem;
use schemars::JsonSchema;
use serde::Deserialize;

use super::account::is_sid;
use crate::locale::ByLocale;

/// Entries of a map at most.
const MAX_ENTRIES: usize = 64;

/// The templates of one purpose.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TwilioTemplates {
    /// The template for every language without one of its own: `HX` and 32 hexadecimal digits.
    pub content_sid: String,
    /// Templates by language: a BCP 47 tag of at most 35 characters (`id`, `pt-BR`), and the template's SID. The tag
    /// that is asked for is shortened from its end until there is one. At most 64.
    #[serde(default)]
    pub locales: BTreeMap<String, String>,
}

/// The templates of all purposes.
pub(super) struct Templates {
    others: OfPurpose,
    purposes: BTreeMap<String, OfPurpose>,
}

struct OfPurpose {
    content_sid: String,
    locales: ByLocale,
}

impl Templates {
    /// The templates whose settings stand at `path`; where `problems` were found they are of no use.
    pub(super) fn open(
        others: &TwilioTemplates,
        purposes: &BTreeMap<String, TwilioTemplates>,
        path: &str,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let field = format!("{path}.purposes");
        if purposes.len() > MAX_ENTRIES {
            problems.push(Problem::new(field.as_str(), "has more than 64 entries"));
        }
        let others = OfPurpose::open(others, path, problems);
        let purposes = purposes.iter().take(MAX_ENTRIES).map(|(purpose, templates)| {
            let path = format!("{field}.{purpose}");
            (purpose.clone(), OfPurpose::open(templates, &path, problems))
        });
        Self { others, purposes: purposes.collect() }
    }

    /// The template for a purpose and a language.
    pub(super) fn of(&self, purpose: &str, locale: Option<&str>) -> &str {
        let templates = self.purposes.get(purpose).unwrap_or(&self.others);
        let own = locale.and_then(|locale| templates.locales.of(locale));
        own.unwrap_or(&templates.content_sid)
    }
}

impl OfPurpose {
    fn open(settings: &TwilioTemplates, path: &str, problems: &mut Vec<Problem>) -> Self {
        if !is_sid(&settings.content_sid, "HX") {
            problems.push(Problem::new(format!("{path}.content_sid"), SID));
        }
        let is_template = |sid: &str| if is_sid(sid, "HX") { Ok(()) } else { Err(SID) };
        let field = format!("{path}.locales");
        let locales = ByLocale::open(&settings.locales, &field, problems, is_template);
        Self { content_sid: settings.content_sid.clone(), locales }
    }
}

const SID: &str = "has to be `HX` and 32 hexadecimal digits";
