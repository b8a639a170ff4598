//! `[[purposes.<name>.limits]]`: how much passes in a window of time, and what other purposes have to count for it.

use std::collections::BTreeSet;

use countersign_contract::settings::{Activity, Limit};
use countersign_contract::types::{Channel, Scope};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::problem::Problem;
use crate::purposes::{PolicySettings, Purposes};

/// Limits of one purpose, and windows that it counts for the tenant's other purposes.
const MAX_LIMITS: usize = 8;

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

/// Has every purpose of a tenant count for the limits by `ip` and `tenant` of the others, whose windows may differ from
/// its own.
pub(crate) fn share(purposes: &mut Purposes, problems: &mut Vec<Problem>) {
    let mut shared = BTreeSet::new();
    for ((tenant, _), (_, policy)) in purposes.iter() {
        let windows = policy.limits.iter().map(Window::from);
        let windows = windows.filter(|window| is_shared(window.scope));
        shared.extend(windows.map(|window| (tenant.clone(), window)));
    }
    for ((tenant, _), (path, policy)) in purposes {
        if policy.limits.len() > MAX_LIMITS {
            let text = format!("has to hold at most {MAX_LIMITS} limits");
            problems.push(Problem::new(format!("{path}.limits"), text));
        }
        let own: Vec<Window> = policy.limits.iter().map(Window::from).collect();
        policy.counted = shared
            .iter()
            .filter(|(other, window)| other == tenant && !own.contains(window))
            .map(|(_, window)| *window)
            .collect();
        if policy.counted.len() > MAX_LIMITS {
            let text = format!(
                "the other purposes of the tenant have {} different windows for `ip` and `tenant`, \
                 but at most {MAX_LIMITS} can be counted: use the same `window_seconds` in all of them",
                policy.counted.len()
            );
            problems.push(Problem::new(format!("{path}.limits"), text));
        }
    }
}

const fn is_shared(scope: LimitScope) -> bool {
    matches!(scope, LimitScope::Ip | LimitScope::Tenant)
}

/// What could run up a bill: purposes with a channel that costs money per message, and no limit on what is sent by it.
#[must_use]
pub fn warnings(purposes: &Purposes) -> Vec<Problem> {
    purposes.values().filter_map(|(path, policy)| unlimited(path, policy)).collect()
}

fn unlimited(path: &str, policy: &PolicySettings) -> Option<Problem> {
    let channel = policy.channels.iter().find(|channel| costs_money(**channel))?;
    let is_limited = |scope| {
        policy.limits.iter().any(|limit| limit.on == Activity::Send && limit.scope == scope)
    };
    let scopes =
        [(LimitScope::Subject, "subject"), (LimitScope::Ip, "ip"), (LimitScope::Tenant, "tenant")];
    let missing: Vec<String> = scopes
        .into_iter()
        .filter(|(scope, _)| !is_limited(*scope))
        .map(|(_, name)| format!("`{name}`"))
        .collect();
    let (last, first) = missing.split_last()?;
    let missing =
        if first.is_empty() { last.clone() } else { format!("{} and {last}", first.join(", ")) };
    let text = format!(
        "each message by `{}` costs money, but nothing limits how many are sent per {missing}: \
         add limits with `on = \"send\"`",
        channel.as_str()
    );
    Some(Problem::new(format!("{path}.limits"), text))
}

const fn costs_money(channel: Channel) -> bool {
    match channel {
        Channel::Sms | Channel::Voice | Channel::Whatsapp => true,
        Channel::Email | Channel::Webhook => false,
    }
}

#[cfg(test)]
mod tests;
