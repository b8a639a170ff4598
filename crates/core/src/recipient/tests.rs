//! Hand-picked recipients. The great number of phone numbers is compared in `tests/phone_oracle`.

use proptest::prelude::*;

use super::*;

/// Reads a text, and checks that the canonical form reads as itself.
fn read(text: &str, region: Option<&str>) -> Result<String, RecipientFault> {
    let recipient = parse(text, None, region)?;
    let again = parse(recipient.as_str(), Some(recipient.kind()), None);
    assert_eq!(again.as_ref(), Ok(&recipient), "the canonical form of {text} is not stable");
    Ok(recipient.as_str().to_owned())
}

#[track_caller]
fn all_read_as(expected: Result<&str, RecipientFault>, region: Option<&str>, texts: &[&str]) {
    for text in texts {
        assert_eq!(
            read(text, region).as_deref(),
            expected.as_ref().copied(),
            "{text:?} in {region:?}"
        );
    }
}

#[test]
fn every_spelling_of_a_number_is_one_recipient() {
    let spellings = [
        "0812-3456-7890",
        "081234567890",
        "6281234567890",
        "+6281234567890",
        "+62 812 3456 7890",
        "+62 (0) 812-3456-7890",
        "(+62) 812.3456.7890",
        "81234567890",
        "008 62 812 3456 7890",
        "009 62 812 3456 7890",
        "+62/812/3456/7890",
        "++62 812 3456 7890",
        "[0812] 3456 7890",
        "\t0812 3456 7890\r\n",
        "\u{202a}+62 812\u{a0}3456\u{a0}7890\u{202c}",
        "0812\u{2013}3456\u{2011}7890",
        "\u{ff0b}\u{ff16}\u{ff12}\u{3000}\u{ff18}\u{ff11}\u{ff12}34567890",
        "\u{660}\u{668}\u{661}\u{662}34567890",
        "\u{1d7ce}\u{1d7d6}\u{1d7d9}\u{1d7e4}\u{1e953}\u{1fbf4}\u{1113b}\u{10d36}7890",
        "8\u{223c}12\u{2053}34567890",
        "08~1234567890",
        "0812 3456 7890~",
        "~0812 3456 7890",
        "tel:+62-812-3456-7890",
        "TEL:081234567890",
        "tel:812-3456-7890;phone-context=+62",
    ];
    all_read_as(Ok("+6281234567890"), Some("ID"), &spellings);
}

#[test]
fn a_number_with_its_country_needs_no_region() {
    all_read_as(
        Ok("+6281234567890"),
        None,
        &["+6281234567890", "tel:+62-812-3456-7890", "+62 (0) 812 3456 7890"],
    );
    all_read_as(Ok("+6281234567890"), Some("US"), &["+62 812 3456 7890", "011 62 812 3456 7890"]);
    all_read_as(
        Ok("+6281234567890"),
        Some("DE"),
        &["0062 812 3456 7890", "00 62-81234567890", "+0062 81234567890"],
    );
    all_read_as(Ok("+6281234567890"), Some("nowhere"), &["+62 812 3456 7890"]);
}

#[test]
fn a_national_number_without_a_region_is_ambiguous() {
    all_read_as(
        Err(RecipientFault::Ambiguous),
        None,
        &["0812-3456-7890", "6281234567890", "006281234567890", "12"],
    );
    all_read_as(Err(RecipientFault::Ambiguous), Some("XX"), &["081234567890"]);
    all_read_as(Err(RecipientFault::Ambiguous), Some("id"), &["081234567890"]);
    assert!(
        is_region("ID")
            && !is_region("id")
            && !is_region("XX")
            && !is_region("001")
            && !is_region("")
    );
}

