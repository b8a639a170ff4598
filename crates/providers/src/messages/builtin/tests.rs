use std::collections::BTreeSet;

use countersign_contract::types::Channel;

use super::*;
use crate::Message;
use crate::messages::autofill::tests::parse;
use crate::messages::content::Content;
use crate::messages::name::{Name, Part};
use crate::messages::tests::{CODE, message, open, settings, sms};
use crate::messages::{MessagesSettings, SmsEncoding, segments};

const LOCALES: [&str; 5] = ["en", "hi", "id", "ru", "uz"];

fn with_autofill(hash: Option<&str>, embedded_host: Option<&str>) -> MessagesSettings {
    MessagesSettings {
        brand: Some("A brand of 20 signs.".into()),
        origin_host: Some("login.of-25-signs.example".into()),
        origin_embedded_host: embedded_host.map(Into::into),
        android_app_hash: hash.map(Into::into),
        ..MessagesSettings::default()
    }
}

fn messages(channel: Channel) -> impl Iterator<Item = Message> {
    LOCALES.into_iter().flat_map(move |locale| {
        [30, 61, 119, 120, 300, 600]
            .map(|lifetime_seconds| Message { lifetime_seconds, ..message(channel, Some(locale)) })
    })
}

#[test]
fn every_part_is_there_in_every_language_and_on_disk_nothing_else() {
    let parts = [Part::Html, Part::Sms, Part::Subject, Part::Text, Part::Voice];
    let expected: BTreeSet<String> = LOCALES
        .into_iter()
        .flat_map(|locale| {
            let name =
                move |part| Name { tenant: None, purpose: None, part, locale: locale.into() };
            parts.map(|part| name(part).to_string())
        })
        .collect();
    let listed: BTreeSet<String> = ALL.iter().map(|(name, _)| (*name).into()).collect();
    assert_eq!(listed, expected);
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/messages/templates");
    let stored: BTreeSet<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(stored, expected);
}

#[test]
fn an_operator_could_have_written_them() {
    let MessagesSettings { templates, .. } = settings(ALL);
    open(&MessagesSettings { templates, ..with_autofill(None, None) });
}

#[test]
fn a_browser_reads_the_code_out_of_every_text_message() {
    for hash in [None, Some("FA+9qCX9VSu")] {
        for embedded_host in [None, Some("frame.example")] {
            let settings = with_autofill(hash, embedded_host);
            let texts = open(&settings);
            for mut message in messages(Channel::Sms) {
                for reference in [None, Some("INV-7\n")] {
                    message.reference = reference.map(Into::into);
                    let text = sms(&texts, &message);
                    let read = parse(&text).unwrap();
                    assert_eq!(read.code, CODE);
                    assert_eq!(Some(read.host), settings.origin_host);
                    assert_eq!(read.embedded_host.as_deref(), embedded_host);
                    let lines = text.lines().filter(|line| Some(*line) == hash).count();
                    assert_eq!(lines, usize::from(hash.is_some()), "{text}");
                }
            }
        }
    }
}

#[test]
fn phones_that_read_140_characters_read_them_all() {
    let settings = with_autofill(Some("FA+9qCX9VSu"), None);
    assert_eq!(settings.origin_host.as_ref().map(String::len), Some(25));
    assert_eq!(settings.brand.as_ref().map(String::len), Some(20));
    let texts = open(&settings);
    for message in messages(Channel::Sms) {
        let text = sms(&texts, &message);
        let length = text.chars().count();
        assert!(length <= 140, "{length}: {text}");
        let locale = message.locale.as_deref().unwrap();
        let gsm7 = ["en", "id", "uz"].contains(&locale);
        // In these a character is a byte, which is how Android counts.
        let expected = if gsm7 { SmsEncoding::Gsm7 } else { SmsEncoding::Ucs2 };
        assert_eq!(segments(&text).encoding, expected, "{text}");
        assert!(!gsm7 || (text.len() <= 140 && segments(&text).segments == 1), "{text}");
        assert!(gsm7 || segments(&text).segments <= 2, "{text}");
    }
}

#[test]
fn a_text_message_without_brand_and_lines_is_one_segment() {
    let texts = open(&MessagesSettings::default());
    for message in messages(Channel::Sms) {
        let text = sms(&texts, &message);
        assert!(segments(&text).segments == 1, "{:?} {text}", segments(&text));
    }
}

#[test]
fn units_agree_with_their_numbers() {
    let texts = open(&MessagesSettings::default());
    for (locale, seconds, expected) in [
        ("ru", 31, "Действует 31 секунду."),
        ("ru", 33, "Действует 33 секунды."),
        ("ru", 60, "Действует 60 секунд."),
        ("ru", 111, "Действует 111 секунд."),
        ("ru", 120, "Действует 2 минуты."),
        ("ru", 300, "Действует 5 минут."),
        ("en", 31, "Valid for 31 seconds."),
        ("en", 1, "Valid for 1 second."),
        ("en", 599, "Valid for 9 minutes."),
        ("id", 120, "Berlaku 2 menit."),
        ("uz", 120, "Kod 2 daqiqa amal qiladi."),
        ("hi", 120, "2 मिनट तक मान्य।"),
    ] {
        let message = Message { lifetime_seconds: seconds, ..message(Channel::Sms, Some(locale)) };
        let text = sms(&texts, &message);
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn html_mails_are_documents_in_their_language_that_fetch_nothing() {
    let texts = open(&MessagesSettings::default());
    for message in messages(Channel::Email) {
        let Content::Mail(mail) = texts.render(&message).unwrap() else { panic!() };
        let html = mail.html.expose();
        let locale = message.locale.as_deref().unwrap();
        let beginning = format!("<!DOCTYPE html>\n<html lang=\"{locale}\" dir=\"ltr\">");
        assert!(html.starts_with(&beginning), "{html}");
        assert!(html.contains("<meta charset=\"utf-8\">"));
        for part in ["color-scheme: light dark", "font-family: ui-monospace", "<title>"] {
            assert!(html.contains(part), "{part}");
        }
        for part in ["http", "src=", "href", "url(", "<table", "<img", "<script", "color: #"] {
            assert!(!html.contains(part), "{part}: {html}");
        }
        // What a mailbox shows beside the subject.
        let (before, _) = html.split_once(CODE).unwrap();
        assert!(before.contains("aria-hidden"), "{html}");
        // Both bodies say the same.
        for line in mail.text.expose().lines().filter(|line| !line.is_empty()) {
            assert!(html.contains(line), "{line}");
        }
    }
}
