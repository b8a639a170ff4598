//! Which voice reads a text: one that speaks its language, or none.
//!
//! Without a voice Twilio takes the account's default, and reads whatever it is given as if it were in that voice's
//! language. So a voice is always named: the operator's for the language, or Google's standard one. There is none to fall
//! back on: a text that no voice is known for isn't read, and the next channel is tried. Twilio has no Uzbek, for one.

use std::collections::BTreeMap;

use super::polly;
use crate::locale::{TAG, candidates, current, is_tag};
use crate::protocol::checks::Checks;

/// Voices that an operator can name at most.
const MAX_VOICES: usize = 64;

/// Bytes of the longest name of a voice.
const MAX_NAME: usize = 64;

/// A voice, as `<Say>` has it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Voice {
    /// Its name: `Google.id-ID-Standard-A`.
    pub(super) name: String,
    /// The language that it speaks, where that is known.
    pub(super) language: Option<String>,
}

/// The operator's voices, by language in lower case.
pub(super) struct Voices(BTreeMap<String, Voice>);

impl Voices {
    /// Reads the setting `voices`.
    pub(super) fn open(settings: &BTreeMap<String, String>, checks: &mut Checks) -> Self {
        checks.require("voices", settings.len() <= MAX_VOICES, "has more than 64 entries");
        let mut voices = BTreeMap::new();
        for (tag, name) in settings.iter().take(MAX_VOICES) {
            let field = format!("voices.{tag}");
            if !is_tag(tag) {
                checks.refuse(&field, TAG);
                continue;
            }
            if let Some(voice) = checks.take(&field, voice(tag, name)) {
                let is_first = voices.insert(current(tag), voice).is_none();
                checks.require(&field, is_first, "stands there twice, in another spelling");
            }
        }
        Self(voices)
    }

    /// The voice for a text in `language`.
    pub(super) fn of(&self, language: &str) -> Option<Voice> {
        if !is_tag(language) {
            return None;
        }
        let tags = candidates(language);
        let own = tags.iter().find_map(|tag| self.0.get(tag).cloned());
        own.or_else(|| {
            let locale = tags.iter().find_map(|tag| google(tag))?;
            let name = format!("Google.{locale}-Standard-A");
            Some(Voice { name, language: Some(locale.to_owned()) })
        })
    }
}

/// The voice of that name for a language, where it speaks it.
fn voice(tag: &str, name: &str) -> Result<Voice, &'static str> {
    let may_stand = |character: char| character.is_alphanumeric() || "-_".contains(character);
    let voice = |language: Option<&str>| {
        Ok(Voice { name: name.to_owned(), language: language.map(Into::into) })
    };
    if name.len() > MAX_NAME {
        return Err(NAME);
    }
    if let Some(rest) = name.strip_prefix("Polly.") {
        if rest.is_empty() || !rest.chars().all(may_stand) {
            return Err(NAME);
        }
        let mut spoken = polly::languages(rest).peekable();
        if spoken.peek().is_none() {
            // Polly gets new voices: this one isn't known here.
            return voice(None);
        }
        return match spoken.find(|language| are_one(language, tag)) {
            Some(language) => voice(Some(language)),
            None => Err(LANGUAGE),
        };
    }
    let rest = name.strip_prefix("Google.").ok_or(NAME)?;
    let mut parts = rest.splitn(3, '-');
    let (Some(language), Some(region), Some(kind)) = (parts.next(), parts.next(), parts.next())
    else {
        return Err(NAME);
    };
    let locale = format!("{language}-{region}");
    if !is_tag(&locale) || kind.is_empty() || !kind.chars().all(may_stand) {
        return Err(NAME);
    }
    if are_one(&locale, tag) { voice(Some(&locale)) } else { Err(LANGUAGE) }
}

const LANGUAGE: &str = "is a voice of another language";
const NAME: &str =
    "has to be one of Google's or Polly's voices: `Google.id-ID-Standard-A`, `Polly.Maxim`";