#[test]
fn countries_keep_their_customs() {
    all_read_as(
        Ok("+390236618300"),
        Some("IT"),
        &["02 3661 8300", "+39 02 3661 8300", "0039 02 3661 8300"],
    );
    all_read_as(
        Ok("+5491123456789"),
        Some("AR"),
        &["011 15-2345-6789", "9 11 2345 6789", "+54 9 11 2345-6789"],
    );
    all_read_as(Ok("+541123456789"), Some("AR"), &["011 2345-6789", "11 2345 6789"]);
    all_read_as(
        Ok("+5511961234567"),
        Some("BR"),
        &["11 96123-4567", "0 15 11 96123-4567", "90 15 11 96123 4567"],
    );
    all_read_as(Ok("+525512345678"), Some("MX"), &["55 1234 5678", "+52 55 1234 5678"]);
    all_read_as(Ok("+12684641234"), Some("AG"), &["464-1234", "268 464 1234", "1 268 464 1234"]);
    all_read_as(Ok("+442079460018"), Some("GB"), &["020 7946 0018", "+44 (0)20 7946 0018"]);
    all_read_as(Ok("+441481256789"), Some("GG"), &["256789", "01481 256789"]);
    all_read_as(
        Ok("+79123456789"),
        Some("RU"),
        &["8 (912) 345-67-89", "+7 912 345-67-89", "9123456789"],
    );
    all_read_as(
        Ok("+6281234567890"),
        Some("RU"),
        &["8~10 62 812 3456 7890", "8 \u{ff5e} 10 62 812 3456 7890", "810 62 812 3456 7890"],
    );
    all_read_as(Ok("+3780549886377"), Some("SM"), &["886377", "0549 886377", "+378 0549 886377"]);
    all_read_as(Ok("+80012345678"), None, &["+800 1234 5678"]);
}

#[test]
fn extensions_letters_and_other_signs_are_refused() {
    let refused = [
        "+1 650 253 0000 ext. 12",
        "+1 650 253 0000;ext=12",
        "+1 650 253 0000 x12",
        "+1 650 253 0000,,12",
        "+1 650 253 0000#12",
        "+1 650 253 0000~12",
        "tel:+1-650-253-0000;isub=12",
        "tel:253-0000;phone-context=example.com",
        "tel:253-0000;phone-context=+",
        "1-800-FLOWERS",
        "0xx11 96123 4567",
        "*31#081234567890",
        "my number is +62 812 3456 7890",
        "+62 812 + 3456 7890",
        "+ +62 812 3456 7890",
        "---",
        "+",
        "hello",
    ];
    all_read_as(Err(RecipientFault::MalformedNumber), Some("US"), &refused);
}

#[test]
fn marks_at_the_ends_and_inside_of_a_number_do_not_matter() {
    for (text, region, number) in [
        ("+47\u{200e} 22 12 34 56", None, "+4722123456"),
        ("+62\u{200c}812\u{200d}34567890", None, "+6281234567890"),
        ("+1\u{fe0d}-650-253-0000", None, "+16502530000"),
        ("0812-3456-7890\u{fe0f}", Some("ID"), "+6281234567890"),
        ("+33\u{202f}6\u{202f}12\u{202f}34\u{202f}56\u{202f}78", None, "+33612345678"),
        ("06\u{2009}12\u{2009}34\u{2009}56\u{2009}78", Some("FR"), "+33612345678"),
        (
            "\u{2003}\u{feff}\u{2028}+62\u{180e}812\u{61c}3456\u{1680}7890\u{85}\u{2029}",
            None,
            "+6281234567890",
        ),
        ("\u{fe0f}\u{200b}+6281234567890\u{e0001}\n", None, "+6281234567890"),
        ("'+6281234567890", None, "+6281234567890"),
        ("'081234567890", Some("ID"), "+6281234567890"),
        ("\u{ff07}081234567890", Some("ID"), "+6281234567890"),
    ] {
        all_read_as(Ok(number), region, &[text]);
    }
    let refused = [
        "+6281\u{301}234567890",
        "+62\u{2800}81234567890",
        "''081234567890",
        "+62'81234567890",
        "+6281234567890'",
        "\u{fe10}081234567890",
    ];
    all_read_as(Err(RecipientFault::MalformedNumber), Some("ID"), &refused);
}

