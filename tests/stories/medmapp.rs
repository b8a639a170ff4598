//! The story of medmapp: codes by text message through Eskiz.uz, which wants a login first; and a list of twelve bugs, of
//! which those that show from outside are told here.

use countersign_contract::types::SendError;
use countersign_tests::counterpart::{Behaviour, Request};
use countersign_tests::surface::Kind;
use serde_json::{Value, json};

use crate::scene::{Carried, Deployment, Scene, code_in, field, in_both_environments, told_of};

const LOGIN: &str = "/api/auth/login";
const SEND: &str = "/api/message/sms/send";

/// With the default cooldown of a minute.
const RULES: &str = r#"
[purposes.login]
verify_by = "both"
channels = ["sms"]
default_region = "UZ"
"#;

fn sender(origin: &str) -> Value {
    json!({
        "type": "eskiz",
        "email": "ops@example.com",
        "password": "a secret&key+of=40",
        "url": origin,
    })
}

fn read(request: &Request) -> Option<Carried> {
    if request.path != SEND {
        return None;
    }
    assert!(request.header("authorization")?.starts_with("Bearer ey"));
    let text = field(request, "message")?;
    assert!(text.contains("MedMapp"), "{text}");
    Some(Carried { to: field(request, "mobile_phone")?, code: code_in(&text) })
}

async fn scene(kind: Kind) -> Scene {
    let messages = json!({ "brand": "MedMapp", "default_locale": "uz" });
    Scene::start(kind, Deployment { rules: RULES, channel: "sms", sender, messages, read }).await
}

in_both_environments! {
    a_code_by_text_message_is_good_once_in_every_spelling_of_the_number,
    a_login_that_is_refused_is_told_and_mended_without_a_wait,
    a_phone_waits_between_two_codes_and_no_other_phone_does,
    a_token_that_is_refused_in_mid_flight_is_renewed_unnoticed,
    every_failed_send_is_told_apart_and_keeps_no_person_waiting,
    wrong_codes_count_down_to_a_lock,
}

/// The paths that Eskiz was asked for.
fn paths(scene: &Scene) -> Vec<String> {
    scene.provider.requests().into_iter().map(|request| request.path).collect()
}

async fn a_code_by_text_message_is_good_once_in_every_spelling_of_the_number(kind: Kind) {
    let mut scene = scene(kind).await;
    let (answer, carried) = scene.asked("login", "+998 90 123 45 67").await;
    told_of(&answer, "998****4567");
    assert_eq!(carried.to, "998901234567");
    let waiting = scene.ask("login", "+998901234567").await;
    assert_eq!((waiting.status, waiting.text_of("scope")), (429, "cooldown"), "{waiting:?}");
    let verified = scene.verify("login", "90 123-45-67", &carried.code).await;
    assert_eq!((verified.status, verified.id()), (200, answer.id()), "{verified:?}");
    for to in ["+998901234567", "+998 90 123 45 67"] {
        let again = scene.verify("login", to, &carried.code).await;
        assert_eq!((again.status, again.code()), (404, "challenge_not_found"), "{again:?}");
    }
    scene.end();
}

#[tokio::test]
async fn one_login_serves_many_codes() {
    let scene = scene(Kind::Native).await;
    for number in 0..3 {
        let answer = scene.ask("login", &format!("+99890123450{number}")).await;
        assert_eq!(answer.status, 201, "{answer:?}");
    }
    assert_eq!(paths(&scene), [LOGIN, SEND, SEND, SEND]);
}

async fn a_token_that_is_refused_in_mid_flight_is_renewed_unnoticed(kind: Kind) {
    let mut scene = scene(kind).await;
    scene.asked("login", "+998901234500").await;
    scene.provider.once(SEND, scene.answer(401, &SendError::Unauthorised, "token-invalid"));
    let answer = scene.ask("login", "+998901234501").await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let requests = scene.provider.requests();
    let tail = requests.iter().rev().take(3).rev().map(|request| request.path.as_str());
    assert_eq!(tail.collect::<Vec<_>>(), [SEND, LOGIN, SEND]);
    // The same code, whichever of the two went out.
    let codes: Vec<_> = requests.iter().filter_map(read).map(|carried| carried.code).collect();
    assert_eq!((codes.len(), &codes[0]), (2, &codes[1]));
    assert_eq!(scene.verify("login", "+998901234501", &codes[1]).await.status, 200);
    scene.end();
}

async fn a_login_that_is_refused_is_told_and_mended_without_a_wait(kind: Kind) {
    let mut scene = scene(kind).await;
    let to = "+998901234567";
    scene.provider.once(LOGIN, scene.answer(401, &SendError::Unauthorised, "Unauthenticated"));
    let refused = scene.ask("login", to).await;
    assert_eq!((refused.status, refused.text_of("kind")), (502, "unauthorised"), "{refused:?}");
    assert_eq!(paths(&scene), [LOGIN]);
    let (_, carried) = scene.asked("login", to).await;
    assert_eq!(scene.verify("login", to, &carried.code).await.status, 200);
    scene.end();
}

async fn every_failed_send_is_told_apart_and_keeps_no_person_waiting(kind: Kind) {
    let mut scene = scene(kind).await;
    let balance = SendError::Other("Eskiz says that the balance is too low".into());
    let from = "senders.sms.from: Eskiz refuses the sender's name";
    let cases = [
        (scene.answer(400, &SendError::TemplateUnknown, "модерацию"), "template_unknown"),
        (scene.answer(422, &SendError::RecipientRefused, ""), "recipient_refused"),
        (scene.answer(400, &SendError::NotConfigured(from.into()), ""), "not_configured"),
        (scene.answer(400, &balance, ""), "other"),
        (scene.answer(403, &SendError::Unauthorised, ""), "unauthorised"),
        (scene.answer(500, &SendError::Unavailable, ""), "unavailable"),
        (Behaviour::Hang, "timeout"),
    ];
    for (number, (behaviour, kind)) in cases.into_iter().enumerate() {
        scene.fails("login", &format!("+9989012345{number:02}"), behaviour, kind).await;
    }
    scene.end();
}

async fn a_phone_waits_between_two_codes_and_no_other_phone_does(kind: Kind) {
    let mut scene = scene(kind).await;
    scene.asked("login", "+998901234567").await;
    let waiting = scene.ask("login", "+998901234567").await;
    assert_eq!((waiting.status, waiting.code()), (429, "throttled"), "{waiting:?}");
    assert_eq!(waiting.text_of("scope"), "cooldown");
    assert!(matches!(waiting.number_of("retry_after"), Some(1..=60)), "{waiting:?}");
    assert!(scene.carried().is_empty(), "what waits costs nothing");
    scene.asked("login", "+998901234568").await;
    scene.end();
}

async fn wrong_codes_count_down_to_a_lock(kind: Kind) {
    let mut scene = scene(kind).await;
    scene.wrong_codes_count_down("login", "+998901234567").await;
    scene.end();
}
