//! `x_file` for every secret `x`.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use super::*;
use crate::stores::StoreSettings;

/// A text with `{name}` for the path of a file that holds it.
fn with_file(text: &str, name: &str, secret: &str) -> (tempfile::TempDir, String) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join(name);
    fs::write(&file, secret).unwrap();
    let text = text.replace(&format!("{{{name}}}"), &file.display().to_string());
    (directory, text)
}

/// The paths of all secrets in a schema, by the names of their tables, and whether each has its file beside it.
fn secrets(schema: &Value, found: &mut Vec<(String, bool)>) {
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        for (name, place) in properties {
            let text = place.to_string();
            if text.contains("\"writeOnly\":true") {
                found.push((name.clone(), properties.contains_key(&format!("{name}_file"))));
            }
        }
    }
    match schema {
        Value::Object(parts) => parts.values().for_each(|part| secrets(part, found)),
        Value::Array(parts) => parts.iter().for_each(|part| secrets(part, found)),
        _ => {}
    }
}

#[test]
fn every_secret_may_stand_in_a_file() {
    let mut found = Vec::new();
    secrets(&schema(), &mut found);
    let names: Vec<_> = found.iter().map(|(name, _)| name.as_str()).collect();
    for name in
        ["index", "secret", "url", "api_key", "password", "access_token", "secret_access_key"]
    {
        assert!(names.contains(&name), "{name} is no secret: {names:?}");
    }
    let without: Vec<_> = found.iter().filter(|(_, has_file)| !has_file).collect();
    assert!(without.is_empty(), "{without:?}");
}

#[test]
fn a_secret_is_read_from_its_file_wherever_it_stands() {
    let provider = "type = \"resend\"\nfrom = \"a@example.com\"\napi_key_file = '{key}'\n";
    for table in ["[senders.email]", "[[senders.email]]"] {
        let (_directory, text) = with_file(&format!("{table}\n{provider}"), "key", "re_123\r\n");
        let loaded = development(&text, &[]).unwrap();
        let [SenderSettings::Resend(resend)] = &loaded.config.senders.email.0[..] else {
            panic!("{:?}", loaded.config.senders)
        };
        assert_eq!(resend.api_key.expose(), "re_123", "{table}");
    }
    let second = format!("[[senders.email]]\ntype = \"console\"\n[[senders.email]]\n{provider}");
    let (_directory, text) = with_file(&second, "key", "re_123");
    let loaded = development(&text, &[]).unwrap();
    assert!(matches!(&loaded.config.senders.email.0[1], SenderSettings::Resend(resend)
        if resend.api_key.expose() == "re_123"));
}

#[test]
fn keys_and_the_stores_url_are_read_from_files_that_variables_name() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = directory.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let (index, secret) = (file("index", &"ab".repeat(32)), file("ring", &"cd".repeat(32)));
    let url = file("url", "redis://u:s3cr3t@h/1\n");
    let variables = [
        ("COUNTERSIGN_KEYS__INDEX_FILE", index.as_str()),
        ("COUNTERSIGN_KEYS__RING__0__NAME", "a"),
        ("COUNTERSIGN_KEYS__RING__0__SECRET_FILE", &secret),
        ("COUNTERSIGN_STORE__TYPE", "redis"),
        ("COUNTERSIGN_STORE__URL_FILE", &url),
    ];
    let loaded = from(LOGIN, &variables).unwrap();
    assert_eq!(loaded.rules.keyring.index, [0xab; 32]);
    assert_eq!(loaded.rules.keyring.keys[0].secret, [0xcd; 32]);
    let StoreSettings::Redis(redis) = &loaded.config.store else {
        panic!("{:?}", loaded.config.store)
    };
    assert_eq!(redis.url.as_ref().unwrap().expose(), "redis://u:s3cr3t@h/1");
}

#[test]
fn a_secret_that_is_given_twice_is_refused() {
    let text = "[senders.email]\ntype = \"resend\"\nfrom = \"a@example.com\"\napi_key = \"re_456\"\napi_key_file = '{key}'\n";
    let (_directory, text) = with_file(text, "key", "re_123");
    let problems = development(&text, &[]).unwrap_err().to_string();
    assert!(problems.contains("c.toml:5: senders.email.api_key_file"), "{problems}");
    assert!(problems.contains("`api_key` and `api_key_file` are both given"), "{problems}");
    assert!(!problems.contains("re_123") && !problems.contains("re_456"), "{problems}");
    // From wherever.
    let text = "[store]\ntype = \"redis\"\nurl = \"redis://h\"\n";
    let twice = development(text, &[("COUNTERSIGN_STORE__URL_FILE", "/dev/null")]);
    complains(twice, "store.url_file", "one too many");
}

