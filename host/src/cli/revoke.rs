//! `countersign revoke`.

use std::process::ExitCode;

use axum::http::Method;
use clap::Args;
use serde_json::Value;

use super::arguments::{ChallengeArguments, CommonArguments};
use super::error::CommandError;
use super::surface::{Surface, challenge_path};
use crate::config::Loaded;

/// Takes a challenge back.
#[derive(Args, Debug)]
pub(super) struct Revoke {
    #[command(flatten)]
    target: ChallengeArguments,
    #[command(flatten)]
    common: CommonArguments,
}

impl Revoke {
    pub(super) async fn run(self, loaded: Loaded) -> Result<ExitCode, CommandError> {
        one(&self.target, &self.common, loaded).await
    }
}

/// Takes one challenge back.
pub(super) async fn one(
    target: &ChallengeArguments,
    common: &CommonArguments,
    loaded: Loaded,
) -> Result<ExitCode, CommandError> {
    let path = target.id.as_deref().map(|id| challenge_path(id, "")).transpose()?;
    let surface = Surface::open(loaded, &common.tenant).await?;
    let path = match path {
        Some(path) => path,
        // The surface revokes by id only.
        None => {
            let latest = surface.status(target).await?;
            let body = latest.body.as_ref();
            let id = body.and_then(|body| body.get("id")).and_then(Value::as_str);
            match id {
                Some(id) if latest.status.is_success() => challenge_path(id, "")?,
                _ => return latest.tell(common.output, "revoked"),
            }
        }
    };
    let answer = surface.call(Method::DELETE, &path, None).await?;
    answer.tell(common.output, "revoked")
}
