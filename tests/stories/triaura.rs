//! The story of triaura: codes by mail that release payments from a wallet, each bound to its transaction.

use countersign_http_api::keys::new_key;
use countersign_tests::certificates::Authority;
use countersign_tests::client::{Answer, Client};
use countersign_tests::exim::{Exim, Identity, PASSWORD, USER};
use countersign_tests::leaks::leaks;
use countersign_tests::mail::parsed;
use countersign_tests::outbox::wrong;
use countersign_tests::surface::{Kind, Plan, Surface};
use data_encoding::HEXLOWER;
use serde_json::{Value, json};

use crate::scene::{code_in, told_of};

/// Signing in has the default cooldown of a minute; what moves money has triaura's own limits.
const RULES: &str = r#"
[purposes.login]
verify_by = "both"
channels = ["email"]
[purposes.wallet_funding]
failure_scope = "purpose"
verify_by = "both"
channels = ["email"]
reference_required = true
max_attempts = 3
lockout_seconds = 900
cooldown_seconds = 0
limits = [{ scope = "subject", on = "send", max = 3, window_seconds = 60 }]
"#;

const PAYMENT: &str = "txn-4711 to Acme";
const ADA: &str = "ada.lovelace@example.org";

/// A service that mails through a real server, and what it has sent.
struct Scene {
    exim: Exim,
    surface: Surface,
    client: Client,
    codes: Vec<String>,
    mails: usize,
    _authority: Authority,
}

impl Scene {
    async fn start() -> Self {
        Self::with_password(PASSWORD).await
    }

    async fn with_password(password: &str) -> Self {
        let authority = Authority::new().unwrap();
        let certified = authority.certify("localhost").unwrap();
        let identity = Identity { certificates: &certified.certificate, key: &certified.key };
        let exim = Exim::start(Some(identity)).await.unwrap();
        let (key, sha256) = new_key(&[7; 32]);
        let sha256 = HEXLOWER.encode(&sha256);
        let rules = format!("[[api_keys]]\nname = \"wallet\"\nsha256 = \"{sha256}\"\n{RULES}");
        let senders = json!({ "email": {
            "type": "smtp",
            "host": "localhost",
            "port": exim.submission_port(),
            "tls": "starttls",
            "user": USER,
            "password": password,
            "from": "Triaura <codes@example.test>",
            "ca_file": authority.file().unwrap(),
        }});
        let messages = json!({ "brand": "Triaura" });
        let plan =
            Plan { rules: &rules, senders, messages, public_url: None, origin: String::new() };
        let surface = Surface::start(Kind::Native, &plan).await.unwrap();
        let client = surface.client().with_key(key.expose());
        Self { exim, surface, client, codes: Vec::new(), mails: 0, _authority: authority }
    }

    async fn ask(&self, purpose: &str, to: &str) -> Answer {
        let mut body = json!({ "purpose": purpose, "to": to });
        if purpose == "wallet_funding" {
            body["reference"] = json!(PAYMENT);
        }
        self.client.post("/v1/challenges", &body).await
    }

    /// Asks for a code, which arrives, and is in both bodies of the mail exactly once.
    async fn asked(&mut self, purpose: &str, to: &str) -> (Answer, String) {
        let answer = self.ask(purpose, to).await;
        assert_eq!(answer.status, 201, "{answer:?}\n{}", self.exim.log());
        self.mails += 1;
        let mails = self.exim.mails(self.mails).await.unwrap();
        // The order of the files is not that of the mails where one was slow: what is new is the one.
        let mails: Vec<Value> = mails.iter().map(|path| parsed(path).unwrap()).collect();
        let codes = mails.iter().map(code_of);
        let new: Vec<String> = codes.filter(|code| !self.codes.contains(code)).collect();
        assert_eq!(new.len(), 1, "{new:?}");
        self.codes.push(new[0].clone());
        (answer, new[0].clone())
    }