#[test]
fn a_file_that_cannot_be_read_is_named_and_nothing_else_is_complained_of() {
    let provider = "type = \"wati\"\nurl = \"https://a.example\"\ntemplate = \"t\"\n";
    let text = format!(
        "[[senders.whatsapp]]\n{provider}api_key = \"k\"\n[[senders.whatsapp]]\n{provider}api_key_file = \"/nonexistent/key\"\n"
    );
    let problems = development(&text, &[]).unwrap_err();
    assert_eq!(problems.0.len(), 1, "{problems}");
    let text = problems.to_string();
    assert!(text.contains("c.toml:10: senders.whatsapp.1.api_key_file"), "{text}");
    assert!(text.contains("/nonexistent/key can't be read"), "{text}");
    let keys = "[keys]\nindex_file = \"/nonexistent/index\"\n[[keys.ring]]\nname = \"a\"\nsecret_file = \"/nonexistent/ring\"\n";
    let problems = development(keys, &[]).unwrap_err().to_string();
    for path in ["c.toml:2: keys.index_file", "c.toml:5: keys.ring.0.secret_file"] {
        assert!(problems.contains(path), "{problems}");
    }
}

#[test]
fn what_is_no_path_and_what_is_too_long_for_a_secret_are_refused() {
    let text = "[store]\ntype = \"redis\"\nurl_file = 7\n";
    complains(development(text, &[]), "store.url_file", "text in quotes");
    let text = "[store]\ntype = \"redis\"\nurl_file = '{url}'\n";
    let (_directory, text) = with_file(text, "url", &"x".repeat(65_537));
    complains(development(&text, &[]), "store.url_file", "over 65,536 bytes");
}

#[test]
fn a_secret_that_is_missing_may_be_given_in_both_ways() {
    for (text, path, name) in [
        (
            "[senders.email]\ntype = \"resend\"\nfrom = \"a@example.com\"\n",
            "senders.email",
            "api_key",
        ),
        (
            "[[senders.sms]]\ntype = \"console\"\n[[senders.sms]]\ntype = \"eskiz\"\nemail = \"a@example.com\"\n",
            "senders.sms.1",
            "password",
        ),
        ("[keys]\nring = []\n", "keys", "index"),
        ("[keys]\nindex = \"x\"\n[[keys.ring]]\nname = \"a\"\n", "keys.ring.0", "secret"),
    ] {
        let expected = format!("`{name}` is missing: give `{name}` or `{name}_file`");
        complains(development(text, &[]), path, &expected);
    }
}

#[test]
fn a_secret_that_others_may_read_is_warned_of() {
    let directory = tempfile::tempdir().unwrap();
    let key = directory.path().join("index");
    fs::write(&key, "ab".repeat(32)).unwrap();
    let text = format!(
        "[keys]\nindex_file = '{}'\nring = [{{ name = \"a\", secret = \"{}\" }}]\n{LOGIN}",
        key.display(),
        "cd".repeat(32)
    );
    let file = directory.path().join("c.toml");
    fs::write(&file, text).unwrap();
    let warned = |own: u32, key_file: u32| {
        fs::set_permissions(&file, fs::Permissions::from_mode(own)).unwrap();
        fs::set_permissions(&key, fs::Permissions::from_mode(key_file)).unwrap();
        let loaded = load(Some(&file), []).unwrap();
        let warned = loaded.warnings.iter().filter(|warning| warning.path.starts_with("keys"));
        warned.map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(warned(0o600, 0o600), [""; 0]);
    // Our own group: it was let in.
    assert_eq!(warned(0o640, 0o440), [""; 0]);
    let of_key = warned(0o600, 0o604);
    let [of_key] = &of_key[..] else { panic!("{of_key:?}") };
    assert!(of_key.contains("c.toml:2: keys.index_file: "), "{of_key}");
    assert!(of_key.contains(&format!("chmod 600 {}", key.display())), "{of_key}");
    let both = warned(0o644, 0o644);
    assert_eq!(both.len(), 2, "{both:?}");
    assert!(both[1].contains("c.toml:3: keys.ring.0.secret: "), "{both:?}");
}
