//! Languages by BCP 47, and which text serves whom: the lookup of RFC 4647, section 3.4.

use icu_locale_core::LanguageIdentifier;

use crate::locale::{self, MAX_TAG_BYTES, candidates};

/// The language of last resort: every channel has a built-in template in it.
pub(super) const LAST_RESORT: &str = "en";

/// The current form of a language's tag in its proper spelling, `uz-Cyrl-UZ` for `uz-cyrl-uz`, `id` for `in`; nothing where it isn't one of language,
/// script, region and variants.
pub(super) fn canonical(text: &str) -> Option<String> {
    if text.len() > MAX_TAG_BYTES {
        return None;
    }
    let proper = LanguageIdentifier::try_from_str(text).ok()?.to_string();
    proper.eq_ignore_ascii_case(text).then(|| locale::canonical(&proper))
}

/// The tags under which a text is looked for, in lower case and in this order: the [`candidates`] of `wanted`, then
/// those of `default`, then English.
pub(super) fn chain(wanted: Option<&str>, default: &str) -> Vec<String> {
    let mut chain: Vec<String> = Vec::new();
    for tag in wanted.into_iter().chain([default, LAST_RESORT]) {
        if tag.len() > MAX_TAG_BYTES {
            continue;
        }
        for tag in candidates(tag) {
            if !tag.is_empty() && !chain.contains(&tag) {
                chain.push(tag);
            }
        }
    }
    chain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_get_shorter_then_the_default_then_english() {
        assert_eq!(chain(Some("uz-Cyrl-UZ"), "en"), ["uz-cyrl-uz", "uz-cyrl", "uz", "en"]);
        assert_eq!(chain(Some("hi"), "id-ID"), ["hi", "id-id", "id", "en"]);
        assert_eq!(chain(None, "ru"), ["ru", "en"]);
        assert_eq!(chain(Some("en-GB"), "en"), ["en-gb", "en"]);
    }

    #[test]
    fn a_single_letter_goes_with_what_follows_it() {
        // The example of RFC 4647.
        let tags = chain(Some("zh-Hant-CN-x-private1-private2"), "en");
        let expected =
            ["zh-hant-cn-x-private1-private2", "zh-hant-cn-x-private1", "zh-hant-cn", "zh-hant"];
        assert_eq!(tags[..4], expected);
        assert_eq!(tags[4..], ["zh", "en"]);
    }

    #[test]
    fn what_is_no_tag_leads_to_the_default() {
        for wanted in ["", "-", "??", "a".repeat(1000).as_str()] {
            assert_eq!(chain(Some(wanted), "id").last_chunk(), Some(&["id".into(), "en".into()]));
        }
        assert!(chain(Some(&"-a".repeat(500)), "id").len() == 2);
    }

    #[test]
    fn spelling_is_made_proper() {
        for (text, proper) in
            [("EN", "en"), ("uz-cyrl-uz", "uz-Cyrl-UZ"), ("es-419", "es-419"), ("fil", "fil")]
        {
            assert_eq!(canonical(text).as_deref(), Some(proper));
        }
        for text in
            ["", "e", "en_GB", "en-", "subject", "english", "en-GB-u-nu-latn", "x-foo", "en."]
        {
            assert_eq!(canonical(text), None, "{text}");
        }
    }
}
