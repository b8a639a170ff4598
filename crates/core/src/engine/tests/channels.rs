//! By which channels a message may go, in which order; and that the record remembers it.

use countersign_contract::otp::Error;
use countersign_contract::sender::Message;
use countersign_contract::settings::{self, RegionRule};
use countersign_contract::types::{Channel, RecipientFault, SendError};

use super::caller::{Caller, MAIL, PHONE, draft, whatever_is_forgotten};
use super::test_world::Memory;
use countersign_contract::types::Channel::{Email, Sms, Voice, Webhook, Whatsapp};

fn with(channels: &[Channel]) -> settings::Policy {
    settings::Policy {
        channels: channels.to_vec(),
        cooldown_seconds: Some(0),
        ..settings::Policy::default()
    }
}

fn latest(caller: &Caller) -> Message {
    caller.world.messages().pop().unwrap()
}

#[test]
fn without_a_channel_all_that_the_recipient_fits_are_offered_in_the_policys_order() {
    for (policy, to, offered) in [
        (vec![Sms], PHONE, vec![Sms]),
        (vec![Whatsapp, Sms, Voice], PHONE, vec![Whatsapp, Sms, Voice]),
        (vec![Voice, Email, Sms], PHONE, vec![Voice, Sms]),
        (vec![Sms, Email], MAIL, vec![Email]),
        (vec![Webhook, Sms, Email], MAIL, vec![Webhook, Email]),
        (vec![Email, Webhook], PHONE, vec![Webhook]),
    ] {
        whatever_is_forgotten(&with(&policy), |caller| {
            let issued = caller.issue_to(None, to, None).unwrap();
            assert_eq!(issued.channel, offered[0]);
            assert_eq!(latest(&caller).channels, offered, "{policy:?}");
        });
    }
}

#[test]
fn with_a_channel_exactly_that_one_is_offered_also_for_a_resend() {
    whatever_is_forgotten(&with(&[Sms, Whatsapp, Voice]), |caller| {
        let issued = caller.issue_to(Whatsapp, PHONE, None).unwrap();
        assert_eq!((issued.channel, latest(&caller).channels), (Whatsapp, vec![Whatsapp]));
        let resent = caller.resend(&issued.id).unwrap();
        assert_eq!((resent.channel, latest(&caller).channels), (Whatsapp, vec![Whatsapp]));
    });
}

#[test]
fn a_recipient_that_no_channel_of_the_policy_fits_is_of_the_wrong_kind() {
    for (policy, to) in
        [(vec![Email], PHONE), (vec![Email], "0812 3456 7890"), (vec![Sms, Voice, Whatsapp], MAIL)]
    {
        let caller = Caller::new(Memory::Never, with(&policy));
        let error = caller.issue_to(None, to, None).unwrap_err();
        assert_eq!(error, Error::InvalidRecipient(RecipientFault::WrongKind), "{policy:?}");
        assert_eq!(caller.world.round_trips(), 0);
    }
}

#[test]
fn the_challenge_names_the_channel_that_carried_it_and_a_resend_tries_that_one_first() {
    whatever_is_forgotten(&with(&[Sms, Whatsapp, Voice]), |caller| {
        caller.world.carry_by(Whatsapp);
        let issued = caller.issue_to(None, PHONE, None).unwrap();
        assert_eq!(issued.channel, Whatsapp);
        assert_eq!(caller.status(&issued.id).unwrap().channel, Whatsapp);

        caller.world.carry_by(Voice);
        let resent = caller.resend(&issued.id).unwrap();
        assert_eq!(latest(&caller).channels, [Whatsapp, Sms, Voice]);
        assert_eq!(resent.channel, Voice);

        caller.resend(&issued.id).unwrap();
        assert_eq!(latest(&caller).channels, [Voice, Sms, Whatsapp]);
        let verified = caller.verify(&issued.id, &caller.code()).unwrap();
        assert_eq!(verified.channel, Voice);
    });
}

/// A host that says so is wrong about what it did: nothing is written, as after any failed send.
#[test]
fn a_channel_that_was_not_offered_is_a_failed_send() {
    whatever_is_forgotten(&with(&[Sms, Email, Voice]), |caller| {
        caller.world.carry_by(Email);
        for channel in [None, Some(Sms)] {
            let error = caller.issue_to(channel, PHONE, None).unwrap_err();
            assert!(matches!(error, Error::DeliveryFailed(SendError::Other(_))), "{error:?}");
            assert!(!caller.world.dump().keys().any(|key| key.ends_with(":challenge")));
        }
        caller.world.carry_by(Sms);
        let issued = caller.issue_to(Sms, PHONE, None).unwrap();
        caller.world.carry_by(Voice);
        let error = caller.resend(&issued.id).unwrap_err();
        assert!(matches!(error, Error::DeliveryFailed(SendError::Other(_))), "{error:?}");
        let status = caller.status(&issued.id).unwrap();
        assert_eq!((status.channel, status.resends_left), (Sms, 3));
    });
}

#[test]
fn a_message_may_be_sent_twice_only_where_the_policy_says_so() {
    for (may_send_twice, told) in [(None, false), (Some(false), false), (Some(true), true)] {
        let caller = Caller::new(Memory::Never, settings::Policy { may_send_twice, ..draft() });
        let id = caller.issue_to(None, PHONE, None).unwrap().id;
        assert_eq!(latest(&caller).may_send_twice, told);
        caller.world.advance(60);
        caller.resend(&id).unwrap();
        assert_eq!(latest(&caller).may_send_twice, told);
    }
}

#[test]
fn a_channel_whose_regions_leave_the_number_out_is_not_tried() {
    let rule = |channel, region: &str| RegionRule {
        channel,
        allow: vec![region.into()],
        deny: Vec::new(),
    };
    let regions = vec![rule(None, "+62"), rule(Some(Whatsapp), "DE")];
    let draft = settings::Policy { regions, ..with(&[Whatsapp, Sms, Email]) };
    whatever_is_forgotten(&draft, |caller| {
        caller.issue_to(None, PHONE, None).unwrap();
        assert_eq!(latest(&caller).channels, [Sms]);
        caller.issue_to(None, MAIL, None).unwrap();
        assert_eq!(latest(&caller).channels, [Email]);
        let sent = caller.world.messages().len();
        for (channel, to) in
            [(Some(Whatsapp), PHONE), (None, "+4915112345678"), (None, "+44 9098 790000")]
        {
            let error = caller.issue_to(channel, to, None).unwrap_err();
            assert_eq!(error, Error::InvalidRecipient(RecipientFault::NumberNotAllowed), "{to}");
        }
        assert_eq!(caller.world.messages().len(), sent);
    });
}

#[test]
fn a_channel_that_the_policy_lacks_is_refused_before_anything_is_asked_of_the_store() {
    let caller = Caller::new(Memory::Never, with(&[Sms, Email]));
    for (channel, to) in [(Whatsapp, PHONE), (Voice, PHONE), (Webhook, PHONE), (Webhook, MAIL)] {
        let error = caller.issue_to(channel, to, None).unwrap_err();
        assert_eq!(error, Error::ChannelNotAllowed, "{channel:?}");
    }
    assert_eq!(caller.world.round_trips(), 0);
    assert!(caller.world.messages().is_empty());
}
