//! Arguments that can't be used: named, and nothing counted or written. And what an operator may set.

use countersign_contract::otp::{Error, IssueRequest, Target, VerifyRequest};
use countersign_contract::settings::{self, Activity, Alphabet, Limit};
use countersign_contract::types::{Channel, RecipientFault, Scope};
use countersign_contract::{Pii, Secret};

use super::caller::{Caller, PHONE, draft};
use super::test_world::{Memory, done};
use crate::policy::Policy;
use countersign_contract::otp::{MAX_CLIENT_IP_BYTES, MAX_TYPED_BYTES};

fn request() -> IssueRequest {
    IssueRequest {
        tenant: "default".into(),
        purpose: "login".into(),
        channel: Some(Channel::Sms),
        to: Pii::new(PHONE.into()),
        reference: None,
        locale: None,
        client_ip: None,
        device_cookie: None,
    }
}

fn field(error: &Error) -> &str {
    match error {
        Error::InvalidArgument(fault) => &fault.field,
        other => panic!("{other:?}"),
    }
}

#[test]
fn bad_arguments_of_issue_are_named_and_nothing_is_counted() {
    let caller = Caller::new(Memory::Never, draft());
    let refused = |change: &dyn Fn(&mut IssueRequest)| {
        let mut request = request();
        change(&mut request);
        let error = done(caller.engine.issue(request)).unwrap_err();
        assert_eq!(caller.world.round_trips(), 0, "{error:?}");
        error
    };
    for name in ["", "A", "a b", "a.b", "a:b", "é", "a\0", "{a}", &"a".repeat(65)] {
        assert_eq!(field(&refused(&|one| one.tenant = name.into())), "tenant");
        assert_eq!(field(&refused(&|one| one.purpose = name.into())), "purpose");
    }
    for reference in ["", "a\n", "\0", "\u{7f}", "\u{85}", &"a".repeat(257), &"é".repeat(129)] {
        let change = |one: &mut IssueRequest| one.reference = Some(reference.into());
        assert_eq!(field(&refused(&change)), "reference");
    }
    for locale in
        ["", "a", "-", "en-", "-en", "en--US", "en US", "ab-é", &"a".repeat(9), &"en-".repeat(13)]
    {
        let change = |one: &mut IssueRequest| one.locale = Some(locale.into());
        assert_eq!(field(&refused(&change)), "locale");
    }
    for ip in [
        "",
        "localhost",
        "1.2.3",
        "1.2.3.4, 1.2.3.5",
        "1.2.3.256",
        "::1%eth0",
        "[::1",
        "1.2.3.4/8",
        &client_ip_of(MAX_CLIENT_IP_BYTES + 1),
    ] {
        let change = |one: &mut IssueRequest| one.client_ip = Some(ip.into());
        assert_eq!(field(&refused(&change)), "client-ip");
    }
    assert_eq!(refused(&|one| one.purpose = "nothing".into()), Error::UnknownPurpose);
    assert_eq!(refused(&|one| one.tenant = "nobody".into()), Error::UnknownPurpose);
    assert_eq!(
        refused(&|one| one.to = Pii::new(String::new())),
        Error::InvalidRecipient(RecipientFault::Empty)
    );
    assert_eq!(caller.world.dump().len(), 0);
    assert_eq!(caller.world.messages().len(), 0);
}

#[test]
fn good_arguments_at_their_bounds_are_taken() {
    let longest = "a".repeat(64);
    for (tenant, purpose) in [("a", "b"), (longest.as_str(), longest.as_str()), ("0_-", "z9")] {
        let caller = Caller::new(Memory::Never, draft());
        caller.world.set_policy(tenant, purpose, draft());
        for (reference, locale) in
            [("é".repeat(128), "en"), ("a".repeat(256), "zh-Hant-CN-x-private1-private2-ab")]
        {
            let request = IssueRequest {
                tenant: tenant.into(),
                purpose: purpose.into(),
                reference: Some(reference),
                locale: Some(locale.into()),
                client_ip: Some(client_ip_of(MAX_CLIENT_IP_BYTES)),
                ..request()
            };
            let issued = done(caller.engine.issue(request)).unwrap();
            assert!(issued.id.len() <= 136, "{}", issued.id.len());
            let sign = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
            assert!(issued.id.bytes().all(sign), "{}", issued.id);
            caller.world.advance(3_600);
        }
    }
}