#[test]
fn a_number_and_something_else_is_refused() {
    for (region, texts) in [
        (
            Some("ID"),
            &[
                "81234567890.0",
                "+6281234567890.0",
                "081234567890.00",
                "+6281234567890.0000",
                "0812 3456 7890.0",
                "81234567890..0",
                "81234567890.0.",
                "81234567890..000/",
                "(81234567890).000",
                "6.281.234.567.890.0",
                "812.345.678.00",
                "6.281.234.567.890..0.",
                "+6.281.234.567.890.0",
                "\u{ff18}1234567890\u{ff0e}\u{ff10}",
                "+62\t81234567890",
                "+62\n81234567890",
                "0812\r\n34567890",
                "+6281234567890\u{2028}1",
                "0812-3456-7890/1",
                "0812-3456-7890 / 91",
                "0812-3456-7890/9.1",
                "0812-3456-7890 (2)",
                "0812-3456-7890 [12]",
                "0812-3456-7890(2).",
                "WA: 081234567890",
                "081234567890 (WA)",
                "whatsapp:+6281234567890",
                "sms:+6281234567890",
                "callto:+6281234567890",
                "\"+6281234567890\"",
                "<+6281234567890>",
                "+6281234567890,",
                "+6281234567890;",
                "tel:81234567890.0;phone-context=+62",
                "081234567890 & 081234567891",
                "081234567890, 081234567891",
                "+6281234567890 +6281234567891",
            ][..],
        ),
        (
            Some("DE"),
            &[
                "+49 30 901820/21",
                "030 901820/2",
                "+49 30 901820\u{ff0f}21",
                "030 901820 (21)",
                "030/901820 (1)",
                "+49 30 901820/21/",
                "+49 30 901820//21",
                "+49 30 901820 / / 21 -",
                "/+49 30 901820/\u{200b}/21",
                "+49 30 901820/21/22",
                "030 901820 (21)()",
                "030 901820 (21)(",
                "030/901820/21",
                "030 / 90 18 20 / 2",
                "030/901820//21/",
                "030/901820/21/22",
                "tel:030/901820/21;phone-context=+49",
                "+49 30 901820~21",
                "+49 30 901820~~21~",
                "+49 30 12345/12346",
                "030 12345/12346",
                "030 12345//12346/",
                "030/12345/12346",
                "030 12 345/12 346",
                "03012345/12346",
                "tel:12345/12346;phone-context=+4930",
                "+49 30 12345/03012346",
                "030 12345 030 12346",
                "+49 30 12345 (030 12346)",
                "+49 30 12345 - 030 12346",
                "030/12345 / 030/12346",
                "030/12345/030/12346",
                "030-12345-030-12346",
                "tel:901820/21;phone-context=+4930",
                "tel:901820(21);phone-context=+49-30",
            ][..],
        ),
        (Some("US"), &["+49 30 12345 030 12346"][..]),
        (Some("CH"), &["079'123'45'67", "021/821\u{2019}51\u{2019}08"][..]),
        (Some("US"), &["(650) 253-0000 x123", "1-800-FLOWERS"][..]),
    ] {
        all_read_as(Err(RecipientFault::MalformedNumber), region, texts);
    }
}

#[test]
fn slashes_brackets_and_full_stops_elsewhere_separate() {
    for (text, region, number) in [
        ("044/123 4567", "CH", "+41441234567"),
        ("044 / 123 45 67", "CH", "+41441234567"),
        ("(0812) 3456-7890", "ID", "+6281234567890"),
        ("+49 (0)171 1234567", "ID", "+491711234567"),
        ("06.12.34.56.78", "FR", "+33612345678"),
        ("06/12/34/56/78", "FR", "+33612345678"),
        ("0171/1234567", "DE", "+491711234567"),
        ("0171.1234567", "DE", "+491711234567"),
        ("030.901820/123", "DE", "+4930901820123"),
        ("030/901820/123", "DE", "+4930901820123"),
        ("030 12345/6789", "DE", "+4930123456789"),
        ("030123/45678", "DE", "+493012345678"),
        ("030/12/34/56/78", "DE", "+493012345678"),
        ("02[1 23-45/6]78", "ID", "+62212345678"),
        ("812.345.678.90", "ID", "+6281234567890"),
        ("0812.345.678.00", "ID", "+6281234567800"),
        ("6.281.234.567.000", "ID", "+6281234567000"),
        ("030 901820-0", "DE", "+49309018200"),
        ("030 901 4012345", "DE", "+49309014012345"),
        ("030 90 1820", "DE", "+4930901820"),
        ("07531 82 08 93 91", "DE", "+49753182089391"),
        ("0221 837 016 80", "DE", "+4922183701680"),
        ("0211 397 030604", "DE", "+49211397030604"),
        ("0662 679 018 696", "AT", "+43662679018696"),
        ("(0812 34567890)", "ID", "+6281234567890"),
        ("0812 3456 (7890)", "ID", "+6281234567890"),
    ] {
        all_read_as(Ok(number), Some(region), &[text]);
    }
}

