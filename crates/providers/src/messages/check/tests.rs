use super::*;
use crate::messages::autofill::Autofill;
use crate::messages::builtin;
use crate::messages::tests::{open, problems, settings};

/// What is wrong with one template, less its path.
fn problem(name: &str, source: &str) -> String {
    let found = problems(&settings(&[(name, source)]));
    assert_eq!(found.len(), 1, "{found:?}");
    let path = format!("messages.templates.{name}: ");
    found[0].strip_prefix(&path).unwrap_or_else(|| panic!("{found:?}")).to_owned()
}

/// What is wrong with one part of a mail whose others are fine.
fn mail_problem(part: &str, source: &str) -> String {
    let mut templates = vec![
        ("email.en.subject.txt", "Your code"),
        ("email.en.txt", "{{ code }}"),
        ("email.en.html", "<p>{{ code }}</p>"),
    ];
    templates.retain(|(name, _)| *name != part);
    templates.push((part, source));
    let found = problems(&settings(&templates));
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].strip_prefix(&format!("messages.templates.{part}: ")).unwrap().to_owned()
}

#[test]
fn what_does_not_parse_is_told_with_its_line() {
    let text = problem("sms.en.txt", "{{ code }}\n\n{% if %}");
    assert!(text.starts_with("line 3: can't be read: "), "{text}");
}

#[test]
fn variables_beyond_those_of_the_part_are_named() {
    for (name, source, variable) in [
        ("sms.en.txt", "{{ code }} {{ recipient }}", "recipient"),
        ("sms.en.txt", "{{ code }} {{ code_spelled }}", "code_spelled"),
        ("sms.en.txt", "{{ code }} {{ lifetime.hours }}", "lifetime.hours"),
        ("sms.en.txt", "{{ code }} {% if false %}{{ secret }}{% endif %}", "secret"),
        ("voice.en.txt", "{{ code_spelled }} {{ reference }}", "reference"),
    ] {
        let text = problem(name, source);
        assert!(text.starts_with(&format!("may not use `{variable}`; there are `")), "{text}");
    }
    for variable in ["code", "reference", "code_spelled"] {
        let text = mail_problem("email.en.subject.txt", &format!("{{{{ {variable} }}}}"));
        assert_eq!(
            text,
            format!("may not use `{variable}`; there are `brand`, `lifetime`, `purpose`, `tenant`")
        );
    }
}

#[test]
fn what_fails_for_one_kind_of_message_only_is_found() {
    for (source, described) in [
        ("{{ code }} {{ brand }}", "(without brand, without reference, 30 seconds left)"),
        ("{{ code }}\n{{ reference }}", "(without brand, without reference, 30 seconds left)"),
        (
            "{{ code }}{% if brand and reference %}{{ code }}{% endif %}",
            "(with brand, with reference, 30 seconds left)",
        ),
        (
            "{{ code }}{% if lifetime.unit == 'minute' %}{{ 1 // 0 }}{% endif %}",
            "(without brand, without reference, 120 seconds left)",
        ),
        (
            "{{ code }} {% if lifetime.value > 9 and lifetime.unit == 'minute' %}{{ code }}{% endif %}",
            "(without brand, without reference, 600 seconds left)",
        ),
    ] {
        let text = problem("sms.en.txt", source);
        assert!(text.ends_with(described), "{text}");
    }
    assert!(
        problem("sms.en.txt", "{{ code }}\n{{ reference }}").starts_with("line 2: writes what")
    );
}

#[test]
fn a_body_shows_the_code_once() {
    for (source, times) in [("Hello", 0), ("{{ code }} {{ code }}", 2)] {
        let expected = format!("has to show the code once, not {times} times: `{{{{ code }}}}`");
        for text in [
            problem("sms.en.txt", source),
            mail_problem("email.en.txt", source),
            mail_problem("email.en.html", source),
        ] {
            assert!(text.starts_with(&expected), "{text}");
        }
    }
    // What belongs on the last line is not the template's to write.
    let text = problem("sms.en.txt", "{{ code }}\n@example.com #{{ code }}");
    assert!(text.starts_with("has to show the code once, not 2 times"), "{text}");
}

#[test]
fn a_voice_says_the_code_once_or_oftener() {
    let text = problem("voice.en.txt", "Hello");
    assert!(text.starts_with("has to say the code: `{{ code_spelled }}`"), "{text}");
    for source in ["{{ code }}", "{{ code_spelled }}, again: {{ code_spelled }}"] {
        open(&settings(&[("voice.en.txt", source)]));
    }
}

