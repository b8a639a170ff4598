use super::*;

pub(super) const CODE: &str = "480162";

/// A message of `default` for `login`, five minutes before its end.
pub(super) fn message(channel: Channel, locale: Option<&str>) -> Message {
    Message {
        code: Secret::new(CODE.into()),
        challenge_id: "login.x".into(),
        locale: locale.map(Into::into),
        ..Message::example(channel, Content::None)
    }
}

pub(super) fn settings(templates: &[(&str, &str)]) -> MessagesSettings {
    let templates = templates.iter().map(|(name, text)| ((*name).into(), (*text).into())).collect();
    MessagesSettings { templates, ..MessagesSettings::default() }
}

pub(super) fn open(settings: &MessagesSettings) -> Texts {
    Texts::open(settings).unwrap_or_else(|problems| panic!("{problems}"))
}

/// What is wrong with `settings`, a line each.
pub(super) fn problems(settings: &MessagesSettings) -> Vec<String> {
    let problems = Texts::open(settings).err().expect("it opens");
    problems.0.iter().map(ToString::to_string).collect()
}

pub(super) fn sms(texts: &Texts, message: &Message) -> String {
    match texts.render(message).unwrap() {
        Content::Text(text) => text.expose().clone(),
        other => panic!("{other:?}"),
    }
}

fn mail(texts: &Texts, message: &Message) -> Mail {
    match texts.render(message).unwrap() {
        Content::Mail(mail) => mail,
        other => panic!("{other:?}"),
    }
}

fn from(template: &str) -> String {
    format!("{template} {{{{ code }}}}")
}

#[test]
fn texts_are_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Texts>();
}

#[test]
fn channels_whose_providers_have_the_words_render_nothing() {
    let texts = open(&MessagesSettings::default());
    for channel in [Channel::Webhook, Channel::Whatsapp] {
        let content = texts.render(&message(channel, Some("en"))).unwrap();
        assert!(matches!(content, Content::None), "{content:?}");
    }
}

#[test]
fn the_narrowest_template_goes_first() {
    let names = [
        "tenants/acme/login/sms.en.txt",
        "tenants/acme/sms.en.txt",
        "login/sms.en.txt",
        "sms.en.txt",
    ];
    let mut templates: Vec<(&str, String)> = names.iter().map(|name| (*name, from(name))).collect();
    // Of others, which this configuration doesn't use.
    for name in ["tenants/other/login/sms.en.txt", "payment/sms.en.txt", "tenants/login/sms.en.txt"]
    {
        templates.push((name, from("wrong")));
    }
    let mut message = message(Channel::Sms, Some("en"));
    message.tenant = "acme".into();
    for expected in names {
        let now: Vec<_> = templates.iter().map(|(name, text)| (*name, text.as_str())).collect();
        assert_eq!(sms(&open(&settings(&now)), &message), format!("{expected} {CODE}"));
        templates.remove(0);
    }
    let now: Vec<_> = templates.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let text = sms(&open(&settings(&now)), &message);
    assert!(text.starts_with("480162 is your code."), "{text}");
}

#[test]
fn the_language_goes_before_the_narrowness() {
    let template = from("narrow");
    let texts = open(&settings(&[("tenants/default/login/sms.en.txt", &template)]));
    assert_eq!(sms(&texts, &message(Channel::Sms, Some("en-GB"))), "narrow 480162");
    assert!(sms(&texts, &message(Channel::Sms, Some("ru"))).starts_with("Ваш код: 480162."));
}

#[test]
fn a_language_is_looked_up_ever_shorter_then_the_default_then_english() {
    let mut settings = settings(&[("sms.UZ-cyrl.txt", "Код: {{ code }}")]);
    settings.default_locale = Some("id-ID".into());
    let texts = open(&settings);
    for (locale, beginning) in [
        (Some("uz-Cyrl-UZ"), "Код: "),
        (Some("UZ-CYRL"), "Код: "),
        (Some("uz"), "Tasdiqlash kodi: "),
        (Some("uz-Latn-UZ"), "Tasdiqlash kodi: "),
        (Some("ru-KZ"), "Ваш код: "),
        (Some("fr"), "Kode verifikasi Anda: "),
        (Some("no tag"), "Kode verifikasi Anda: "),
        (None, "Kode verifikasi Anda: "),
    ] {
        let text = sms(&texts, &message(Channel::Sms, locale));
        assert!(text.starts_with(beginning), "{locale:?}: {text}");
    }
    settings.default_locale = Some("fr".into());
    let text = sms(&open(&settings), &message(Channel::Sms, Some("de")));
    assert!(text.starts_with("480162 is your code."), "{text}");
}