#[test]
fn a_number_that_cannot_be_assigned_is_refused() {
    let unassignable =
        ["+62 812", "+1 123 456 7890", "+999 123456789", "+0", "0000000", "1", "555-0100", "0011"];
    all_read_as(Err(RecipientFault::UnassignableNumber), Some("US"), &unassignable);
    all_read_as(Err(RecipientFault::UnassignableNumber), Some("US"), &["1".repeat(200).as_str()]);
}

#[test]
fn nothing_and_too_much_are_refused() {
    all_read_as(
        Err(RecipientFault::Empty),
        None,
        &["", " ", "\t\r\n", "\u{200b}\u{feff}\u{a0}", "\u{fe0f}"],
    );
    let long = [
        format!("+62 812 3456 7890{}", " ".repeat(240)),
        format!("{}@example.com", "a".repeat(260)),
        "1".repeat(251),
    ];
    all_read_as(Err(RecipientFault::TooLong), Some("ID"), &long.each_ref().map(String::as_str));
    let number = "+62 812 3456 7890";
    let longest = format!("{number}{}", " ".repeat(MAX_BYTES - number.len()));
    all_read_as(Ok("+6281234567890"), None, &[&longest]);
    let labels = vec!["b".repeat(50); 4].join(".");
    all_read_as(
        Err(RecipientFault::MalformedAddress),
        None,
        &[&format!("{}@{labels}.example.com", "a".repeat(65))[..250]],
    );
}

#[test]
fn every_fault_is_told_in_words_of_its_own() {
    let faults = [
        RecipientFault::Ambiguous,
        RecipientFault::Empty,
        RecipientFault::MalformedAddress,
        RecipientFault::MalformedNumber,
        RecipientFault::NumberNotAllowed,
        RecipientFault::TooLong,
        RecipientFault::UnassignableNumber,
        RecipientFault::WrongKind,
    ];
    let told: std::collections::BTreeSet<_> = faults.iter().map(ToString::to_string).collect();
    assert!(told.len() == faults.len() && told.iter().all(|text| text.len() > 15), "{told:?}");
}

#[test]
fn the_wrong_kind_is_refused_as_such() {
    assert_eq!(parse("john@example.com", Some(Kind::Phone), None), Err(RecipientFault::WrongKind));
    assert_eq!(parse("+6281234567890", Some(Kind::Email), None), Err(RecipientFault::WrongKind));
    assert_eq!(parse("0812 3456", Some(Kind::Email), None), Err(RecipientFault::WrongKind));
    assert_eq!(parse("john", Some(Kind::Email), None), Err(RecipientFault::MalformedAddress));
}

#[test]
fn an_address_is_lower_cased_as_a_whole() {
    all_read_as(
        Ok("john@example.com"),
        None,
        &["john@example.com", "John@Example.COM", " JOHN@EXAMPLE.com\n"],
    );
    let odd = "a.b+tag_!#$%&'*/=?^`{|}~-@r3---x.example.co.uk";
    all_read_as(Ok(odd), None, &[odd]);
}

#[test]
fn marks_around_an_address_and_full_width_do_not_matter() {
    let spellings = [
        "taro\u{ff20}example.com",
        "taro\u{fe6b}example.com",
        "\u{ff34}\u{ff41}\u{ff52}\u{ff4f}\u{ff20}\u{ff45}\u{ff58}\u{ff41}\u{ff4d}\u{ff50}\u{ff4c}\u{ff45}\u{ff0e}\u{ff43}\u{ff4f}\u{ff4d}",
        "taro@example.com\u{a0}",
        "\u{200b}taro@example.com",
        "\u{feff}taro@example.com",
        "\u{3000}\u{202a}taro@example.com\u{202c}\u{fe0f}\u{2029}",
    ];
    all_read_as(Ok("taro@example.com"), None, &spellings);
    for spelling in spellings {
        assert!(parse(spelling, Some(Kind::Email), None).is_ok(), "{spelling}");
        assert_eq!(parse(spelling, Some(Kind::Phone), None), Err(RecipientFault::WrongKind));
    }
}

