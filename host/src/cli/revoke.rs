//! `countersign revoke`.

use std::process::ExitCode;

use axum::http::Method;
use clap::Args;

use super::call::{Call, challenge_path};
use super::{CommandError, Tenant};
use crate::config::Loaded;

/// Takes a challenge back.
#[derive(Args, Debug)]
pub(super) struct Revoke {
    /// The challenge's id
    #[arg(long)]
    id: String,
    #[command(flatten)]
    tenant: Tenant,
}

impl Revoke {
    pub(super) async fn run(self, loaded: Loaded) -> Result<ExitCode, CommandError> {
        let call = Call {
            tenant: &self.tenant.tenant,
            method: Method::DELETE,
            path: challenge_path(&self.id, "")?,
            body: None,
            done: "{\n  \"revoked\": true\n}",
        };
        call.run(loaded).await
    }
}
