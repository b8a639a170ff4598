//! What an operator says of an account at WATI.

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
use crate::protocol::templates::{self, Templates};

const PATH: &str = "/api/ext/v3/messageTemplates/send";
const MAX_PARAMETER_BYTES: usize = 64;
const MAX_CHANNEL_BYTES: usize = 128;

/// WATI.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WatiSettings {
    /// The API endpoint that the dashboard shows under Connectors > API Tokens, with or without the tenant's number behind
    /// it: `https://live-mt-server.wati.io/12345`.
    pub url: String,
    /// An API token with the scope `messagetemplatev3:write`.
    pub api_key: Secret<String>,
    /// The approved template that carries codes: 1 to 512 characters of `a-z 0-9 _`.
    pub template: String,
    /// Templates of purposes that have one of their own: purpose to template. At most 256.
    #[serde(default)]
    pub templates: BTreeMap<String, String>,
    /// Templates in other languages, which have names of their own: for a template of the above, locale (a BCP 47 tag) to
    /// template. A locale falls back to its language, and at last to the template itself. At most 64 locales each.
    #[serde(default)]
    pub translations: BTreeMap<String, BTreeMap<String, String>>,
    /// The template's parameter that the code goes into: 1 to 64 characters of `a-z A-Z 0-9 _`. Default `otp`.
    #[serde(default = "default_parameter")]
    pub parameter: String,
    /// The name or the number of the channel that sends, where the account has several. Default: the account's own default.
    pub channel: Option<String>,
    /// What a call of WATI's has to show as `token` in the query of its URL: 32 to 256 random characters of
    /// `a-z A-Z 0-9 - . _ ~`. Without it WATI's reports aren't read.
    pub callback_token: Option<Secret<String>>,
}

fn default_parameter() -> String {
    "otp".to_owned()
}

/// The settings, checked.
pub(super) struct Checked {
    /// Where they stand.
    pub(super) path: String,
    pub(super) url: String,
    pub(super) key: Bearer,
    templates: Templates,
    translations: Vec<(String, ByLocale)>,
    pub(super) parameter: String,
    pub(super) channel: Option<String>,
    pub(super) callback_token: Option<Token>,
}

impl Checked {
    /// The template for a purpose and a locale.
    pub(super) fn template(&self, purpose: &str, locale: Option<&str>) -> &str {
        let template = self.templates.of(purpose);
        let own = self.translations.iter().find(|(name, _)| name == template);
        let translated = locale.zip(own);
        translated.and_then(|(locale, (_, table))| table.of(locale)).unwrap_or(template)
    }
}

impl WatiSettings {
    pub(super) fn check(&self, path: &str) -> Result<Checked, Problems> {
        let mut checks = Checks::new(path);
        let url = checks.take("url", endpoint::base(&self.url));
        let key = checks.take("api_key", Bearer::parse(&self.api_key));
        let templates = Templates::open(&self.template, &self.templates, &mut checks);
        let translations = self.translations(&templates, &mut checks);
        let text = "has to be 1 to 64 characters of `a-z A-Z 0-9 _`";
        checks.require("parameter", is_parameter(&self.parameter), text);
        let text = "has to be a channel's name or number of at most 128 bytes";
        checks.require("channel", self.channel.as_deref().is_none_or(is_channel), text);
        let callback_token = self.callback_token.as_ref().map(Token::parse);
        let callback_token = checks.take_optional("callback_token", callback_token);
        checks.finish(|| {
            Some(Checked {
                path: path.to_owned(),
                url: format!("{}{PATH}", without_tenant(&url?)),
                key: key?,
                templates,
                translations,
                parameter: self.parameter.clone(),
                channel: self.channel.clone(),
                callback_token,
            })
        })
    }

    fn translations(&self, templates: &Templates, checks: &mut Checks) -> Vec<(String, ByLocale)> {
        let tables = self.translations.iter().map(|(template, table)| {
            let field = format!("translations.{template}");
            let text = "is neither `template` nor one of `templates`";
            checks.require(&field, templates.has(template), text);
            let table = ByLocale::open(table, &field, checks, templates::is_template);
            (template.clone(), table)
        });
        tables.collect()
    }
}

fn is_parameter(text: &str) -> bool {
    (1..=MAX_PARAMETER_BYTES).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn is_channel(text: &str) -> bool {
    (1..=MAX_CHANNEL_BYTES).contains(&text.len()) && !text.contains(char::is_control)
}

/// The base URL less the tenant's number at its end.
fn without_tenant(url: &str) -> &str {
    match url.rsplit_once('/') {
        // Not a host that is a number: there is none but behind two slashes.
        Some((rest, last))
            if !rest.ends_with('/')
                && !last.is_empty()
                && last.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            rest
        }
        _ => url,
    }
}