#[test]
fn what_is_meant_as_an_address_is_not_called_a_number() {
    let texts = [
        "taro.example.com",
        "taro%40example.com",
        "taro(at)example",
        "taro&#64;example",
        "taro 81 at x.example.com",
    ];
    all_read_as(Err(RecipientFault::MalformedAddress), None, &texts);
    let of_many_digits = [
        "09012345678%40docomo.ne.jp",
        "09012345678.docomo.ne.jp",
        "1234567890 at gmail.com",
        "1234567890 AT 163.com",
        "1234567890(at)163(dot)com",
        "1234567890 [at] gmail [dot] com",
        "u1234567%40x.y",
        "1234567&#x40;1.com",
        "taro at example dot com",
        "taro at example.com",
        "taro12345678.com",
        "taro\u{24d0}example.com",
        "taro\u{24b6}example",
    ];
    all_read_as(Err(RecipientFault::MalformedAddress), Some("US"), &of_many_digits);
    // As with an `@` of their own.
    for text in texts.iter().chain(&of_many_digits) {
        assert_eq!(parse(text, Some(Kind::Phone), None), Err(RecipientFault::WrongKind), "{text}");
        let by_mail = parse(text, Some(Kind::Email), None);
        assert_eq!(by_mail, Err(RecipientFault::MalformedAddress), "{text}");
    }
    let numbers = [
        "WA: 081234567890",
        "1-800-FLOWERS",
        "1.800.555.FLOW",
        "call me",
        "call me at 0812.3456.7890",
        "0662 679018 (AT)",
        "(AT) 0662.679018",
        "+1 650 253 0000 ext. 12",
        "253.0000;phone-context=example.com",
        "0812.3456.789O",
        "ab.12",
        "12.ab",
    ];
    all_read_as(Err(RecipientFault::MalformedNumber), Some("US"), &numbers);
    for text in numbers {
        let by_sms = parse(text, Some(Kind::Phone), Some("US"));
        assert_eq!(by_sms, Err(RecipientFault::MalformedNumber), "{text}");
    }
    let context = "812.345.678.90;phone-context=+62";
    all_read_as(Ok("+6281234567890"), None, &[context]);
}

#[test]
fn the_id_of_a_whatsapp_chat_is_the_wrong_kind() {
    let ids = [
        "6281234567890@c.us",
        "+6281234567890@c.us",
        "6281234567890@s.whatsapp.net",
        "6281234567890:12@S.WhatsApp.Net",
        "6281234567890-1415110000@g.us",
        "120363025246125486@newsletter",
        "6281234567890@lid",
        "6281234567890\u{ff20}c.us",
        "6281234567890@c\u{3002}us",
        "6281234567890@c\u{ff61}us",
        "6281234567890@c\u{ff0e}us",
        "6281234567890@c.u\u{ad}s",
        "6281234567890@\u{1d41c}.us",
        "6281234567890:1@\u{24b8}.us",
        "6281234567890@s\u{3002}whatsapp\u{3002}net",
        "120363012345678901@g\u{3002}us",
        "6281234567890@\u{2113}id",
    ];
    all_read_as(Err(RecipientFault::WrongKind), Some("ID"), &ids);
    for id in ids {
        assert_eq!(parse(id, Some(Kind::Email), None), Err(RecipientFault::WrongKind), "{id}");
    }
    all_read_as(Ok("1@whatsapp.net"), None, &["1@whatsapp.net"]);
    all_read_as(Ok("ann@c.us"), None, &["ann@c.us"]);
}

#[test]
fn a_domain_is_read_by_idna() {
    let spellings = [
        "info@b\u{fc}cher.de",
        "Info@B\u{dc}CHER.DE",
        "info@bu\u{308}cher.de",
        "info@XN--BCHER-KVA.de",
        "info@b\u{fc}cher\u{3002}de",
    ];
    all_read_as(Ok("info@xn--bcher-kva.de"), None, &spellings);
    all_read_as(Ok("a@xn--fa-hia.de"), None, &["a@fa\u{df}.de"]);
    all_read_as(
        Ok("a@xn--e1afmkfd.xn--p1ai"),
        None,
        &["a@\u{43f}\u{440}\u{438}\u{43c}\u{435}\u{440}.\u{440}\u{444}"],
    );
}

