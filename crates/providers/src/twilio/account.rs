//! An account of Twilio's: where its requests go, and who makes them.

use countersign_contract::Secret;
use countersign_contract::types::SendError;
use countersign_settings::problem::Problem;
use data_encoding::BASE64;
use form_urlencoded::Serializer;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::{HeaderValue, Request, Uri};

use crate::messages::message::Message;
use crate::protocol::endpoint;
use crate::protocol::tag::Tag;

use super::URL;

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
    /// The account whose settings stand at `path`; nothing where `problems` were found.
    pub(super) fn open(
        credentials: &Credentials<'_>,
        resource: &str,
        path: &str,
        problems: &mut Vec<Problem>,
    ) -> Option<Self> {
        let before = problems.len();
        let mut problem = |field: &str, text: &str| {
            problems.push(Problem::new(format!("{path}.{field}"), text));
        };
        let account_sid = credentials.account_sid;
        if !is_sid(account_sid, "AC") {
            problem("account_sid", "has to be `AC` and 32 hexadecimal digits");
        }
        if credentials.auth_token.is_some_and(|token| !is_secret(token)) {
            problem("auth_token", SECRET);
        }
        if credentials.api_key_secret.is_some_and(|secret| !is_secret(secret)) {
            problem("api_key_secret", SECRET);
        }
        if credentials.api_key_sid.is_some_and(|sid| !is_sid(sid, "SK")) {
            problem("api_key_sid", "has to be `SK` and 32 hexadecimal digits");
        }
        let user = match credentials.user() {
            Ok(user) => Some(user),
            Err((field, text)) => {
                problem(field, text);
                None
            }
        };
        let uri = match uri(credentials.url.unwrap_or(URL), account_sid, resource) {
            Ok(uri) => Some(uri),
            Err(text) => {
                problem("url", text);
                None
            }
        };
        if problems.len() > before {
            return None;
        }
        let (user, password) = user?;
        let pair = Secret::new(format!("{user}:{}", password.expose()));
        let authorization =
            Secret::new(format!("Basic {}", BASE64.encode(pair.expose().as_bytes())));
        Some(Self { uri: uri?, authorization, auth_token: credentials.auth_token.cloned() })
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
        let mut authorization = HeaderValue::from_str(self.authorization.expose())
            .map_err(|_| SendError::Unauthorised)?;
        authorization.set_sensitive(true);
        let body = Serializer::new(String::new()).extend_pairs(parameters).finish();
        Request::post(self.uri.clone())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(ACCEPT, "application/json")
            .header(USER_AGENT, concat!("countersign/", env!("CARGO_PKG_VERSION")))
            .header(AUTHORIZATION, authorization)
            .body(body.into_bytes())
            .map_err(|_| SendError::Other("the message can't be written as a request".to_owned()))
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
