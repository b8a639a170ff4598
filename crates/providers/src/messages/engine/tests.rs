use super::*;

fn variables() -> Variables {
    Variables {
        brand: None,
        code: Secret::new("480162".into()),
        lifetime_seconds: 300,
        purpose: "login".into(),
        reference: Some("INV-7".into()),
        tenant: "acme".into(),
    }
}

fn rendered_as(name: &str, source: &str, variables: &Variables) -> Result<String, TemplateError> {
    let name = Name::parse(name).unwrap();
    let mut engine = Engine::new();
    engine.add(&name, source)?;
    Ok(engine.render(&name, variables)?.expose().clone())
}

fn rendered(source: &str) -> Result<String, TemplateError> {
    rendered_as("sms.en.txt", source, &variables())
}

fn fault(source: &str) -> String {
    let fault = rendered(source).unwrap_err();
    format!("{}: {}", fault.line.unwrap_or_default(), fault.text)
}

#[test]
fn a_template_sees_its_variables() {
    let source = "{{ code }} {{ lifetime.value }} {{ lifetime.unit }} {{ purpose }} {{ tenant }} {{ reference }} {{ brand or 'x' }}";
    assert_eq!(rendered(source).unwrap(), "480162 5 minute login acme INV-7 x");
}

#[test]
fn what_is_not_there_is_an_error() {
    for source in [
        "{{ brand }}",
        "\n\n{{ nobody }}",
        "{% if nobody %}x{% endif %}",
        "{{ lifetime.nothing }}",
        "{{ code_spelled }}",
    ] {
        assert!(fault(source).contains("isn't there"), "{source}: {}", fault(source));
    }
    assert!(fault("\n\n{{ nobody }}").starts_with("3: "));
}

#[test]
fn nothing_outside_the_template_can_be_reached() {
    for source in [
        "{% include 'sms.ru.txt' %}",
        "{% extends 'sms.ru.txt' %}",
        "{% macro x() %}{% endmacro %}",
        "{{ range(9) }}",
        "{{ debug() }}",
        "{{ code|upper }}",
        "{% if code is string %}{% endif %}",
    ] {
        assert!(rendered(source).is_err(), "{source}");
    }
}

#[test]
fn a_loop_ends() {
    let list = format!("[{}]", "1,".repeat(1000));
    let endless = format!(
        "{{% for a in {list} %}}{{% for a in {list} %}}{{% for a in {list} %}}{{% endfor %}}{{% endfor %}}{{% endfor %}}"
    );
    assert_eq!(fault(&endless), "1: takes more than 20000 steps");
    let wordy = format!("{{% for a in {list} %}}{}{{% endfor %}}", "x".repeat(1000));
    assert_eq!(fault(&wordy), "0: makes more than 131072 bytes");
    let deep = format!("{{{{ {}1{} }}}}", "(".repeat(5000), ")".repeat(5000));
    assert!(rendered(&deep).is_err());
}

#[test]
fn html_is_escaped_and_text_is_not() {
    let mut variables = variables();
    variables.brand = Some("<&>".into());
    assert_eq!(rendered_as("sms.en.txt", "{{ brand }}", &variables).unwrap(), "<&>");
    assert_eq!(rendered_as("email.en.txt", "{{ brand }}", &variables).unwrap(), "<&>");
    let html = rendered_as("email.en.html", "{{ brand }}", &variables).unwrap();
    assert_eq!(html, "&lt;&amp;&gt;");
}

#[test]
fn space_around_a_text_is_dropped_and_lines_end_as_on_unix() {
    assert_eq!(rendered(" \r\na\r\n\r\nb\r\n").unwrap(), "a\n\nb");
}

#[test]
fn plural_forms_follow_the_language_of_the_template() {
    let forms = r#"{{ plural(lifetime.value, one="1", two="2", few="F", many="M", other="O") }}"#;
    for (locale, expected) in [
        // 1, 2, 3, 5, 11, 21, 22, 25, 101, 111
        ("en", "1OOOOOOOOO"),
        ("en-GB", "1OOOOOOOOO"),
        ("ru", "1FFMM1FM1M"),
        ("hi", "1OOOOOOOOO"),
        ("id", "OOOOOOOOOO"),
        ("uz", "1OOOOOOOOO"),
        ("uz-Cyrl", "1OOOOOOOOO"),
        ("sr-Latn", "1FFOO1FO1O"),
        ("pt-PT", "1OOOOOOOOO"),
        ("ar", "12FFMMMMOM"),
        ("sl", "12FOOOOO1O"),
        ("xx", "OOOOOOOOOO"),
    ] {
        let mut found = String::new();
        for number in [1, 2, 3, 5, 11, 21, 22, 25, 101, 111] {
            let variables = Variables { lifetime_seconds: number, ..variables() };
            let name = format!("tenants/acme/login/sms.{locale}.txt");
            found += &rendered_as(&name, forms, &variables).unwrap();
        }
        assert_eq!(found, expected, "{locale}");
    }
}

#[test]
fn a_form_that_is_not_given_is_other_and_other_has_to_be() {
    assert_eq!(rendered(r#"{{ plural(1, other="O") }}"#).unwrap(), "O");
    assert_eq!(fault(r#"{{ plural(1, one="1") }}"#), "1: `plural` needs the form other");
    let unknown = fault(r#"{{ plural(1, single="1", other="O") }}"#);
    assert!(unknown.contains("zero, one, two, few, many and other"), "{unknown}");
    assert!(rendered(r#"{{ plural(reference, other="O") }}"#).is_err());
    assert!(rendered(r#"{{ plural(1, other=1/0) }}"#).is_err());
}

#[test]
fn no_fault_repeats_a_value() {
    for source in [
        "{{ code * 'hunter2' }}",
        "{{ 'hunter2' + 1 }}",
        "{{ 4711 % 0 }}",
        "{{ 'hunter2'() }}",
        "{{ 'hunter2'.x() }}",
        "{{ plural('hunter2', other='hunter2') }}",
        "{{ plural(1, 'hunter2') }}",
        "{% for a in reference %}{{ a.b.c }}{% endfor %}",
        "{% hunter %}",
        "{{ {'hunter2': 1}.x.y }}",
    ] {
        let fault = fault(source);
        for value in ["hunter2", "480162", "4711", "INV-7"] {
            assert!(!fault.contains(value), "{source}: {fault}");
        }
    }
}
