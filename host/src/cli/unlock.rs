//! `countersign unlock`.

use std::process::ExitCode;

use axum::http::Method;
use clap::Args;
use serde_json::json;

use super::arguments::CommonArguments;
use super::error::CommandError;
use super::input;
use super::surface::Surface;
use crate::config::Loaded;

/// Lifts the lock of a recipient and clears its failures.
#[derive(Args, Debug)]
pub(super) struct Unlock {
    /// What the codes are for
    purpose: String,
    /// A phone number or a mail address. `-` reads a line of standard input
    to: String,
    #[command(flatten)]
    common: CommonArguments,
}

impl Unlock {
    pub(super) async fn run(self, loaded: Loaded) -> Result<ExitCode, CommandError> {
        let to = input::recipient(&self.to)?;
        let surface = Surface::open(loaded, &self.common.tenant).await?;
        let body = json!({ "purpose": self.purpose, "to": to });
        let answer = surface.call(Method::POST, "/v1/unlock", Some(body)).await?;
        answer.tell(self.common.output, "unlocked")
    }
}
