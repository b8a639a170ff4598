//! Signature Version 4, by AWS's own crate.

use std::time::{Duration, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use countersign_contract::Timestamp;
use http::{HeaderName, HeaderValue, Request};
use tracing::Dispatch;

use super::access::Access;

/// 9999-12-31T23:59:59Z: a signature has no room for later times, and what writes them panics.
const LAST_SECOND: u64 = 253_402_300_799;

/// Who signs requests to one service of one region. The credentials are wiped from memory on drop.
pub(super) struct Signer {
    credentials: Credentials,
    region: String,
    name: &'static str,
}

impl Signer {
    pub(super) fn new(access: &Access<'_>, name: &'static str) -> Self {
        let credentials = Credentials::new(
            access.access_key_id.expose(),
            access.secret_access_key.expose(),
            access.session_token.map(|token| token.expose().clone()),
            None,
            "countersign",
        );
        Self { credentials, region: access.region.to_owned(), name }
    }

    /// Adds `x-amz-date`, `authorization` and, with temporary credentials, `x-amz-security-token`. Host, time, token,
    /// body and the other headers are signed, less those that proxies change, such as `user-agent`.
    pub(super) fn sign(&self, request: &mut Request<Vec<u8>>, now: Timestamp) -> Option<()> {
        let headers: Option<Vec<_>> = request
            .headers()
            .iter()
            .map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
            .collect();
        let signable = SignableRequest::new(
            request.method().as_str(),
            request.uri().to_string(),
            headers?.into_iter(),
            SignableBody::Bytes(request.body()),
        );
        for (name, value) in self.headers(signable.ok()?, now)? {
            request.headers_mut().insert(name, value);
        }
        Some(())
    }

    fn headers(
        &self,
        request: SignableRequest<'_>,
        now: Timestamp,
    ) -> Option<Vec<(HeaderName, HeaderValue)>> {
        if now.0 > LAST_SECOND {
            return None;
        }
        let identity = self.credentials.clone().into();
        let params = SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(self.name)
            .time(UNIX_EPOCH + Duration::from_secs(now.0))
            .settings(SigningSettings::default())
            .build()
            .ok()?
            .into();
        // At `trace` the crate logs the body's digest, from which a code can be guessed, and the body where an
        // environment variable says so. No log is installed here.
        let signed =
            tracing::dispatcher::with_default(&Dispatch::none(), || sign(request, &params));
        let (instructions, _) = signed.ok()?.into_parts();
        let headers = instructions.headers().map(|(name, value)| {
            let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
            let mut value = HeaderValue::from_str(value).ok()?;
            value.set_sensitive(true);
            Some((name, value))
        });
        headers.collect()
    }
}

#[cfg(test)]
mod tests;
