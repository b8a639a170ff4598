//! `countersign send`.

use std::process::ExitCode;

use axum::http::Method;
use clap::Args;
use serde_json::json;

use super::call::Call;
use super::{CommandError, Tenant};
use crate::config::Loaded;

/// Sends a code.
#[derive(Args, Debug)]
pub(super) struct Send {
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
    tenant: Tenant,
}

impl Send {
    pub(super) async fn run(self, loaded: Loaded) -> Result<ExitCode, CommandError> {
        let call = Call {
            tenant: &self.tenant.tenant,
            method: Method::POST,
            path: "/v1/challenges".to_owned(),
            body: Some(json!({
                "purpose": self.purpose,
                "channel": self.channel,
                "to": self.to,
                "reference": self.reference,
                "locale": self.locale,
            })),
            done: "",
        };
        call.run(loaded).await
    }
}