/// A client's address with a port of that many characters in all.
fn client_ip_of(length: usize) -> String {
    format!("192.0.2.1:_{}", "p".repeat(length - 11))
}

#[test]
fn bad_arguments_of_verify_are_named_and_no_attempt_is_counted() {
    let caller = Caller::new(Memory::Never, draft());
    let (id, code) = caller.issued();
    caller.world.round_trips();
    let before = caller.world.dump();
    let padded = |length: usize| format!("{}{code}", " ".repeat(length - code.len()));
    let long = padded(MAX_TYPED_BYTES + 1);
    for typed in ["", "12345", "12345a", "12345678901", "123.456", "1 2 3 4 5", &long] {
        assert_eq!(field(&caller.verify(&id, typed).unwrap_err()), "code");
        assert_eq!(field(&caller.verify_by_recipient(PHONE, typed).unwrap_err()), "code");
    }
    let verify = |tenant: &str, reference: Option<&str>, ip: Option<&str>| {
        done(caller.engine.verify(VerifyRequest {
            tenant: tenant.into(),
            target: Target::Id(id.clone()),
            purpose: None,
            to: None,
            code: Secret::new(code.clone()),
            reference: reference.map(Into::into),
            client_ip: ip.map(Into::into),
        }))
    };
    assert_eq!(field(&verify("De fault", None, None).unwrap_err()), "tenant");
    assert_eq!(field(&verify("default", Some(""), None).unwrap_err()), "reference");
    assert_eq!(field(&verify("default", None, Some("here")).unwrap_err()), "client-ip");
    assert_eq!(field(&done(caller.engine.revoke("", &id)).unwrap_err()), "tenant");
    let empty = caller.verify_by_recipient("", &code).unwrap_err();
    assert_eq!(empty, Error::InvalidRecipient(RecipientFault::Empty));
    assert_eq!(caller.world.round_trips(), 0);
    assert_eq!(caller.world.dump(), before);
    let spaced = padded(MAX_TYPED_BYTES).replacen("  ", " -", 1);
    caller.verify(&id, &spaced).unwrap();
}

#[test]
fn a_reference_that_the_policy_wants_has_to_be_given() {
    let caller =
        Caller::new(Memory::Never, settings::Policy { reference_required: Some(true), ..draft() });
    assert_eq!(caller.issue().unwrap_err(), Error::ReferenceRequired);
    let id = caller.issue_to(Channel::Sms, PHONE, Some("r")).unwrap().id;
    let code = caller.code();
    assert_eq!(caller.verify(&id, &code).unwrap_err(), Error::ReferenceRequired);
    caller.answer(Target::Id(id), &code, Some("r")).unwrap();
}

