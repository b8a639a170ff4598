//! Whether the service is ready to work.

use std::future::Future;

use serde::Serialize;

/// Knows the state of what the service depends on.
pub trait Health: Clone + Send + Sync + 'static {
    /// Asks each dependency. Must answer within a few seconds: it has deadlines of its own.
    fn ready(&self) -> impl Future<Output = Readiness> + Send;
}

/// What the service depends on, and how that is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Readiness {
    /// Works, but not as configured: a fallback has taken over, or something is degraded. The service is ready all the
    /// same.
    pub degraded: bool,
    /// Each dependency. The service is ready where none has failed.
    pub dependencies: Vec<Dependency>,
}

impl Readiness {
    /// Whether requests can be served.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.dependencies.iter().all(|dependency| dependency.condition != Condition::Failed)
    }

    /// The same for those who need not know which providers there are: one entry `providers`, as
    /// bad as the worst.
    pub(crate) fn without_names(self) -> Self {
        let is_provider = |dependency: &Dependency| dependency.name.starts_with(PROVIDER);
        let (providers, mut dependencies): (Vec<_>, Vec<_>) =
            self.dependencies.into_iter().partition(is_provider);
        let worst = |conditions: &[Condition]| {
            let is = |wanted| providers.iter().any(|provider| provider.condition == wanted);
            conditions.iter().copied().find(|condition| is(*condition))
        };
        if let Some(condition) = worst(&[Condition::Failed, Condition::Degraded, Condition::Ok]) {
            dependencies.push(Dependency { name: "providers".to_owned(), condition });
        }
        Self { degraded: self.degraded, dependencies }
    }
}

/// What the names of providers begin with.
const PROVIDER: &str = "provider ";

/// One thing that the service depends on.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Dependency {
    /// Its name: `store`, `process`, `keys`, `provider sms-eskiz`. Without an API key all providers
    /// are one, `providers`.
    pub name: String,
    /// How it is.
    #[serde(rename = "status")]
    pub condition: Condition,
}

/// How a dependency is.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub enum Condition {
    /// It failed of late and is left alone for a while: what hangs on it alone doesn't work now.
    Degraded,
    /// It does not work; why is in the log.
    Failed,
    /// It works.
    Ok,
}