#[test]
fn a_subject_is_one_line_that_is_neither_empty_nor_long() {
    let subject = |source: &str| mail_problem("email.en.subject.txt", source);
    assert!(subject(" \n").starts_with("renders an empty subject"));
    assert!(subject("{% if brand %}x{% endif %}").starts_with("renders an empty subject"));
    assert!(subject("a\nb").starts_with("renders a subject of more than one line"));
    assert!(subject("a\tb").starts_with("renders a subject of more than one line"));
    assert!(subject(&"ж".repeat(201)).starts_with("renders a subject of more than 200"));
    open(&settings(&[
        ("email.en.subject.txt", &"ж".repeat(200)),
        ("email.en.txt", "{{ code }}"),
        ("email.en.html", "{{ code }}"),
    ]));
}

#[test]
fn html_whose_escaping_is_turned_off_is_refused() {
    for variable in ["brand", "reference"] {
        let source = format!(
            "{{{{ code }}}}{{% autoescape false %}}{{{{ {variable} or 'x' }}}}{{% endautoescape %}}"
        );
        let text = mail_problem("email.en.html", &source);
        assert!(text.starts_with("must not turn off escaping"), "{text}");
    }
}

#[test]
fn a_text_message_has_room_for_a_long_reference() {
    let source = format!("{{{{ code }}}} {}", "x".repeat(400));
    open(&settings(&[("sms.en.txt", &source)]));
    let source = format!("{source}{{% if reference %}}{{{{ reference }}}}{{% endif %}}");
    let text = problem("sms.en.txt", &source);
    assert!(text.starts_with("takes 4 segments with"), "{text}");
    let mut more = settings(&[("sms.en.txt", &source)]);
    more.max_sms_segments = Some(4);
    open(&more);
}

#[test]
fn a_built_in_text_that_is_too_long_is_told_where_it_is_the_default() {
    let mut settings = settings(&[]);
    settings.max_sms_segments = Some(1);
    settings.default_locale = Some("ru".into());
    open(&settings);
    settings.brand = Some("A brand of 20 signs.".into());
    let found = problems(&settings);
    assert!(
        found[0].starts_with(
            "messages: the built-in `sms.ru.txt` takes 2 segments with a code of 10 signs;"
        ),
        "{found:?}"
    );
    settings.templates.insert("sms.ru.txt".into(), "Код {{ code }}".into());
    open(&settings);
}

#[test]
fn a_mail_with_a_part_missing_is_refused() {
    let found = problems(&settings(&[
        ("login/email.en.txt", "{{ code }}"),
        ("login/email.en.html", "{{ code }}"),
        ("email.en.subject.txt", "Your code"),
    ]));
    assert_eq!(
        found,
        [
            "messages.templates.email.en.subject.txt: a mail has three parts; missing: `email.en.txt`, `email.en.html`",
            "messages.templates.login/email.en.txt: a mail has three parts; missing: `login/email.en.subject.txt`",
        ]
    );
}

#[test]
fn a_name_given_in_two_spellings_is_refused() {
    let found = problems(&settings(&[
        ("sms.uz-Cyrl.txt", "{{ code }}"),
        ("sms.uz-cyrl.txt", "{{ code }}"),
    ]));
    assert_eq!(
        found,
        [
            "messages.templates.sms.uz-cyrl.txt: given twice: `sms.uz-Cyrl.txt` is the same in another spelling"
        ]
    );
}

#[test]
fn a_wild_name_is_shown_tame() {
    let found = problems(&settings(&[("a\n\u{1b}[31mb", "{{ code }}")]));
    assert!(found[0].starts_with(r"messages.templates.a\n\u{1b}[31mb: "), "{found:?}");
    let found = problems(&settings(&[(&"x".repeat(10_000), "{{ code }}")]));
    assert!(found[0].len() < 400);
}

/// [`built_in_fits`](super::built_in_fits) is right: the longest brand, of signs that make the text as long as it gets.
#[test]
fn every_built_in_fits_into_the_default_number_of_messages_whatever_the_brand() {
    let audience = Audience {
        default_locale: "en".into(),
        brand: Some("\u{416}".repeat(40)),
        autofill: Autofill::default(),
    };
    assert!(built_in_fits(&audience, DEFAULT_MAX_SMS_SEGMENTS));
    assert!(!built_in_fits(&audience, DEFAULT_MAX_SMS_SEGMENTS - 1));
    let names = builtin::ALL.iter().map(|(name, _)| Name::parse(name).unwrap());
    let names: Vec<_> = names.filter(|name| name.part == Part::Sms).collect();
    assert!(names.len() >= 5, "{names:?}");
    let engine = Engine::new();
    let long = |most| {
        names.iter().filter_map(|name| too_long(&engine, name, &audience, None, most)).count()
    };
    assert_eq!(long(DEFAULT_MAX_SMS_SEGMENTS), 0);
    assert_ne!(long(1), 0, "the samples are not long");
}
