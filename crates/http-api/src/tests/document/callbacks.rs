//! What providers send to `/v1/callbacks/{provider}`: as much as is read, each with an example that a test of
//! `countersign-providers` gives to the provider's own code.

use data_encoding::BASE64URL_NOPAD;
use serde_json::{Map, Value, json};

use super::examples::ID;

/// The send that every example reports on.
fn tag() -> String {
    format!("default.1.{ID}")
}

/// What each provider sends: its schema, the types of its body, and an example by the type of sender.
fn reports() -> Vec<(&'static str, &'static [&'static str], &'static str, Value, Value)> {
    let coded = |text: &str| BASE64URL_NOPAD.encode(text.as_bytes());
    vec![
        (
            "AwsSesReport",
            &[JSON],
            "aws_ses",
            object(
                "An event of SES, as EventBridge hands it over.",
                json!({
                    "source": {"type": "string", "const": "aws.ses"},
                    "detail": {
                        "type": "object",
                        "properties": {
                            "eventType": {
                                "type": "string",
                                "description": "`Delivery` is delivered; `Bounce`, `Reject` and `Rendering Failure` are failed; others report nothing.",
                            },
                            "mail": {
                                "type": "object",
                                "properties": {"tags": {
                                    "type": "object",
                                    "description": "Those of the message: `countersign-tenant`, `countersign-send` and `countersign-challenge`, each a list of one.",
                                }},
                            },
                        },
                    },
                }),
                &["source", "detail"],
            ),
            json!({
                "version": "0",
                "detail-type": "Email Delivered",
                "source": "aws.ses",
                "detail": {
                    "eventType": "Delivery",
                    "mail": {"tags": {
                        "countersign-tenant": ["default"],
                        "countersign-send": ["1"],
                        "countersign-challenge": [coded(ID)],
                    }},
                },
            }),
        ),
        (
            "EskizReport",
            &[JSON, FORM, "multipart/form-data"],
            "eskiz",
            object(
                "A report of Eskiz, as JSON or as a form. The URL names the message.",
                json!({"status": {
                    "type": "string",
                    "description": "`DELIVRD` and `DELIVERED` are delivered; `UNDELIV`, `REJECTD`, `EXPIRED` and the like are failed; others report nothing.",
                }}),
                &["status"],
            ),
            json!({"message_id": "4385062", "phone_number": "998901234567", "status": "DELIVRD"}),
        ),
        (
            "MetaWhatsappReport",
            &[JSON],
            "meta_whatsapp",
            object(
                "A notification of Meta's webhooks. Statuses are at `entry[].changes[].value.statuses[]`: `delivered` and `read` are delivered, `failed` is failed; `biz_opaque_callback_data` names the message.",
                json!({"entry": {"type": "array", "items": {"type": "object"}}}),
                &["entry"],
            ),
            json!({
                "object": "whatsapp_business_account",
                "entry": [{"id": "0", "changes": [{"field": "messages", "value": {
                    "messaging_product": "whatsapp",
                    "statuses": [{
                        "id": "wamid.HBgM",
                        "status": "delivered",
                        "timestamp": "1795208661",
                        "biz_opaque_callback_data": tag(),
                    }],
                }}]}],
            }),
        ),
        (
            "ResendReport",
            &[JSON],
            "resend",
            object(
                "An event of Resend.",
                json!({
                    "type": {
                        "type": "string",
                        "description": "`email.delivered` is delivered; `email.bounced`, `email.failed` and `email.suppressed` are failed; others report nothing.",
                    },
                    "data": {
                        "type": "object",
                        "description": "Its `tags` hold `countersign`, which names the message.",
                    },
                }),
                &["type"],
            ),
            json!({
                "type": "email.delivered",
                "created_at": "2026-11-20T21:04:31.126Z",
                "data": {
                    "email_id": "56761188-7520-42d8-8898-ff6fc54ce618",
                    "tags": {"countersign": coded(&tag())},
                },
            }),
        ),
        (
            "TwilioReport",
            &[FORM],
            "twilio_sms",
            object(
                "A status callback of Twilio's. The URL names the message.",
                json!({
                    "MessageStatus": {
                        "type": "string",
                        "description": "Of a message: `delivered` and `read` are delivered; `undelivered`, `failed` and `canceled` are failed; others report nothing.",
                    },
                    "SmsStatus": {"type": "string", "description": "The older name of it."},
                    "CallStatus": {
                        "type": "string",
                        "description": "Of a call: `completed` is delivered; `busy`, `no-answer`, `failed` and `canceled` are failed.",
                    },
                }),
                &[],
            ),
            json!({"MessageSid": "SM0123456789abcdef0123456789abcdef", "MessageStatus": "delivered"}),
        ),
        (
            "WatiReport",
            &[JSON],
            "wati",
            object(
                "A webhook of WATI's.",
                json!({
                    "eventType": {
                        "type": "string",
                        "description": "`sentMessageDELIVERED_v2`, `sentMessageREAD_v2` and `sentMessageREPLIED_v2` are delivered; `templateMessageFailed` is failed; others report nothing.",
                    },
                    "localMessageId": {"type": "string", "description": "Names the message."},
                }),
                &["eventType"],
            ),
            json!({"eventType": "sentMessageDELIVERED_v2", "localMessageId": tag()}),
        ),
        (
            "WebhookReport",
            &[JSON],
            "webhook",
            object(
                "What an operator's receiver reports.",
                json!({
                    "type": {"type": "string", "description": "`code.status`; others report nothing."},
                    "timestamp": {"type": "string", "description": "When it was made."},
                    "data": {
                        "type": "object",
                        "properties": {
                            "tenant": {"type": "string"},
                            "challenge_id": {"type": "string"},
                            "send_number": {
                                "type": "integer",
                                "minimum": 1,
                                "maximum": u32::MAX,
                                "description": "1 for a challenge's first message, 2 for its first resend.",
                            },
                            "status": {"type": "string", "description": "`delivered` or `failed`."},
                        },
                        "required": ["tenant", "challenge_id", "send_number", "status"],
                    },
                }),
                &["type", "data"],
            ),
            json!({
                "type": "code.status",
                "timestamp": "2026-11-20T21:04:31Z",
                "data": {"tenant": "default", "challenge_id": ID, "send_number": 1, "status": "delivered"},
            }),
        ),
    ]
}

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

/// The names of the schemas are those of what providers send: their limits are the providers', not ours.
pub(super) fn schemas() -> Map<String, Value> {
    let opened = |mut schema: Value| {
        open(&mut schema);
        schema
    };
    reports().into_iter().map(|(name, _, _, schema, _)| (name.to_owned(), opened(schema))).collect()
}

/// Says of every object that it may hold more.
fn open(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if members.get("type").is_some_and(|name| name == "object") {
                members.insert("additionalProperties".into(), true.into());
            }
            members.values_mut().for_each(open);
        }
        Value::Array(items) => items.iter_mut().for_each(open),
        _ => {}
    }
}

/// The body of a report, by its type.
pub(super) fn body() -> Value {
    let mut content = Map::new();
    for media_type in [JSON, FORM, "multipart/form-data"] {
        let (mut schemas, mut examples) = (Vec::new(), Map::new());
        for (name, media_types, kind, _, example) in reports() {
            if media_types.contains(&media_type) {
                schemas.push(json!({"$ref": format!("#/components/schemas/{name}")}));
                examples.insert(kind.into(), json!({"value": example}));
            }
        }
        let schema = match &schemas[..] {
            [only] => only.clone(),
            _ => json!({"anyOf": schemas}),
        };
        content.insert(media_type.into(), json!({"schema": schema, "examples": examples}));
    }
    json!({
        "required": false,
        "description": "What the provider documents; more fields than these are ignored. A test of the signature comes first.",
        "content": content,
    })
}

fn object(description: &str, properties: Value, required: &[&str]) -> Value {
    let mut object = json!({
        "type": "object",
        "description": description,
        "properties": properties,
    });
    if !required.is_empty() {
        object["required"] = json!(required);
    }
    object
}
