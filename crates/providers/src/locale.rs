//! BCP 47 tags: their current form, what an operator gives for each, and which of it a message gets.
//!
//! A tag is brought into its current form first (RFC 5646, section 4.5, with CLDR's aliases): `in-ID` is `id-ID`, `rus` is
//! `ru`, `zh-cmn-TW` is `zh-TW`, `id_ID` is `id-ID`. Then it is looked up as RFC 4647, section 3.4, has it, with the likely
//! script between a region and the bare language (`zh-TW`, `zh-Hant-TW`, `zh-Hant`, `zh`), and at last under the
//! language at distance 1, where there is one (`nb` and `no`).

mod table;

use std::collections::BTreeMap;

use crate::protocol::checks::Checks;

use table::{LANGUAGES, NEAR, REGIONS, SCRIPTS};

/// The languages behind which extended ones are registered, and these (IANA's registry of 2025-08-25, `Type: extlang`);
/// but for `sgn`. No other three letters behind a language are one: mostly they are a region (ISO 3166, alpha-3), which
/// BCP 47 doesn't have, but which must not cost the language (`id-IDN`, `zh-TWN`).
static EXTENDED: [(&str, &str); 7] = [
    (
        "ar",
        "aao abh abv acm acq acw acx acy adf aeb aec afb ajp apc apd arb arq ars ary arz auz avl \
         ayh ayl ayn ayp bbz pga shu ssh",
    ),
    ("kok", "gom knn"),
    ("lv", "ltg lvs"),
    (
        "ms",
        "bjn btj bve bvu coa dup hji jak jax kvb kvr kxd lce lcf liw max meo mfa mfb min mqg msi \
         mui orn ors pel pse tmw urk vkk vkt xmm zlm zmi zsm",
    ),
    ("sw", "swc swh"),
    ("uz", "uzn uzs"),
    ("zh", "cdo cjy cmn cnp cpx csp czh czo gan hak hnm hsn luh lzh mnp nan sjc wuu yue"),
];

const MAX_LOCALES: usize = 64;
/// The contract's bound.
pub(crate) const MAX_TAG_BYTES: usize = 35;

/// What a tag has to be.
pub(crate) const TAG: &str = "is no BCP 47 tag of at most 35 characters, such as `id` or `pt-BR`";

/// A text for each locale. Case doesn't matter.
#[derive(Debug, Default)]
pub(crate) struct ByLocale(BTreeMap<String, String>);

impl ByLocale {
    /// Reads the setting `field`, a table of BCP 47 tags; `is_text` says what a text has to be.
    pub(crate) fn open(
        table: &BTreeMap<String, String>,
        field: &str,
        checks: &mut Checks,
        is_text: impl Fn(&str) -> Result<(), &'static str>,
    ) -> Self {
        if table.len() > MAX_LOCALES {
            checks.refuse(field, "has more than 64 locales");
            return Self::default();
        }
        let mut texts = BTreeMap::new();
        for (tag, text) in table {
            let field = format!("{field}.{tag}");
            checks.require(&field, is_tag(tag), TAG);
            checks.take(&field, is_text(text));
            let is_first = texts.insert(current(tag), text.clone()).is_none();
            checks.require(&field, is_first, TWICE);
        }
        Self(texts)
    }

    /// The text for a locale: that of the first of its [`candidates`] that has one.
    pub(crate) fn of(&self, locale: &str) -> Option<&str> {
        candidates(locale).into_iter().find_map(|tag| self.0.get(&tag)).map(String::as_str)
    }
}

/// What is wrong with a tag that is another's former name, or differs in capitals only.
pub(crate) const TWICE: &str = "is given twice, in another spelling";

/// The tags under which something is looked up for a locale, in lower case and in this order.
pub(crate) fn candidates(locale: &str) -> Vec<String> {
    if locale.len() > MAX_TAG_BYTES {
        return shorter_and_shorter(&locale.to_ascii_lowercase()).map(str::to_owned).collect();
    }
    let tag = current(locale);
    let mut found = with_likely_scripts(&tag);
    let (language, rest) = tag.split_once('-').map_or((tag.as_str(), ""), |parts| parts);
    let near = NEAR.iter().find_map(|(one, other)| match language {
        _ if language == *one => Some(*other),
        _ if language == *other => Some(*one),
        _ => None,
    });
    if let Some(near) = near {
        let tag = if rest.is_empty() { near.to_owned() } else { format!("{near}-{rest}") };
        found.extend(shorter_and_shorter(&tag).map(str::to_owned));
    }
    found
}

/// The tag and its ever shorter forms; before the bare language those with the script that is likely, where none is
/// named, or without the script, where it is the likely one.
fn with_likely_scripts(tag: &str) -> Vec<String> {
    let mut subtags = tag.split('-');
    let language = subtags.next().unwrap_or_default();
    let mut next = subtags.next();
    let script = next.filter(|subtag| is_script(subtag));
    if script.is_some() {
        next = subtags.next();
    }
    let region = next.filter(|subtag| is_region(subtag));
    let likely = likely_script(language, region);

    let mut found: Vec<String> = shorter_and_shorter(tag).map(str::to_owned).collect();
    let bare = found.iter().rposition(|tag| tag == language).unwrap_or(found.len());
    let more = match (script, region, likely) {
        (None, Some(region), Some(likely)) => {
            vec![format!("{language}-{likely}-{region}"), format!("{language}-{likely}")]
        }
        (None, None, Some(likely)) => {
            found.push(format!("{language}-{likely}"));
            return found;
        }
        (Some(script), Some(region), Some(likely)) if script == likely => {
            // Narrower than the script alone.
            let place = found.iter().position(|tag| *tag == format!("{language}-{script}"));
            found.insert(place.unwrap_or(bare), format!("{language}-{region}"));
            return found;
        }
        _ => return found,
    };
    found.splice(bare..bare, more);
    found
}

