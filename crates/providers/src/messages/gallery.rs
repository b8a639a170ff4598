//! Every message in every language says what it must; `cargo xtask messages` makes a page of them.

use super::tests::{CODE, message};
use super::*;

/// The variable that says where the page goes, if there is to be one.
const PAGE: &str = "COUNTERSIGN_TEST_PAGE";

const LOCALES: [&str; 5] = ["en", "id", "uz", "ru", "hi"];

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

/// One message as a part of the page.
fn shown(content: &Content) -> String {
    match content {
        Content::Mail(mail) => format!(
            "<p>Subject: <b>{}</b><pre>{}</pre><iframe srcdoc=\"{}\"></iframe>",
            escaped(&mail.subject),
            escaped(mail.text.expose()),
            escaped(mail.html.expose()),
        ),
        Content::None => String::new(),
        Content::Speech(speech) => {
            format!("<pre>[{}]\n{}</pre>", speech.language, escaped(speech.text.expose()))
        }
        Content::Text(text) => {
            let counted = segments(text.expose());
            let (text, units) = (escaped(text.expose()), counted.units);
            format!("<pre>{text}</pre><p>{:?} {units} → {}", counted.encoding, counted.segments)
        }
    }
}

#[test]
fn every_message_says_its_code_once() {
    let mut page = String::from(
        "<!DOCTYPE html><meta charset=utf-8><title>Messages</title><style>pre { white-space: pre-wrap; border: 1px solid; padding: 8px; max-width: 40em } iframe { width: 40em; height: 30em }</style>",
    );
    let mut count = 0;
    for decorated in [false, true] {
        let mut settings = MessagesSettings::default();
        if decorated {
            settings.brand = Some("Acme Pay".into());
            settings.origin_host = Some("pay.acme.example".into());
            settings.android_app_hash = Some("FA+9qCX9VSu".into());
        }
        let texts = Texts::open(&settings).ok().unwrap();
        for locale in LOCALES {
            for channel in [Channel::Sms, Channel::Voice, Channel::Email] {
                let mut message = message(channel, Some(locale));
                message.reference = decorated.then(|| "INV-2026-0001".to_owned());
                let content = texts.render(&message).unwrap();
                let bodies = match &content {
                    Content::Mail(mail) => vec![mail.text.expose(), mail.html.expose()],
                    Content::None => panic!("nothing for {channel:?}"),
                    Content::Speech(speech) => vec![speech.text.expose()],
                    Content::Text(text) => vec![text.expose()],
                };
                for body in bodies {
                    let codes = match channel {
                        Channel::Voice => body.matches("4, 8, 0, 1, 6, 2").count() / 2,
                        _ => body
                            .lines()
                            .filter(|line| !line.starts_with('@'))
                            .collect::<String>()
                            .matches(CODE)
                            .count(),
                    };
                    assert_eq!(codes, 1, "{body}");
                    assert_eq!(decorated, body.contains("Acme Pay"), "{body}");
                    let referenced = decorated && channel != Channel::Voice;
                    assert_eq!(referenced, body.contains("INV-2026-0001"), "{body}");
                }
                page += &format!("<h2>{locale} {}</h2>{}", channel.as_str(), shown(&content));
                count += 1;
            }
        }
    }
    assert_eq!(count, 2 * LOCALES.len() * 3);
    if let Some(path) = std::env::var_os(PAGE) {
        std::fs::write(path, page).unwrap();
    }
}
