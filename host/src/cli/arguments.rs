//! Arguments that several commands have.

use clap::Args;
use serde_json::{Value, json};

use super::output::Output;

/// Which challenge: the latest of a recipient, or by id.
#[derive(Args, Debug)]
pub(super) struct ChallengeArguments {
    /// What the code is for
    #[arg(required_unless_present = "id", conflicts_with = "id")]
    pub(super) purpose: Option<String>,
    /// A phone number or a mail address
    #[arg(required_unless_present = "id", conflicts_with = "id")]
    pub(super) to: Option<String>,
    /// The challenge's id, in place of purpose and recipient
    #[arg(long)]
    pub(super) id: Option<String>,
}

impl ChallengeArguments {
    /// The recipient, as the HTTP surface wants it.
    pub(super) fn addressee(&self) -> Value {
        json!({ "purpose": self.purpose, "to": self.to })
    }
}

/// What all commands on challenges have in common.
#[derive(Args, Debug)]
pub(super) struct CommonArguments {
    /// The tenant
    #[arg(long, default_value = "default")]
    pub(super) tenant: String,
    /// How the answer is printed
    #[arg(long, value_enum, default_value_t)]
    pub(super) output: Output,
}
