use countersign_contract::settings::{self, NumberType};

use super::*;

fn draft() -> settings::Policy {
    settings::Policy {
        channels: vec![Channel::Sms, Channel::Voice, Channel::Email],
        ..settings::Policy::default()
    }
}

fn rule(channel: Option<Channel>, allow: &[&str], deny: &[&str]) -> RegionRule {
    let list = |entries: &[&str]| entries.iter().map(|entry| (*entry).into()).collect();
    RegionRule { channel, allow: list(allow), deny: list(deny) }
}

fn read(draft: settings::Policy, text: &str) -> Result<String, RecipientFault> {
    let policy = Policy::new(draft).unwrap();
    policy.recipient(text, None).map(|recipient| recipient.as_str().into())
}

#[test]
fn costly_numbers_are_refused_unless_the_purpose_allows_their_type() {
    for (text, number, number_type) in [
        ("+44 9098 790000", "+449098790000", NumberType::PremiumRate),
        ("+1 900 234 5678", "+19002345678", NumberType::PremiumRate),
        ("+979 123 456 789", "+979123456789", NumberType::PremiumRate),
        ("+44 7000 123456", "+447000123456", NumberType::Personal),
        ("+1 533 234 5678", "+15332345678", NumberType::Personal),
        ("+33 884 012345", "+33884012345", NumberType::SharedCost),
        ("+49 180 5 123456", "+491805123456", NumberType::SharedCost),
        ("+808 1234 5678", "+80812345678", NumberType::SharedCost),
    ] {
        assert_eq!(read(draft(), text), Err(RecipientFault::NumberNotAllowed), "{text}");
        let others = NumberType::ALL.into_iter().filter(|other| *other != number_type).collect();
        let others = settings::Policy { number_types: others, ..draft() };
        assert_eq!(read(others, text), Err(RecipientFault::NumberNotAllowed), "{text}");
        let own = settings::Policy { number_types: vec![number_type], ..draft() };
        assert_eq!(read(own, text).as_deref(), Ok(number));
    }
    for ordinary in ["+6281234567890", "+442079460018", "+80012345678", "+447911123456"] {
        assert_eq!(read(draft(), ordinary).as_deref(), Ok(ordinary));
    }
}

#[test]
fn numbers_newer_than_the_metadata_are_taken_by_length_behind_a_prefix() {
    assert_eq!(read(draft(), "+1 621 234 5678"), Err(RecipientFault::UnassignableNumber));
    let new = settings::Policy {
        new_prefixes: vec!["+1621".into()],
        default_region: Some("US".into()),
        ..draft()
    };
    for text in ["+1 621 234 5678", "(621) 234-5678", "1-621-234-5678", "011 1 621 234 5678"] {
        assert_eq!(read(new.clone(), text).as_deref(), Ok("+16212345678"), "{text}");
    }
    for text in ["+1 621 234 567", "+1 621 234 56789", "+1 622 234 5678", "+1 621 ABC 5678"] {
        assert!(read(new.clone(), text).is_err(), "{text}");
    }
}

#[test]
fn a_number_is_sent_to_where_its_region_allows_it() {
    let rules = vec![
        rule(None, &["ID", "US", "+998", "+44"], &["+447"]),
        rule(Some(Channel::Voice), &["ID"], &[]),
    ];
    let policy = Policy::new(settings::Policy { regions: rules, ..draft() }).unwrap();
    for (text, sms, voice) in [
        ("+6281234567890", true, true),
        ("+16502530000", true, false),
        ("+14165550123", false, false),
        ("+18765230123", false, false),
        ("+998901234567", true, false),
        ("+442079460018", true, false),
        ("+447911123456", false, false),
        ("+79123456789", false, false),
        ("+77012345678", false, false),
    ] {
        let recipient = policy.recipient(text, None).unwrap();
        for (channel, expected) in [(Channel::Sms, sms), (Channel::Voice, voice)] {
            let allowed = policy.refuse_channel(&recipient, channel);
            let expected = if expected { Ok(()) } else { Err(RecipientFault::NumberNotAllowed) };
            assert_eq!(allowed, expected, "{text} {channel:?}");
        }
        assert_eq!(
            policy.refuse_channel(&recipient, Channel::Email),
            Err(RecipientFault::WrongKind)
        );
    }
    let address = policy.recipient("ann@example.com", None).unwrap();
    assert_eq!(policy.refuse_channel(&address, Channel::Email), Ok(()));
    assert_eq!(policy.refuse_channel(&address, Channel::Sms), Err(RecipientFault::WrongKind));
}