/// Whether two tags are of one language.
fn are_one(one: &str, other: &str) -> bool {
    spoken(one) == spoken(other)
}

/// The language of a tag: its first part, of which some have several.
fn spoken(tag: &str) -> String {
    let tag = tag.to_ascii_lowercase();
    let first = tag.split('-').next().unwrap_or_default();
    match google(&tag).map(|locale| locale.split('-').next().unwrap_or_default()) {
        Some(language) => language.to_owned(),
        None if first == tag => tag,
        None => spoken(first),
    }
}

/// The locale of Google's standard voice for a tag in lower case: the tag's own, else the first of a mere language.
fn google(tag: &str) -> Option<&'static str> {
    let also = ALSO.iter().find(|(known, _)| *known == tag).map(|(_, locale)| *locale);
    let locale = || GOOGLE.iter().copied().find(|locale| locale.eq_ignore_ascii_case(tag));
    let language = || {
        let is_first =
            |locale: &&str| locale.split_once('-').is_some_and(|(first, _)| first == tag);
        GOOGLE.iter().copied().find(is_first)
    };
    also.or_else(locale).or_else(language)
}

/// Other names for what Google's voices speak.
const ALSO: &[(&str, &str)] = &[
    ("arb", "ar-XA"),
    ("es-419", "es-US"),
    ("es-mx", "es-US"),
    ("in", "id-ID"),
    ("iw", "he-IL"),
    ("no", "nb-NO"),
    ("tl", "fil-PH"),
    ("zh", "cmn-CN"),
    ("zh-hant", "cmn-TW"),
    ("zh-hant-hk", "yue-HK"),
    ("zh-hk", "yue-HK"),
    ("zh-tw", "cmn-TW"),
];

