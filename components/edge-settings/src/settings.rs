//! The variables of the edge app, what each has to be, and what is made of them.
//!
//! | variable | holds | where absent or empty |
//! |---|---|---|
//! | `mode` | `production` or `development` | `production` |
//! | `keys_index` | secret: 32 bytes, base64url or hexadecimal | refused |
//! | `keys_ring` | secret: `name=key`, separated by spaces, at most 8; the first is used for what is new | refused |
//! | `policies` | `[purposes.<name>]`, `[tenants.<name>.purposes.<name>]` | refused |
//! | `api_keys` | `[[api_keys]]` | refused in production; in development every client may call |
//! | `senders` | secret: a table, or a list of them, for each channel | no channel can be used; in development codes go to the log |
//! | `messages` | `[messages]`: what messages say | the built-in words |
//! | `sender_origin`, `second_sender_origin` … [`ORIGINS`] | the only origins that the app may call | not checked here |
//! | `public_url` | where providers reach the app: `https://otp.example.com` | providers report nothing |
//! | `client_address_header` | the header whose last value is the client's address | on Spin its own; over other hosts none |
//!
//! Documents are TOML or JSON, in the words of the native host's configuration file.

use std::collections::BTreeMap;

use countersign_contract::Secret;
use countersign_settings::api_keys::{self, ApiKeySettings};
use countersign_settings::costs;
use countersign_settings::keys::{check_ring, decode_key};
use countersign_settings::policy::PolicySettings;
use countersign_settings::problem::Problem;
use countersign_settings::purposes::{Purposes, TenantSettings, gather};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::text;

/// The variables that name the origins of providers. The manifest that ships has the first three; an operator may add
/// the others to it.
pub const ORIGINS: [&str; 8] = [
    "sender_origin",
    "second_sender_origin",
    "third_sender_origin",
    "fourth_sender_origin",
    "fifth_sender_origin",
    "sixth_sender_origin",
    "seventh_sender_origin",
    "eighth_sender_origin",
];

/// The value of the variable of that name; nothing where there is none.
pub type Variable<'a> = dyn Fn(&str) -> Result<Option<String>, String> + 'a;

/// How codes leave.
#[derive(Debug)]
pub enum Senders {
    /// To the log: in development, where no sender is set up.
    Console,
    /// By providers: a JSON object with the members `senders`, `messages` and `public_url`, each as the operator gave it or
    /// null, and `origins`, an object of the variables that name the only origins which may be called, or null; as
    /// `countersign-providers` reads it.
    Providers(Secret<String>),
}