    async fn verify(&self, purpose: &str, code: &str, reference: Option<&str>) -> Answer {
        let mut body = json!({ "purpose": purpose, "to": ADA, "code": code });
        if let Some(reference) = reference {
            body["reference"] = json!(reference);
        }
        self.client.post("/v1/verify", &body).await
    }

    async fn status(&self, purpose: &str) -> Answer {
        self.client.post("/v1/status", &json!({ "purpose": purpose, "to": ADA })).await
    }

    /// Ends it. Nothing that it said holds a code, or the whole of an address.
    fn end(mut self) {
        self.surface.kill().unwrap();
        let output = self.surface.output();
        let is_masked = self.codes.is_empty() || output.contains("a***@e***.org");
        assert!(is_masked && output.contains("wallet"), "nothing was logged:\n{output}");
        let secrets = self.codes.iter().map(String::as_str).chain([ADA, "ada.lovelace"]);
        assert_eq!(leaks(&output, secrets), Vec::<&str>::new(), "in the log");
    }
}

/// The one code of a mail.
fn code_of(mail: &Value) -> String {
    let parts = mail["parts"].as_array().unwrap();
    let types: Vec<_> = parts.iter().map(|part| part["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["text/plain", "text/html"]);
    let [text, html] = [0, 1].map(|part| code_in(parts[part]["text"].as_str().unwrap()));
    assert_eq!(text, html, "the bodies say different things");
    let subject = mail["headers"]["subject"][0].as_str().unwrap();
    assert!(subject.contains("Triaura") && !subject.contains(&text), "{subject}");
    text
}

#[tokio::test]
async fn a_code_by_mail_releases_its_payment_once() {
    let mut scene = Scene::start().await;
    let (answer, code) = scene.asked("wallet_funding", ADA).await;
    told_of(&answer, "a***@e***.org");
    assert_eq!(answer.text_of("provider"), "smtp");
    let log = scene.exim.log();
    // Exim's words for a mail over ESMTP with TLS and a sign-in, and by whom.
    assert!(log.contains("P=esmtpsa") && log.contains(USER), "{log}");
    let status = scene.status("wallet_funding").await;
    assert_eq!((status.status, status.text_of("state")), (200, "pending"), "{status:?}");
    assert_eq!(status.number_of("attempts_left"), Some(3), "{status:?}");
    let verified = scene.verify("wallet_funding", &code, Some(PAYMENT)).await;
    assert_eq!(verified.status, 200, "{verified:?}");
    assert_eq!(scene.status("wallet_funding").await.text_of("state"), "verified");
    let again = scene.verify("wallet_funding", &code, Some(PAYMENT)).await;
    assert_eq!((again.status, again.code()), (404, "challenge_not_found"), "{again:?}");
    scene.end();
}

#[tokio::test]
async fn a_code_releases_no_payment_but_its_own() {
    let mut scene = Scene::start().await;
    let unbound = json!({ "purpose": "wallet_funding", "to": ADA });
    let unbound = scene.client.post("/v1/challenges", &unbound).await;
    assert_eq!((unbound.status, unbound.code()), (400, "reference_required"), "{unbound:?}");
    let (_, code) = scene.asked("wallet_funding", ADA).await;
    for (reference, left) in [("txn-4712 to Eve", 2), ("txn-4711 to acme", 1)] {
        let answer = scene.verify("wallet_funding", &code, Some(reference)).await;
        assert_eq!((answer.status, answer.code()), (422, "reference_mismatch"), "{answer:?}");
        assert_eq!(answer.number_of("attempts_left"), Some(left), "{answer:?}");
    }
    // What is no try isn't counted.
    let answer = scene.verify("wallet_funding", &code, None).await;
    assert_eq!((answer.status, answer.code()), (400, "reference_required"), "{answer:?}");
    assert_eq!(scene.status("wallet_funding").await.number_of("attempts_left"), Some(1));
    assert_eq!(scene.verify("wallet_funding", &code, Some(PAYMENT)).await.status, 200);
    scene.end();
}

#[tokio::test]
async fn two_purposes_of_one_person_live_side_by_side_and_one_is_locked_alone() {
    let mut scene = Scene::start().await;
    let (_, payment) = scene.asked("wallet_funding", ADA).await;
    let (_, login) = scene.asked("login", ADA).await;
    for left in [2, 1, 0] {
        let answer = scene.verify("wallet_funding", &wrong(&payment), Some(PAYMENT)).await;
        assert_eq!((answer.status, answer.number_of("attempts_left")), (422, Some(left)));
    }
    let late = scene.verify("wallet_funding", &payment, Some(PAYMENT)).await;
    let asked = scene.ask("wallet_funding", ADA).await;
    for locked in [&late, &asked] {
        assert_eq!(locked.status, 429, "{locked:?}");
        assert!(matches!(locked.number_of("retry_after"), Some(880..=900)), "{locked:?}");
    }
    let status = scene.status("wallet_funding").await;
    assert_eq!(status.text_of("state"), "exhausted", "{status:?}");
    assert!(matches!(status.number_of("locked_for"), Some(880..=900)), "{status:?}");
    assert_eq!(scene.status("login").await.number_of("attempts_left"), Some(3));
    assert_eq!(scene.verify("login", &login, None).await.status, 200);
    scene.end();
}

#[tokio::test]
async fn a_fourth_mail_within_a_minute_is_not_sent() {
    let scene = Scene::start().await;
    let mut sent = 0;
    let refused = loop {
        let answer = scene.ask("wallet_funding", ADA).await;
        if answer.status != 201 {
            break answer;
        }
        sent += 1;
        // Where a minute ends in between, as many again.
        assert!(sent <= 6, "no limit");
    };
    assert_eq!((refused.code(), refused.text_of("scope")), ("throttled", "subject"), "{refused:?}");
    assert!(matches!(refused.number_of("retry_after"), Some(1..=60)), "{refused:?}");
    assert!(sent >= 3, "{sent}");
    assert_eq!(scene.exim.mails(sent).await.unwrap().len(), sent);
}

#[tokio::test]
async fn who_has_no_key_is_told_nothing() {
    let scene = Scene::start().await;
    let body = json!({ "purpose": "login", "to": ADA });
    for client in [scene.surface.client(), scene.client.with_key("cs_made-up")] {
        let answer = client.post("/v1/challenges", &body).await;
        assert_eq!((answer.status, answer.code()), (401, "unauthorized"), "{answer:?}");
    }
    assert!(scene.exim.is_untouched());
}

#[tokio::test]
async fn every_failed_mail_is_told_apart_and_keeps_no_person_waiting() {
    let mut scene = Scene::start().await;
    for (to, kind) in [
        ("unknown@example.org", "recipient_refused"),
        ("full@example.org", "recipient_refused"),
        ("relay@example.org", "other"),
        ("limited@example.org", "throttled"),
    ] {
        let failed = scene.ask("login", to).await;
        assert_eq!((failed.status, failed.code()), (502, "delivery_failed"), "{to}: {failed:?}");
        assert_eq!(failed.text_of("kind"), kind, "{to}");
    }
    // Put off once, taken the second time: at once, without a cooldown.
    let failed = scene.ask("login", "grey@example.org").await;
    assert_eq!(failed.text_of("kind"), "unavailable", "{failed:?}");
    scene.asked("login", "grey@example.org").await;

    scene.exim.stop().unwrap();
    let failed = scene.ask("login", ADA).await;
    assert_eq!(failed.text_of("kind"), "unavailable", "{failed:?}");
    scene.exim.restart().await.unwrap();
    let (_, code) = scene.asked("login", ADA).await;
    assert_eq!(scene.verify("login", &code, None).await.status, 200);
    scene.end();
}

#[tokio::test]
async fn a_password_that_the_mail_server_refuses_is_told_as_such() {
    let scene = Scene::with_password("another").await;
    let failed = scene.ask("login", ADA).await;
    assert_eq!((failed.status, failed.text_of("kind")), (502, "unauthorised"), "{failed:?}");
    assert!(scene.exim.is_untouched());
    scene.end();
}
