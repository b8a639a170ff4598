use super::*;

/// What a browser reads out of a message.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct OneTimeCode {
    pub(crate) host: String,
    pub(crate) embedded_host: Option<String>,
    pub(crate) code: String,
}

/// "Parse an origin-bound one-time code message", step by step as the specification has it.
pub(crate) fn parse(message: &str) -> Option<OneTimeCode> {
    let normalised = message.replace("\r\n", "\n").replace('\r', "\n");
    let line: Vec<char> = normalised.split('\n').next_back()?.chars().collect();
    let mut position = 0;
    let host = marked_token(&line, &mut position, '@')?;
    if *line.get(position)? != ' ' {
        return None;
    }
    position += 1;
    let code = marked_token(&line, &mut position, '#')?;
    let mut embedded_host = None;
    if line.get(position) == Some(&' ') {
        position += 1;
        embedded_host = marked_token(&line, &mut position, '@');
    }
    Some(OneTimeCode { host, embedded_host, code })
}

/// "Extract a marked token".
fn marked_token(line: &[char], position: &mut usize, marker: char) -> Option<String> {
    if *line.get(*position)? != marker {
        return None;
    }
    *position += 1;
    let is_whitespace = |sign: &char| matches!(sign, '\t' | '\n' | '\u{c}' | '\r' | ' ');
    let rest = line.get(*position..)?;
    let token: String = rest.iter().take_while(|sign| !is_whitespace(sign)).collect();
    *position += token.chars().count();
    (!token.is_empty()).then_some(token)
}

fn one_time_code(host: &str, code: &str, embedded_host: Option<&str>) -> OneTimeCode {
    let embedded_host = embedded_host.map(str::to_owned);
    OneTimeCode { host: host.into(), embedded_host, code: code.into() }
}

#[test]
fn the_parser_agrees_with_the_examples_of_the_specification() {
    let text = "747723 is your ExampleCo authentication code.\n\n";
    let plain = format!("{text}@example.com #747723");
    assert_eq!(parse(&plain), Some(one_time_code("example.com", "747723", None)));
    let embedded = one_time_code("example.com", "747723", Some("ecommerce.example"));
    let framed = format!("{text}@example.com #747723 @ecommerce.example");
    assert_eq!(parse(&framed), Some(embedded));
    let future = "@example.com #747723 @ecommerce.example $future";
    assert_eq!(parse(future).unwrap().embedded_host.as_deref(), Some("ecommerce.example"));
    for message in [
        "something @example.com #747723",
        "#747723 @ecommerce.example @example.com",
        "@example.com code #747723",
        "@example.com  #747723",
        "@example.com #747723\n",
        "@example.com",
        "",
    ] {
        assert_eq!(parse(message), None, "{message:?}");
    }
}

#[test]
fn the_lines_stand_last_and_alone() {
    let mut autofill = Autofill::default();
    let ended = |autofill: &Autofill| {
        let [text, code] = ["Hello", "123456"].map(|text| Secret::new(text.to_owned()));
        autofill.after(&text, &code).expose().clone()
    };
    assert_eq!(ended(&autofill), "Hello");
    autofill.app_hash = Some("FA+9qCX9VSu".into());
    assert_eq!(ended(&autofill), "Hello\nFA+9qCX9VSu");
    autofill.host = Some("example.com".into());
    assert_eq!(ended(&autofill), "Hello\nFA+9qCX9VSu\n@example.com #123456");
    autofill.app_hash = None;
    autofill.embedded_host = Some("pay.example".into());
    assert_eq!(ended(&autofill), "Hello\n@example.com #123456 @pay.example");
}

#[test]
fn only_host_names_are_hosts() {
    let long = format!("{}.example", "a".repeat(63));
    for host in ["example.com", "xn--bcher-kva.example", "localhost", "a-b.c1", &long] {
        assert!(is_host(host), "{host}");
    }
    let too_long = format!("{}.example", "a".repeat(64));
    let far_too_long = "a.".repeat(126) + "ab";
    for host in [
        "",
        "Example.com",
        "https://example.com",
        "example.com:443",
        "example.com/",
        "example..com",
        ".example.com",
        "example.com.",
        "-a.example",
        "a-.example",
        "exa mple.com",
        "exa\nmple.com",
        "bücher.example",
        "a_b.example",
        "127.0.0.1",
        "127.0x1",
        "[::1]",
        &too_long,
        &far_too_long,
    ] {
        assert!(!is_host(host), "{host}");
    }
}

#[test]
fn only_eleven_characters_of_base64_are_a_hash() {
    assert!(is_app_hash("FA+9qCX9VSu") && is_app_hash("///////////"));
    for hash in ["", "FA+9qCX9VS", "FA+9qCX9VSuu", "FA-9qCX9VSu", "FA+9qCX9VS=", "FA 9qCX9VSu"] {
        assert!(!is_app_hash(hash), "{hash}");
    }
}

#[test]
fn what_is_wrong_is_told_without_repeating_it() {
    let autofill = Autofill {
        host: None,
        embedded_host: Some("Wrong.example".into()),
        app_hash: Some("wrong".into()),
    };
    let problems = autofill.problems("messages");
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 3);
    assert!(told[0].starts_with("messages.origin_embedded_host: has to be a host name"));
    assert!(told[1].starts_with("messages.origin_embedded_host: needs origin_host"));
    assert!(told[2].starts_with("messages.android_app_hash: has to be"));
    assert!(!told.join("\n").to_lowercase().contains("wrong"));
}
