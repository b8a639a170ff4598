//! `countersign verify`.

use std::io::Read;
use std::process::ExitCode;

use axum::http::Method;
use clap::Args;
use serde_json::json;
use zeroize::Zeroizing;

use super::call::{Call, challenge_path};
use super::{CommandError, Target, Tenant};
use crate::config::Loaded;

/// More than any code has, with room for what surrounds it, in bytes.
const MAX_INPUT_BYTES: u64 = 256;

/// Verifies a code.
#[derive(Args)]
pub(super) struct Verify {
    #[command(flatten)]
    target: Target,
    /// The code; `-` reads it from standard input, where no list of processes shows it
    #[arg(allow_hyphen_values = true)]
    code: String,
    /// The transaction that the person confirms
    #[arg(long)]
    reference: Option<String>,
    #[command(flatten)]
    tenant: Tenant,
}

impl std::fmt::Debug for Verify {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Verify").finish_non_exhaustive()
    }
}

impl Verify {
    pub(super) async fn run(self, loaded: Loaded) -> Result<ExitCode, CommandError> {
        let code = self.code()?;
        let (path, body) = match &self.target.id {
            Some(id) => (
                challenge_path(id, "/verify")?,
                json!({ "code": *code, "reference": self.reference }),
            ),
            None => (
                "/v1/verify".to_owned(),
                json!({
                    "purpose": self.target.purpose,
                    "to": self.target.to,
                    "code": *code,
                    "reference": self.reference,
                }),
            ),
        };
        let call = Call {
            tenant: &self.tenant.tenant,
            method: Method::POST,
            path,
            body: Some(body),
            done: "",
        };
        call.run(loaded).await
    }

    fn code(&self) -> Result<Zeroizing<String>, CommandError> {
        if self.code != "-" {
            return Ok(Zeroizing::new(self.code.clone()));
        }
        let mut text = Zeroizing::new(String::new());
        std::io::stdin().take(MAX_INPUT_BYTES).read_to_string(&mut text)?;
        Ok(Zeroizing::new(text.trim().to_owned()))
    }
}
