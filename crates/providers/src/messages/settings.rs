//! `messages`: whose name messages carry, in which language, and templates beside the built-in ones.

use std::collections::BTreeMap;
use std::path::PathBuf;

use countersign_settings::problem::{Problem, Problems};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::autofill::Autofill;
use super::locale::{self, LAST_RESORT};
use crate::json::without_values;

pub(super) const DEFAULT_MAX_SMS_SEGMENTS: u32 = 3;

/// What messages say, for every tenant that doesn't say otherwise.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MessagesSettings {
    /// The language of messages for which none is asked, or none that there is a template in: a BCP 47 tag such as
    /// `id` or `uz-Cyrl`, at most 35 characters. Default `en`.
    pub default_locale: Option<String>,
    /// The name of the service as messages give it: 1 to 40 characters in one line. Default none.
    pub brand: Option<String>,
    /// The website that codes are typed into, so that phones offer them there and nowhere else: a host name in lower
    /// case, no scheme, no port. Text messages then end with `@<host> #<code>`. Default none.
    pub origin_host: Option<String>,
    /// The website of the frame that asks for the code, where it isn't `origin_host` itself: a host name too. Default
    /// none.
    pub origin_embedded_host: Option<String>,
    /// The hash of the Android app that reads the code out of the text message: 11 characters of base64. Default none.
    pub android_app_hash: Option<String>,
    /// The messages of 160 or 70 characters that one text may be sent as, each of which is paid for: 1 to 10, default
    /// 3.
    #[schemars(range(min = 1, max = 10))]
    pub max_sms_segments: Option<u32>,
    /// Templates by name, `[tenants/<tenant>/][<purpose>/]<channel>.<locale>.<part>`: at most 1,000, each at most
    /// 64 KiB.
    pub templates: BTreeMap<String, String>,
    /// A folder whose files are templates too, by their paths in it. Native host only.
    pub folder: Option<PathBuf>,
    /// What the messages of further tenants say otherwise, by tenant.
    pub tenants: BTreeMap<String, TenantMessagesSettings>,
}

impl MessagesSettings {
    /// Reads them.
    ///
    /// # Errors
    /// Where they can't be read, without repeating a value.
    pub(crate) fn from_value(value: Value) -> Result<Self, Problems> {
        Self::deserialize(value)
            .map_err(|error| Problem::new("messages", without_values(&error)).into())
    }
}

/// What the messages of one tenant say otherwise. What is absent is as for every tenant.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TenantMessagesSettings {
    /// The language of messages for which none is asked, or none that there is a template in: a BCP 47 tag, at most
    /// 35 characters.
    pub default_locale: Option<String>,
    /// The name of the service as messages give it: 1 to 40 characters in one line.
    pub brand: Option<String>,
    /// The website that codes are typed into: a host name in lower case, no scheme, no port.
    pub origin_host: Option<String>,
    /// The website of the frame that asks for the code: a host name too. Where `origin_host` is given here, that for
    /// every tenant doesn't count.
    pub origin_embedded_host: Option<String>,
    /// The hash of the Android app that reads the code out of the text message: 11 characters of base64.
    pub android_app_hash: Option<String>,
}

/// What the messages of one tenant say.
#[derive(Clone, Debug)]
pub(super) struct Audience {
    pub(super) default_locale: String,
    pub(super) brand: Option<String>,
    pub(super) autofill: Autofill,
}

impl MessagesSettings {
    /// What messages say where a tenant doesn't say otherwise.
    pub(super) fn audience(&self, problems: &mut Vec<Problem>) -> Audience {
        let audience = Audience {
            default_locale: self.default_locale.clone().unwrap_or_else(|| LAST_RESORT.into()),
            brand: self.brand.clone(),
            autofill: Autofill {
                host: self.origin_host.clone(),
                embedded_host: self.origin_embedded_host.clone(),
                app_hash: self.android_app_hash.clone(),
            },
        };
        audience.examine("messages", problems);
        audience
    }

    /// The messages that one text may be sent as.
    pub(super) fn sms_segments(&self, problems: &mut Vec<Problem>) -> u32 {
        let most = self.max_sms_segments.unwrap_or(DEFAULT_MAX_SMS_SEGMENTS);
        if !(1..=10).contains(&most) {
            problems.push(Problem::new("messages.max_sms_segments", "has to be 1 to 10"));
        }
        most
    }
}

impl TenantMessagesSettings {
    /// What the messages of `tenant` say, where those of every tenant say what is in `general`.
    pub(super) fn audience(
        &self,
        tenant: &str,
        general: &Audience,
        problems: &mut Vec<Problem>,
    ) -> Audience {
        let or = |own: &Option<String>, general: &Option<String>| {
            own.clone().or_else(|| general.clone())
        };
        // A frame belongs to the page around it.
        let embedded_host = match self.origin_host {
            Some(_) => self.origin_embedded_host.clone(),
            None => or(&self.origin_embedded_host, &general.autofill.embedded_host),
        };
        let default_locale = self.default_locale.as_ref().unwrap_or(&general.default_locale);
        let audience = Audience {
            default_locale: default_locale.clone(),
            brand: or(&self.brand, &general.brand),
            autofill: Autofill {
                host: or(&self.origin_host, &general.autofill.host),
                embedded_host,
                app_hash: or(&self.android_app_hash, &general.autofill.app_hash),
            },
        };
        // What is wrong with the general ones is told once, and there.
        let embedding = || self.origin_embedded_host.as_ref().and(general.autofill.host.clone());
        let own = Audience {
            default_locale: self.default_locale.clone().unwrap_or_else(|| LAST_RESORT.into()),
            brand: self.brand.clone(),
            autofill: Autofill {
                host: self.origin_host.clone().or_else(embedding),
                embedded_host: self.origin_embedded_host.clone(),
                app_hash: self.android_app_hash.clone(),
            },
        };
        own.examine(&format!("messages.tenants.{tenant}"), problems);
        audience
    }
}

impl Audience {
    fn examine(&self, path: &str, problems: &mut Vec<Problem>) {
        let wrong_brand = |brand: &str| {
            !(1..=40).contains(&brand.chars().count())
                || brand.trim() != brand
                || brand.chars().any(char::is_control)
        };
        if self.brand.as_deref().is_some_and(wrong_brand) {
            let text =
                "has to be 1 to 40 characters, no line break among them and no space at either end";
            problems.push(Problem::new(format!("{path}.brand"), text));
        }
        if locale::canonical(&self.default_locale).is_none() {
            let text = "has to be a BCP 47 tag such as `en`, `id-ID` or `uz-Cyrl`";
            problems.push(Problem::new(format!("{path}.default_locale"), text));
        }
        problems.extend(self.autofill.problems(path));
    }
}

#[cfg(test)]
mod tests;
