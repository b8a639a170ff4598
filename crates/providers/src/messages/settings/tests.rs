use super::*;

fn problems(settings: &MessagesSettings, own: &TenantMessagesSettings) -> Vec<String> {
    let mut problems = Vec::new();
    let general = settings.audience(&mut problems);
    own.audience("acme", &general, &mut problems);
    problems.iter().map(ToString::to_string).collect()
}

#[test]
fn an_unknown_setting_is_refused() {
    let settings = serde_json::from_str::<MessagesSettings>(r#"{"brnad": "x"}"#);
    assert!(settings.unwrap_err().to_string().contains("unknown field `brnad`"));
    let own = serde_json::from_str::<TenantMessagesSettings>(r#"{"templates": {}}"#);
    assert!(own.unwrap_err().to_string().contains("unknown field `templates`"));
    let settings: MessagesSettings =
        serde_json::from_str(r#"{"brand": "x", "templates": {"sms.en.txt": "y"}}"#).unwrap();
    assert_eq!(settings.templates["sms.en.txt"], "y");
}

#[test]
fn a_brand_is_one_short_line() {
    let with = |brand: &str| {
        let settings =
            MessagesSettings { brand: Some(brand.into()), ..MessagesSettings::default() };
        problems(&settings, &TenantMessagesSettings::default())
    };
    for brand in ["A", "Ünïcode हिन्दी", &"я".repeat(40)] {
        assert!(with(brand).is_empty(), "{brand}");
    }
    for brand in ["", " ", "a ", "a\nb", "a\u{0}", &"я".repeat(41)] {
        let found = with(brand);
        assert!(found.len() == 1 && found[0].starts_with("messages.brand: "), "{found:?}");
    }
}

#[test]
fn what_is_wrong_is_told_once_and_at_its_place() {
    let settings = MessagesSettings {
        default_locale: Some("english".into()),
        brand: Some(String::new()),
        origin_host: Some("https://a".into()),
        android_app_hash: Some("x".into()),
        ..MessagesSettings::default()
    };
    let paths = |problems: &[String]| -> Vec<String> {
        problems.iter().map(|text| text.split(": ").next().unwrap().to_owned()).collect()
    };
    let general = problems(&settings, &TenantMessagesSettings::default());
    let fields = ["brand", "default_locale", "origin_host", "android_app_hash"];
    assert_eq!(paths(&general), fields.map(|field| format!("messages.{field}")));
    let own = TenantMessagesSettings {
        default_locale: settings.default_locale.clone(),
        brand: settings.brand.clone(),
        origin_host: settings.origin_host.clone(),
        android_app_hash: settings.android_app_hash.clone(),
        ..TenantMessagesSettings::default()
    };
    let found = problems(&MessagesSettings::default(), &own);
    assert_eq!(paths(&found), fields.map(|field| format!("messages.tenants.acme.{field}")));
}

#[test]
fn a_frame_needs_the_page_around_it() {
    let framed = TenantMessagesSettings {
        origin_embedded_host: Some("frame.example".into()),
        ..TenantMessagesSettings::default()
    };
    let found = problems(&MessagesSettings::default(), &framed);
    assert_eq!(
        found,
        [
            "messages.tenants.acme.origin_embedded_host: needs origin_host, the website that it is embedded in"
        ]
    );
    let general = MessagesSettings {
        origin_host: Some("page.example".into()),
        ..MessagesSettings::default()
    };
    assert!(problems(&general, &framed).is_empty());
}
