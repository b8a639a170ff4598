//! Settings, mails and outcomes. What needs a server is in the suite `smtp`.

use serde_json::{Value, json};

use super::outcome::Refusal;
use super::reply::SmtpReply;
use super::*;

fn settings(changes: Value) -> SmtpSettings {
    let mut settings = json!({
        "host": "mail.example.test",
        "user": "courier",
        "password": "hunter2-hunter2",
        "from": "Example <codes@example.test>",
    });
    for (name, value) in changes.as_object().unwrap() {
        settings[name] = value.clone();
    }
    serde_json::from_value(settings).unwrap()
}

fn account(changes: Value) -> Account {
    Account::try_new(&settings(changes), "senders.email").unwrap()
}

/// The paths of all problems, having made sure that no value is repeated.
fn problems(changes: Value) -> Vec<String> {
    let Err(Problems(problems)) = Smtp::open(&settings(changes), "senders.email") else {
        panic!("no problem");
    };
    for problem in &problems {
        let text = problem.to_string();
        for value in ["hunter2", "secret.example", "Eve", "nowhere"] {
            assert!(!text.contains(value), "{text}");
        }
    }
    problems.into_iter().map(|problem| problem.path).collect()
}

#[test]
fn the_port_follows_from_the_encryption() {
    assert_eq!(account(json!({})).port, 587);
    assert_eq!(account(json!({"tls": "tls"})).port, 465);
    assert_eq!(account(json!({"tls": "tls", "port": 2465})).port, 2465);
}

#[test]
fn we_greet_with_the_domain_of_from_unless_told_otherwise() {
    let greeting = |changes| account(changes).client.to_string();
    assert_eq!(greeting(json!({})), "example.test");
    assert_eq!(greeting(json!({"helo_name": "app.example.test"})), "app.example.test");
    assert_eq!(greeting(json!({"helo_name": "[192.0.2.7]"})), "[192.0.2.7]");
    assert_eq!(greeting(json!({"helo_name": "[IPv6:2001:db8::7]"})), "[IPv6:2001:db8::7]");
}

#[test]
fn plain_text_is_for_this_machine_only() {
    for host in ["localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "::1"] {
        assert!(account(json!({"host": host, "tls": "none"})).encryption.is_none());
    }
    for host in ["secret.example", "192.168.1.1", "localhost.secret.example", "::2", "0.0.0.0"] {
        let found = problems(json!({"host": host, "tls": "none"}));
        assert_eq!(found, ["senders.email.tls"], "{host}");
    }
}

#[test]
fn every_problem_is_told_at_once_and_no_value_with_it() {
    let found = problems(json!({
        "host": "secret.example:587",
        "port": 0,
        "max_connections": 0,
        "user": null,
        "from": "Eve",
        "reply_to": "Eve <eve@secret.example>\r\nBcc: eve@secret.example",
        "ca_file": "/nowhere/ca.pem",
        "helo_name": "secret.example\r\nRSET",
    }));
    let names =
        ["host", "port", "max_connections", "user", "from", "reply_to", "ca_file", "helo_name"];
    assert_eq!(found, names.map(|name| format!("senders.email.{name}")));
}

#[test]
fn user_and_password_go_together() {
    assert_eq!(problems(json!({"password": null})), ["senders.email.password"]);
    assert_eq!(problems(json!({"user": null})), ["senders.email.user"]);
    assert_eq!(problems(json!({"user": "\0"})), ["senders.email.user"]);
    let long = "hunter2".repeat(200);
    assert_eq!(problems(json!({"password": long})), ["senders.email.password"]);
    assert!(account(json!({"user": null, "password": null})).credentials.is_none());
}

#[test]
fn a_file_of_authorities_has_to_hold_some() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let broken = "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n";
    for content in ["", "hello", broken] {
        std::fs::write(file.path(), content).unwrap();
        let found = problems(json!({"ca_file": file.path()}));
        assert_eq!(found, ["senders.email.ca_file"], "{content}");
    }
    let found = problems(json!({"ca_file": file.path(), "host": "localhost", "tls": "none"}));
    assert_eq!(found, ["senders.email.ca_file"]);
}

#[test]
fn debug_shows_no_password() {
    assert!(!format!("{:?}", settings(json!({}))).contains("hunter2"));
}

/// A refusal with these lines.
fn refusal(code: u16, text: &str) -> Refusal {
    let lines = text.split('\n').map(|line| line.as_bytes().to_vec()).collect();
    Refusal::new(&SmtpReply { code, lines })
}

fn ada() -> Address {
    "ada@example.org".parse().unwrap()
}