/// Requirement 1 and 3 among them: no policy with fewer than 6 signs or a longer life than 10 minutes.
#[test]
fn each_field_of_a_policy_has_its_range() {
    type Set = fn(&mut settings::Policy, u32);
    let fields: [(&str, Set, u32, u32); 11] = [
        ("code_length", |draft, value| draft.code_length = Some(value), 6, 10),
        ("lifetime_seconds", |draft, value| draft.lifetime_seconds = Some(value), 30, 600),
        ("max_attempts", |draft, value| draft.max_attempts = Some(value), 1, 10),
        ("lockout_seconds", |draft, value| draft.lockout_seconds = Some(value), 60, 86_400),
        (
            "lockout_max_seconds",
            |draft, value| draft.lockout_max_seconds = Some(value),
            900,
            604_800,
        ),
        ("failure_cap", |draft, value| draft.failure_cap = Some(value), 3, 100),
        ("cooldown_seconds", |draft, value| draft.cooldown_seconds = Some(value), 0, 3_600),
        (
            "cooldown_max_seconds",
            |draft, value| draft.cooldown_max_seconds = Some(value),
            60,
            86_400,
        ),
        ("max_resends", |draft, value| draft.max_resends = Some(value), 0, 10),
        (
            "remember_device_seconds",
            |draft, value| draft.remember_device_seconds = Some(value),
            0,
            31_622_400,
        ),
        (
            "limits.max",
            |draft, value| draft.limits = vec![limit(Scope::Ip, value, 60)],
            1,
            1_000_000_000,
        ),
    ];
    for (name, set, least, most) in fields {
        let policy = |value| {
            let mut draft = draft();
            set(&mut draft, value);
            Policy::new(draft)
        };
        for good in [least, most] {
            assert!(policy(good).is_ok(), "{name} = {good}");
        }
        for bad in [least.checked_sub(1), Some(most + 1), Some(u32::MAX)].into_iter().flatten() {
            let fault = policy(bad).unwrap_err().to_string();
            assert!(fault.starts_with(name), "{name} = {bad}: {fault}");
        }
    }
}

const fn limit(scope: Scope, max: u32, window_seconds: u32) -> Limit {
    let max = Some(max);
    Limit { scope, on: Activity::Send, max, window_seconds }
}

#[test]
fn lists_of_a_policy_have_their_rules() {
    let fault = |draft: settings::Policy| Policy::new(draft).err().map(|fault| fault.to_string());
    let with = |limits: Vec<Limit>| fault(settings::Policy { limits, ..draft() });
    assert!(fault(settings::Policy::default()).unwrap().starts_with("channels"));
    let twice = vec![Channel::Sms, Channel::Email, Channel::Sms];
    let twice = fault(settings::Policy { channels: twice, ..draft() });
    assert_eq!(twice.unwrap(), "channels names each channel once");
    assert!(with(vec![limit(Scope::Ip, 1, 0)]).unwrap().starts_with("limits.window_seconds"));
    assert!(
        with(vec![limit(Scope::Ip, 1, 2_678_401)]).unwrap().starts_with("limits.window_seconds")
    );
    assert_eq!(with(vec![limit(Scope::Ip, 1, 1), limit(Scope::Ip, 1, 2_678_400)]), None);
    assert!(with(vec![limit(Scope::Cooldown, 1, 1)]).unwrap().starts_with("limits.scope"));
    assert!(with(vec![limit(Scope::Challenge, 1, 1)]).unwrap().starts_with("limits.scope"));
    assert!(with(vec![limit(Scope::Ip, 1, 1), limit(Scope::Ip, 2, 1)]).is_some());
    assert_eq!(with((1..=8).map(|window| limit(Scope::Ip, 1, window)).collect()), None);
    let limits = |number: u32| {
        let scopes = [Scope::Ip, Scope::Purpose, Scope::Subject, Scope::Tenant];
        let each = |at: u32| limit(scopes[at as usize % scopes.len()], 1, at / 4 + 1);
        with((0..number).map(each).collect())
    };
    assert_eq!(limits(16), None);
    assert_eq!(limits(17).unwrap(), "limits holds at most 16 limits");
    assert!(with((1..=17).map(|window| limit(Scope::Ip, 1, window)).collect()).is_some());
    // All are told, one a line, and none for a fault of another.
    let several = settings::Policy {
        code_length: Some(2),
        max_attempts: Some(500),
        lockout_seconds: Some(1),
        lockout_max_seconds: Some(u32::MAX),
        limits: vec![limit(Scope::Ip, 0, 0), limit(Scope::Cooldown, 0, 0)],
        ..draft()
    };
    let told = fault(several).unwrap();
    let fields: Vec<_> = told.lines().filter_map(|line| line.split(' ').next()).collect();
    let expected = [
        "max_attempts",
        "lockout_seconds",
        "code_length",
        "lockout_max_seconds",
        "limits.max",
        "limits.window_seconds",
        "limits.scope",
    ];
    assert_eq!(fields, expected, "{told}");
    let low = settings::Policy {
        lockout_seconds: Some(30),
        lockout_max_seconds: Some(200),
        max_attempts: Some(0),
        failure_cap: Some(2),
        ..draft()
    };
    assert_eq!(fault(low).unwrap().lines().count(), 2);
    // Longest ones may not be shorter than first ones.
    let lock =
        settings::Policy { lockout_seconds: Some(900), lockout_max_seconds: Some(899), ..draft() };
    assert!(fault(lock).unwrap().starts_with("lockout_max_seconds"));
    let cooldown = settings::Policy { cooldown_seconds: Some(1_000), ..draft() };
    assert_eq!(fault(cooldown), None);
}

