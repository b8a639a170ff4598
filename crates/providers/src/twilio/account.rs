//! An account of Twilio's: where its requests go, and who makes them.

use countersign_contract::Secret;
use countersign_contract::types::SendError;
use data_encoding::BASE64;
use http::header::AUTHORIZATION;
use http::{Request, Uri};

use crate::messages::message::Message;
use crate::protocol::checks::Checks;
use crate::protocol::endpoint;
use crate::protocol::request::{self, FORM};
use crate::protocol::tag::Tag;

/// Twilio in the United States. Others: `https://api.dublin.ie1.twilio.com`, `https://api.sydney.au1.twilio.com`.
pub const URL: &str = "https://api.twilio.com";

const MAX_SECRET_BYTES: usize = 128;

/// The settings that each type has.
pub(super) struct Credentials<'a> {
    pub(super) account_sid: &'a str,
    pub(super) auth_token: Option<&'a Secret<String>>,
    pub(super) api_key_sid: Option<&'a str>,
    pub(super) api_key_secret: Option<&'a Secret<String>>,
    pub(super) url: Option<&'a str>,
}

impl<'a> Credentials<'a> {
    /// Who makes requests, and by what.
    fn user(&self) -> Result<(&'a str, &'a Secret<String>), (&'static str, &'static str)> {
        match (self.api_key_sid, self.api_key_secret, self.auth_token) {
            (Some(sid), Some(secret), _) => Ok((sid, secret)),
            (Some(_), None, _) => {
                Err(("api_key_secret", "is missing: `api_key_sid` has no use without it"))
            }
            (None, Some(_), _) => {
                Err(("api_key_sid", "is missing: `api_key_secret` has no use without it"))
            }
            (None, None, Some(token)) => Ok((self.account_sid, token)),
            (None, None, None) => {
                Err(("auth_token", "is missing: set it, or `api_key_sid` and `api_key_secret`"))
            }
        }
    }
}

/// An account's resource: its messages, or its calls.
pub(super) struct Account {
    uri: Uri,
    authorization: Secret<String>,
    auth_token: Option<Secret<String>>,
}

impl Account {
    /// Reads the account's settings.
    pub(super) fn open(
        credentials: &Credentials<'_>,
        resource: &str,
        checks: &mut Checks,
    ) -> Option<Self> {
        let account_sid = credentials.account_sid;
        let text = "has to be `AC` and 32 hexadecimal digits";
        checks.require("account_sid", is_sid(account_sid, "AC"), text);
        checks.require("auth_token", credentials.auth_token.is_none_or(is_secret), SECRET);
        checks.require("api_key_secret", credentials.api_key_secret.is_none_or(is_secret), SECRET);
        let is_key = credentials.api_key_sid.is_none_or(|sid| is_sid(sid, "SK"));
        checks.require("api_key_sid", is_key, "has to be `SK` and 32 hexadecimal digits");
        let user = credentials.user().map_err(|(field, text)| checks.refuse(field, text)).ok();
        let uri = checks.take("url", uri(credentials.url.unwrap_or(URL), account_sid, resource))?;
        let (user, password) = user?;
        let pair = Secret::new(format!("{user}:{}", password.expose()));
        let authorization =
            Secret::new(format!("Basic {}", BASE64.encode(pair.expose().as_bytes())));
        Some(Self { uri, authorization, auth_token: credentials.auth_token.cloned() })
    }

    /// Where Twilio is.
    pub(super) fn origin(&self) -> String {
        endpoint::origin(&self.uri)
    }

    /// The key of Twilio's signatures, where the operator gave it.
    pub(super) fn auth_token(&self) -> Option<&Secret<String>> {
        self.auth_token.as_ref()
    }

    /// Where Twilio is to report what became of the message; nothing where it couldn't be told whose report it is, or of
    /// what.
    pub(super) fn status_callback(&self, message: &Message) -> Option<String> {
        self.auth_token.as_ref()?;
        let tag = Tag::of(message).to_string();
        Tag::parse(&tag)?;
        Some(format!("{}?tag={tag}", message.callback_url.as_ref()?))
    }

    /// A request with these parameters.
    pub(super) fn request(
        &self,
        parameters: &[(&str, &str)],
    ) -> Result<Request<Vec<u8>>, SendError> {
        let authorization = request::secret_header(self.authorization.expose())?;
        let request = request::post(self.uri.clone(), FORM).header(AUTHORIZATION, authorization);
        request::finish(request, request::form(parameters))
    }
}

/// Whether it is a name of Twilio's for something of that kind: two letters and 32 hexadecimal digits, as the OpenAPI
/// description has them.
pub(super) fn is_sid(text: &str, kind: &str) -> bool {
    let is_hex =
        |digits: &str| digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    text.strip_prefix(kind).is_some_and(is_hex)
}

const SECRET: &str = "has to be 1 to 128 visible ASCII characters";

fn is_secret(secret: &Secret<String>) -> bool {
    let text = secret.expose();
    (1..=MAX_SECRET_BYTES).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn uri(url: &str, account_sid: &str, resource: &str) -> Result<Uri, &'static str> {
    let base = endpoint::parse(url)?;
    if base.query().is_some() {
        return Err("must not have a query: the path of Twilio's API is added to it");
    }
    // Told already where the SID is no SID.
    let account = if is_sid(account_sid, "AC") { account_sid } else { "AC" };
    let base = url.trim_end_matches('/');
    format!("{base}/2010-04-01/Accounts/{account}/{resource}.json")
        .parse()
        .map_err(|_| "has to be an https URL")
}
