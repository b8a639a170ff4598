//! Which of Twilio's content templates a message is made of: each is of one language.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::locale::ByLocale;
use crate::protocol::checks::Checks;
use crate::twilio::account::is_sid;

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
    purposes: Vec<(String, OfPurpose)>,
}

struct OfPurpose {
    content_sid: String,
    locales: ByLocale,
}

impl Templates {
    /// Reads the templates of `others` and, in the setting `purposes`, of those that have their own.
    pub(super) fn open(
        others: &TwilioTemplates,
        purposes: &BTreeMap<String, TwilioTemplates>,
        checks: &mut Checks,
    ) -> Self {
        checks.require("purposes", purposes.len() <= MAX_ENTRIES, "has more than 64 entries");
        let others = OfPurpose::open(others, "", checks);
        let purposes = purposes.iter().take(MAX_ENTRIES).map(|(purpose, templates)| {
            let prefix = format!("purposes.{purpose}.");
            (purpose.clone(), OfPurpose::open(templates, &prefix, checks))
        });
        Self { others, purposes: purposes.collect() }
    }

    /// The template for a purpose and a language.
    pub(super) fn of(&self, purpose: &str, locale: Option<&str>) -> &str {
        let own = self.purposes.iter().find(|(name, _)| name == purpose);
        let templates = own.map_or(&self.others, |(_, templates)| templates);
        let own = locale.and_then(|locale| templates.locales.of(locale));
        own.unwrap_or(&templates.content_sid)
    }
}

impl OfPurpose {
    /// `prefix` begins the names of the settings.
    fn open(settings: &TwilioTemplates, prefix: &str, checks: &mut Checks) -> Self {
        let is_template = |sid: &str| if is_sid(sid, "HX") { Ok(()) } else { Err(SID) };
        checks.take(&format!("{prefix}content_sid"), is_template(&settings.content_sid));
        let field = format!("{prefix}locales");
        let locales = ByLocale::open(&settings.locales, &field, checks, is_template);
        Self { content_sid: settings.content_sid.clone(), locales }
    }
}

const SID: &str = "has to be `HX` and 32 hexadecimal digits";
