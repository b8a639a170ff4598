//! `[[purposes.<name>.limits]]`: how much passes in a window of time.

use countersign_contract::settings::{Activity, Limit};
use countersign_contract::types::Scope;
use schemars::JsonSchema;
use serde::Deserialize;

/// At most `max` of one activity by one scope in each window.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitSettings {
    /// By what it is counted. Limits by `ip` and `tenant` count the requests for all purposes of the tenant.
    pub scope: LimitScope,
    /// What is counted.
    pub on: Activity,
    /// How many pass in one window: 1 to 1,000,000,000.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub max: u32,
    /// Length of the window in seconds: 1 to 2,678,400 (31 days).
    #[schemars(range(min = 1, max = 2_678_400))]
    pub window_seconds: u32,
}

/// By what a limit counts.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "snake_case")]
pub enum LimitScope {
    /// One client address (IPv6: its /64 network).
    Ip,
    /// All requests for the purpose.
    Purpose,
    /// One recipient.
    Subject,
    /// All requests of the tenant.
    Tenant,
}

/// A window in which a purpose counts without refusing: a limit of another purpose needs the number.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Window {
    /// By what it is counted.
    pub scope: LimitScope,
    /// What is counted.
    pub on: Activity,
    /// Its length.
    pub window_seconds: u32,
}

impl From<&LimitSettings> for Window {
    fn from(limit: &LimitSettings) -> Self {
        Self { scope: limit.scope, on: limit.on, window_seconds: limit.window_seconds }
    }
}

impl From<LimitScope> for Scope {
    fn from(scope: LimitScope) -> Self {
        match scope {
            LimitScope::Ip => Self::Ip,
            LimitScope::Purpose => Self::Purpose,
            LimitScope::Subject => Self::Subject,
            LimitScope::Tenant => Self::Tenant,
        }
    }
}

impl From<&LimitSettings> for Limit {
    fn from(limit: &LimitSettings) -> Self {
        Self { max: Some(limit.max), ..Self::from(&Window::from(limit)) }
    }
}

impl From<&Window> for Limit {
    fn from(window: &Window) -> Self {
        let Window { scope, on, window_seconds } = *window;
        Self { scope: scope.into(), on, max: None, window_seconds }
    }
}