#[test]
fn a_language_is_found_under_its_current_name_and_its_likely_script() {
    let mut settings = settings(&[
        ("sms.zh-Hant.txt", "Hant {{ code }}"),
        ("sms.zh.txt", "Hans {{ code }}"),
        ("sms.no.txt", "Norsk {{ code }}"),
        ("login/sms.in.txt", "Login {{ code }}"),
    ]);
    settings.default_locale = Some("in-ID".into());
    let texts = open(&settings);
    for (locale, beginning) in [
        (Some("in"), "Login "),
        (Some("in-ID"), "Login "),
        (Some("ind"), "Login "),
        (Some("id_ID"), "Login "),
        (None, "Login "),
        (Some("rus"), "Ваш код: "),
        (Some("uzb"), "Tasdiqlash kodi: "),
        (Some("uzn-Latn"), "Tasdiqlash kodi: "),
        (Some("en_US"), "480162 is your code."),
        (Some("zh-TW"), "Hant "),
        (Some("zh-HK"), "Hant "),
        (Some("cmn-Hant"), "Hant "),
        (Some("zh-CN"), "Hans "),
        (Some("zh"), "Hans "),
        (Some("nb-NO"), "Norsk "),
    ] {
        let message = Message { purpose: "login".into(), ..message(Channel::Sms, locale) };
        let text = sms(&texts, &message);
        assert!(text.starts_with(beginning), "{locale:?}: {text}");
    }
}

#[test]
fn a_voice_speaks_the_language_of_its_template() {
    let mut settings = settings(&[("voice.uz-cyrl.txt", "Код: {{ code_spelled }}")]);
    settings.default_locale = Some("ru".into());
    let texts = open(&settings);
    for (asked, spoken) in
        [("uz-cyrl-uz", "uz-Cyrl"), ("HI-in", "hi"), ("fr", "ru"), ("en-GB", "en")]
    {
        let content = texts.render(&message(Channel::Voice, Some(asked))).unwrap();
        let Content::Speech(speech) = content else { panic!("{content:?}") };
        assert_eq!(speech.language, spoken);
        assert!(speech.text.expose().contains("4, 8, 0, 1, 6, 2"));
    }
}

#[test]
fn a_mail_is_taken_whole_from_one_hand() {
    let texts = open(&settings(&[
        ("login/email.en.subject.txt", "Narrow {{ purpose }}"),
        ("login/email.en.txt", "Narrow {{ code }}"),
        ("login/email.en.html", "<p>Narrow {{ code }}"),
    ]));
    let mut message = message(Channel::Email, Some("en"));
    let narrow = mail(&texts, &message);
    assert_eq!(narrow.subject, "Narrow login");
    assert_eq!(narrow.text.expose(), "Narrow 480162");
    assert_eq!(narrow.html.expose(), "<p>Narrow 480162");
    message.purpose = "payment".into();
    let general = mail(&texts, &message);
    assert_eq!(general.subject, "Your verification code");
    assert!(general.text.expose().starts_with("Hello,"));
    assert!(general.html.expose().starts_with("<!DOCTYPE html>"));
}

#[test]
fn tenants_have_their_own_words() {
    let settings = MessagesSettings {
        brand: Some("Acme".into()),
        origin_host: Some("acme.example".into()),
        origin_embedded_host: Some("frame.example".into()),
        android_app_hash: Some("FA+9qCX9VSu".into()),
        ..MessagesSettings::default()
    };
    let own = TenantMessagesSettings {
        default_locale: Some("ru".into()),
        brand: Some("Bravo".into()),
        origin_host: Some("bravo.example".into()),
        ..TenantMessagesSettings::default()
    };
    let settings = MessagesSettings { tenants: [("bravo".to_owned(), own)].into(), ..settings };
    let texts = Texts::open(&settings).ok().unwrap();
    let mut message = message(Channel::Sms, None);
    assert_eq!(
        sms(&texts, &message),
        "480162 is your Acme code. Valid for 5 minutes. Never share it with anyone.\nFA+9qCX9VSu\n@acme.example #480162 @frame.example"
    );
    message.tenant = "bravo".into();
    assert_eq!(
        sms(&texts, &message),
        "Код Bravo: 480162. Действует 5 минут. Никому его не сообщайте.\nFA+9qCX9VSu\n@bravo.example #480162"
    );
}

#[test]
fn a_text_message_that_is_too_long_is_refused_and_told() {
    let mut settings = settings(&[]);
    settings.max_sms_segments = Some(2);
    let texts = open(&settings);
    let mut message = message(Channel::Sms, Some("en"));
    message.reference = Some("x".repeat(200));
    sms(&texts, &message);
    message.reference = Some("x".repeat(256));
    let refused = SendError::Other(
        "the text message takes 3 segments; at most 2 (messages.max_sms_segments)".into(),
    );
    assert_eq!(texts.render(&message).unwrap_err(), refused);
    // The same length, but for the alphabet.
    message.reference = Some("я".repeat(64));
    assert_eq!(texts.render(&message).unwrap_err(), refused);
}

#[test]
fn the_longest_reference_in_emoji_is_too_much_for_a_text_message() {
    let texts = open(&settings(&[]));
    let mut message = message(Channel::Sms, Some("en"));
    message.reference = Some("x".repeat(256));
    sms(&texts, &message);
    message.reference = Some("\u{1f600}".repeat(64));
    let refused = SendError::Other(
        "the text message takes 4 segments; at most 3 (messages.max_sms_segments)".into(),
    );
    assert_eq!(texts.render(&message).unwrap_err(), refused);
}

