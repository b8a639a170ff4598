//! `countersign unlock`.

use std::process::ExitCode;

use axum::http::Method;
use clap::Args;
use serde_json::json;

use super::call::Call;
use super::{Addressee, CommandError, Tenant};
use crate::config::Loaded;

/// Lifts the lock of a recipient and clears its failures.
#[derive(Args, Debug)]
pub(super) struct Unlock {
    #[command(flatten)]
    addressee: Addressee,
    #[command(flatten)]
    tenant: Tenant,
}

impl Unlock {
    pub(super) async fn run(self, loaded: Loaded) -> Result<ExitCode, CommandError> {
        let call = Call {
            tenant: &self.tenant.tenant,
            method: Method::POST,
            path: "/v1/unlock".to_owned(),
            body: Some(json!({ "purpose": self.addressee.purpose, "to": self.addressee.to })),
            done: "{\n  \"unlocked\": true\n}",
        };
        call.run(loaded).await
    }
}