/// What each reply means, phase by phase.
#[test]
fn refusals_are_told_apart() {
    use SendError::{RecipientRefused, Throttled, Unauthorised, Unavailable};
    let not_configured = |text: &str| SendError::NotConfigured(format!("p{text}"));
    let other = |text: &str| SendError::Other(format!("p{text}"));
    let from = ".from: the server refuses this sender:";
    let carry = ": the server won't carry mail from us to this recipient:";
    for (phase, code, text, expected) in [
        (Phase::Greeting, 421, "4.3.2 busy", Unavailable),
        (Phase::Greeting, 421, "4.7.0 too many connections", Throttled(None)),
        (Phase::Greeting, 554, "no", other(": the server refuses to talk to us: 554")),
        (Phase::Encryption, 454, "4.3.0 later", Unavailable),
        (Phase::Encryption, 454, "4.7.0 TLS not available due to local problem", Unavailable),
        (Phase::Encryption, 454, "", Unavailable),
        (Phase::Encryption, 421, "4.7.0 too many", Throttled(None)),
        (Phase::Encryption, 502, "no", not_configured(".tls: the server refuses STARTTLS: 502")),
        (Phase::SignIn, 454, "4.7.0 later", Unavailable),
        (Phase::SignIn, 421, "4.7.0 too many", Throttled(None)),
        (Phase::SignIn, 535, "5.7.8 wrong", Unauthorised),
        (Phase::SignIn, 550, "5.7.1 locked", Unauthorised),
        (
            Phase::SignIn,
            504,
            "5.5.4 no",
            not_configured(".user: the server refuses our way to sign in: 504 5.5.4"),
        ),
        (Phase::From, 530, "5.7.0 sign in first", Unauthorised),
        (Phase::From, 553, "5.1.8 who?", not_configured(&format!("{from} 553 5.1.8"))),
        (Phase::From, 451, "later", Unavailable),
        (Phase::Recipient, 450, "4.2.0 greylisted", Unavailable),
        (Phase::Recipient, 451, "4.7.1 greylisted", Throttled(None)),
        (Phase::Recipient, 452, "4.5.3 too many", Throttled(None)),
        (Phase::Recipient, 452, "4.2.2 full", Unavailable),
        (Phase::Recipient, 530, "5.7.0 sign in first", Unauthorised),
        (Phase::Recipient, 538, "5.7.11 encrypt first", Unauthorised),
        (Phase::Recipient, 550, "no", RecipientRefused),
        (Phase::Recipient, 551, "5.1.6 moved", RecipientRefused),
        (Phase::Recipient, 552, "5.2.2 full", RecipientRefused),
        (Phase::Recipient, 553, "5.1.3 what?", RecipientRefused),
        (Phase::Recipient, 554, "5.7.1 no relay", other(&format!("{carry} 554 5.7.1"))),
        (Phase::Recipient, 553, "5.1.8 who?", not_configured(&format!("{from} 553 5.1.8"))),
        (Phase::Recipient, 503, "no", other(&format!("{carry} 503"))),
        (Phase::Content, 554, "no", other(": the server refuses the mail: 554")),
        (Phase::HandedOver, 451, "4.3.0 later", Unavailable),
        (Phase::HandedOver, 552, "5.3.4 big", other(": the server refuses the mail: 552 5.3.4")),
        (Phase::HandedOver, 552, "5.2.3 big for this mailbox", RecipientRefused),
        (Phase::HandedOver, 550, "5.1.1 unknown", RecipientRefused),
        (Phase::HandedOver, 552, "5.2.2 full", RecipientRefused),
        (Phase::HandedOver, 550, "5.4.1 Access denied", RecipientRefused),
        (Phase::HandedOver, 550, "unknown (#5.1.1)", RecipientRefused),
        (Phase::HandedOver, 550, "5.1.8 who?", not_configured(&format!("{from} 550 5.1.8"))),
        (Phase::HandedOver, 550, "unknown", other(": the server refuses the mail: 550")),
        (
            Phase::HandedOver,
            554,
            "Message rejected: Email address is not verified. x@example.org",
            other(": the server refuses the mail: 554"),
        ),
        // A domain that takes no mail (RFC 7505).
        (Phase::Recipient, 556, "5.1.10 null MX", RecipientRefused),
        (
            Phase::Recipient,
            550,
            "5.4.1 Recipient address rejected: Access denied. AS(201806281)",
            RecipientRefused,
        ),
        (
            Phase::Recipient,
            550,
            "5.4.1 [a@example.com]: Recipient address rejected",
            RecipientRefused,
        ),
        (Phase::Recipient, 550, "5.4.310 DNS domain does not exist", RecipientRefused),
        (Phase::Recipient, 550, "5.4.14 hop count", RecipientRefused),
        (Phase::Recipient, 550, "5.4.0 ?", RecipientRefused),
        (Phase::Recipient, 550, "5.4.3 directory", other(&format!("{carry} 550 5.4.3"))),
        (Phase::Recipient, 550, "5.4.5 congestion", other(&format!("{carry} 550 5.4.5"))),
        (Phase::Recipient, 550, "5.4.6 loop", other(&format!("{carry} 550 5.4.6"))),
        (Phase::Recipient, 550, "5.4.7 time", other(&format!("{carry} 550 5.4.7"))),
        (Phase::Recipient, 550, "5.0.0 no", other(&format!("{carry} 550 5.0.0"))),
        (Phase::Recipient, 501, "<a b>: malformed address", RecipientRefused),
        (Phase::Recipient, 501, "5.5.4 bad address", RecipientRefused),
        (Phase::Recipient, 553, "5.5.2 syntax", RecipientRefused),
        (Phase::Recipient, 550, "", RecipientRefused),
        (Phase::Recipient, 521, "host takes no mail", RecipientRefused),
        (Phase::Recipient, 556, "domain does not accept mail", RecipientRefused),
        (Phase::Recipient, 550, "#5.1.0 Address rejected", RecipientRefused),
        (
            Phase::Recipient,
            553,
            "sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)",
            other(&format!("{carry} 553 5.7.1")),
        ),
        (
            Phase::Recipient,
            550,
            "5.7.1 : Recipient address rejected: Inactive MailBox",
            other(&format!("{carry} 550 5.7.1")),
        ),
        (
            Phase::Recipient,
            550,
            "relay to <ada@example.org> not permitted",
            other(&format!("{carry} 550 \"relay to [address] not permitted\"")),
        ),
        (
            Phase::Recipient,
            550,
            "Please turn on SMTP Authentication in your mail client.\nmx.test is not permitted",
            other(&format!(
                "{carry} 550 \"Please turn on SMTP Authentication in your mail client.\""
            )),
        ),
        (
            Phase::Recipient,
            550,
            "Sender verify failed",
            other(&format!("{carry} 550 \"Sender verify failed\"")),
        ),
    ] {
        let cause = Cause::Refused(refusal(code, text));
        let outcome = SmtpError { phase, cause }.outcome("p", &ada());
        assert_eq!(outcome, expected, "{phase:?} {code} {text}");
    }
}