#[test]
fn what_is_no_address_is_refused() {
    let long_label = format!("a@{}.com", "b".repeat(64));
    let long_local = format!("{}@example.com", "a".repeat(65));
    let refused = [
        "@",
        "a@",
        "@example.com",
        "a@@example.com",
        "a@b@example.com",
        "a@localhost",
        "a@.com",
        "a@example.",
        "a@example.com.",
        ".a@example.com",
        "a.@example.com",
        "a..b@example.com",
        "a b@example.com",
        "\"a b\"@example.com",
        "a@exa mple.com",
        "a@[127.0.0.1]",
        "a@127.0.0.1",
        "a@example.1",
        "a@-example.com",
        "a@example-.com",
        "a@exa_mple.com",
        "a@example..com",
        "j\u{f6}rg@example.com",
        "a@xn--\u{fc}.de",
        "a@xn--a.de",
        "John <a@example.com>",
        "a@example.com,b@example.com",
        "mailto:a@example.com",
        "MAILTO:a@example.com",
        "<a@example.com>",
        "a@example.com,",
        "a@example.com;",
        "x.@docomo.ne.jp",
        "a..b@docomo.ne.jp",
        "\"x.\"@docomo.ne.jp",
        "a\u{200b}b@example.com",
        "a\u{a0}b@example.com",
        "a\n@example.com",
        "1@c.us.example.com@",
        "a\u{0}@example.com",
        &long_label,
        &long_local,
    ];
    all_read_as(Err(RecipientFault::MalformedAddress), None, &refused);
}

#[test]
fn an_address_that_idna_makes_too_long_is_refused() {
    let address = format!("{}@{}de", "a".repeat(64), "a\u{fc}.".repeat(20));
    assert!(address.len() < MAX_BYTES);
    all_read_as(Err(RecipientFault::TooLong), None, &[&address]);
    all_read_as(Ok("a@xn--a-eha.de"), None, &["a@a\u{fc}.de"]);
}

#[test]
fn an_address_may_be_as_long_as_the_rfc_allows() {
    let local = "a".repeat(64);
    let domain =
        |rest: usize| format!("{}.{}.{}.de", "b".repeat(61), "c".repeat(61), "d".repeat(rest));
    let longest = format!("{local}@{}", domain(61));
    assert_eq!(longest.len(), MAX_BYTES - 1);
    all_read_as(Ok(&longest), None, &[&longest]);
    let longest = format!("{local}@{}", domain(62));
    all_read_as(Ok(&longest), None, &[&longest]);
    all_read_as(Err(RecipientFault::TooLong), None, &[&format!("{local}@{}", domain(63))]);
}

#[test]
fn a_number_that_does_not_read_as_itself_is_refused() {
    // libphonenumber takes the 8 of the E.164 form for a national prefix, and finds no number behind it.
    all_read_as(
        Err(RecipientFault::UnassignableNumber),
        Some("BY"),
        &["08101521234", "+3758101521234"],
    );
}

#[test]
fn masks_show_ends_only() {
    let mask = |text: &str| parse(text, None, None).map(|recipient| recipient.masked());
    let masks = [
        ("+6281234567890", "62****7890"),
        ("+16502530000", "1****0000"),
        ("+3780549886377", "378****6377"),
        ("+29021000", "290****00"),
        ("john@example.com", "j***@e***.com"),
        ("j@mail.example.co.uk", "j***@m***.uk"),
        ("info@b\u{fc}cher.de", "i***@x***.de"),
    ];
    for (text, masked) in masks {
        assert_eq!(mask(text).as_deref(), Ok(masked));
    }
    let longest = mask(&format!("john@example.{}", "c".repeat(63))).unwrap();
    assert_eq!(longest.len(), super::MASKED_MAX_BYTES);
}

#[test]
fn debug_shows_no_recipient() {
    let shown = format!(
        "{:?} {:?}",
        parse("+6281234567890", None, None),
        parse("john@example.com", None, None)
    );
    assert_eq!(shown, "Ok(Recipient { kind: Phone, .. }) Ok(Recipient { kind: Email, .. })");
}

#[test]
fn a_digest_is_taken_of_the_canonical_form() {
    let of =
        |text| parse(text, None, Some("ID")).map(|recipient| recipient.digest_input().to_vec());
    assert_eq!(of("0812 3456 7890"), of("+6281234567890"));
    assert_eq!(of("John@Example.com"), of("john@example.com"));
    assert_ne!(of("0812 3456 7890"), of("0812 3456 7891"));
}

fn any_region() -> impl Strategy<Value = Option<&'static str>> {
    prop::sample::select(vec![
        None,
        Some("ID"),
        Some("US"),
        Some("AR"),
        Some("BR"),
        Some("IT"),
        Some("JP"),
        Some("SM"),
        Some("??"),
    ])
}

fn any_kind() -> impl Strategy<Value = Option<Kind>> {
    prop::sample::select(vec![None, Some(Kind::Email), Some(Kind::Phone)])
}

