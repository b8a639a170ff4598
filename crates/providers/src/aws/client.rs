//! Signed requests for one action of a service.

use countersign_contract::Timestamp;
use countersign_contract::types::SendError;
use http::header::{CONTENT_TYPE, USER_AGENT};
use http::{Request, Uri};

use super::access::{Access, is_region};
use super::signature::Signer;
use crate::protocol::checks::Checks;
use crate::protocol::endpoint;
use crate::protocol::request::{AGENT, unwritable};

/// The header in which the JSON protocols of AWS name the action.
const TARGET_HEADER: &str = "x-amz-target";

/// One action of a service.
#[derive(Clone, Copy)]
pub(crate) struct Action {
    /// How the service's host begins.
    pub(crate) host: &'static str,
    /// What signatures call the service.
    pub(crate) signing_name: &'static str,
    /// Its path.
    pub(crate) path: &'static str,
    /// What its body is.
    pub(crate) content_type: &'static str,
    /// Its name in the header `x-amz-target`, where the protocol wants one.
    pub(crate) target: Option<&'static str>,
}

/// An action that can be asked for.
pub(crate) struct Client {
    pub(super) url: Uri,
    action: Action,
    signer: Signer,
}

impl Client {
    /// The action with these settings; what is wrong with them is refused.
    pub(crate) fn open(access: &Access<'_>, action: &Action, checks: &mut Checks) -> Option<Self> {
        access.check(checks);
        let url = checks.take("url", url(access, action))?;
        Some(Self { url, action: *action, signer: Signer::new(access, action.signing_name) })
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
        let mut request = Request::post(self.url.clone())
            .header(CONTENT_TYPE, self.action.content_type)
            .header(USER_AGENT, AGENT);
        if let Some(target) = self.action.target {
            request = request.header(TARGET_HEADER, target);
        }
        let mut request = request.body(body).map_err(|_| unwritable())?;
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
