//! `countersign issue`.

use std::process::ExitCode;

use axum::http::Method;
use clap::Args;
use serde_json::json;

use super::arguments::CommonArguments;
use super::error::CommandError;
use super::surface::Surface;
use crate::config::Loaded;

/// Issues a code and sends it.
#[derive(Args, Debug)]
pub(super) struct Issue {
    /// What the code is for
    purpose: String,
    /// A phone number or a mail address
    to: String,
    /// How it travels: email, sms, voice, webhook or whatsapp [default: as the purpose says]
    #[arg(long)]
    channel: Option<String>,
    /// The transaction that the code is bound to
    #[arg(long)]
    reference: Option<String>,
    /// The language of the message: a BCP 47 tag
    #[arg(long)]
    locale: Option<String>,
    #[command(flatten)]
    common: CommonArguments,
}

impl Issue {
    pub(super) async fn run(self, loaded: Loaded) -> Result<ExitCode, CommandError> {
        let surface = Surface::open(loaded, &self.common.tenant).await?;
        let body = json!({
            "purpose": self.purpose,
            "channel": self.channel,
            "to": self.to,
            "reference": self.reference,
            "locale": self.locale,
        });
        let answer = surface.call(Method::POST, "/v1/challenges", Some(body)).await?;
        answer.tell(self.common.output, "issued")
    }
}
