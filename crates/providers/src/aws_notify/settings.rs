//! What an operator says of AWS End User Messaging Notify.

use std::collections::BTreeMap;

use countersign_contract::Secret;
use countersign_settings::problem::Problems;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::aws::{Access, Action, Client};
use crate::locale::ByLocale;
use crate::protocol::checks::Checks;

const ACTION: Action = Action {
    host: "sms-voice",
    signing_name: "sms-voice",
    path: "/",
    content_type: "application/x-amz-json-1.0",
    target: Some("PinpointSMSVoiceV2.SendNotifyTextMessage"),
};
const MAX_NAME_BYTES: usize = 256;
const MAX_VARIABLE_BYTES: usize = 64;
const NAME: &str = "has to be an id or an ARN: 1 to 256 characters of `a-z A-Z 0-9 _ : / -`";
const TEMPLATE: &str = "has to be a template's id: 1 to 256 characters of `a-z A-Z 0-9 _ -`";

/// AWS End User Messaging Notify.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AwsNotifySettings {
    /// The region that sends, such as `us-east-1`: the one of the Notify configuration.
    pub region: String,
    /// Who signs: 16 to 128 letters, digits and underscores.
    pub access_key_id: Secret<String>,
    /// What requests are signed with.
    pub secret_access_key: Secret<String>,
    /// What temporary credentials have besides. They end, and nothing here renews them.
    pub session_token: Option<Secret<String>>,
    /// The Notify configuration that sends: its id or its ARN, 1 to 256 characters.
    pub configuration_id: String,
    /// The template for every language without one of its own: its id, 1 to 256 characters of `a-z A-Z 0-9 _ -`. The
    /// configuration's default template where it is absent.
    pub template_id: Option<String>,
    /// Templates by language: a BCP 47 tag of at most 35 characters (`id`, `pt-BR`), and the template's id. The tag that is
    /// asked for is shortened from its end until there is one. At most 64.
    #[serde(default)]
    pub locales: BTreeMap<String, String>,
    /// The templates' variable that the code goes into: 1 to 64 characters of `a-z A-Z 0-9 _`. Default `code`.
    #[serde(default = "default_variable")]
    pub variable: String,
    /// The configuration set that says where AWS logs what becomes of messages: its name or its ARN, 1 to 256 characters.
    pub configuration_set: Option<String>,
    /// Where the service is, if not where AWS has it for the region: an https URL, such as a VPC endpoint's; http to
    /// loopback hosts only.
    pub url: Option<String>,
}

fn default_variable() -> String {
    "code".to_owned()
}

/// The settings, checked.
pub(super) struct Checked {
    /// Where they stand.
    pub(super) path: String,
    pub(super) client: Client,
    pub(super) configuration_id: String,
    template_id: Option<String>,
    locales: ByLocale,
    pub(super) variable: String,
    pub(super) configuration_set: Option<String>,
}

impl Checked {
    /// The template for a locale; nothing where the configuration's default is to be used.
    pub(super) fn template(&self, locale: Option<&str>) -> Option<&str> {
        let own = locale.and_then(|locale| self.locales.of(locale));
        own.or(self.template_id.as_deref())
    }
}

impl AwsNotifySettings {
    pub(super) fn check(&self, path: &str) -> Result<Checked, Problems> {
        let mut checks = Checks::new(path);
        let access = Access {
            region: &self.region,
            access_key_id: &self.access_key_id,
            secret_access_key: &self.secret_access_key,
            session_token: self.session_token.as_ref(),
            url: self.url.as_deref(),
        };
        let client = Client::open(&access, &ACTION, &mut checks);
        checks.require("configuration_id", is_name(&self.configuration_id), NAME);
        checks.take_optional("template_id", self.template_id.as_deref().map(is_template));
        let locales = ByLocale::open(&self.locales, "locales", &mut checks, is_template);
        let text = "has to be 1 to 64 characters of `a-z A-Z 0-9 _`";
        checks.require("variable", is_variable(&self.variable), text);
        let is_set = self.configuration_set.as_deref().is_none_or(is_name);
        checks.require("configuration_set", is_set, NAME);
        checks.finish(|| {
            Some(Checked {
                path: path.to_owned(),
                client: client?,
                configuration_id: self.configuration_id.clone(),
                template_id: self.template_id.clone(),
                locales,
                variable: self.variable.clone(),
                configuration_set: self.configuration_set.clone(),
            })
        })
    }
}

fn is_name(text: &str) -> bool {
    (1..=MAX_NAME_BYTES).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_:/-".contains(&byte))
}

fn is_template(text: &str) -> Result<(), &'static str> {
    let may_stand = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    let is_id = (1..=MAX_NAME_BYTES).contains(&text.len()) && text.bytes().all(may_stand);
    if is_id { Ok(()) } else { Err(TEMPLATE) }
}

fn is_variable(text: &str) -> bool {
    (1..=MAX_VARIABLE_BYTES).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
