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
    /// Degraded where one of the dependencies is.
    #[must_use]
    pub fn of(dependencies: Vec<Dependency>) -> Self {
        let is_degraded = |dependency: &Dependency| dependency.condition == Condition::Degraded;
        Self { degraded: dependencies.iter().any(is_degraded), dependencies }
    }

    /// Whether requests can be served.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.dependencies.iter().all(|dependency| dependency.condition != Condition::Failed)
    }

    /// The same for those who need not know more than whether it works: no figures, and one entry `providers`, as bad
    /// as the worst, for all providers.
    pub(crate) fn without_details(self) -> Self {
        let is_provider = |dependency: &Dependency| dependency.name.starts_with(PROVIDER);
        let (providers, mut dependencies): (Vec<_>, Vec<_>) =
            self.dependencies.into_iter().partition(is_provider);
        for dependency in &mut dependencies {
            *dependency =
                Dependency::new(std::mem::take(&mut dependency.name), dependency.condition);
        }
        let worst = |conditions: &[Condition]| {
            let is = |wanted| providers.iter().any(|provider| provider.condition == wanted);
            conditions.iter().copied().find(|condition| is(*condition))
        };
        if let Some(condition) = worst(&[Condition::Failed, Condition::Degraded, Condition::Ok]) {
            dependencies.push(Dependency::new("providers", condition));
        }
        Self { degraded: self.degraded, dependencies }
    }
}

/// What the names of providers begin with.
pub const PROVIDER: &str = "provider ";

/// One thing that the service depends on. All but name and status is shown only to those who have an API key.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Dependency {
    /// Its name: `store`, `fallback_store`, `clock`, `keys`, `process`, `provider sms-eskiz`. Without an API key all
    /// providers are one, `providers`.
    pub name: String,
    /// How it is.
    #[serde(rename = "status")]
    pub condition: Condition,
    /// Of a store: milliseconds that the latest write took which showed that it works.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<u64>,
    /// Of a store, where there are two: whether it is the one in use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_use: Option<bool>,
    /// Of `fallback_store`: how often another store came into use under this process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub switches: Option<u64>,
    /// Of `fallback_store`: seconds since another store last came into use; absent where none has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub switched_seconds_ago: Option<u64>,
    /// Of `store`: what it says of its data's generation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generation: Option<Generation>,
    /// Of `clock`: how far this machine's clock is from the store's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skew: Option<Skew>,
}

impl Dependency {
    /// One of which nothing more is to be said.
    #[must_use]
    pub fn new(name: impl Into<String>, condition: Condition) -> Self {
        Self {
            name: name.into(),
            condition,
            latency_ms: None,
            in_use: None,
            switches: None,
            switched_seconds_ago: None,
            generation: None,
            skew: None,
        }
    }
}

/// What a store says of its data's generation: another one means that the data may have gone back to an earlier state,
/// and that codes issued before are refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Generation {
    /// Whether it is known.
    pub state: GenerationState,
    /// How often it has changed under this process.
    pub changes: u64,
    /// Seconds since it last changed; absent where it has not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed_seconds_ago: Option<u64>,
}

/// Whether a store's generation is known.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub enum GenerationState {
    /// It is, and codes of another one are refused.
    Known,
    /// The store doesn't say: every code is accepted.
    NotTold,
    /// The operator trusts the store (`store.after_restart`): nothing is asked, and every code is accepted.
    Trusted,
}

/// How far two clocks are apart.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Skew {
    /// Whether it is known.
    pub state: SkewState,
    /// Whole seconds by which this machine's clock is ahead; negative where it is behind. Absent where not measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<i64>,
}

/// Whether the distance of two clocks is known.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub enum SkewState {
    /// It is.
    Measured,
    /// The store has no clock of its own, or doesn't tell the time.
    NotMeasured,
}

/// How a dependency is.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub enum Condition {
    /// It failed of late and is left alone for a while: what hangs on it alone doesn't work now. Or another one stands
    /// in for it. Or it works, and needs an operator soon.
    Degraded,
    /// It does not work; why is in the log.
    Failed,
    /// It works.
    Ok,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_see_neither_names_nor_figures() {
        let mut clock = Dependency::new("clock", Condition::Degraded);
        clock.skew = Some(Skew { state: SkewState::Measured, seconds: Some(12) });
        let mut store = Dependency::new("store", Condition::Ok);
        store.generation = Some(Generation {
            state: GenerationState::Known,
            changes: 1,
            changed_seconds_ago: Some(2),
        });
        let provider = |name, condition| Dependency::new(format!("provider {name}"), condition);
        let providers = [provider("a", Condition::Ok), provider("b", Condition::Degraded)];
        let dependencies = [store, clock].into_iter().chain(providers).collect();
        let shown = Readiness { degraded: true, dependencies }.without_details();
        let shown = serde_json::to_value(&shown.dependencies).unwrap();
        let expected = serde_json::json!([
            { "name": "store", "status": "ok" },
            { "name": "clock", "status": "degraded" },
            { "name": "providers", "status": "degraded" },
        ]);
        assert_eq!(shown, expected);
    }
}
