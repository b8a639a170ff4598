//! BCP 47 tags: what an operator gives for each, and which of it a message gets (RFC 4647, section 3.4).

use std::collections::BTreeMap;

use countersign_settings::problem::Problem;

const MAX_LOCALES: usize = 64;
/// The contract's bound.
pub(crate) const MAX_TAG_BYTES: usize = 35;

/// What a tag has to be.
pub(crate) const TAG: &str = "is no BCP 47 tag of at most 35 characters, such as `id` or `pt-BR`";

/// A text for each locale. Case doesn't matter.
#[derive(Debug, Default)]
pub(crate) struct ByLocale(BTreeMap<String, String>);

impl ByLocale {
    /// Reads a table of BCP 47 tags; `path` is where it stands, `is_text` says what a text has to be.
    pub(crate) fn open(
        table: &BTreeMap<String, String>,
        path: &str,
        problems: &mut Vec<Problem>,
        is_text: impl Fn(&str) -> Result<(), &'static str>,
    ) -> Self {
        if table.len() > MAX_LOCALES {
            problems.push(Problem::new(path, "has more than 64 locales"));
            return Self::default();
        }
        let mut texts = BTreeMap::new();
        for (tag, text) in table {
            let path = format!("{path}.{tag}");
            if !is_tag(tag) {
                problems.push(Problem::new(&path, TAG));
            }
            if let Err(wrong) = is_text(text) {
                problems.push(Problem::new(&path, wrong));
            }
            if texts.insert(tag.to_ascii_lowercase(), text.clone()).is_some() {
                problems.push(Problem::new(&path, "is given twice, in capitals and without"));
            }
        }
        Self(texts)
    }

    /// The text for a locale: its own, or else that of the tag with one subtag less, and so on, as RFC 4647 looks up.
    pub(crate) fn of(&self, locale: &str) -> Option<&str> {
        let tag = locale.to_ascii_lowercase();
        shorter_and_shorter(&tag).find_map(|tag| self.0.get(tag)).map(String::as_str)
    }
}

/// A tag, and what is left of it without its last subtag and so on: the lookup of RFC 4647. A single letter that would
/// then stand last, which only begins an extension, goes too.
pub(crate) fn shorter_and_shorter(tag: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(tag), |tag| {
        let (rest, _) = tag.rsplit_once('-')?;
        Some(match rest.rsplit_once('-') {
            Some((before, last)) if last.len() == 1 => before,
            _ => rest,
        })
    })
}

/// Whether a text has the form of a tag, of at most 35 characters.
pub(crate) fn is_tag(text: &str) -> bool {
    let mut subtags = text.split('-');
    let is_language = subtags.next().is_some_and(|language| {
        (2..=8).contains(&language.len()) && language.bytes().all(|byte| byte.is_ascii_alphabetic())
    });
    let is_subtag = |subtag: &str| {
        (1..=8).contains(&subtag.len()) && subtag.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    text.len() <= MAX_TAG_BYTES && is_language && subtags.all(is_subtag)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(table: &[(&str, &str)]) -> (ByLocale, Vec<String>) {
        let mut problems = Vec::new();
        let table = table.iter().map(|(tag, text)| ((*tag).into(), (*text).into())).collect();
        let is_text = |text: &str| if text.is_empty() { Err("is empty") } else { Ok(()) };
        let texts = ByLocale::open(&table, "p", &mut problems, is_text);
        (texts, problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_locale_falls_back_to_its_language_and_never_goes_further() {
        let (texts, problems) = open(&[("id", "a"), ("pt-BR", "b"), ("zh-Hant", "c"), ("pt", "d")]);
        assert!(problems.is_empty());
        for (locale, text) in [
            ("id", Some("a")),
            ("ID-id", Some("a")),
            ("id-Latn-ID-x-a", Some("a")),
            ("pt-br", Some("b")),
            ("pt-PT", Some("d")),
            ("zh-Hant-TW", Some("c")),
            ("zh-Hant-u-co-stroke", Some("c")),
            ("zh", None),
            ("zh-Hans", None),
            ("en", None),
            ("i", None),
            ("idn", None),
            ("", None),
            ("-", None),
        ] {
            assert_eq!(texts.of(locale), text, "{locale}");
        }
        assert_eq!(texts.of(&format!("id{}", "-x".repeat(100))), Some("a"));
        assert_eq!(texts.of(&"ü".repeat(100)), None);
    }

    #[test]
    fn everything_wrong_with_a_table_is_told() {
        let (_, problems) = open(&[("ID", "a"), ("id", "b"), ("en_US", "c"), ("de", "")]);
        assert_eq!(
            problems,
            [
                "p.de: is empty",
                "p.en_US: is no BCP 47 tag of at most 35 characters, such as `id` or `pt-BR`",
                "p.id: is given twice, in capitals and without",
            ]
        );
        let many: Vec<_> = (0..65).map(|number| format!("aa-{number}")).collect();
        let many: Vec<_> = many.iter().map(|tag| (tag.as_str(), "x")).collect();
        assert_eq!(open(&many).1, ["p: has more than 64 locales"]);
    }
}