const OF_NUMBERS: &[&str] = &[
    "+",
    "++",
    "00",
    "011",
    "+62",
    "0812",
    "3456",
    "7890",
    "+49 (0)",
    "(",
    ")",
    " ",
    "-",
    "/",
    ".",
    "\u{2013}",
    "\u{ff0b}",
    "\u{ff16}",
    "\u{660}",
    "\u{3000}",
    "\u{202a}",
    "tel:",
    ";phone-context=",
    ";ext=",
    "x12",
    ",",
    "#",
];
const OF_ADDRESSES: &[&str] = &[
    "john",
    "john@",
    "@",
    "example.",
    "com",
    ".de",
    "xn--",
    "xn--bcher-kva",
    "b\u{fc}cher",
    "\u{4e2d}",
    "\u{df}",
    "\u{200d}",
    "\u{fe6b}",
    "\u{3002}",
    "%40",
    "(at)",
    "c.us",
    "..",
    "_",
];

/// What numbers and addresses are made of, and what is near it: so that many texts come far.
fn any_part() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[0-9]{1,12}",
        4 => prop::sample::select(OF_NUMBERS).prop_map(str::to_owned),
        3 => prop::sample::select(OF_ADDRESSES).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
    ]
}

const READ: &[&str] = &[
    "+62 812 3456 7890",
    "081234567890",
    "00 49 (0)171 1234567",
    "tel:812-3456-7890;phone-context=+62",
    "03661 8300",
    "+5491123456789",
    "0351/2345678",
    "030 12345 030 12346",
    "john@example.com",
    "info@b\u{fc}cher.de",
    "a.b+c@xn--fa-hia.de",
];

/// Parts that follow one another, or up to three of them put into a text that is read.
fn any_text() -> impl Strategy<Value = String> {
    let part = || (any::<prop::sample::Index>(), any_part());
    let spoilt = (prop::sample::select(READ), prop::collection::vec(part(), 0..4));
    prop_oneof![
        1 => prop::collection::vec(any_part(), 0..16).prop_map(|parts| parts.concat()),
        2 => spoilt.prop_map(|(text, parts)| {
            let mut signs: Vec<char> = text.chars().collect();
            for (place, part) in parts {
                let at = place.index(signs.len() + 1);
                signs.splice(at..at, part.chars());
            }
            signs.into_iter().collect()
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16_384, failure_persistence: None, ..ProptestConfig::default() })]

    /// Read, whatever it is; and in what it is read as, nothing is lost and nothing is shown.
    #[test]
    fn no_text_panics(text in any_text(), kind in any_kind(), region in any_region()) {
        if let Ok(recipient) = parse(&text, kind, region) {
            let again = parse(recipient.as_str(), Some(recipient.kind()), None);
            prop_assert_eq!(again.as_ref(), Ok(&recipient));
            prop_assert!(recipient.masked().contains('*'));
        }
    }

    #[test]
    fn what_is_read_reads_as_itself(text in "[+]{0,2}[0-9 ()./-]{0,20}|[!-~]{1,8}@[a-zA-Z0-9\u{e4}\u{3b1}\u{4e2d}.-]{1,12}[.](com|DE)", region in any_region()) {
        let _ = read(&text, region);
    }
}

#[test]
fn a_number_may_be_spelled_with_250_characters() {
    let spaced = |spaces: usize| format!("+62 812{}3456 7890", " ".repeat(spaces));
    assert_eq!(spaced(234).chars().count(), 250);
    all_read_as(Ok("+6281234567890"), None, &[&spaced(1), &spaced(234)]);
    all_read_as(Err(RecipientFault::TooLong), None, &[&spaced(235)]);
}

/// Joined, the digits of these would be one number.
#[test]
fn two_numbers_around_a_slash_are_none() {
    let refused = ["12345/12346", "123456 / 123457"];
    all_read_as(Err(RecipientFault::MalformedNumber), Some("AT"), &refused);
    all_read_as(Ok("+431234512346"), Some("AT"), &["12345 12346"]);
    let refused = ["0301234/0305678", "030123/030124", "2345678/2345679"];
    all_read_as(Err(RecipientFault::MalformedNumber), Some("DE"), &refused);
    all_read_as(Ok("+493512345678"), Some("DE"), &["0351/2345678", "0351 / 23456-78"]);
}