/// A temporary refusal of the recipient concerns no other recipient.
#[test]
fn a_temporary_refusal_of_the_recipient_concerns_that_one_alone() {
    let concerns = |phase, code, text| {
        SmtpError { phase, cause: Cause::Refused(refusal(code, text)) }
            .unsent("p", &ada())
            .concerns_recipient
    };
    for (code, text) in [
        (450, "4.1.2 <a@gmial.test>: Recipient address rejected: Domain not found"),
        (451, "4.7.1 Greylisted, try again"),
        (450, "4.2.0 Greylisted"),
        (450, "4.2.1 too quickly."),
        (450, "4.1.1 unverified address"),
        (452, "4.5.3 too many"),
        (452, "4.2.2 full"),
        (451, ""),
        (450, "please come back later"),
        (421, "later"),
        (499, "4.4.1 no answer from host"),
    ] {
        assert!(concerns(Phase::Recipient, code, text), "{code} {text}");
    }
    for (code, text) in [
        (450, "4.1.8 <codes@x>: Sender address rejected: Domain not found"),
        (450, "4.1.7 <codes@x>: Sender address rejected"),
        (452, "4.3.1 disk full"),
        (451, "4.3.0 later"),
    ] {
        assert!(!concerns(Phase::Recipient, code, text), "{code} {text}");
    }
    for phase in [Phase::Greeting, Phase::From, Phase::Content, Phase::HandedOver] {
        assert!(!concerns(phase, 450, "4.2.0 later"), "{phase:?}");
    }
    for cause in [Cause::Broken, Cause::Late, Cause::Garbled] {
        let unsent = SmtpError { phase: Phase::Recipient, cause }.unsent("p", &ada());
        assert_eq!(unsent, Unsent::from(SendError::Unavailable));
    }
}

#[test]
fn only_after_the_end_of_the_content_is_anything_left_open() {
    for phase in [
        Phase::Greeting,
        Phase::Encryption,
        Phase::SignIn,
        Phase::From,
        Phase::Recipient,
        Phase::Content,
    ] {
        for cause in [Cause::Broken, Cause::Garbled, Cause::Late] {
            let outcome = SmtpError { phase, cause }.outcome("p", &ada());
            assert_eq!(outcome, SendError::Unavailable, "{phase:?}");
        }
    }
    let outcome = |cause| SmtpError { phase: Phase::HandedOver, cause }.outcome("p", &ada());
    assert_eq!(outcome(Cause::Broken), SendError::Unreadable);
    assert_eq!(outcome(Cause::Garbled), SendError::Unreadable);
    assert_eq!(outcome(Cause::Late), SendError::Timeout);
}

#[test]
fn only_what_stands_before_the_recipient_counts_as_a_stale_connection() {
    let is_stale = |phase, cause| SmtpError { phase, cause }.is_stale();
    let refused = |code| Cause::Refused(refusal(code, ""));
    assert!(is_stale(Phase::From, Cause::Broken));
    assert!(is_stale(Phase::From, Cause::Late));
    assert!(is_stale(Phase::From, refused(421)));
    assert!(!is_stale(Phase::From, refused(550)));
    for phase in [Phase::Recipient, Phase::Content, Phase::HandedOver] {
        assert!(!is_stale(phase, Cause::Broken), "{phase:?}");
        assert!(!is_stale(phase, refused(421)), "{phase:?}");
    }
}
