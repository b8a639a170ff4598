//! Settings, mails and outcomes. What needs a server is in the suite `smtp`.

use serde_json::{Value, json};

use super::outcome::Reply;
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

#[test]
fn replies_are_read_by_their_numbers() {
    for (code, text, shown) in [
        (550, "5.1.1 <ada@example.org>: unknown", "550 5.1.1"),
        (550, "5.7.60 SMTP; Client does not have permissions", "550 5.7.60"),
        (550, "ada@example.org unknown", "550"),
        (550, "4.1.1 of another class", "550"),
        (550, "5.1 half a code", "550"),
        (550, "5.1.1.1 too much of one", "550"),
        (550, "5.1.1234 too long", "550"),
        (550, "5..1 empty", "550"),
        (421, "", "421"),
    ] {
        assert_eq!(Reply::new(code, text).to_string(), shown);
    }
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
        (Phase::HandedOver, 552, "5.2.3 big", other(": the server refuses the mail: 552 5.2.3")),
    ] {
        let cause = Cause::Refused(Reply::new(code, text));
        assert_eq!(Failure { phase, cause }.outcome("p"), expected, "{phase:?} {code} {text}");
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
            assert_eq!(Failure { phase, cause }.outcome("p"), SendError::Unavailable, "{phase:?}");
        }
    }
    let outcome = |cause| Failure { phase: Phase::HandedOver, cause }.outcome("p");
    assert_eq!(outcome(Cause::Broken), SendError::Unreadable);
    assert_eq!(outcome(Cause::Garbled), SendError::Unreadable);
    assert_eq!(outcome(Cause::Late), SendError::Timeout);
}

#[test]
fn only_what_stands_before_the_recipient_counts_as_a_stale_connection() {
    let is_stale = |phase, cause| Failure { phase, cause }.is_stale();
    let refused = |code| Cause::Refused(Reply::new(code, ""));
    assert!(is_stale(Phase::From, Cause::Broken));
    assert!(is_stale(Phase::From, Cause::Late));
    assert!(is_stale(Phase::From, refused(421)));
    assert!(!is_stale(Phase::From, refused(550)));
    for phase in [Phase::Recipient, Phase::Content, Phase::HandedOver] {
        assert!(!is_stale(phase, Cause::Broken), "{phase:?}");
        assert!(!is_stale(phase, refused(421)), "{phase:?}");
    }
}
