//! Towards the rules and out of them to the host: field by field.

use countersign::bindings::countersign::otp::{sender, settings, store, types};
use countersign_core::Secret;
use countersign_core::error::Scope;
use countersign_core::policy::{Activity, Draft, Limit};
use countersign_core::request;
use countersign_core::world::{Channel, Message, Operation};
use countersign_http_api::otp as http;

/// A policy in the host's words.
pub(super) struct Wire(pub(super) settings::Policy);

impl From<Wire> for Draft {
    fn from(Wire(policy): Wire) -> Self {
        Self {
            code_length: policy.code_length,
            lifetime_seconds: policy.lifetime_seconds,
            max_attempts: policy.max_attempts,
            cooldown_seconds: policy.cooldown_seconds,
            channels: policy.channels.into_iter().map(channel).collect(),
            limits: policy.limits.into_iter().map(limit).collect(),
            ..Self::default()
        }
    }
}

fn limit(limit: settings::Limit) -> Limit {
    Limit {
        scope: match limit.scope {
            types::Scope::Challenge => Scope::Challenge,
            types::Scope::Cooldown => Scope::Cooldown,
            types::Scope::Ip => Scope::Ip,
            types::Scope::Purpose => Scope::Purpose,
            types::Scope::Subject => Scope::Subject,
            types::Scope::Tenant => Scope::Tenant,
        },
        on: match limit.on {
            settings::Activity::Send => Activity::Send,
            settings::Activity::Verify => Activity::Verify,
        },
        max: limit.max,
        window_seconds: limit.window_seconds,
    }
}

pub(super) fn channel(channel: types::Channel) -> Channel {
    match channel {
        types::Channel::Email => Channel::Email,
        types::Channel::Sms => Channel::Sms,
        types::Channel::Voice => Channel::Voice,
        types::Channel::Webhook => Channel::Webhook,
        types::Channel::Whatsapp => Channel::Whatsapp,
    }
}

fn channel_from_http(channel: http::Channel) -> Channel {
    match channel {
        http::Channel::Email => Channel::Email,
        http::Channel::Sms => Channel::Sms,
        http::Channel::Voice => Channel::Voice,
        http::Channel::Webhook => Channel::Webhook,
        http::Channel::Whatsapp => Channel::Whatsapp,
    }
}

fn channel_to_host(channel: Channel) -> types::Channel {
    match channel {
        Channel::Email => types::Channel::Email,
        Channel::Sms => types::Channel::Sms,
        Channel::Voice => types::Channel::Voice,
        Channel::Webhook => types::Channel::Webhook,
        Channel::Whatsapp => types::Channel::Whatsapp,
    }
}

pub(super) fn operation(operation: Operation) -> store::Operation {
    match operation {
        Operation::Delete(key) => store::Operation::Delete(key),
        Operation::Get(key) => store::Operation::Get(key),
        Operation::Increment { key, by, ttl_seconds } => {
            store::Operation::Increment(store::Step { key, by, ttl_seconds })
        }
        Operation::Set { key, value, ttl_seconds } => {
            store::Operation::Set(store::Assignment { key, value, ttl_seconds })
        }
    }
}

pub(super) fn message(message: Message) -> sender::Message {
    sender::Message {
        tenant: message.tenant,
        purpose: message.purpose,
        channels: message.channels.into_iter().map(channel_to_host).collect(),
        may_send_twice: message.may_send_twice,
        recipient: message.recipient.expose().clone(),
        code: message.code.expose().clone(),
        challenge_id: message.challenge_id,
        send_number: message.send_number,
        lifetime_seconds: message.lifetime_seconds,
        expires_at: message.expires_at.0,
        reference: message.reference,
        locale: message.locale,
    }
}

pub(super) fn issue(request: http::IssueRequest) -> request::IssueRequest {
    request::IssueRequest {
        tenant: request.tenant,
        purpose: request.purpose,
        channel: request.channel.map(channel_from_http),
        to: Secret::new(request.to.into_exposed()),
        reference: request.reference,
        locale: request.locale,
        client_ip: request.client_ip,
        device_cookie: request.device_cookie.map(|cookie| Secret::new(cookie.into_exposed())),
    }
}

pub(super) fn outcome(outcome: http::DeliveryOutcome) -> request::DeliveryOutcome {
    match outcome {
        http::DeliveryOutcome::Delivered => request::DeliveryOutcome::Delivered,
        http::DeliveryOutcome::Failed => request::DeliveryOutcome::Failed,
    }
}

pub(super) fn verify(request: http::VerifyRequest) -> request::VerifyRequest {
    request::VerifyRequest {
        tenant: request.tenant,
        target: target(request.target),
        purpose: request.purpose,
        to: request.to.map(|to| Secret::new(to.into_exposed())),
        code: Secret::new(request.code.into_exposed()),
        reference: request.reference,
        client_ip: request.client_ip,
    }
}

pub(super) fn resend(request: http::ResendRequest) -> request::ResendRequest {
    request::ResendRequest { tenant: request.tenant, id: request.id, client_ip: request.client_ip }
}

pub(super) fn target(target: http::Target) -> request::Target {
    match target {
        http::Target::Id(id) => request::Target::Id(id),
        http::Target::Recipient(to) => request::Target::Recipient(addressee(to)),
    }
}

pub(super) fn addressee(addressee: http::Addressee) -> request::Addressee {
    request::Addressee {
        purpose: addressee.purpose,
        to: Secret::new(addressee.to.into_exposed()),
        device_cookie: addressee.device_cookie.map(|cookie| Secret::new(cookie.into_exposed())),
    }
}
