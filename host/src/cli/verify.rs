//! `countersign verify`.

use std::process::ExitCode;

use axum::http::Method;
use clap::Args;
use serde_json::json;
use zeroize::Zeroizing;

use super::arguments::{ChallengeArguments, CommonArguments};
use super::error::CommandError;
use super::input;
use super::surface::{Surface, challenge_path};
use crate::config::Loaded;

/// Verifies a code.
#[derive(Args)]
pub(super) struct Verify {
    #[command(flatten)]
    target: ChallengeArguments,
    /// The code. `-`, the default, reads a line of standard input, which no list of processes shows
    #[arg(long, default_value = "-", allow_hyphen_values = true, hide_default_value = true)]
    code: String,
    /// The transaction that the person confirms
    #[arg(long)]
    reference: Option<String>,
    #[command(flatten)]
    common: CommonArguments,
}

impl std::fmt::Debug for Verify {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Verify").finish_non_exhaustive()
    }
}

impl Verify {
    pub(super) async fn run(self, loaded: Loaded) -> Result<ExitCode, CommandError> {
        let path = match &self.target.id {
            Some(id) => challenge_path(id, "/verify")?,
            None => "/v1/verify".to_owned(),
        };
        let code = self.code()?;
        let surface = Surface::open(loaded, &self.common.tenant).await?;
        let body = match &self.target.id {
            Some(_) => json!({ "code": *code, "reference": self.reference }),
            None => json!({
                "purpose": self.target.purpose,
                "to": self.target.to,
                "code": *code,
                "reference": self.reference,
            }),
        };
        let answer = surface.call(Method::POST, &path, Some(body)).await?;
        answer.tell(self.common.output, "verified")
    }

    fn code(&self) -> Result<Zeroizing<String>, CommandError> {
        if self.code != "-" {
            return Ok(Zeroizing::new(self.code.clone()));
        }
        let line = input::line("Code: ")?;
        match line.trim() {
            "" => Err(CommandError::Unusable(
                "no code: give it by --code, or as a line of standard input",
            )),
            code => Ok(Zeroizing::new(code.to_owned())),
        }
    }
}
