//! Settings that are missing or wrong: said at start where the runtime can, else on every request.

use std::collections::BTreeMap;

use countersign_spin::{Fault, Faults, Operation, Spin};

use crate::deployment::{issue, prepare, prepare_of, root};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_secret_stops_the_start() {
    for missing in ["keys_index", "keys_ring", "policies"] {
        let given: BTreeMap<String, String> = ["keys_index", "keys_ring", "policies"]
            .into_iter()
            .filter(|name| *name != missing)
            .map(|name| (name.to_owned(), "x".to_owned()))
            .collect();
        let error = Spin::manifest(root("spin.toml"), &given).err().unwrap();
        assert!(error.to_string().contains(missing), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_setting_is_the_same_clear_problem_on_every_request() {
    let login = "{\"purposes\":{\"login\":{\"channels\":[\"sms\"],\"code_length\":5}}}";
    let wrong = [
        ("keys_index", ""),
        ("keys_index", "abc"),
        ("keys_ring", "abc"),
        ("policies", "{"),
        // What only the engine knows to be wrong.
        ("policies", login),
        ("senders", "{\"sms\":{\"type\":\"webhook\"}}"),
        ("api_keys", "{\"api_keys\":[]}"),
        // Where the webhook of the settings isn't.
        ("sender_origin", "https://other.example"),
        ("sender_origin", "other.example"),
        ("mode", "testing"),
    ];
    for (name, value) in wrong {
        let mut prepared = prepare(crate::deployment::RULES).await;
        prepared.spin = prepared.spin.variable(name, value);
        let app = prepared.start().await;
        for path in ["/healthz", "/readyz", "/v1/challenges/x", "/none"] {
            let answer = app.client().get(path).await;
            assert_eq!(
                (answer.status, answer.code()),
                (500, "misconfigured"),
                "{name}: {answer:?}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_api_keys_production_serves_no_client() {
    let mut prepared = prepare(crate::deployment::RULES).await;
    prepared.spin = prepared.spin.variable("mode", "production");
    let app = prepared.start().await;
    assert_eq!(app.client().get("/v1/challenges/x").await.code(), "misconfigured");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_whose_source_was_out_of_reach_are_read_again() {
    for manifest in ["spin.toml", "spin-wasip2.toml"] {
        let faults = Faults::none();
        let mut prepared = prepare_of(manifest, crate::deployment::RULES).await;
        prepared.spin = prepared.spin.faults(faults.clone());
        faults.add(Fault::error("vault: connection refused").on(Operation::Variable));
        let app = prepared.start().await;
        // One instance, which says it each time and is not given up.
        for path in ["/readyz", "/healthz", "/v1/challenges/x"] {
            let answer = app.client().get(path).await;
            assert_eq!((answer.status, answer.code()), (500, "misconfigured"), "{answer:?}");
            assert!(!answer.text.contains("vault"), "{answer:?}");
        }
        faults.clear();
        assert_eq!(app.client().get("/readyz").await.status, 200, "{manifest}");
        assert_eq!(issue(&app.client(), "+6281234567890").await.status, 201, "{manifest}");
        // What could be read once is kept for the life of the instance.
        faults.add(Fault::error("vault: connection refused").on(Operation::Variable));
        if manifest == "spin.toml" {
            assert_eq!(app.client().get("/readyz").await.status, 200);
        }
    }
}
