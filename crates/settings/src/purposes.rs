//! The purposes of all tenants, `[purposes.<name>]` and `[tenants.<tenant>.purposes.<name>]`, and what they count for
//! each other.

use std::collections::{BTreeMap, BTreeSet};

use countersign_contract::names::{MAX_NAME, is_name};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::limits::{LimitScope, Window};
use crate::policy::PolicySettings;
use crate::problem::Problem;

/// Limits of one purpose, and windows that it counts for the tenant's other purposes.
const MAX_LIMITS: usize = 8;

/// The tenant where there is only one.
pub const DEFAULT_TENANT: &str = "default";

/// One tenant beside `default`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TenantSettings {
    /// Its purposes.
    pub purposes: BTreeMap<String, PolicySettings>,
}

/// The path of a purpose's settings. Those of the tenant `default` stand at the top.
#[must_use]
pub fn path(tenant: &str, purpose: &str) -> String {
    match tenant {
        DEFAULT_TENANT => format!("purposes.{purpose}"),
        _ => format!("tenants.{tenant}.purposes.{purpose}"),
    }
}

/// Policies by tenant and purpose, each with its path.
pub type Purposes = BTreeMap<(String, String), (String, PolicySettings)>;

/// Gathers the purposes of all tenants, and finds what is wrong with their names and between them.
pub fn gather(
    own: &BTreeMap<String, PolicySettings>,
    tenants: &BTreeMap<String, TenantSettings>,
    problems: &mut Vec<Problem>,
) -> Purposes {
    let mut purposes = Purposes::new();
    let own = own.iter().map(|(purpose, policy)| {
        (DEFAULT_TENANT.to_owned(), purpose, format!("purposes.{purpose}"), policy)
    });
    let others = tenants.iter().flat_map(|(tenant, settings)| {
        settings.purposes.iter().map(move |(purpose, policy)| {
            (tenant.clone(), purpose, format!("tenants.{tenant}.purposes.{purpose}"), policy)
        })
    });
    for (tenant, purpose, path, policy) in own.chain(others) {
        if !is_name(purpose, MAX_NAME) || !is_name(&tenant, MAX_NAME) {
            let text = "a name has to be 1 to 64 characters of `a-z`, `0-9`, `_` and `-`";
            problems.push(Problem::new(path.clone(), text));
        }
        let earlier = purposes.insert((tenant, purpose.clone()), (path.clone(), policy.clone()));
        if let Some((earlier, _)) = earlier {
            let text = format!("given twice: `{earlier}` is the same");
            problems.push(Problem::new(path, text));
        }
    }
    if purposes.is_empty() {
        let text = "no purpose is set: add a table `[purposes.login]` with `channels`";
        problems.push(Problem::new("", text));
    }
    share_windows(&mut purposes, problems);
    purposes
}

/// Has every purpose of a tenant count for the limits by `ip` and `tenant` of the others, whose windows may differ from
/// its own.
fn share_windows(purposes: &mut Purposes, problems: &mut Vec<Problem>) {
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

#[cfg(test)]
mod tests;
