//! What the services of Amazon Web Services have in common: where they are, who signs, and what they answer.

mod refusal;
mod signature;

use countersign_contract::types::SendError;
use countersign_contract::{Secret, Timestamp};
use countersign_settings::problem::Problem;
use http::header::{CONTENT_TYPE, USER_AGENT};
use http::{Request, Uri};

use crate::protocol::endpoint;

pub(crate) use self::refusal::Refusal;
use self::signature::Signer;

const MAX_ACCESS_KEY_ID_BYTES: usize = 128;
const MAX_SECRET_BYTES: usize = 256;
const MAX_SESSION_TOKEN_BYTES: usize = 4096;
const MAX_REGION_BYTES: usize = 32;

/// The settings that every service of AWS has.
pub(crate) struct Access<'a> {
    /// The region.
    pub(crate) region: &'a str,
    /// Who signs.
    pub(crate) access_key_id: &'a Secret<String>,
    /// With what.
    pub(crate) secret_access_key: &'a Secret<String>,
    /// What temporary credentials have besides.
    pub(crate) session_token: Option<&'a Secret<String>>,
    /// Where the service is, if not where AWS has it.
    pub(crate) url: Option<&'a str>,
}

/// One action of a service.
pub(crate) struct Action {
    /// How the service's host begins.
    pub(crate) host: &'static str,
    /// What signatures call the service.
    pub(crate) signing_name: &'static str,
    /// Its path.
    pub(crate) path: &'static str,
    /// What its body is.
    pub(crate) content_type: &'static str,
}

/// An action that can be asked for.
pub(crate) struct Client {
    url: Uri,
    content_type: &'static str,
    signer: Signer,
}

impl Client {
    /// The action with these settings; what is wrong with them is added to `problems`, each under `path`.
    pub(crate) fn open(
        access: &Access<'_>,
        action: &Action,
        path: &str,
        problems: &mut Vec<Problem>,
    ) -> Option<Self> {
        let known = problems.len();
        let mut refuse = |field: &str, text: &str| {
            problems.push(Problem::new(format!("{path}.{field}"), text.to_owned()));
        };
        if !is_region(access.region) {
            refuse("region", "has to be the code of a region, such as `eu-west-1`");
        }
        if !is_key_id(access.access_key_id.expose()) {
            refuse("access_key_id", "has to be 16 to 128 letters, digits and underscores");
        }
        if !is_secret(access.secret_access_key.expose(), MAX_SECRET_BYTES) {
            refuse("secret_access_key", "has to be 1 to 256 characters without spaces");
        }
        let token = access.session_token.map(|token| token.expose().as_str());
        if token.is_some_and(|token| !is_secret(token, MAX_SESSION_TOKEN_BYTES)) {
            refuse("session_token", "has to be 1 to 4,096 characters without spaces");
        }
        let url = match url(access, action) {
            Ok(url) => Some(url),
            Err(text) => {
                refuse("url", text);
                None
            }
        };
        if problems.len() > known {
            return None;
        }
        let signer = Signer::new(access, action.signing_name);
        Some(Self { url: url?, content_type: action.content_type, signer })
    }

    /// Where the service is.
    pub(crate) fn origin(&self) -> String {
        endpoint::origin(&self.url)
    }

    /// The signed request with this body.
    ///
    /// # Errors
    /// Where `now` is no time that AWS could write.
    pub(crate) fn post(
        &self,
        body: Vec<u8>,
        now: Timestamp,
    ) -> Result<Request<Vec<u8>>, SendError> {
        let unwritable =
            || SendError::Other("the message can't be written as a request".to_owned());
        let mut request = Request::post(self.url.clone())
            .header(CONTENT_TYPE, self.content_type)
            .header(USER_AGENT, concat!("countersign/", env!("CARGO_PKG_VERSION")))
            .body(body)
            .map_err(|_| unwritable())?;
        self.signer.sign(&mut request, now).ok_or_else(unwritable)?;
        Ok(request)
    }
}

/// Where the action is.
fn url(access: &Access<'_>, action: &Action) -> Result<Uri, &'static str> {
    let base = match access.url {
        Some(url) => url.to_owned(),
        // Whatever else is wrong with the region is told under its own name.
        None if !is_region(access.region) => return Ok(Uri::default()),
        None => format!("https://{}.{}.{}", action.host, access.region, domain(access.region)),
    };
    if endpoint::parse(&base)?.query().is_some() {
        return Err("must not have a query (`?…`): it is where the service is, not a request");
    }
    endpoint::parse(&format!("{}{}", base.trim_end_matches('/'), action.path))
}

/// The domain of a region: those of China and of the European Sovereign Cloud have their own. The secret regions have
/// too, and want a `url`.
fn domain(region: &str) -> &'static str {
    if region.starts_with("cn-") {
        "amazonaws.com.cn"
    } else if region.starts_with("eusc-") {
        "amazonaws.eu"
    } else {
        "amazonaws.com"
    }
}

fn is_region(text: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    text.len() <= MAX_REGION_BYTES
        && text.split('-').count() >= 3
        && text.split('-').all(is_part)
        && text.ends_with(|last: char| last.is_ascii_digit())
}

fn is_key_id(text: &str) -> bool {
    (16..=MAX_ACCESS_KEY_ID_BYTES).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn is_secret(text: &str, max_bytes: usize) -> bool {
    (1..=max_bytes).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests;
