//! `[engine]`: the component, and what a call of it may use.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

/// The component, and what a call of it may use.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EngineSettings {
    /// The file of another component than the one inside the binary.
    pub component: Option<PathBuf>,
    /// The component inside the binary.
    #[serde(skip)]
    #[schemars(skip)]
    pub built_in: BuiltIn,
    /// The directory that keeps the component's native code, so that only the first start compiles it:
    /// `$XDG_CACHE_HOME/countersign` or `~/.cache/countersign` by default. What lies there is executed: no other user
    /// may be able to write to it.
    pub cache_directory: Option<PathBuf>,
    /// Whether native code is neither looked for nor kept.
    #[serde(skip)]
    #[schemars(skip)]
    pub without_cache: bool,
    /// Whether calls share instances: `pooled` by default.
    pub isolation: Isolation,
    /// Instances alive at once, 256 by default; a call that finds none free waits.
    #[schemars(range(min = 1, max = 10_000))]
    pub max_instances: u32,
    /// Memory that one instance may use, in MiB, 16 by default.
    #[schemars(range(min = 1, max = 1024))]
    pub memory_mib: u32,
    /// Seconds that one call may take, 25 by default, waiting for the store and the provider included.
    #[schemars(range(min = 1, max = 120))]
    pub call_deadline_seconds: u32,
    /// Calls after which a pooled instance is replaced, 10,000 by default.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub calls_per_instance: u32,
}

impl Default for EngineSettings {
    fn default() -> Self {
        Self {
            component: None,
            built_in: BuiltIn::default(),
            cache_directory: None,
            without_cache: false,
            isolation: Isolation::Pooled,
            max_instances: 256,
            memory_mib: 16,
            call_deadline_seconds: 25,
            calls_per_instance: 10_000,
        }
    }
}

impl EngineSettings {
    /// The directory for native code. Nothing where it isn't set and the user has no home: then every start
    /// compiles.
    #[must_use]
    pub fn cache_path(&self) -> Option<PathBuf> {
        if self.without_cache {
            return None;
        }
        self.cache_directory.clone().or_else(|| {
            let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
            let caches = set("XDG_CACHE_HOME")
                .map(PathBuf::from)
                .or_else(|| Some(PathBuf::from(set("HOME")?).join(".cache")))?;
            Some(caches.join("countersign"))
        })
    }

    /// How long one call may take.
    #[must_use]
    pub fn call_deadline(&self) -> Duration {
        Duration::from_secs(self.call_deadline_seconds.into())
    }
}

/// The component inside the binary: nothing where it was built without one.
#[derive(Clone, Copy, Default)]
pub struct BuiltIn(pub Option<&'static [u8]>);

impl fmt::Debug for BuiltIn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("BuiltIn").field(&self.0.map(<[u8]>::len)).finish()
    }
}

/// Whether calls share instances.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Isolation {
    /// Each call gets an instance of its own, that nothing ran in before.
    Fresh,
    /// Instances serve one call after another, and are dropped when one fails.
    Pooled,
}