/// Settings that can be used.
#[derive(Debug)]
pub struct Settings {
    /// Policies by tenant and purpose, each with its path.
    pub policies: Purposes,
    /// The index key: 32 bytes.
    pub index: Secret<Vec<u8>>,
    /// The ring: names and keys of 32 bytes.
    pub ring: Vec<(String, Secret<Vec<u8>>)>,
    /// Who may call; nothing in development mode where no key is set: every client may.
    pub api_keys: Option<Vec<ApiKeySettings>>,
    /// How codes leave.
    pub senders: Senders,
    /// The header whose last value is the client's address, where the operator named one.
    pub client_address_header: Option<String>,
    /// What may be a mistake: in production only.
    pub warnings: Vec<Problem>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Policies {
    #[serde(default)]
    purposes: BTreeMap<String, PolicySettings>,
    #[serde(default)]
    tenants: BTreeMap<String, TenantSettings>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ApiKeys {
    api_keys: Vec<ApiKeySettings>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Mode {
    Development,
    Production,
}

/// Reads every variable.
///
/// # Errors
/// Everything that is wrong with them, each with the variable's name. No value is repeated.
pub fn read(variable: &Variable<'_>) -> Result<Settings, Vec<Problem>> {
    let mut reader = Reader { variable, problems: Vec::new() };
    let mode = reader.mode();
    let index = reader.index();
    let ring = reader.ring();
    let policies = reader.policies();
    let api_keys = reader.api_keys(mode, policies.as_ref());
    let senders = reader.senders(mode);
    let client_address_header = reader.client_address_header();
    match (index, ring, policies) {
        (Some(index), Some(ring), Some(policies)) if reader.problems.is_empty() => {
            let warnings = match mode {
                Mode::Production => costs::warnings(&policies),
                Mode::Development => Vec::new(),
            };
            Ok(Settings {
                policies,
                index,
                ring,
                api_keys,
                senders,
                client_address_header,
                warnings,
            })
        }
        _ => Err(reader.problems),
    }
}

struct Reader<'a> {
    variable: &'a Variable<'a>,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    /// A variable that says something.
    fn text(&mut self, name: &str) -> Option<Secret<String>> {
        match (self.variable)(name) {
            Ok(text) => text.filter(|text| !text.trim().is_empty()).map(Secret::new),
            Err(error) => {
                self.problems.push(Problem::new(name, format!("can't be read: {error}")));
                None
            }
        }
    }

    fn client_address_header(&mut self) -> Option<String> {
        let name = "client_address_header";
        let header = self.text(name)?.expose().trim().to_ascii_lowercase();
        let fits = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if header.as_bytes().iter().all(fits) {
            return Some(header);
        }
        self.problems.push(Problem::new(name, "is no header's name"));
        None
    }

    fn required(&mut self, name: &str, what: &str) -> Option<Secret<String>> {
        let before = self.problems.len();
        let text = self.text(name);
        if text.is_none() && self.problems.len() == before {
            self.problems.push(Problem::new(name, format!("missing: {what}")));
        }
        text
    }

    fn kept<T>(&mut self, result: Result<T, Problem>) -> Option<T> {
        result.map_err(|problem| self.problems.push(problem)).ok()
    }

    fn mode(&mut self) -> Mode {
        match self.text("mode").as_ref().map(|text| text.expose().trim()) {
            None | Some("production") => Mode::Production,
            Some("development") => Mode::Development,
            Some(_) => {
                let text = "has to be `production` or `development`";
                self.problems.push(Problem::new("mode", text));
                Mode::Production
            }
        }
    }

    fn index(&mut self) -> Option<Secret<Vec<u8>>> {
        let text = self.required("keys_index", "`countersign key generate` makes one")?;
        self.kept(decode_key("keys_index", &text))
    }

    fn ring(&mut self) -> Option<Vec<(String, Secret<Vec<u8>>)>> {
        let text = self.required("keys_ring", "`name=key`, the current one first")?;
        let mut ring = Vec::new();
        for (number, word) in text.expose().split_whitespace().enumerate() {
            let path = format!("keys_ring.{number}");
            let Some((name, key)) = word.split_once('=') else {
                self.problems.push(Problem::new(path, "has to be `name=key`"));
                continue;
            };
            let key = self.kept(decode_key(&path, &Secret::new(key.to_owned())));
            ring.extend(key.map(|key| (name.to_owned(), key)));
        }
        if self.problems.iter().all(|problem| !problem.path.starts_with("keys_ring")) {
            let names = ring.iter().map(|(name, _)| name.as_str());
            check_ring("keys_ring", names, &mut self.problems);
        }
        Some(ring)
    }

    fn policies(&mut self) -> Option<Purposes> {
        let text = self.required("policies", "at least one `[purposes.<name>]`")?;
        let policies: Policies = self.kept(text::read("policies", text.expose()))?;
        Some(gather(&policies.purposes, &policies.tenants, &mut self.problems))
    }

    fn api_keys(&mut self, mode: Mode, purposes: Option<&Purposes>) -> Option<Vec<ApiKeySettings>> {
        let Some(text) = self.text("api_keys") else {
            if mode == Mode::Production && self.problems.iter().all(|p| p.path != "api_keys") {
                let text = "missing: every client could ask for codes; `countersign key generate --api` makes one";
                self.problems.push(Problem::new("api_keys", text));
            }
            return None;
        };
        let keys: ApiKeys = self.kept(text::read("api_keys", text.expose()))?;
        if keys.api_keys.is_empty() {
            self.problems.push(Problem::new("api_keys", "has to hold at least one key"));
        }
        if let Some(purposes) = purposes {
            api_keys::check("api_keys", &keys.api_keys, purposes, &mut self.problems);
        }
        Some(keys.api_keys)
    }

    /// What the sender is told. What it says means something to the sender alone, which is asked as well.
    fn senders(&mut self, mode: Mode) -> Senders {
        let senders = self.document("senders");
        let messages = self.document("messages");
        let public_url = self.text("public_url").map(|url| url.expose().trim().to_owned());
        if senders.is_null() && mode == Mode::Development {
            return Senders::Console;
        }
        let origins = self.origins();
        let document = json!({
            "senders": senders,
            "messages": messages,
            "public_url": public_url,
            "origins": origins,
        });
        Senders::Providers(Secret::new(document.to_string()))
    }

    /// The origins by the variables' names; nothing where the manifest gives the app none of them.
    fn origins(&mut self) -> Option<Map<String, Value>> {
        let mut origins = Map::new();
        for name in ORIGINS {
            match (self.variable)(name) {
                Ok(Some(text)) => drop(origins.insert(name.to_owned(), json!(text))),
                Ok(None) => {}
                Err(error) => {
                    self.problems.push(Problem::new(name, format!("can't be read: {error}")));
                }
            }
        }
        (!origins.is_empty()).then_some(origins)
    }

    /// A variable that holds a document of any shape; null where it says nothing.
    fn document(&mut self, name: &str) -> Value {
        let text = self.text(name);
        let value = text.and_then(|text| self.kept(text::value(name, text.expose())));
        value.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
