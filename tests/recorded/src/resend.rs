//! Resend: every error of <https://resend.com/docs/api-reference/errors>, and those that its SDKs know besides. Status and
//! name are theirs; the sentences are shortened, save where the field that they name decides.

use countersign_contract::types::Channel;

use crate::{Answer, Cases, Error, Exchange, Failed, Recorded, Refusals, WithoutWords};

const UNVERIFIED: Error = Error::NotConfigured(
    "senders.email.from: Resend sends from verified domains only, and without one to the account's own address only",
);

pub(crate) static RECORDED: Recorded = Recorded {
    settings: r#"{
        "type": "resend",
        "api_key": "re_example_key",
        "from": "Example <codes@example.com>",
        "reply_to": "help@example.com",
        "url": "https://provider.example",
        "webhook_secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
    }"#,
    channel: Channel::Email,
    recipient: None,
    accepted: &[Exchange {
        request: "POST https://provider.example/emails\n\
            content-type: application/json\n\
            accept: application/json\n\
            user-agent: countersign/0.1.0\n\
            authorization: Bearer re_example_key\n\
            idempotency-key: default.2.login.AbC-_9.x\n\
            \n\
            {\"from\":\"Example <codes@example.com>\",\"to\":[\"ana@example.com\"],\
            \"subject\":\"Kode Anda – Contoh\",\
            \"html\":\"<p>Kode Anda: <b>471199</b>.</p>\\n\",\
            \"text\":\"Kode Anda: 471199.\\n\",\
            \"reply_to\":\"help@example.com\",\
            \"headers\":{\"Auto-Submitted\":\"auto-generated\"},\
            \"tags\":[{\"name\":\"countersign\",\"value\":\"ZGVmYXVsdC4yLmxvZ2luLkFiQy1fOS54\"}]}",
        answer: answer(200, r#"{"id":"49a3999c-0ce1-4ea6-ab68-afcd6dc2e794"}"#),
    }],
    message_id: Some("49a3999c-0ce1-4ea6-ab68-afcd6dc2e794"),
    refusals: Refusals {
        not_configured: Cases::Each(&[
            (
                answer(
                    403,
                    r#"{"statusCode":403,"name":"validation_error","message":"You can only send testing emails to your own email address (you@example.com). To send emails to other recipients, please verify a domain at resend.com/domains, and change the `from` address to an email using this domain."}"#,
                ),
                UNVERIFIED,
            ),
            (
                answer(
                    403,
                    r#"{"statusCode":403,"name":"validation_error","message":"The example.com domain is not verified. Please, add and verify your domain on https://resend.com/domains"}"#,
                ),
                UNVERIFIED,
            ),
            (
                answer(
                    422,
                    r#"{"statusCode":422,"name":"invalid_from_address","message":"Invalid `from` field. The email address needs to follow the `email@example.com` or `Name <email@example.com>` format."}"#,
                ),
                Error::NotConfigured("senders.email.from: Resend refuses it"),
            ),
            (
                answer(
                    422,
                    r#"{"statusCode":422,"name":"validation_error","message":"Invalid `from` field. The email address needs to follow the `email@example.com` or `Name <email@example.com>` format."}"#,
                ),
                Error::NotConfigured("senders.email.from: Resend refuses it"),
            ),
            (
                answer(
                    422,
                    r#"{"statusCode":422,"name":"validation_error","message":"Invalid `reply_to` field. The email address needs to follow the `email@example.com` or `Name <email@example.com>` format."}"#,
                ),
                Error::NotConfigured("senders.email.reply_to: Resend refuses it"),
            ),
            (
                answer(
                    404,
                    r#"{"statusCode":404,"name":"not_found","message":"The requested endpoint does not exist."}"#,
                ),
                Error::NotConfigured("senders.email.url: Resend answered 404"),
            ),
            (
                answer(
                    405,
                    r#"{"statusCode":405,"name":"method_not_allowed","message":"This endpoint does not support the specified HTTP method."}"#,
                ),
                Error::NotConfigured("senders.email.url: Resend answered 405"),
            ),
        ]),
        other: Cases::Each(&[
            (
                answer(403, "error code: 1010"),
                Error::Other("Resend answered 403: Cloudflare refuses this client"),
            ),
            (
                answer(
                    400,
                    r#"{"statusCode":400,"name":"invalid_idempotency_key","message":"The key must be between 1-256 chars."}"#,
                ),
                Error::Other("Resend answered 400, invalid_idempotency_key"),
            ),
            (
                answer(
                    400,
                    r#"{"statusCode":400,"name":"validation_error","message":"We found an error with one or more fields in the request."}"#,
                ),
                Error::Other("Resend answered 400, validation_error"),
            ),
            (
                answer(
                    422,
                    r#"{"statusCode":422,"name":"validation_error","message":"Tags should only contain ASCII letters, numbers, underscores, or dashes."}"#,
                ),
                Error::Other("Resend answered 422, validation_error"),
            ),
            (
                answer(
                    403,
                    r#"{"statusCode":403,"name":"email_above_quota","message":"You can't retrieve this email's content because it was above quota when received."}"#,
                ),
                Error::Other("Resend answered 403, email_above_quota"),
            ),
            (
                answer(
                    409,
                    r#"{"statusCode":409,"name":"invalid_idempotent_request","message":"Same idempotency key used with a different request payload."}"#,
                ),
                Error::Other("Resend answered 409, invalid_idempotent_request"),
            ),
            (
                answer(
                    422,
                    r#"{"statusCode":422,"name":"invalid_access","message":"Access must be \"full_access\" | \"sending_access\"."}"#,
                ),
                Error::Other("Resend answered 422, invalid_access"),
            ),
            (
                answer(
                    422,
                    r#"{"statusCode":422,"name":"invalid_attachment","message":"Attachment must have either a `content` or `path`."}"#,
                ),
                Error::Other("Resend answered 422, invalid_attachment"),
            ),
            (
                answer(
                    422,
                    r#"{"statusCode":422,"name":"invalid_parameter","message":"The `parameter` must be a valid UUID."}"#,
                ),
                Error::Other("Resend answered 422, invalid_parameter"),
            ),
            (
                answer(
                    422,
                    r#"{"statusCode":422,"name":"invalid_region","message":"Region must be \"us-east-1\" | \"eu-west-1\" | \"sa-east-1\"."}"#,
                ),
                Error::Other("Resend answered 422, invalid_region"),
            ),
            (
                answer(
                    422,
                    r#"{"statusCode":422,"name":"missing_required_field","message":"Missing `subject` field."}"#,
                ),
                Error::Other("Resend answered 422, missing_required_field"),
            ),
            (
                answer(
                    422,
                    r#"{"statusCode":422,"name":"missing_required_parameter","message":"The request is missing one or more required parameters."}"#,
                ),
                Error::Other("Resend answered 422, missing_required_parameter"),
            ),
            (
                answer(
                    451,
                    r#"{"statusCode":451,"name":"security_error","message":"We may have found a security issue with the request."}"#,
                ),
                Error::Other("Resend answered 451, security_error"),
            ),
            (
                answer(422, r#"{"statusCode":422,"name":"not_known_yet","message":"?"}"#),
                Error::Other("Resend answered 422"),
            ),
        ]),
        recipient_refused: Cases::Answers(&[
            answer(
                400,
                r#"{"statusCode":400,"name":"invalid_parameter","message":"Invalid `to` field. The email address needs to follow the `email@example.com` or `Name <email@example.com>` format."}"#,
            ),
            answer(
                403,
                r#"{"name":"validation_error","message":"Invalid `to` field. Please use our testing email address."}"#,
            ),
            answer(422, r#"{"name":"unheard_of","message":"Invalid `to` field."}"#),
            answer(
                422,
                r#"{"statusCode":422,"name":"validation_error","message":"Invalid `to` field. The email address needs to follow the `email@example.com` or `Name <email@example.com>` format."}"#,
            ),
            answer(
                422,
                r#"{"statusCode":422,"name":"validation_error","message":"Invalid `to` field. Please use our testing email address instead of domains like `example.com`."}"#,
            ),
            answer(
                400,
                r#"{"statusCode":400,"name":"validation_error","message":"Invalid `to` field."}"#,
            ),
        ]),
        template_unknown: Cases::Never("mails are sent with their words, not by a template's name"),
        throttled: Cases::Each(&[
            (
                Answer {
                    status: 429,
                    headers: &[
                        ("content-type", "application/json"),
                        ("ratelimit-reset", "1"),
                        ("retry-after", "1"),
                    ],
                    body: r#"{"statusCode":429,"name":"rate_limit_exceeded","message":"Too many requests. You can only make 2 requests per second."}"#,
                },
                Error::Throttled(Some(1)),
            ),
            (
                Answer {
                    status: 429,
                    headers: &[("content-type", "application/json"), ("retry-after", "1")],
                    body: r#"{"statusCode":429,"name":"daily_quota_exceeded","message":"You have reached your daily email sending quota."}"#,
                },
                Error::Throttled(None),
            ),
            (
                answer(
                    429,
                    r#"{"statusCode":429,"name":"monthly_quota_exceeded","message":"You have reached your monthly email sending quota."}"#,
                ),
                Error::Throttled(None),
            ),
        ]),
        unauthorised: Cases::Answers(&[
            answer(
                401,
                r#"{"statusCode":401,"name":"validation_error","message":"API key is invalid"}"#,
            ),
            answer(
                400,
                r#"{"statusCode":400,"name":"validation_error","message":"API key is invalid"}"#,
            ),
            answer(400, r#"{"name":"invalid_api_Key","message":"API key is invalid"}"#),
            answer(
                401,
                r#"{"statusCode":401,"name":"missing_api_key","message":"Missing API key in the authorization header."}"#,
            ),
            answer(
                401,
                r#"{"statusCode":401,"name":"restricted_api_key","message":"This API key is restricted to only send emails."}"#,
            ),
            answer(
                403,
                r#"{"statusCode":403,"name":"invalid_api_key","message":"API key is invalid."}"#,
            ),
            answer(
                403,
                r#"{"statusCode":403,"name":"suspended_api_key","message":"This API key is suspended."}"#,
            ),
            answer(
                403,
                r#"{"statusCode":403,"name":"invalid_permission","message":"Access token is missing required scopes."}"#,
            ),
        ]),
        unavailable: Cases::Answers(&[
            answer(
                409,
                r#"{"statusCode":409,"name":"resource_locked","message":"Another request is already updating this resource."}"#,
            ),
            answer(
                500,
                r#"{"statusCode":500,"name":"application_error","message":"An unexpected error occurred."}"#,
            ),
            answer(
                500,
                r#"{"statusCode":500,"name":"internal_server_error","message":"An unexpected error occurred."}"#,
            ),
            answer(
                500,
                r#"{"statusCode":500,"name":"service_unavailable","message":"API is temporarily unavailable."}"#,
            ),
            answer(
                503,
                r#"{"statusCode":503,"name":"service_unavailable","message":"API is temporarily unavailable."}"#,
            ),
        ]),
    },
    without_words: WithoutWords::Unreadable,
    failed: Failed::NotTaken,
};

const fn answer(status: u16, body: &'static str) -> Answer {
    Answer { status, headers: &[("content-type", "application/json")], body }
}
