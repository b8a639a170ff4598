//! What operators ask for: to them alone, bounded, and with a line in the audit each.

use axum::http::{Request, header};
use countersign_contract::otp::Error;
use countersign_contract::types::{RecipientFault, StoreError};
use serde_json::json;

use super::scripted::{Call, Scripted, bare, post, send};
use super::traced;
use crate::audit::User;
use crate::keys::{ApiKey, ApiKeys, new_key};

const SUBJECT: &str = r#"{"purpose":"login","to":"+49 151 12345678"}"#;
const PATHS: [&str; 4] =
    ["/v1/challenges/count", "/v1/challenges/list", "/v1/subjects/show", "/v1/unlock"];

fn keys() -> ApiKeys {
    let key = |name: &str, seed: u8, operator| ApiKey {
        name: name.into(),
        tenant: "bank".into(),
        sha256: new_key(&[seed; 32]).1,
        operator,
    };
    ApiKeys::new(vec![key("shop", 1, false), key("desk", 2, true)]).unwrap()
}

fn with<B>(seed: u8, mut request: Request<B>) -> Request<B> {
    let bearer = format!("Bearer {}", new_key(&[seed; 32]).0.expose());
    request.headers_mut().insert(header::AUTHORIZATION, bearer.parse().unwrap());
    request
}

/// The lines of the audit that this thread has written since it was last asked.
fn audited() -> Vec<String> {
    let is_audit = |line: &&str| line.contains("countersign::audit");
    traced::taken().lines().filter(is_audit).map(str::to_owned).collect()
}

/// The only line, which has to say all of `told`.
#[track_caller]
fn assert_audited(told: &[&str]) {
    let lines = audited();
    let [line] = &lines[..] else { panic!("not one line: {lines:?}") };
    for told in told {
        assert!(line.contains(told), "{told} is missing: {line}");
    }
    assert!(!line.contains("12345678") && !line.contains("1234 5678"), "{line}");
}