/// The script in which a language is written in a region, where it has several.
fn likely_script(language: &str, region: Option<&str>) -> Option<&'static str> {
    let there = region.and_then(|region| look_up(&SCRIPTS, &format!("{language}-{region}")));
    there.or_else(|| look_up(&SCRIPTS, language))
}

/// The current form of a tag, in lower case. What isn't a tag is given back in lower case.
pub(crate) fn current(tag: &str) -> String {
    let mut tag = tag.to_ascii_lowercase().replace('_', "-");
    // The longer name of a language, an extended one behind it, and that one's own new name: `msa-zsm` is `ms`.
    for _ in 0..3 {
        if let Some((new, rest)) = renamed(&tag) {
            tag = join(new, rest);
        } else if let Some((_, extended)) = tag.split_once('-').filter(|tag| has_extended(*tag)) {
            tag = extended.to_owned();
        } else {
            break;
        }
    }
    with_current_region(&tag)
}

/// The current form of a tag, in the usual spelling: `zh-Hant-TW`. What isn't a tag is given back as it is.
pub(crate) fn canonical(tag: &str) -> String {
    let plain = tag.replace('_', "-");
    if !is_tag(&plain) {
        return tag.to_owned();
    }
    let tag = current(&plain);
    let mut private = false;
    let spelled = tag.split('-').enumerate().map(|(place, subtag)| {
        private |= subtag.len() == 1;
        match subtag.len() {
            2 if place > 0 && !private => subtag.to_ascii_uppercase(),
            4 if place > 0 && !private && is_script(subtag) => {
                let (first, rest) = subtag.split_at(1);
                format!("{}{rest}", first.to_ascii_uppercase())
            }
            _ => subtag.to_owned(),
        }
    });
    spelled.collect::<Vec<_>>().join("-")
}

/// The new name of the longest beginning of a tag that has one, and what stands behind it.
fn renamed(tag: &str) -> Option<(&'static str, &str)> {
    let ends = tag.match_indices('-').map(|(end, _)| end).chain([tag.len()]);
    let beginnings: Vec<_> = ends.filter_map(|end| tag.split_at_checked(end)).collect();
    let found = beginnings.into_iter().rev();
    found.filter_map(|(old, rest)| Some((look_up(&LANGUAGES, old)?, rest))).next()
}

/// Whether a language is followed by an extended one, of three letters, that is named in its place (`zh-yue`): one that
/// is registered behind this language, as RFC 5646, section 2.2.2, wants it.
fn has_extended((language, rest): (&str, &str)) -> bool {
    let extended = rest.split('-').next().unwrap_or_default();
    if language == "sgn" {
        // Any of the 164 registered sign languages. Callers don't write a region behind `sgn`.
        return extended.len() == 3 && extended.bytes().all(|byte| byte.is_ascii_alphabetic());
    }
    look_up(&EXTENDED, language).is_some_and(|all| all.split(' ').any(|known| known == extended))
}

/// A new name and what stood behind the old one, whose own script and region count for more than those of the name.
fn join(new: &str, rest: &str) -> String {
    let rest = rest.trim_start_matches('-');
    let mut kept: Vec<&str> = rest.split('-').filter(|subtag| !subtag.is_empty()).collect();
    let mut parts = new.split('-');
    let mut joined: Vec<&str> = parts.next().into_iter().collect();
    for part in parts {
        let is_same_kind = if is_script(part) { is_script } else { is_region };
        let own = kept.iter().take(2).position(|subtag| is_same_kind(subtag));
        joined.push(own.map_or(part, |own| kept.remove(own)));
    }
    joined.append(&mut kept);
    joined.join("-")
}

fn with_current_region(tag: &str) -> String {
    let mut seen_region = false;
    let subtags = tag.split('-').enumerate().map(|(place, subtag)| {
        let is_it = (1..=2).contains(&place) && !seen_region && is_region(subtag);
        // What follows a single letter is no region.
        seen_region |= is_it || (place > 0 && subtag.len() == 1);
        if is_it { look_up(&REGIONS, subtag).unwrap_or(subtag) } else { subtag }
    });
    subtags.collect::<Vec<_>>().join("-")
}

fn is_script(subtag: &str) -> bool {
    subtag.len() == 4 && subtag.bytes().all(|byte| byte.is_ascii_alphabetic())
}

fn is_region(subtag: &str) -> bool {
    match subtag.len() {
        2 => subtag.bytes().all(|byte| byte.is_ascii_alphabetic()),
        3 => subtag.bytes().all(|byte| byte.is_ascii_digit()),
        _ => false,
    }
}

fn look_up(table: &'static [(&'static str, &'static str)], old: &str) -> Option<&'static str> {
    let found = table.binary_search_by(|(known, _)| (*known).cmp(old)).ok()?;
    table.get(found).map(|(_, new)| *new)
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
mod tests;