#[test]
fn regions_that_share_a_calling_code_are_told_apart() {
    for (text, region) in [
        ("+16502530000", Some("US")),
        ("+14165550123", Some("CA")),
        ("+18765230123", Some("JM")),
        ("+18092345678", Some("DO")),
        ("+79123456789", Some("RU")),
        ("+77012345678", Some("KZ")),
        ("+441481256789", Some("GG")),
        ("+442079460018", Some("GB")),
        ("+3780549886377", Some("SM")),
        ("+390669812345", Some("VA")),
        ("+390236618300", Some("IT")),
        ("+80012345678", None),
        ("ann@example.com", None),
    ] {
        let recipient = Policy::new(draft()).unwrap().recipient(text, None).unwrap();
        assert_eq!(recipient.region(), region, "{text}");
    }
}

#[test]
fn lists_of_numbers_have_their_rules() {
    let fault = |draft: settings::Policy| Policy::new(draft).err().map(|fault| fault.to_string());
    let regions = |rules| fault(settings::Policy { regions: rules, ..draft() });
    let prefixes = |prefixes: &[&str]| {
        let new_prefixes = prefixes.iter().map(|prefix| (*prefix).into()).collect();
        fault(settings::Policy { new_prefixes, ..draft() })
    };
    let types = |number_types| fault(settings::Policy { number_types, ..draft() });
    assert_eq!(types(NumberType::ALL.to_vec()), None);
    assert_eq!(types(vec![NumberType::Personal; 2]).unwrap(), "number_types names each type once");
    assert_eq!(prefixes(&["+1621", "+62", "+123456789012345"]), None);
    for bad in ["", "+", "1621", "+0", "+999", "+1 621", "+1234567890123456", "+1٦"] {
        assert!(prefixes(&[bad]).unwrap().starts_with("new_prefixes holds"), "{bad}");
    }
    assert!(prefixes(&["+1621"; 65]).unwrap().starts_with("new_prefixes holds at most 64"));
    assert_eq!(
        regions(vec![rule(None, &["ID"; 300], &["+62"]), rule(Some(Channel::Sms), &[], &[])]),
        None
    );
    assert!(
        regions(vec![rule(None, &["ID"; 301], &[])])
            .unwrap()
            .starts_with("regions.allow holds at most")
    );
    for bad in ["", "id", "XX", "62", "+999", "IDN", "001"] {
        assert!(
            regions(vec![rule(None, &[bad], &[])]).unwrap().starts_with("regions.allow"),
            "{bad}"
        );
        assert!(
            regions(vec![rule(None, &[], &[bad])]).unwrap().starts_with("regions.deny"),
            "{bad}"
        );
    }
    let twice = vec![rule(Some(Channel::Sms), &[], &[]), rule(Some(Channel::Sms), &[], &[])];
    assert!(regions(twice).unwrap().starts_with("regions has one rule"));
    let other = vec![rule(Some(Channel::Whatsapp), &[], &[])];
    assert!(regions(other).unwrap().starts_with("regions.channel"));
}

#[test]
fn lists_are_taken_up_to_their_length_and_no_further() {
    let prefixes =
        |count: usize| settings::Policy { new_prefixes: vec!["+1621".into(); count], ..draft() };
    assert_eq!(Policy::new(prefixes(64)).unwrap().entries(), 64);
    assert!(Policy::new(prefixes(65)).is_err());
    let regions = |allow: usize, deny: usize| settings::Policy {
        new_prefixes: vec!["+1621".into(); 2],
        regions: vec![
            rule(None, &vec!["ID"; allow], &vec!["+1"; deny]),
            rule(Some(Channel::Voice), &["ID"], &[]),
        ],
        ..draft()
    };
    assert_eq!(Policy::new(regions(300, 300)).unwrap().entries(), 603);
    assert_eq!(Policy::new(regions(3, 5)).unwrap().entries(), 11);
    assert!(Policy::new(regions(301, 0)).is_err());
    assert!(Policy::new(regions(0, 301)).is_err());
}
