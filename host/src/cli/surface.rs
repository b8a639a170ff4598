//! The HTTP surface within the process: a command says exactly what a client would.

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, header};
use countersign_http_api::MAX_BODY_BYTES;
use countersign_http_api::audit::User;
use countersign_http_api::keys::{ApiKey, ApiKeys, new_key};
use serde_json::Value;
use tower::ServiceExt;

use super::answer::Answer;
use super::arguments::ChallengeArguments;
use super::error::CommandError;
use crate::census::StoreCensus;
use crate::config::Loaded;
use crate::health::HostHealth;
use crate::senders::{self, Stream};
use crate::serve::{StartError, admit, fingerprint, open_engine};
use crate::stores::{self, StoreSettings};

/// The surface, and a key of an operator that exists for this command only.
pub(super) struct Surface {
    router: Router,
    authorization: String,
}

impl Surface {
    /// Opens store, providers and engine, for an operator of `tenant`.
    pub(super) async fn open(loaded: Loaded, tenant: &str) -> Result<Self, CommandError> {
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
        let (keys, authorization) = operator(tenant)?;
        let fingerprint = fingerprint(&loaded);
        let config = loaded.config;
        let stores::opened::Opened { store, fallback } =
            stores::opened::open_all(&config.store, config.fallback_store.as_ref())
                .await
                .map_err(StartError::Store)?;
        let senders =
            senders::Router::open(&config, Stream::StandardError).map_err(StartError::Config)?;
        let engine = open_engine(&config, store.clone(), senders.clone(), loaded.rules).await?;
        admit(fingerprint.as_ref(), &store, fallback.as_ref(), false).await?;
        let census = StoreCensus::new(store.clone(), engine.clone());
        let health = HostHealth::new(store, fallback, senders.clone(), fingerprint);
        let surface =
            countersign_http_api::Surface::counting(engine, health, senders, census, keys);
        Ok(Self { router: surface.into_router(), authorization })
    }

    /// Makes one request.
    pub(super) async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<Answer, CommandError> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, &self.authorization)
            .header(header::CONTENT_TYPE, "application/json")
            .extension(user())
            .body(body.map_or_else(Body::empty, |body| Body::from(body.to_string())))
            .map_err(|_| CommandError::Unusable(NO_SUCH_ID))?;
        let response = match self.router.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        let status = response.status();
        // Answers are ours, and small: the bound is only there because there has to be one.
        let bytes = axum::body::to_bytes(response.into_body(), 16 * MAX_BODY_BYTES)
            .await
            .unwrap_or_default();
        Ok(Answer { status, body: serde_json::from_slice(&bytes).ok() })
    }

    /// Asks where a challenge stands.
    pub(super) async fn status(&self, target: &ChallengeArguments) -> Result<Answer, CommandError> {
        match &target.id {
            Some(id) => self.call(Method::GET, &challenge_path(id, "")?, None).await,
            None => self.call(Method::POST, "/v1/status", Some(target.addressee())).await,
        }
    }
}

/// The person at the command line, as the audit names it: what the environment says, and what the system knows.
fn user() -> User {
    let id = rustix::process::getuid().as_raw();
    let name = ["USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    // The environment may hold anything.
    let is_name = |name: &String| {
        (1..=64).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic())
    };
    User(match name.filter(is_name) {
        Some(name) => format!("{name} (uid {id})"),
        None => format!("uid {id}"),
    })
}

const NO_SUCH_ID: &str = "--id: no challenge has such an id";

fn operator(tenant: &str) -> Result<(ApiKeys, String), CommandError> {
    let mut random = [0; 32];
    getrandom::fill(&mut random)?;
    let (key, sha256) = new_key(&random);
    let keys = ApiKeys::new(vec![ApiKey {
        name: "command-line".to_owned(),
        tenant: tenant.to_owned(),
        sha256,
        operator: true,
    }]);
    let keys = keys.map_err(|_| CommandError::Unusable("--tenant: no tenant has such a name"))?;
    Ok((keys, format!("Bearer {}", key.expose())))
}

/// The path of a challenge, or of what is below it.
pub(super) fn challenge_path(id: &str, below: &str) -> Result<String, CommandError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let only_dots = id.bytes().all(|byte| byte == b'.');
    if only_dots || !id.bytes().all(allowed) {
        return Err(CommandError::Unusable(NO_SUCH_ID));
    }
    Ok(format!("/v1/challenges/{id}{below}"))
}
