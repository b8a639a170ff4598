//! Settings of the ways out that need more than outgoing HTTP: only the native host has them.

use std::path::PathBuf;

use countersign_contract::Secret;
use schemars::JsonSchema;
use serde::Deserialize;

/// Writes codes to standard output, a line each.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsoleSettings {}

/// Appends codes to a file, a JSON object and a line each.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileSettings {
    /// The file. Made where it is absent, readable by its owner only.
    pub path: PathBuf,
}

/// Hands mail to a submission server.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SmtpSettings {
    /// The server's name, as its certificate has it, or its address.
    pub host: String,
    /// Its port. 465 with `tls = "tls"`, else 587, where it isn't said.
    #[schemars(range(min = 1, max = 65_535))]
    pub port: Option<u16>,
    /// How the connection is encrypted.
    #[serde(default)]
    pub tls: Tls,
    /// Whom to sign in as: with `password`, or neither.
    pub user: Option<String>,
    /// The user's password.
    pub password: Option<Secret<String>>,
    /// Who the mail is from: `Example <codes@example.com>`.
    pub from: String,
    /// Where replies go, where that isn't `from`.
    pub reply_to: Option<String>,
    /// Certificates (PEM) of the authorities that are trusted, in place of the public ones.
    pub ca_file: Option<PathBuf>,
    /// The name that we greet the server with. The domain of `from` where it isn't said.
    pub helo_name: Option<String>,
    /// Most connections at once, 1 to 100. Some servers allow an account only three.
    #[serde(default = "ten")]
    pub max_connections: u16,
}

/// How the connection to a mail server is encrypted.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Tls {
    /// Not at all: for servers on this machine only.
    None,
    /// From the first greeting on (RFC 3207): a server that doesn't offer it is not talked to.
    #[default]
    Starttls,
    /// From the first byte (RFC 8314).
    Tls,
}

fn ten() -> u16 {
    10
}

/// A way out of the native host's.
#[derive(Clone, Debug)]
pub enum NativeSettings<'a> {
    /// Writes codes to standard output.
    Console(&'a ConsoleSettings),
    /// Appends codes to a file.
    File(&'a FileSettings),
    /// Hands mail to a submission server.
    Smtp(&'a SmtpSettings),
}
