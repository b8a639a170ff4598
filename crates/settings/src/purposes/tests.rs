use countersign_contract::settings::Activity;

use super::*;

fn read(policies: &str) -> BTreeMap<String, PolicySettings> {
    serde_json::from_str(policies).unwrap()
}

fn limit(scope: &str, on: &str, window: u32) -> String {
    format!(r#"{{"scope":"{scope}","on":"{on}","max":5,"window_seconds":{window}}}"#)
}

fn policy(channel: &str, limits: &[String]) -> String {
    format!(r#"{{"channels":["{channel}"],"limits":[{}]}}"#, limits.join(","))
}

fn window(scope: LimitScope, on: Activity, window_seconds: u32) -> Window {
    Window { scope, on, window_seconds }
}

#[test]
fn every_purpose_counts_for_the_limits_by_ip_and_tenant_of_its_tenant() {
    let login = policy(
        "sms",
        &[limit("ip", "send", 3_600), limit("subject", "send", 60), limit("tenant", "verify", 60)],
    );
    let pay = policy("sms", &[limit("ip", "send", 86_400), limit("purpose", "send", 10)]);
    let own = read(&format!(r#"{{"login":{login},"pay":{pay},"mail":{}}}"#, policy("email", &[])));
    let shop = TenantSettings { purposes: read(&format!(r#"{{"buy":{}}}"#, policy("sms", &[]))) };
    let mut problems = Vec::new();
    let purposes = gather(&own, &BTreeMap::from([("shop".to_owned(), shop)]), &mut problems);
    assert!(problems.is_empty(), "{problems:?}");
    let counted = |tenant: &str, purpose: &str| {
        purposes[&(tenant.to_owned(), purpose.to_owned())].1.counted.clone()
    };
    let ip_hour = window(LimitScope::Ip, Activity::Send, 3_600);
    let ip_day = window(LimitScope::Ip, Activity::Send, 86_400);
    let tenant_minute = window(LimitScope::Tenant, Activity::Verify, 60);
    assert_eq!(counted("default", "login"), [ip_day]);
    assert_eq!(counted("default", "pay"), [ip_hour, tenant_minute]);
    assert_eq!(counted("default", "mail"), [ip_hour, ip_day, tenant_minute]);
    assert!(counted("shop", "buy").is_empty());
}

#[test]
fn more_windows_than_can_be_counted_are_refused() {
    let many = |first: u32, count: u32| {
        let limits: Vec<_> =
            (first..first + count).map(|length| limit("ip", "send", length)).collect();
        policy("sms", &limits)
    };
    let problems = |own: &str| {
        let mut problems = Vec::new();
        gather(&read(own), &BTreeMap::new(), &mut problems);
        problems.iter().map(|problem| problem.path.clone()).collect::<Vec<_>>()
    };
    let eight = many(1, 8);
    assert!(
        problems(&format!(r#"{{"a":{eight},"b":{eight},"c":{}}}"#, policy("sms", &[]))).is_empty()
    );
    assert_eq!(problems(&format!(r#"{{"a":{}}}"#, many(1, 9))), ["purposes.a.limits"]);
    let others = format!(r#"{{"a":{eight},"b":{},"c":{}}}"#, many(11, 1), policy("sms", &[]));
    assert_eq!(problems(&others), ["purposes.c.limits"]);
}
