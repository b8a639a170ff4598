//! What operators are told of a recipient, and how many challenges they count.

use countersign_http_api::keys::new_key;
use countersign_tests::client::{Answer, Client};
use countersign_tests::outbox::wrong;
use data_encoding::HEXLOWER;
use serde_json::{Value, json};

use crate::calls::{By, assert_problem, issue_with, issued, phone, revoke, unlock, verify};
use crate::environment::Environment;

const PURPOSES: &str = r#"
[purposes.login]
channels = ["sms"]
cooldown_seconds = 0
[purposes.mail]
channels = ["email"]
[purposes.payment]
channels = ["sms"]
[tenants.acme.purposes.login]
channels = ["sms"]
"#;

/// Keys of an operator, of a caller that is none, and of another tenant's operator, before the purposes.
fn keys() -> ([String; 3], String) {
    let (mut keys, mut rules) = (Vec::new(), String::new());
    for (seed, name, tenant, operator) in
        [(1, "ann", "default", true), (2, "app", "default", false), (3, "eve", "acme", true)]
    {
        let (key, sha256) = new_key(&[seed; 32]);
        let sha256 = HEXLOWER.encode(&sha256);
        rules += &format!(
            "[[api_keys]]\nname = \"{name}\"\ntenant = \"{tenant}\"\nsha256 = \"{sha256}\"\noperator = {operator}\n"
        );
        keys.push(key.expose().to_owned());
    }
    (keys.try_into().unwrap(), rules + PURPOSES)
}

async fn list(client: &Client, body: Value) -> Answer {
    let answer = client.post("/v1/challenges/list", &body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer
}

fn ids(challenges: &Value) -> Vec<&str> {
    challenges.as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap()).collect()
}

pub(crate) async fn operators_list_a_recipients_challenges(environment: &mut impl Environment) {
    let (keys, rules) = keys();
    environment.start(&rules).await;
    let clients = keys.map(|key| environment.client().with_key(&key));
    let [operator, caller, other] = &clients;
    let to = phone(1);
    let first = issued(caller, "login", &to).await;
    let code = environment.outbox().code(&first.id);
    let cookie = verify(caller, By::Id, &first, &code).await.json["device_cookie"].clone();
    let second = issued(caller, "login", &to).await;
    let payment = issued(caller, "payment", &to).await;
    issued(caller, "login", &phone(2)).await;
    let body = json!({ "purpose": "login", "to": to, "device_cookie": cookie });
    let known = issue_with(caller, body).await;

    let listed = list(operator, json!({ "to": to })).await.json;
    assert_eq!(ids(&listed["other_clients"]), [&second.id, &payment.id], "{listed}");
    assert_eq!(ids(&listed["known_devices"]), [known.id()]);
    let listed = list(operator, json!({ "to": to, "purpose": "payment" })).await.json;
    assert_eq!(listed["other_clients"][0]["id"], payment.id);
    assert_eq!(listed["other_clients"][0]["to"], "62****0001");
    assert_eq!(revoke(operator, &second).await.status, 204);
    let listed = list(operator, json!({ "to": to, "purpose": "login" })).await.json;
    assert_eq!(listed["other_clients"], json!([]), "what was revoked");

    assert_eq!(list(other, json!({ "to": to })).await.json["other_clients"], json!([]));
    for path in ["/v1/challenges/list", "/v1/subjects/show"] {
        let body = json!({ "purpose": "login", "to": to });
        assert_problem(&caller.post(path, &body).await, 403, "forbidden", json!({}));
        let body = json!({ "purpose": "sign-up", "to": to });
        assert_problem(
            &operator.post(path, &body).await,
            404,
            "unknown_purpose",
            json!({ "field": "purpose" }),
        );
        let body = json!({ "purpose": "login", "to": "no recipient" });
        assert_eq!(operator.post(path, &body).await.code(), "invalid_recipient");
    }
    let refused = operator.post("/v1/challenges/list", &json!({ "to": "no recipient" })).await;
    assert_eq!(refused.code(), "invalid_recipient");
}

pub(crate) async fn operators_see_where_a_recipient_stands(environment: &mut impl Environment) {
    let (keys, rules) = keys();
    environment.start(&rules).await;
    let [operator, caller, _] = keys.map(|key| environment.client().with_key(&key));
    let to = phone(1);
    let body = json!({ "purpose": "login", "to": to });
    let show = async || {
        let answer = operator.post("/v1/subjects/show", &body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json
    };
    let new = json!({
        "failures": 0, "locked_for": 0, "disabled": false, "cooldown": 0, "challenges": [],
    });
    let expected = json!({
        "purpose": "login", "to": "62****0001", "known_devices": new, "other_clients": new,
    });
    assert_eq!(show().await, expected);
    let challenge = issued(&caller, "login", &to).await;
    let code = environment.outbox().code(&challenge.id);
    for _ in 0..3 {
        assert_eq!(verify(&caller, By::Id, &challenge, &wrong(&code)).await.status, 422);
    }
    let shown = show().await;
    let side = &shown["other_clients"];
    assert_eq!((&side["failures"], &side["disabled"]), (&json!(3), &json!(false)), "{shown}");
    assert!((1..=900).contains(&side["locked_for"].as_u64().unwrap()), "{shown}");
    assert_eq!(side["challenges"][0]["state"], "exhausted");
    assert_eq!(shown["known_devices"], new);
    assert_eq!(unlock(&operator, "login", &to).await.status, 204);
    assert_eq!(show().await["other_clients"]["failures"], 0);
    issued(&caller, "payment", &to).await;
    let body = json!({ "purpose": "payment", "to": to });
    let shown = operator.post("/v1/subjects/show", &body).await.json;
    assert!((1..=60).contains(&shown["other_clients"]["cooldown"].as_u64().unwrap()), "{shown}");
}

/// Where the keys of the store can't be listed, there is no such path.
pub(crate) async fn challenges_are_counted_by_tenant(environment: &mut impl Environment) {
    let (keys, rules) = keys();
    environment.start(&rules).await;
    let [operator, caller, other] = keys.map(|key| environment.client().with_key(&key));
    let count = async |client: &Client| client.post("/v1/challenges/count", &json!({})).await;
    let description = operator.get("/openapi.json").await;
    if description.json["paths"].get("/v1/challenges/count").is_none() {
        assert_problem(&count(&operator).await, 404, "route_not_found", json!({}));
        return;
    }
    assert_eq!(count(&operator).await.json, json!({ "tallies": [] }));
    for number in 1..=3 {
        issued(&caller, "login", &phone(number)).await;
    }
    let revoked = issued(&caller, "payment", &phone(1)).await;
    assert_eq!(revoke(&caller, &revoked).await.status, 204);
    issued(&other, "login", &phone(1)).await;
    let of = |purpose, pending, revoked| {
        json!({
            "purpose": purpose, "exhausted": 0, "expired": 0, "pending": pending,
            "revoked": revoked, "verified": 0,
        })
    };
    let expected = json!({ "tallies": [of("login", 3, 0), of("payment", 0, 1)] });
    assert_eq!(count(&operator).await.json, expected);
    assert_eq!(count(&other).await.json, json!({ "tallies": [of("login", 1, 0)] }));
    assert_problem(&count(&caller).await, 403, "forbidden", json!({}));
    // One store takes any text for a place among its keys, another knows its own cursors only.
    let odd = operator.post("/v1/challenges/count", &json!({ "after": "~" })).await;
    assert!(matches!(odd.status, 200 | 400), "{odd:?}");
}
