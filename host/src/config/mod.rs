//! The configuration: one TOML file, any value also from the environment, every mistake named by its place.
//!
//! Each section is a file of its own here or in the crate whose settings it holds. A secret `x` may stand in the file as
//! `x`, or in a file of its own as `x_file`. Relative paths start at the working directory. See [`environment`] for how variables are named.
//!
//! `figment` and `config` stop at the first mistake that serde finds and repeat the value, which may be a secret. Here all
//! mistakes are told at once, each with its line of the file, and a misspelt name with the one that was meant.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use countersign_settings::problem::{Problem, Problems};
use countersign_settings::purposes;
use zeroize::Zeroizing;

mod check;
mod delivery;
mod doubts;
mod engine;
pub mod environment;
mod keys;
mod listen;
mod loaded;
mod log;
mod nearest;
mod places;
mod proxies;
mod rules;
mod schema;
mod secret_files;
mod secrets;
mod sections;
mod server;
mod tree;
mod unknown_variable;
mod values;

pub use self::delivery::DeliverySettings;
pub use self::engine::{BuiltIn, EngineSettings, Isolation};
pub use self::keys::{KeysSettings, RingKey};
pub use self::listen::{Listen, NotAnAddress};
pub use self::loaded::Loaded;
pub use self::log::{LogFormat, LogSettings};
pub use self::places::Places;
pub use self::rules::Rules;
pub use self::schema::schema;
pub use self::sections::Config;
pub use self::server::{ForwardingHeader, Mode, ServerSettings};

use self::doubts::Doubts;
use self::schema::Shape;
use self::tree::Tree;

/// The file that is read where none is named.
pub const DEFAULT_FILE: &str = "countersign.toml";

/// What is said where there is no configuration at all: the first command works as it stands.
const MISSING: &str = "there is no configuration: no countersign.toml here, and no COUNTERSIGN_… variable with a setting
  to try it, in memory:  env COUNTERSIGN_SERVER__MODE=development COUNTERSIGN_STORE__TYPE=memory COUNTERSIGN_SENDERS__SMS__TYPE=console COUNTERSIGN_PURPOSES__LOGIN__CHANNELS='[\"sms\"]' countersign serve
  to use a file:         countersign --config FILE config check";

/// A configuration that can't be used.
#[derive(Debug)]
pub struct Rejected {
    problems: Vec<Problem>,
    places: Places,
    doubts: Doubts,
    /// What is in order, so that providers and engine can say what else is wrong; nothing where the file can't be read.
    pub rest: Option<Box<Loaded>>,
}

impl Rejected {
    /// Every problem with its place, and the `more` that were found in the rest.
    #[must_use]
    pub fn located(mut self, more: Vec<Problem>) -> Problems {
        let doubts = self.doubts;
        self.problems.extend(more.into_iter().filter(|problem| !doubts.cover(&problem.path)));
        self.places.locate(self.problems)
    }
}

impl From<Problems> for Rejected {
    fn from(Problems(problems): Problems) -> Self {
        Self { problems, places: Places::default(), doubts: Doubts::default(), rest: None }
    }
}

/// Reads `file`, or [`DEFAULT_FILE`] where none is named, and puts the settings of `variables` over it. The
/// default file may be absent where the environment holds settings.
///
/// # Errors
/// Everything that is wrong.
pub fn load(
    file: Option<&Path>,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Loaded, Box<Rejected>> {
    let variables: Vec<_> = variables.into_iter().collect();
    let mut tree = read(file, &variables).map_err(Rejected::from)?;
    let shape = Shape::of_config();
    let mut warnings = Vec::new();
    let mut problems = environment::apply(&mut tree, &shape, variables);
    let exposed = secret_files::exposed(&tree, &shape);
    problems.extend(secret_files::read_into(&mut tree, &shape, &mut warnings));
    problems.extend(shape.problems(&tree.root));
    let doubts = Doubts::new(&problems, shape.sections());
    doubts.take_out(&mut tree.root);
    let places = std::mem::take(&mut tree.places);
    let config: Config = loop {
        let error = match serde_path_to_error::deserialize(&tree.root) {
            Ok(config) => break config,
            Err(error) => error,
        };
        let path = error.path().to_string().replace('[', ".").replace(']', "");
        let path = path.trim_matches('.').to_owned();
        // Something that has to be there was taken out: its table goes as well.
        if !problems.is_empty() && doubts.cover(&path) && doubts::remove(&mut tree.root, &path) {
            continue;
        }
        // The schema finds what is wrong, and says it better; this is for what it can't say.
        problems.push(Problem::new(path, error.inner().to_string()));
        return Err(Box::new(Rejected { problems, places, doubts, rest: None }));
    };
    if config.server.mode == Mode::Production {
        warnings.extend(exposed.clone());
    }
    let (loaded, more) = check::settle(config, &doubts);
    problems.extend(more.into_iter().filter(|problem| !doubts.cover(&problem.path)));
    let loaded = loaded.map(|loaded| Loaded {
        warnings: places.locate(warnings.into_iter().chain(loaded.warnings)).0,
        exposed: exposed.clone(),
        places: places.clone(),
        ..loaded
    });
    match loaded {
        Some(loaded) if problems.is_empty() => Ok(loaded),
        loaded => {
            let rest = loaded.map(|mut loaded| {
                // What is doubted can't be asked about.
                let is_whole = |(tenant, purpose): &(String, String)| {
                    !doubts.cover(&purposes::path(tenant, purpose))
                };
                loaded.rules.policies.retain(|name, _| is_whole(name));
                Box::new(loaded)
            });
            Err(Box::new(Rejected { problems, places, doubts, rest }))
        }
    }
}

fn read(file: Option<&Path>, variables: &[(OsString, OsString)]) -> Result<Tree, Problems> {
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
            let text = if file.is_none() && absent {
                MISSING.to_owned()
            } else {
                format!("{} can't be read: {error}", path.display())
            };
            Err(Problem::new("", text).into())
        }
    }
}

#[cfg(test)]
mod tests;
