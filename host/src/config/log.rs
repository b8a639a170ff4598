//! `[log]`: what the process says, and how.

use schemars::JsonSchema;
use serde::Deserialize;

/// What the process says, and how. Lines go to standard error.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LogSettings {
    /// For people or for machines: `text` by default.
    pub format: LogFormat,
    /// What is logged, as `tracing_subscriber::EnvFilter` reads it: `info` by default, `info,countersign=debug`.
    pub filter: String,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self { format: LogFormat::Text, filter: "info".to_owned() }
    }
}

/// How a line is written.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// One JSON object per line.
    Json,
    /// One readable line each.
    Text,
}
