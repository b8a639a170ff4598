//! What could run up a bill.

use countersign_contract::settings::Activity;
use countersign_contract::types::Channel;

use crate::limits::LimitScope;
use crate::policy::PolicySettings;
use crate::problem::Problem;
use crate::purposes::Purposes;

/// Purposes with a channel that costs money per message, and no limit on what is sent by it.
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
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::purposes::gather;

    fn read(policies: &str) -> BTreeMap<String, PolicySettings> {
        serde_json::from_str(policies).unwrap()
    }

    fn limit(scope: &str, on: &str, window: u32) -> String {
        format!(r#"{{"scope":"{scope}","on":"{on}","max":5,"window_seconds":{window}}}"#)
    }

    fn policy(channel: &str, limits: &[String]) -> String {
        format!(r#"{{"channels":["{channel}"],"limits":[{}]}}"#, limits.join(","))
    }

    #[test]
    fn a_channel_that_costs_money_is_limited_in_three_ways_or_warned_of() {
        let texts = |own: &str| {
            let purposes = gather(&read(own), &BTreeMap::new(), &mut Vec::new());
            warnings(&purposes).iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let all = ["subject", "ip", "tenant"].map(|scope| limit(scope, "send", 60));
        for channel in ["sms", "voice", "whatsapp"] {
            assert!(texts(&format!(r#"{{"a":{}}}"#, policy(channel, &all))).is_empty());
            let warned = texts(&format!(r#"{{"a":{}}}"#, policy(channel, &[])));
            assert_eq!(warned.len(), 1);
            assert!(warned[0].contains("per `subject`, `ip` and `tenant`"), "{warned:?}");
            assert!(warned[0].contains("purposes.a.limits"), "{warned:?}");
        }
        for missing in 0..3 {
            let mut limits = all.to_vec();
            // A limit on what is verified doesn't bound what is sent.
            limits[missing] = limits[missing].replace("send", "verify");
            let warned = texts(&format!(r#"{{"a":{}}}"#, policy("sms", &limits)));
            let name = ["subject", "ip", "tenant"][missing];
            assert!(warned[0].contains(&format!("per `{name}`:")), "{warned:?}");
        }
        for channel in ["email", "webhook"] {
            assert!(texts(&format!(r#"{{"a":{}}}"#, policy(channel, &[]))).is_empty());
        }
    }
}
