use super::*;

fn open(table: &[(&str, &str)]) -> (ByLocale, Vec<String>) {
    let mut checks = Checks::new("p");
    let table = table.iter().map(|(tag, text)| ((*tag).into(), (*text).into())).collect();
    let is_text = |text: &str| if text.is_empty() { Err("is empty") } else { Ok(()) };
    let texts = ByLocale::open(&table, "t", &mut checks, is_text);
    let problems = checks.finish(|| Some(())).err().map_or_else(Vec::new, |all| all.0);
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
fn a_tag_is_brought_into_its_current_form() {
    for (old, new) in [
        ("in", "id"),
        ("IN-id", "id-ID"),
        ("iw", "he"),
        ("ji", "yi"),
        ("jw", "jv"),
        ("mo", "ro"),
        ("tl-PH", "fil-PH"),
        ("ind", "id"),
        ("rus", "ru"),
        ("uzb", "uz"),
        ("uzn-Cyrl", "uz-Cyrl"),
        ("eng-US", "en-US"),
        ("ger", "de"),
        ("deu-AT", "de-AT"),
        ("fre", "fr"),
        ("cmn-Hant-TW", "zh-Hant-TW"),
        ("zh-cmn-Hans", "zh-Hans"),
        ("zh-cmn-TW", "zh-TW"),
        ("zh-yue-HK", "yue-HK"),
        ("zh-min-nan", "nan"),
        ("ar-arb", "ar"),
        ("arb-EG", "ar-EG"),
        ("zsm", "ms"),
        ("ms-zsm-MY", "ms-MY"),
        ("msa-zsm", "ms"),
        ("ar-arz", "arz"),
        ("sw-swh-KE", "sw-KE"),
        ("sgn-ase", "ase"),
        // Regions in three letters, and an extended language of another one.
        ("in-IDN", "id-idn"),
        ("id-idn-ID", "id-idn-ID"),
        ("zho-TWN", "zh-twn"),
        ("ar-EGY", "ar-egy"),
        ("uz-UZB", "uz-uzb"),
        ("en-yue", "en-yue"),
        ("sh", "sr-Latn"),
        ("sh-RS", "sr-Latn-RS"),
        ("sh-Cyrl-RS", "sr-Cyrl-RS"),
        ("cnr", "sr-ME"),
        ("prs-IR", "fa-IR"),
        ("no-bok", "nb"),
        ("art-lojban", "jbo"),
        ("en-gb-oed", "en-GB-oxendict"),
        ("en-UK", "en-GB"),
        ("de-DD", "de-DE"),
        ("de-Latn-dd", "de-Latn-DE"),
        ("uk", "uk"),
        ("id_ID", "id-ID"),
        ("zh_hant_tw", "zh-Hant-TW"),
        ("es-419", "es-419"),
        ("en-x-uk-dd", "en-x-uk-dd"),
        ("en-US-u-nu-latn", "en-US-u-nu-latn"),
        ("de-1996", "de-1996"),
        ("qqq", "qqq"),
    ] {
        assert_eq!(canonical(old), new, "{old}");
        assert_eq!(canonical(new), new, "{new} is not stable");
    }
    for text in ["", "-", "x\r\ny", "en,de", "i", "ü-DD", "en-"] {
        assert_eq!(canonical(text), text);
    }
    let tables = [&LANGUAGES[..], &REGIONS, &SCRIPTS, &NEAR, &EXTENDED];
    assert!(tables.iter().all(|table| table.is_sorted_by(|one, next| one.0 < next.0)));
    for (old, new) in LANGUAGES {
        assert_eq!(current(old), *new, "{old}");
        assert_eq!(current(new), *new, "{new} is not stable");
    }
}

#[test]
fn the_likely_script_counts_before_the_bare_language() {
    for (locale, tags) in [
        ("zh-TW", &["zh-tw", "zh-hant-tw", "zh-hant", "zh"][..]),
        ("zh-CN", &["zh-cn", "zh-hans-cn", "zh-hans", "zh"]),
        ("zh-HK-x-a", &["zh-hk-x-a", "zh-hk", "zh-hant-hk", "zh-hant", "zh"]),
        ("zh-Hant-HK", &["zh-hant-hk", "zh-hk", "zh-hant", "zh"]),
        ("zh-Hans-HK", &["zh-hans-hk", "zh-hans", "zh"]),
        ("zh", &["zh", "zh-hans"]),
        ("zh-Hant", &["zh-hant", "zh"]),
        ("sr-ME", &["sr-me", "sr-latn-me", "sr-latn", "sr"]),
        ("uz-Cyrl-UZ", &["uz-cyrl-uz", "uz-cyrl", "uz"]),
        ("id-ID", &["id-id", "id"]),
        ("in", &["id"]),
        ("nb-NO", &["nb-no", "nb", "no-no", "no"]),
        ("no", &["no", "nb"]),
        ("nn", &["nn"]),
    ] {
        assert_eq!(candidates(locale), tags, "{locale}");
    }
}

#[test]
fn former_names_find_and_are_found() {
    let (texts, problems) = open(&[
        ("in", "a"),
        ("zh-Hant", "b"),
        ("zh", "c"),
        ("no", "d"),
        ("zh-HK", "e"),
        ("ru", "f"),
    ]);
    assert!(problems.is_empty());
    for (locale, text) in [
        ("id", "a"),
        ("in-ID", "a"),
        ("ind", "a"),
        ("id_ID", "a"),
        ("zh-TW", "b"),
        ("zh_TW", "b"),
        ("cmn-Hant", "b"),
        ("zh-MO", "b"),
        ("zh-HK", "e"),
        ("zh-Hant-HK", "e"),
        ("zh-CN", "c"),
        ("cmn", "c"),
        ("nb-NO", "d"),
        ("no-bok", "d"),
        ("rus-RU", "f"),
    ] {
        assert_eq!(texts.of(locale), Some(text), "{locale}");
    }
    assert_eq!(
        open(&[("in", "a"), ("id", "b")]).1,
        ["p.t.in: is given twice, in another spelling"]
    );
}

#[test]
fn a_region_in_three_letters_does_not_cost_the_language() {
    for (locale, language) in [
        ("id-IDN", "id"),
        ("in-IDN", "id"),
        ("id-idn-ID", "id"),
        ("id_IDN", "id"),
        ("he-ISR", "he"),
        ("pt-BRA", "pt"),
        ("ms-MYS", "ms"),
        ("fil-PHL", "fil"),
        ("sr-SRB", "sr"),
        ("fa-IRN", "fa"),
        ("en-GBR", "en"),
        ("en-USA", "en"),
        ("zh-TWN", "zh"),
        ("zh-CHN", "zh"),
        ("ar-EGY", "ar"),
        ("ar-ARE", "ar"),
        ("sw-KEN", "sw"),
        ("uz-UZB", "uz"),
        ("lv-LVA", "lv"),
        ("rus-RUS", "ru"),
    ] {
        assert_eq!(open(&[(language, "a")]).0.of(locale), Some("a"), "{locale}");
    }
    let (texts, _) = open(&[("zh", "a"), ("yue", "b"), ("ar", "c"), ("arz", "d")]);
    for (locale, text) in
        [("zh-yue", "b"), ("zh-yue-HKG", "b"), ("zh-CHN", "a"), ("ar-arz-EG", "d")]
    {
        assert_eq!(texts.of(locale), Some(text), "{locale}");
    }
}

#[test]
fn everything_wrong_with_a_table_is_told() {
    let (_, problems) = open(&[("ID", "a"), ("id", "b"), ("en_US", "c"), ("de", "")]);
    assert_eq!(
        problems,
        [
            "p.t.de: is empty",
            "p.t.en_US: is no BCP 47 tag of at most 35 characters, such as `id` or `pt-BR`",
            "p.t.id: is given twice, in another spelling",
        ]
    );
    let many: Vec<_> = (0..65).map(|number| format!("aa-{number}")).collect();
    let many: Vec<_> = many.iter().map(|tag| (tag.as_str(), "x")).collect();
    assert_eq!(open(&many).1, ["p.t: has more than 64 locales"]);
}
