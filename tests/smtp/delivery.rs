//! What arrives.

use serde_json::{Value, json};

use crate::place::{CODE, DEADLINE, Place, changed, mail, open, parsed, send};

#[tokio::test]
async fn a_mail_arrives_over_starttls_after_signing_in() {
    let place = Place::new().await;
    let id = send(&place.smtp(), "ada@example.org").await.unwrap().unwrap();
    let mails = place.exim.mails(1).await.unwrap();
    let mail = parsed(&mails[0]);
    assert_eq!(mail["headers"]["message-id"], json!([id]));
    let log = place.exim.log();
    // Exim's words for a mail over ESMTP with TLS and a sign-in, and by whom.
    assert!(log.contains("P=esmtpsa") && log.contains("A=plain:courier@example.test"), "{log}");
    assert!(log.contains("X=TLS1.3"), "{log}");
}

#[tokio::test]
async fn a_mail_arrives_over_tls_from_the_first_byte() {
    let place = Place::new().await;
    let port = place.exim.submissions_port();
    let smtp = open(changed(place.settings(), json!({"tls": "tls", "port": port})));
    send(&smtp, "ada@example.org").await.unwrap();
    place.exim.mails(1).await.unwrap();
    assert_eq!(place.exim.count("P=esmtpsa"), 1, "{}", place.exim.log());
}

#[tokio::test]
async fn a_server_on_this_machine_may_be_talked_to_in_plain_text() {
    let exim = countersign_tests::exim::Exim::start(None).await.unwrap();
    let smtp = open(json!({
        "host": "127.0.0.1",
        "port": exim.submission_port(),
        "tls": "none",
        "from": "codes@example.test",
    }));
    send(&smtp, "ada@example.org").await.unwrap();
    exim.mails(1).await.unwrap();
    assert_eq!(exim.count("SIGN-IN"), 0);
}

#[tokio::test]
async fn what_arrives_is_what_was_sent() {
    let place = Place::new().await;
    let smtp = open(changed(place.settings(), json!({"reply_to": "Помощь <help@example.test>"})));
    send(&smtp, "ada@example.org").await.unwrap();
    let mail = parsed(&place.exim.mails(1).await.unwrap()[0]);
    let header = |name: &str| {
        let values = mail["headers"][name].as_array().unwrap_or_else(|| panic!("no {name}"));
        assert_eq!(values.len(), 1, "{name}: {values:?}");
        values[0].as_str().unwrap().to_owned()
    };
    assert_eq!(header("subject"), "Ваш код для входа — आपका कोड");
    assert_eq!(header("from"), "\"Ключ и Ko.\" <codes@example.test>");
    assert_eq!(header("to"), "ada@example.org");
    assert_eq!(header("reply-to"), "Помощь <help@example.test>");
    assert_eq!(header("auto-submitted"), "auto-generated");
    assert_eq!(header("x-auto-response-suppress"), "All");
    assert_eq!(header("mime-version"), "1.0");
    assert!(!header("date").is_empty());
    assert_eq!(mail["type"], "multipart/alternative");
    assert_eq!(mail["defects"], json!([]));
    assert_eq!(mail["is_ascii"], true);
    // RFC 5322 wants no more than 78.
    let longest = mail["longest_line"].as_str().unwrap();
    assert!(longest.len() <= 78, "{longest}");
    bodies_are_intact(&mail);
}

fn bodies_are_intact(parsed: &Value) {
    let sent = mail();
    let parts = parsed["parts"].as_array().unwrap();
    let types: Vec<_> = parts.iter().map(|part| part["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["text/plain", "text/html"], "the richest comes last");
    for (part, body) in parts.iter().zip([sent.text.expose(), sent.html.expose()]) {
        let text = part["text"].as_str().unwrap().replace("\r\n", "\n");
        assert_eq!(text.trim_end(), body.trim_end());
        assert_eq!(text.matches(CODE).count(), 1);
        assert_eq!(part["charset"], "utf-8");
    }
}

#[tokio::test]
async fn the_same_send_has_the_same_message_id_and_another_send_another() {
    let place = Place::new().await;
    let smtp = place.smtp();
    let mut ids = Vec::new();
    for seed in ["login.challenge 1", "login.challenge 1", "login.challenge 2"] {
        let id = smtp.send(&mail(), "ada@example.org", seed, DEADLINE).await.unwrap().unwrap();
        assert!(id.ends_with("@example.test>"), "{id}");
        assert!(!id.contains("challenge"), "{id}");
        ids.push(id);
    }
    assert_eq!(ids[0], ids[1]);
    assert_ne!(ids[0], ids[2]);
}

#[tokio::test]
async fn neither_a_subject_nor_a_recipient_adds_headers_or_commands() {
    let place = Place::new().await;
    let smtp = place.smtp();
    let mut forged = mail();
    forged.subject = "Hello\r\nBcc: eve@example.org\r\n\r\nBody of Eve's".into();
    smtp.send(&forged, "ada@example.org", "1", DEADLINE).await.unwrap();
    let mail = parsed(&place.exim.mails(1).await.unwrap()[0]);
    assert_eq!(mail["headers"]["bcc"], Value::Null);
    assert_eq!(mail["headers"]["subject"], json!(["Hello  Bcc: eve@example.org    Body of Eve's"]));
    bodies_are_intact(&mail);

    let before = place.exim.count("BEGUN");
    for recipient in [
        "ada@example.org>\r\nRCPT TO:<eve@example.org",
        "ada@example.org\r\nBcc: eve@example.org",
        "ada@example.org, eve@example.org",
        "Ada <ada@example.org>",
        "ada",
        "",
    ] {
        let refused = send(&smtp, recipient).await.unwrap_err();
        assert_eq!(refused, countersign_contract::types::SendError::RecipientRefused);
    }
    assert_eq!(place.exim.count("BEGUN"), before);
}
