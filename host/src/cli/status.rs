//! `countersign status`.

use std::process::ExitCode;

use axum::http::Method;
use clap::Args;
use serde_json::json;

use super::call::{Call, challenge_path};
use super::{CommandError, Target, Tenant};
use crate::config::Loaded;

/// Tells where a challenge stands.
#[derive(Args, Debug)]
pub(super) struct Status {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    tenant: Tenant,
}

impl Status {
    pub(super) async fn run(self, loaded: Loaded) -> Result<ExitCode, CommandError> {
        let (method, path, body) = match &self.target.id {
            Some(id) => (Method::GET, challenge_path(id, "")?, None),
            None => {
                let body = json!({ "purpose": self.target.purpose, "to": self.target.to });
                (Method::POST, "/v1/status".to_owned(), Some(body))
            }
        };
        let call = Call { tenant: &self.tenant.tenant, method, path, body, done: "" };
        call.run(loaded).await
    }
}