#[tokio::test(flavor = "current_thread")]
async fn only_operators_are_answered() {
    for path in PATHS {
        let body = if path == "/v1/challenges/count" { "{}" } else { SUBJECT };
        for (seed, code) in [(1, "forbidden"), (3, "unauthorized")] {
            let engine = Scripted::willing();
            let reply = send(engine.counting(keys()), with(seed, post(path, body))).await;
            assert_eq!(reply.code(), code, "{path}");
            assert_eq!(engine.calls(), []);
        }
        let reply = send(Scripted::willing().counting(keys()), with(2, post(path, body))).await;
        assert!(reply.status.is_success(), "{path}: {reply:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_read_reaches_no_engine() {
    for (path, body) in [
        ("/v1/challenges/list", "{}"),
        ("/v1/challenges/list", r#"{"to":"x","device_cookie":"y"}"#),
        ("/v1/challenges/list", r#"{"to":"x","purpose":7}"#),
        ("/v1/subjects/show", r#"{"to":"x"}"#),
        ("/v1/subjects/show", r#"{"purpose":"login"}"#),
        ("/v1/challenges/count", r#"{"after":7}"#),
        ("/v1/challenges/count", r#"{"after":""}"#),
        ("/v1/challenges/count", r#"{"before":"x"}"#),
    ] {
        let engine = Scripted::willing();
        let reply = send(engine.counting(ApiKeys::open()), post(path, body)).await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (400, "invalid_request"));
        assert_eq!(engine.calls(), [], "{path} {body}");
    }
    let long = json!({"after": "x".repeat(321)}).to_string();
    let reply =
        send(Scripted::willing().counting(ApiKeys::open()), post("/v1/challenges/count", long))
            .await;
    assert_eq!(reply.json()["field"], "after");
}

#[tokio::test]
async fn a_list_has_what_waits_for_a_code_and_tells_known_devices_apart() {
    let engine = Scripted::willing();
    let reply = send(engine.open(), post("/v1/challenges/list", SUBJECT)).await;
    let json = reply.json();
    assert_eq!(json["known_devices"], json!([]), "what is over");
    assert_eq!(json["other_clients"][0]["id"], "c1.abc");
    assert_eq!(json["other_clients"].as_array().unwrap().len(), 1);
    assert!(matches!(&engine.calls()[..], [Call::Inspect(_, it)] if it.purpose == "login"));
}

#[tokio::test]
async fn without_a_purpose_every_purpose_of_the_tenant_is_looked_through() {
    let engine = Scripted::willing();
    let body = r#"{"to":"+4915112345678"}"#;
    let reply = send(engine.open(), post("/v1/challenges/list", body)).await;
    let listed = reply.json()["other_clients"].clone();
    let purposes: Vec<_> = listed.as_array().unwrap().iter().map(|it| &it["purpose"]).collect();
    assert_eq!(purposes, ["login", "payment"]);
    assert_eq!(engine.calls().len(), 2);
    // A number that no purpose takes is refused as one that a named purpose doesn't take.
    let fault = Error::InvalidRecipient(RecipientFault::Ambiguous);
    let reply = send(Scripted::refusing(fault).open(), post("/v1/challenges/list", body)).await;
    assert_eq!(reply.code(), "invalid_recipient");
    let failed = Error::StoreUnavailable(StoreError::Timeout);
    let reply = send(Scripted::refusing(failed).open(), post("/v1/challenges/list", body)).await;
    assert_eq!(reply.code(), "store_unavailable");
}

#[tokio::test]
async fn a_subject_is_shown_with_both_of_its_sides() {
    let reply = send(Scripted::willing().open(), post("/v1/subjects/show", SUBJECT)).await;
    let json = reply.json();
    assert_eq!(json["to"], "j***@e***.com");
    assert_eq!(json["other_clients"]["failures"], 3);
    assert_eq!(json["other_clients"]["locked_for"], 840);
    assert_eq!(json["other_clients"]["cooldown"], 50);
    assert_eq!(json["known_devices"]["locked_for"], 0);
    assert_eq!(json["known_devices"]["challenges"][0]["state"], "expired");
}

#[tokio::test]
async fn counting_goes_on_where_it_stopped() {
    let engine = Scripted::willing();
    let count = async |body: &str| {
        let body = body.to_owned();
        send(engine.counting(keys()), with(2, post("/v1/challenges/count", body))).await
    };
    let first = count("").await.json();
    assert_eq!(first["tallies"][0]["purpose"], "login");
    assert_eq!(first["tallies"][0]["pending"], 7);
    assert_eq!(first["tallies"][1].get("purpose"), None);
    let next = first["next"].as_str().unwrap();
    let last = count(&json!({"after": next}).to_string()).await.json();
    assert_eq!(last.get("next"), None);
    let expected =
        [Call::Count("bank".into(), None), Call::Count("bank".into(), Some(next.into()))];
    assert_eq!(engine.calls(), expected);
    let stale = count(r#"{"after":"stale"}"#).await;
    assert_eq!(
        (stale.code().as_str(), &stale.json()["field"]),
        ("invalid_request", &json!("after"))
    );
}

#[tokio::test]
async fn where_keys_cannot_be_listed_there_is_nothing_to_count_by() {
    for method in ["POST", "GET"] {
        let reply = send(Scripted::willing().open(), bare(method, "/v1/challenges/count")).await;
        assert_eq!(reply.code(), "route_not_found");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn every_action_has_one_line_that_says_who_did_what() {
    let ask = async |engine: Scripted, request| {
        traced::taken();
        send(engine.counting(keys()), with(2, request)).await
    };
    let of_desk = ["key=\"desk\"", "tenant=\"bank\""];
    for (path, action) in [
        ("/v1/challenges/list", "action=\"challenges.list\""),
        ("/v1/subjects/show", "action=\"subjects.show\""),
        ("/v1/unlock", "action=\"subjects.unlock\""),
    ] {
        ask(Scripted::willing(), post(path, SUBJECT)).await;
        let told = [action, "result=\"ok\"", "purpose=\"login\"", "to=\"****5678\""];
        assert_audited(&[&told[..], &of_desk].concat());
        ask(Scripted::refusing(Error::UnknownPurpose), post(path, SUBJECT)).await;
        assert_audited(&[action, "result=\"unknown_purpose\"", "to=\"****5678\""]);
        ask(Scripted::willing(), post(path, "{}")).await;
        assert_audited(&[action, "result=\"invalid_request\""]);
    }
    ask(Scripted::willing(), post("/v1/challenges/count", "")).await;
    assert_audited(&["action=\"challenges.count\"", "result=\"ok\""]);
    ask(Scripted::willing(), post("/v1/challenges/count", r#"{"after":"1"}"#)).await;
    assert_audited(&["action=\"challenges.count\"", "result=\"ok\""]);
    ask(Scripted::willing(), post("/v1/challenges/count", r#"{"after":"stale"}"#)).await;
    assert_audited(&["action=\"challenges.count\"", "result=\"invalid_request\""]);

    ask(Scripted::willing(), bare("GET", "/v1/challenges/c1.abc")).await;
    assert_audited(&["action=\"challenges.show\"", "challenge=\"c1.abc\"", "to=\"j***@e***.com\""]);
    ask(Scripted::willing(), post("/v1/status", SUBJECT)).await;
    assert_audited(&["action=\"challenges.show\"", "challenge=\"c1.abc\""]);
    ask(Scripted::willing(), bare("DELETE", "/v1/challenges/c1.abc")).await;
    assert_audited(&["action=\"challenges.revoke\"", "challenge=\"c1.abc\"", "result=\"ok\""]);
    ask(Scripted::refusing(Error::NotFound), bare("DELETE", "/v1/challenges/12345678")).await;
    assert_audited(&["action=\"challenges.revoke\"", "result=\"challenge_not_found\""]);
}

#[tokio::test(flavor = "current_thread")]
async fn a_caller_that_is_refused_an_operators_action_has_a_line_too() {
    for path in PATHS {
        traced::taken();
        send(Scripted::willing().counting(keys()), with(1, post(path, SUBJECT))).await;
        assert_audited(&["result=\"forbidden\"", "key=\"shop\""]);
        send(Scripted::willing().counting(keys()), with(3, post(path, SUBJECT))).await;
        assert_eq!(audited(), [""; 0], "a client without a key could fill the log");
    }
}

/// Calls that every caller may make are audited where an operator makes them.
#[tokio::test(flavor = "current_thread")]
async fn what_callers_do_is_not_audited() {
    let requests = || {
        [
            bare("GET", "/v1/challenges/c1.abc"),
            bare("DELETE", "/v1/challenges/c1.abc"),
            post("/v1/status", SUBJECT),
        ]
    };
    traced::taken();
    for request in requests() {
        send(Scripted::willing().counting(keys()), with(1, request)).await;
    }
    for request in requests() {
        send(Scripted::willing().counting(ApiKeys::open()), request).await;
    }
    assert_eq!(audited(), [""; 0]);
}

#[tokio::test(flavor = "current_thread")]
async fn the_environment_may_say_which_person_acts() {
    traced::taken();
    let mut request = post("/v1/unlock", SUBJECT);
    request.extensions_mut().insert(User("ann (uid 1000)".into()));
    send(Scripted::willing().open(), request).await;
    assert_audited(&["key=\"open\"", "user=\"ann (uid 1000)\""]);
}

/// What isn't a purpose of the tenant's may be anything.
#[tokio::test(flavor = "current_thread")]
async fn a_recipient_in_the_place_of_a_purpose_is_not_written() {
    traced::taken();
    let body = r#"{"purpose":"4915112345678","to":"4915112345678"}"#;
    send(Scripted::refusing(Error::UnknownPurpose).open(), post("/v1/unlock", body)).await;
    assert_audited(&["result=\"unknown_purpose\"", "to=\"****5678\""]);
}

/// The engine finishes what it has begun, so the line has to be there too.
#[tokio::test(flavor = "current_thread")]
async fn an_action_whose_client_has_gone_has_a_line() {
    super::traced::start();
    traced::taken();
    let keys = keys();
    let (parts, _) = with(2, bare("POST", "/v1/unlock")).into_parts();
    let mut entry =
        crate::audit::Entry::new("subjects.unlock", keys.caller(&parts.headers).unwrap(), &parts);
    entry.to("+4915112345678");
    drop(entry);
    assert_audited(&["action=\"subjects.unlock\"", "result=\"given_up\"", "to=\"****5678\""]);
}