/// Where there is a voice `Google.<locale>-Standard-A`, from the list of twilio-java (2026-04-29). Of the several of a
/// language the first is the one for the language without a region.
#[rustfmt::skip]
const GOOGLE: &[&str] = &[
    "af-ZA", "am-ET", "ar-XA", "bg-BG", "bn-IN", "ca-ES", "cmn-CN", "cmn-TW", "cs-CZ", "da-DK", "de-DE", "el-GR", "en-US",
    "en-AU", "en-GB", "en-IN", "es-ES", "es-US", "eu-ES", "fi-FI", "fil-PH", "fr-FR", "fr-CA", "gl-ES", "gu-IN", "he-IL",
    "hi-IN", "hu-HU", "id-ID", "is-IS", "it-IT", "ja-JP", "kn-IN", "ko-KR", "lt-LT", "lv-LV", "ml-IN", "mr-IN", "ms-MY",
    "nb-NO", "nl-NL", "nl-BE", "pa-IN", "pl-PL", "pt-BR", "pt-PT", "ro-RO", "ru-RU", "sk-SK", "sr-RS", "sv-SE", "ta-IN",
    "te-IN", "th-TH", "tr-TR", "uk-UA", "vi-VN", "yue-HK",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn voices(pairs: &[(&str, &str)]) -> Result<Voices, String> {
        let settings =
            pairs.iter().map(|(tag, name)| ((*tag).to_owned(), (*name).to_owned())).collect();
        let mut checks = Checks::new("senders.voice");
        let voices = Voices::open(&settings, &mut checks);
        checks.finish(|| Some(voices)).map_err(|problems| problems.to_string())
    }

    fn named(voices: &Voices, language: &str) -> Option<(String, Option<String>)> {
        voices.of(language).map(|voice| (voice.name, voice.language))
    }

    #[test]
    fn each_language_has_a_voice_of_its_own_or_none() {
        let voices = voices(&[]).unwrap();
        for (language, locale) in [
            ("id", "id-ID"),
            ("id-ID", "id-ID"),
            ("in", "id-ID"),
            ("hi", "hi-IN"),
            ("hi-Deva-IN", "hi-IN"),
            ("ru", "ru-RU"),
            ("ru-KZ", "ru-RU"),
            ("en", "en-US"),
            ("EN-gb", "en-GB"),
            ("en-KE-x-y", "en-US"),
            ("pt", "pt-BR"),
            ("pt-PT", "pt-PT"),
            ("es-AR", "es-ES"),
            ("es-MX", "es-US"),
            ("zh", "cmn-CN"),
            ("zh-Hant-TW", "cmn-TW"),
            ("zh-HK", "yue-HK"),
            ("ar-EG", "ar-XA"),
        ] {
            let expected = (format!("Google.{locale}-Standard-A"), Some(locale.to_owned()));
            assert_eq!(named(&voices, language), Some(expected), "{language}");
        }
        for language in ["uz", "uz-Cyrl-UZ", "kk", "", "x", "en_US", "\"><Play>", "und"] {
            assert_eq!(named(&voices, language), None, "{language}");
        }
    }

    #[test]
    fn the_operator_s_voices_come_first_and_speak_what_they_are_named_for() {
        let voices = voices(&[
            ("en", "Polly.Joanna-Neural"),
            ("en-IN", "Polly.Aditi"),
            ("hi", "Polly.Aditi"),
            ("cy", "Polly.Gwyneth"),
            ("zh", "Polly.Zhiyu"),
            ("pt-PT", "Google.pt-PT-Wavenet-A"),
            ("uz", "Google.uz-UZ-Standard-A"),
            ("kk", "Polly.Aigerim"),
        ])
        .unwrap();
        for (language, name, spoken) in [
            ("en-GB", "Polly.Joanna-Neural", Some("en-US")),
            ("en-IN", "Polly.Aditi", Some("en-IN")),
            ("hi-IN", "Polly.Aditi", Some("hi-IN")),
            ("cy", "Polly.Gwyneth", Some("cy-GB")),
            ("zh-CN", "Polly.Zhiyu", Some("cmn-CN")),
            ("pt-PT", "Google.pt-PT-Wavenet-A", Some("pt-PT")),
            ("pt", "Google.pt-BR-Standard-A", Some("pt-BR")),
            ("uz", "Google.uz-UZ-Standard-A", Some("uz-UZ")),
            ("kk", "Polly.Aigerim", None),
        ] {
            let expected = (name.to_owned(), spoken.map(Into::into));
            assert_eq!(named(&voices, language), Some(expected), "{language}");
        }
    }

    #[test]
    fn a_voice_of_another_language_is_told_at_once() {
        for (tag, name) in [
            ("uz", "Google.tr-TR-Standard-A"),
            ("uz", "Polly.Maxim"),
            ("id", "Google.ms-MY-Standard-A"),
            ("en", "Polly.Lupe-Neural"),
            ("ru", "Polly.Aditi"),
            ("zh-HK", "Polly.Zhiyu"),
            ("zh", "Google.yue-HK-Standard-A"),
        ] {
            let expected = format!("senders.voice.voices.{tag}: {LANGUAGE}");
            assert_eq!(voices(&[(tag, name)]).err(), Some(expected), "{name}");
        }
    }

    #[test]
    fn what_is_no_voice_is_told_at_once() {
        let long = format!("Polly.{}", "x".repeat(MAX_NAME));
        for name in [
            "",
            "alice",
            "man",
            "Polly.",
            "Polly.A b",
            "Polly.\"",
            "Google.",
            "Google.id",
            "Google.id-ID",
            "Google.id-ID-",
            &long,
        ] {
            let expected = format!("senders.voice.voices.id: {NAME}");
            assert_eq!(voices(&[("id", name)]).err(), Some(expected), "{name}");
        }
        let twice = voices(&[("EN", "Polly.Amy"), ("en", "Polly.Amy")]).err().unwrap();
        assert!(twice.contains("twice"), "{twice}");
        assert!(voices(&[("en_US", "Polly.Amy")]).err().unwrap().contains("BCP 47"));
    }
}