#[test]
fn a_policy_outside_its_range_answers_misconfigured() {
    let caller = Caller::new(Memory::Never, settings::Policy { code_length: Some(5), ..draft() });
    let error = caller.issue().unwrap_err();
    let Error::Misconfigured(text) = &error else { panic!("{error:?}") };
    assert!(text.contains("default/login") && text.contains("code_length"), "{text}");
    assert_eq!(caller.engine.prepare("default", "login").unwrap_err(), error);
    assert_eq!(caller.world.round_trips(), 0);
}

#[test]
fn every_length_and_alphabet_comes_back_right() {
    for length in 6..=10 {
        for alphabet in [Alphabet::Digits, Alphabet::Unambiguous] {
            let draft =
                settings::Policy { code_length: Some(length), alphabet: Some(alphabet), ..draft() };
            let caller = Caller::new(Memory::Forgets, draft);
            let issued = caller.issue().unwrap();
            let code = caller.code();
            assert_eq!((issued.code_length, code.len()), (length, length as usize));
            caller.verify(&issued.id, &code.to_lowercase()).unwrap();
        }
    }
}

#[test]
fn a_locale_that_is_no_tag_is_refused_with_the_reason() {
    let caller = Caller::new(Memory::Never, draft());
    let issue = |locale: &str| {
        done(caller.engine.issue(IssueRequest { locale: Some(locale.into()), ..request() }))
    };
    for (locale, reason) in [
        ("*", "Accept-Language"),
        ("en-US,en;q=0.9", "Accept-Language"),
        ("en;q=0.5", "Accept-Language"),
        ("en,id", "Accept-Language"),
        ("en_US.UTF-8", "character set"),
        ("uz_UZ@cyrillic", "character set"),
        (" id", "blanks"),
        ("id\n", "blanks"),
        ("en US", "blanks"),
        ("en\u{a0}US", "blanks"),
        ("en-US-x-aaaaaaaa-bbbbbbbb-cccccccc-d", "at most 35"),
        ("", "BCP 47"),
        ("x", "BCP 47"),
        ("e", "BCP 47"),
        ("12-34", "BCP 47"),
        ("a1", "BCP 47"),
        ("_en", "BCP 47"),
        ("en_", "BCP 47"),
        ("en-_US", "BCP 47"),
        ("indonesian", "BCP 47"),
        ("\u{440}\u{443}", "BCP 47"),
        ("en/US", "BCP 47"),
    ] {
        let Err(Error::InvalidArgument(fault)) = issue(locale) else {
            panic!("{locale:?} was taken");
        };
        assert_eq!(fault.field, "locale");
        let told = fault.reason;
        assert!(told.contains(reason), "{locale:?}: {told}");
    }
    assert_eq!(caller.world.round_trips(), 0);
    for locale in [
        "id_ID",
        "en_US",
        "in",
        "zh_Hant-TW",
        "i-lux",
        "x-own",
        "ind",
        "es-419",
        "de-1996",
        "eng-US-x-aaaaaaaa-bbbbbbbb-cccccccc",
    ] {
        issue(locale).unwrap();
        caller.world.advance(3_600);
    }
}
