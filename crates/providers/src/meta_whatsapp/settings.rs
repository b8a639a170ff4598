//! What an operator says of a number at Meta.

use std::collections::BTreeMap;

use countersign_contract::Secret;
use countersign_settings::problem::Problems;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::locale::ByLocale;
use crate::protocol::bearer::Bearer;
use crate::protocol::checks::Checks;
use crate::protocol::endpoint;
use crate::protocol::signatures::query::Token;
use crate::protocol::templates::Templates;

const MAX_NUMBER_ID_BYTES: usize = 32;

/// Meta's Cloud API.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MetaWhatsappSettings {
    /// The id of the number that sends, which isn't the number: 1 to 32 digits.
    pub phone_number_id: String,
    /// A token of a system user with the permission `whatsapp_business_messaging`.
    pub access_token: Secret<String>,
    /// The approved authentication template that carries codes: 1 to 512 characters of `a-z 0-9 _`.
    pub template: String,
    /// Templates of purposes that have one of their own: purpose to template. At most 256.
    #[serde(default)]
    pub templates: BTreeMap<String, String>,
    /// Meta's code of the language in which a template is sent unless `languages` says otherwise. Default `en_US`.
    #[serde(default = "default_language")]
    pub language: String,
    /// The other languages in which every template was approved: locale (a BCP 47 tag) to Meta's code, such as `pt-BR` to
    /// `pt_BR`. A locale falls back to its language, and at last to `language`. At most 64.
    #[serde(default)]
    pub languages: BTreeMap<String, String>,
    /// The version of the Graph API. Default `v26.0`.
    #[serde(default = "default_version")]
    pub version: String,
    /// Where the Graph API is. Default `https://graph.facebook.com`.
    #[serde(default = "default_url")]
    pub url: String,
    /// The app's secret, by which Meta signs its reports: 16 to 256 characters. Needs `verify_token`; without the two
    /// Meta's reports aren't read.
    pub app_secret: Option<Secret<String>>,
    /// What Meta has to show when the URL for its reports is registered: 32 to 256 random characters of
    /// `a-z A-Z 0-9 - . _ ~`. Needs `app_secret`.
    pub verify_token: Option<Secret<String>>,
}

fn default_language() -> String {
    "en_US".to_owned()
}

fn default_version() -> String {
    "v26.0".to_owned()
}

fn default_url() -> String {
    "https://graph.facebook.com".to_owned()
}

/// The settings, checked.
pub(super) struct Checked {
    /// Where they stand.
    pub(super) path: String,
    pub(super) url: String,
    pub(super) token: Bearer,
    pub(super) templates: Templates,
    pub(super) language: String,
    pub(super) languages: ByLocale,
    pub(super) reports: Option<Proof>,
}

/// What authenticates Meta.
pub(super) struct Proof {
    pub(super) app_secret: Secret<String>,
    pub(super) verify_token: Token,
}

impl MetaWhatsappSettings {
    pub(super) fn check(&self, path: &str) -> Result<Checked, Problems> {
        let mut checks = Checks::new(path);
        let text = "has to be the id that Meta shows beneath the number: 1 to 32 digits";
        checks.require("phone_number_id", is_number_id(&self.phone_number_id), text);
        let token = checks.take("access_token", Bearer::parse(&self.access_token));
        let templates = Templates::open(&self.template, &self.templates, &mut checks);
        checks.take("language", is_language(&self.language));
        let languages = ByLocale::open(&self.languages, "languages", &mut checks, is_language);
        checks.require("version", is_version(&self.version), "has to be like `v26.0`");
        let url = checks.take("url", endpoint::base(&self.url));
        let reports = self.proof(&mut checks);
        checks.finish(|| {
            let (version, number) = (&self.version, &self.phone_number_id);
            Some(Checked {
                path: path.to_owned(),
                url: format!("{}/{version}/{number}/messages", url?),
                token: token?,
                templates,
                language: self.language.clone(),
                languages,
                reports,
            })
        })
    }

    /// Reads `app_secret` and `verify_token`: both, or none.
    fn proof(&self, checks: &mut Checks) -> Option<Proof> {
        let app_secret = self.app_secret.as_ref();
        let is_good = app_secret.is_none_or(|secret| is_app_secret(secret.expose()));
        let text = "has to be the app's secret: 16 to 256 characters without spaces";
        checks.require("app_secret", is_good, text);
        let verify_token = self.verify_token.as_ref().map(Token::parse);
        match (app_secret, &verify_token) {
            (Some(_), None) => {
                checks.refuse("verify_token", "is missing: `app_secret` is of no use without");
            }
            (None, Some(_)) => {
                checks.refuse("app_secret", "is missing: `verify_token` is of no use without");
            }
            _ => {}
        }
        let verify_token = checks.take_optional("verify_token", verify_token)?;
        Some(Proof { app_secret: app_secret?.clone(), verify_token })
    }
}

fn is_number_id(text: &str) -> bool {
    (1..=MAX_NUMBER_ID_BYTES).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

/// `v26.0`.
fn is_version(text: &str) -> bool {
    let is_number =
        |text: &str| (1..=3).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    text.strip_prefix('v')
        .and_then(|numbers| numbers.split_once('.'))
        .is_some_and(|(major, minor)| is_number(major) && is_number(minor))
}

/// `id`, `pt_BR`: a language and perhaps a country.
fn is_language(text: &str) -> Result<(), &'static str> {
    let (language, country) = match text.split_once('_') {
        Some((language, country)) => (language, Some(country)),
        None => (text, None),
    };
    let is_code = (2..=3).contains(&language.len())
        && language.bytes().all(|byte| byte.is_ascii_lowercase())
        && country.is_none_or(|country| {
            country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase())
        });
    if is_code {
        Ok(())
    } else {
        Err("has to be Meta's code of a language, such as `id` or `pt_BR`")
    }
}

fn is_app_secret(text: &str) -> bool {
    (16..=256).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}