#[test]
fn the_lines_for_phones_count() {
    let mut settings = settings(&[("sms.en.txt", "{{ code }}")]);
    settings.max_sms_segments = Some(1);
    settings.origin_host = Some(format!("{}.example", vec!["a".repeat(35); 3].join(".")));
    let texts = open(&settings);
    let text = sms(&texts, &message(Channel::Sms, Some("en")));
    assert_eq!(segments(&text).units, 6 + 2 + 115 + 2 + 6);
    settings.origin_embedded_host = Some("much-too-long.example.com".into());
    assert_eq!(
        problems(&settings),
        [
            "messages.templates.sms.en.txt: takes 2 segments with a code of 10 signs and a reference of 64; at most 1 (messages.max_sms_segments)"
        ]
    );
}

#[test]
fn a_reference_cannot_forge_the_last_line() {
    let mut message = message(Channel::Sms, Some("en"));
    message.reference = Some("x\n@evil.example #999999".into());
    let text = sms(&open(&MessagesSettings::default()), &message);
    assert_eq!(autofill::tests::parse(&text), None, "{text}");
    assert!(text.ends_with("\nReference: x @evil.example #999999"), "{text}");
}

#[test]
fn what_is_written_into_html_is_escaped() {
    let mut settings = settings(&[]);
    settings.brand = Some("Tom & <b>Jerry</b>".into());
    let mut message = message(Channel::Email, Some("en"));
    message.reference = Some("<img src=x onerror='alert(1)'>".into());
    let mail = mail(&open(&settings), &message);
    assert_eq!(mail.subject, "Your Tom & <b>Jerry</b> verification code");
    assert!(mail.text.expose().contains("<img src=x onerror='alert(1)'>"));
    let html = mail.html.expose();
    assert!(!html.contains("<b>") && !html.contains("<img"), "{html}");
    assert!(html.contains("Tom &amp; &lt;b&gt;Jerry"), "{html}");
}

#[test]
fn nothing_of_the_code_shows_in_debug() {
    let texts = open(&MessagesSettings::default());
    for channel in Channel::ALL {
        let content = texts.render(&message(channel, None)).unwrap();
        assert!(!format!("{content:?}").contains('8'), "{content:?}");
    }
}

#[test]
fn every_problem_is_told_at_once() {
    let mut settings = settings(&[
        ("fax.en.txt", "{{ code }}"),
        ("sms.en.txt", "{{ code"),
        ("email.en.txt", "{{ code }}"),
    ]);
    settings.brand = Some(String::new());
    settings.max_sms_segments = Some(11);
    assert_eq!(
        problems(&settings),
        [
            "messages.brand: has to be 1 to 40 characters, no line break among them and no space at either end",
            "messages.max_sms_segments: has to be 1 to 10",
            "messages.templates.fax.en.txt: the channel has to be `sms`, `voice` or `email`: the others have no templates",
            "messages.templates.sms.en.txt: line 1: can't be read: unexpected end of input, expected end of variable block",
            "messages.templates.email.en.txt: a mail has three parts; missing: `email.en.subject.txt`, `email.en.html`",
        ]
    );
}

#[test]
fn templates_are_bounded_in_size_and_number() {
    let long = format!("{{{{ code }}}}{}", " ".repeat(MAX_TEMPLATE_BYTES));
    let error = problems(&settings(&[("sms.en.txt", &long)]));
    assert_eq!(error, ["messages.templates.sms.en.txt: has to be at most 64 KiB"]);
    let name = |number: usize| format!("purpose-{number}/sms.en.txt");
    let templates = (0..MAX_TEMPLATES).map(|number| (name(number), from(""))).collect();
    let mut many = MessagesSettings { templates, ..MessagesSettings::default() };
    open(&many);
    many.templates.insert(name(MAX_TEMPLATES), from(""));
    assert_eq!(problems(&many), ["messages.templates: has to be at most 1,000 templates"]);
}

#[test]
fn the_example_of_the_documentation_opens() {
    let documentation = include_str!("../../../../docs/messages.md");
    let mut templates = BTreeMap::new();
    for block in documentation.split("```jinja\n").skip(1) {
        let (block, _) = block.split_once("```").unwrap();
        let (name, text) = block.split_once('\n').unwrap();
        let name = name.strip_prefix("{# ").and_then(|name| name.strip_suffix(" #}")).unwrap();
        templates.insert(name.to_owned(), text.to_owned());
    }
    assert_eq!(templates.len(), 2);
    let settings = MessagesSettings { templates, ..MessagesSettings::default() };
    let texts = open(&settings);
    let mut message = message(Channel::Sms, Some("ru"));
    message.purpose = "wallet_funding".into();
    message.reference = Some("INV-7".into());
    assert_eq!(
        sms(&texts, &message),
        "480162 – код для пополнения кошелька (INV-7). Действует 5 минут. Никому его не сообщайте."
    );
}
