//! The configuration: one TOML file, any value also from the environment, every mistake named by its place.
//!
//! Each section is a file of its own here or in the crate whose settings it holds. A secret `x` may stand in the file as
//! `x`, or in a file of its own as `x_file`. Relative paths start at the working directory. See [`environment`] for how variables are named.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use countersign_providers::{MessagesSettings, SendersSettings};
use countersign_settings::api_keys::ApiKeySettings;
use countersign_settings::problem::{Origin, Problem, Problems};
use countersign_settings::purposes::{PolicySettings, TenantSettings};
use schemars::JsonSchema;
use serde::Deserialize;
use zeroize::Zeroizing;

mod check;
mod delivery;
mod engine;
pub mod environment;
mod keys;
mod log;
mod rules;
mod schema;
mod secret_files;
mod server;
mod tree;

pub use self::delivery::DeliverySettings;
pub use self::engine::{EngineSettings, Isolation};
pub use self::keys::{KeysSettings, RingKey};
pub use self::log::{LogFormat, LogSettings};
pub use self::rules::Rules;
pub use self::schema::schema;
pub use self::server::{ForwardingHeader, Mode, ServerSettings};

use self::schema::Shape;
use self::tree::Tree;
use crate::stores::StoreSettings;

/// The file that is read where none is named.
pub const DEFAULT_FILE: &str = "countersign.toml";

/// What the operator decided.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "The configuration of countersign")]
pub struct Config {
    /// Where the HTTP surface listens and what it takes.
    #[serde(default)]
    pub server: ServerSettings,
    /// Where challenges and counts are kept: a SQLite file by default.
    #[serde(default)]
    pub store: StoreSettings,
    /// The component, and what a call of it may use.
    #[serde(default)]
    pub engine: EngineSettings,
    /// The keys: mandatory in production mode; in development mode made up for the life of the process where
    /// absent.
    pub keys: Option<KeysSettings>,
    /// Who may call the HTTP surface. Without any, it listens on loopback only and everybody there may.
    #[serde(default)]
    pub api_keys: Vec<ApiKeySettings>,
    /// The providers of each channel: `[senders.sms]`, or `[[senders.sms]]` for several, in the order in which they are
    /// tried.
    #[serde(default)]
    pub senders: SendersSettings,
    /// What messages say, and in which language.
    #[serde(default)]
    pub messages: MessagesSettings,
    /// What holds for all providers.
    #[serde(default)]
    pub delivery: DeliverySettings,
    /// The purposes of the tenant `default`, by name.
    #[serde(default)]
    pub purposes: BTreeMap<String, PolicySettings>,
    /// Further tenants, by name.
    #[serde(default)]
    pub tenants: BTreeMap<String, TenantSettings>,
    /// What the process says, and how.
    #[serde(default)]
    pub log: LogSettings,
}

/// A configuration that is in order as far as the host can tell; the engine has its word when it prepares.
#[derive(Debug)]
pub struct Loaded {
    /// The settings.
    pub config: Config,
    /// What the engine is told of them.
    pub rules: Rules,
    /// Whether the keys were made up for this process: nothing that it issues outlives it.
    pub ephemeral_keys: bool,
    /// What is allowed, and probably not meant.
    pub warnings: Vec<Problem>,
}

/// Reads `file`, or [`DEFAULT_FILE`] where none is named, and puts the settings of `variables` over it. The
/// default file may be absent where the environment holds settings.
///
/// # Errors
/// Everything that is wrong, each with its place.
pub fn load(
    file: Option<&Path>,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Loaded, Problems> {
    let variables: Vec<_> = variables.into_iter().collect();
    let mut tree = read(file, &variables)?;
    let shape = Shape::of_config();
    let mut problems = environment::apply(&mut tree, &shape, variables);
    problems.extend(secret_files::read_into(&mut tree, &shape));
    problems.extend(shape.problems(&tree.root));
    if !problems.is_empty() {
        return Err(located(&tree, problems));
    }
    let config = serde_path_to_error::deserialize(&tree.root).map_err(|error| {
        let path = error.path().to_string().replace('[', ".").replace(']', "");
        let problem = Problem::new(path.trim_matches('.'), error.inner().to_string());
        located(&tree, vec![problem])
    })?;
    check::settle(config)
        .map(|loaded| Loaded { warnings: located(&tree, loaded.warnings).0, ..loaded })
        .map_err(|problems| located(&tree, problems))
}

fn read(file: Option<&Path>, variables: &[(OsString, OsString)]) -> Result<Tree, Problem> {
    let path = file.map_or_else(|| PathBuf::from(DEFAULT_FILE), Path::to_owned);
    match std::fs::read_to_string(&path) {
        Ok(text) => Tree::parse(&path, &Zeroizing::new(text)),
        Err(error) => {
            let settings = variables.iter().any(|(name, value)| {
                name.to_str().is_some_and(|name| environment::is_setting(name, value))
            });
            let absent = error.kind() == std::io::ErrorKind::NotFound;
            if file.is_none() && absent && settings {
                return Ok(Tree::empty());
            }
            let text = format!("{} can't be read: {error}", path.display());
            Err(Problem::new("", text))
        }
    }
}

fn located(tree: &Tree, problems: Vec<Problem>) -> Problems {
    let place = |problem: Problem| match problem.origin {
        Origin::Anywhere if !problem.path.is_empty() => {
            Problem { origin: tree.origin(&problem.path), ..problem }
        }
        _ => problem,
    };
    Problems(problems.into_iter().map(place).collect())
}

#[cfg(test)]
mod tests;
