//! Calls of the HTTP surface within the process: a command says and prints exactly what a client would.

use std::process::ExitCode;

use axum::body::Body;
use axum::http::{Method, Request, header};
use countersign_http_api::MAX_BODY_BYTES;
use countersign_http_api::keys::{ApiKey, ApiKeys, new_key};
use serde_json::Value;
use tower::ServiceExt;

use super::{CommandError, print};
use crate::config::Loaded;
use crate::health::HostHealth;
use crate::senders::{Router, Stream};
use crate::serve::{StartError, fingerprint, open_engine};
use crate::stores::{self, StoreSettings};

/// One request, as an operator of `tenant`.
pub(super) struct Call<'a> {
    pub(super) tenant: &'a str,
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) body: Option<Value>,
    /// What is printed where the answer has no content.
    pub(super) done: &'static str,
}

impl Call<'_> {
    /// Makes the request, prints the answer, and says whether it was a good one.
    pub(super) async fn run(self, loaded: Loaded) -> Result<ExitCode, CommandError> {
        if loaded.ephemeral_keys {
            return Err(CommandError::Unusable(
                "this command works on codes of other processes: set the same [keys] for all of them; `countersign key generate` makes one",
            ));
        }
        if matches!(loaded.config.store, StoreSettings::Memory(_)) {
            return Err(CommandError::Unusable(
                "this command works on codes of other processes: store.type \"memory\" is not shared with any",
            ));
        }
        let fingerprint = fingerprint(&loaded);
        let config = loaded.config;
        let store = stores::open(&config.store).await.map_err(StartError::Store)?;
        let senders = Router::open(&config, Stream::StandardError).map_err(StartError::Config)?;
        let engine = open_engine(&config, store.clone(), senders.clone(), loaded.rules).await?;
        if let Some(fingerprint) = &fingerprint {
            fingerprint.admit(&*store, false).await.map_err(StartError::Keys)?;
        }
        let (keys, authorization) = self.operator()?;
        let health = HostHealth::new(store, senders.clone(), fingerprint);
        let router = countersign_http_api::router(engine, health, senders, keys);
        let request = self.request(&authorization)?;
        let response = match router.oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        let good = response.status().is_success();
        // Answers are ours, and small: the bound is only there because there has to be one.
        let bytes = axum::body::to_bytes(response.into_body(), 16 * MAX_BODY_BYTES)
            .await
            .unwrap_or_default();
        match serde_json::from_slice::<Value>(&bytes) {
            Ok(answer) => print(&format!("{answer:#}"))?,
            Err(_) => print(self.done)?,
        }
        Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// An API key that exists for this call only.
    fn operator(&self) -> Result<(ApiKeys, String), CommandError> {
        let mut random = [0; 32];
        getrandom::fill(&mut random)?;
        let (key, sha256) = new_key(&random);
        let keys = ApiKeys::new(vec![ApiKey {
            name: "command-line".to_owned(),
            tenant: self.tenant.to_owned(),
            sha256,
            operator: true,
        }]);
        let keys =
            keys.map_err(|_| CommandError::Unusable("--tenant: no tenant has such a name"))?;
        Ok((keys, format!("Bearer {}", key.expose())))
    }

    fn request(&self, authorization: &str) -> Result<Request<Body>, CommandError> {
        let body = match &self.body {
            Some(body) => Body::from(body.to_string()),
            None => Body::empty(),
        };
        Request::builder()
            .method(&self.method)
            .uri(&self.path)
            .header(header::AUTHORIZATION, authorization)
            .header(header::CONTENT_TYPE, "application/json")
            .body(body)
            .map_err(|_| CommandError::Unusable("--id: no challenge has such an id"))
    }
}

/// The path of a challenge, or of what is below it.
pub(super) fn challenge_path(id: &str, below: &str) -> Result<String, CommandError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let only_dots = id.bytes().all(|byte| byte == b'.');
    if only_dots || !id.bytes().all(allowed) {
        return Err(CommandError::Unusable("--id: no challenge has such an id"));
    }
    Ok(format!("/v1/challenges/{id}{below}"))
}
