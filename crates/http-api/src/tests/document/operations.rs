//! Every route, as the documents tell it.

use super::{Edition, wit};
use crate::problem::{Problem, ProblemCode};

/// Who may call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Access {
    /// Callers with an API key.
    Key,
    /// Callers with an operator's key.
    Operator,
    /// Every client.
    Open,
    /// Every client; one with a key is told more.
    OptionalKey,
    /// A provider, whose signature is checked.
    Provider,
}

/// One route.
pub(super) struct Operation {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) id: &'static str,
    pub(super) tag: &'static str,
    pub(super) summary: &'static str,
    pub(super) description: &'static str,
    pub(super) access: Access,
    /// The function of `wit/otp.wit` behind it.
    pub(super) wit: Option<&'static str>,
    /// What that function lists and this route never meets.
    pub(super) never: &'static [ProblemCode],
    /// The schema of the body, and whether there has to be one.
    pub(super) body: Option<(&'static str, bool)>,
    /// Status, description and schema of what goes right.
    pub(super) success: (u16, &'static str, Option<&'static str>),
}

/// The tags, and what they hold.
pub(super) const TAGS: [(&str, &str); 5] = [
    ("Challenges", "Codes that were sent, each known by the id of its challenge."),
    ("Recipients", "The same by purpose and recipient, where the caller keeps no ids."),
    ("Operators", "Calls that need an operator's API key."),
    ("Callbacks", "What providers report of messages that they took."),
    ("Service", "How the service is, and what it offers."),
];

impl Operation {
    pub(super) fn is_callback(&self) -> bool {
        self.access == Access::Provider
    }

    /// A path that the route serves.
    pub(super) fn example_path(&self) -> String {
        self.path.replace("{id}", "c1.abc").replace("{provider}", "sms-twilio_sms")
    }

    /// Every problem that it can answer, and no other.
    pub(super) fn faults(&self, edition: Edition) -> Vec<ProblemCode> {
        let mut faults: Vec<ProblemCode> = match self.access {
            Access::Key => vec![ProblemCode::Unauthorized],
            Access::Operator => vec![ProblemCode::Forbidden, ProblemCode::Unauthorized],
            Access::Open | Access::OptionalKey => vec![],
            Access::Provider => vec![
                ProblemCode::CallbackUnauthenticated,
                ProblemCode::CallbackUnsupported,
                ProblemCode::UnknownProvider,
            ],
        };
        if self.is_callback() || self.body.is_some() {
            faults.extend([
                ProblemCode::BodyTooLarge,
                ProblemCode::InvalidRequest,
                ProblemCode::SlowBody,
                ProblemCode::UnsupportedMediaType,
            ]);
        }
        faults.extend(self.of_the_engine());
        match self.id {
            "issue" => faults.push(ProblemCode::InvalidChannel),
            // Of the store alone: no engine is asked.
            "sweep" => faults.push(ProblemCode::StoreUnavailable),
            // More reports than one callback may have.
            "report" => faults.push(ProblemCode::Internal),
            _ => {}
        }
        faults.extend(self.of_the_server(edition));
        faults.sort_by_key(|fault| fault.as_str());
        faults.dedup();
        faults
    }

    /// What the function behind it lists.
    fn of_the_engine(&self) -> impl Iterator<Item = ProblemCode> {
        let errors = self.wit.map(wit::errors).unwrap_or_default();
        errors
            .into_iter()
            .map(|error| Problem::from(error).code)
            .filter(|fault| !self.never.contains(fault))
    }

    /// What the owner of the connection answers.
    fn of_the_server(&self, edition: Edition) -> Vec<ProblemCode> {
        match edition {
            // Settings that can't be read, whatever is asked.
            Edition::Edge => vec![ProblemCode::Misconfigured],
            Edition::Host => {
                let mut faults = vec![
                    ProblemCode::HeadTooLarge,
                    ProblemCode::InvalidRequest,
                    ProblemCode::SlowHead,
                ];
                if !matches!(self.access, Access::Open | Access::OptionalKey) {
                    faults.push(ProblemCode::Internal);
                }
                // Answered however much there is to do.
                if !matches!(self.path, "/healthz" | "/readyz") {
                    faults.push(ProblemCode::Overloaded);
                }
                // These wait for nothing.
                if !matches!(self.path, "/healthz" | "/openapi.json") {
                    faults.push(ProblemCode::Timeout);
                }
                faults
            }
        }
    }
}

pub(super) fn operations(edition: Edition) -> Vec<Operation> {
    let mut operations = Vec::from(by_id());
    operations.extend(by_recipient());
    operations.extend(by_operators());
    operations.push(match edition {
        Edition::Edge => sweep(),
        Edition::Host => count(),
    });
    operations.extend(callbacks());
    operations.extend(service());
    operations
}

fn by_id() -> [Operation; 5] {
    let by_id = |method, path, id, summary, description, success| Operation {
        method,
        path,
        id,
        tag: "Challenges",
        summary,
        description,
        access: Access::Key,
        wit: Some(id),
        // An id holds its purpose: one that is no purpose is no id.
        never: &[ProblemCode::InvalidPurpose],
        body: None,
        success,
    };
    [
        Operation {
            body: Some(("IssueBody", true)),
            never: &[],
            ..by_id(
                "POST",
                "/v1/challenges",
                "issue",
                "Issue a challenge",
                "Makes a challenge and sends its code. Challenges that were issued earlier stay good until their own end, while the newest three live; they share their attempts. Where no channel is named, those that the purpose allows and the recipient fits are tried in the purpose's order.",
                (201, "The challenge; Location names it.", Some("Challenge")),
            )
        },
        Operation {
            never: &[ProblemCode::InvalidPurpose, ProblemCode::InvalidRecipient],
            ..by_id(
                "GET",
                "/v1/challenges/{id}",
                "status",
                "Tell where a challenge stands",
                "Changes nothing. A challenge is known for about twice its lifetime.",
                (200, "Where it stands.", Some("Report")),
            )
        },
        by_id(
            "DELETE",
            "/v1/challenges/{id}",
            "revoke",
            "Revoke a challenge",
            "Takes a living challenge back: its code is no longer accepted. Its status stays readable, with the state `revoked`.",
            (204, "The challenge is revoked.", None),
        ),
        Operation {
            body: Some(("VerifyByIdBody", true)),
            ..by_id(
                "POST",
                "/v1/challenges/{id}/verify",
                "verify",
                "Verify a code by the challenge's id",
                "Counts an attempt, then compares the code. A challenge succeeds once. Give `purpose` and `to` as well: an id of another purpose or person is then `challenge_not_found`, and nothing is counted. Don't let a machine retry this call: each attempt counts.",
                (200, "The code was right.", Some("Verified")),
            )
        },
        Operation {
            body: Some(("ResendBody", false)),
            ..by_id(
                "POST",
                "/v1/challenges/{id}/resend",
                "resend",
                "Send a challenge's code again",
                "Sends the same code again, or a new one where the purpose says so. Neither the lifetime nor the attempts begin anew. The body may be empty.",
                (200, "The challenge as it stands now.", Some("Challenge")),
            )
        },
    ]
}

fn by_recipient() -> [Operation; 2] {
    let by_recipient = |path, id, wit, summary, description, body, success| Operation {
        method: "POST",
        path,
        id,
        tag: "Recipients",
        summary,
        description,
        access: Access::Key,
        wit: Some(wit),
        never: &[],
        body: Some((body, true)),
        success,
    };
    [
        by_recipient(
            "/v1/verify",
            "verifyByRecipient",
            "verify",
            "Verify a code by its recipient",
            "As `verify`, for any living challenge of the recipient. The purpose has to allow it (`verify_by`).",
            "VerifyBody",
            (200, "The code was right.", Some("Verified")),
        ),
        by_recipient(
            "/v1/status",
            "statusByRecipient",
            "status",
            "Tell where a recipient's latest challenge stands",
            "As `status`. Changes nothing. A POST, because a recipient never stands in a URL.",
            "AddresseeBody",
            (200, "Where it stands.", Some("Report")),
        ),
    ]
}

fn by_operators() -> [Operation; 3] {
    let by_operators = |path, id, wit, summary, description, body, success| Operation {
        method: "POST",
        path,
        id,
        tag: "Operators",
        summary,
        description,
        access: Access::Operator,
        wit: Some(wit),
        never: &[],
        body: Some((body, true)),
        success,
    };
    [
        by_operators(
            "/v1/challenges/list",
            "listChallenges",
            "inspect",
            "List a recipient's challenges",
            "The challenges that wait for their codes: for one purpose, or for every purpose of the tenant that takes the recipient. Changes nothing.",
            "ListBody",
            (200, "The challenges, the newest of each purpose first.", Some("List")),
        ),
        by_operators(
            "/v1/subjects/show",
            "showSubject",
            "inspect",
            "Tell where a recipient stands",
            "Failures, lock, cooldown and challenges of a recipient. Known devices and all other clients count apart. Changes nothing.",
            "AddresseeBody",
            (200, "Where it stands.", Some("Subject")),
        ),
        by_operators(
            "/v1/unlock",
            "unlock",
            "unlock",
            "Unlock a recipient",
            "Clears the recipient's lock and failures, and takes the purpose's living challenges back.",
            "AddresseeBody",
            (204, "The recipient is unlocked.", None),
        ),
    ]
}

fn count() -> Operation {
    Operation {
        method: "POST",
        path: "/v1/challenges/count",
        id: "countChallenges",
        tag: "Operators",
        summary: "Count the tenant's challenges",
        description: "One step of counting, of about two seconds: repeat it with `after` set to `next` until there is no `next`, and add up. Walks over the store's keys a page at a time, and holds up no other call. What is issued or ends meanwhile may be counted or not. The body may be empty.",
        access: Access::Operator,
        wit: Some("tally"),
        never: &[],
        body: Some(("CountBody", false)),
        success: (200, "What this step counted.", Some("Count")),
    }
}

fn sweep() -> Operation {
    Operation {
        method: "POST",
        path: "/v1/sweep",
        id: "sweep",
        tag: "Operators",
        summary: "Remove what has expired",
        description: "One bounded step of sweeping a store that doesn't forget by itself. The body may be empty.",
        access: Access::Operator,
        wit: None,
        never: &[],
        body: Some(("SweepBody", false)),
        success: (200, "What the step did.", Some("Swept")),
    }
}

fn callbacks() -> [Operation; 2] {
    let callback = |method, id, summary, description, success| Operation {
        method,
        path: "/v1/callbacks/{provider}",
        id,
        tag: "Callbacks",
        summary,
        description,
        access: Access::Provider,
        wit: None,
        // Reports on nothing that is known are ignored: the provider would only repeat them.
        never: &[ProblemCode::ChallengeNotFound, ProblemCode::UnknownPurpose],
        body: None,
        success,
    };
    [
        Operation {
            wit: Some("record-delivery"),
            ..callback(
                "POST",
                "report",
                "Report what became of messages",
                "For the provider alone, which proves itself by its own signature or token. Whatever is rightly signed is answered 200, also where it reports nothing. The body has at most 256 KiB and 1,000 reports.",
                (200, "The reports are noted.", None),
            )
        },
        callback(
            "GET",
            "handshake",
            "Answer a provider's handshake",
            "For a provider that makes sure of its callbacks' address, such as Meta. Changes nothing.",
            (200, "What the provider wants to read; otherwise empty.", None),
        ),
    ]
}

fn service() -> [Operation; 3] {
    let service = |path, id, access, summary, description, success| Operation {
        method: "GET",
        path,
        id,
        tag: "Service",
        summary,
        description,
        access,
        wit: None,
        never: &[],
        body: None,
        success,
    };
    [
        service(
            "/healthz",
            "health",
            Access::Open,
            "Tell whether the process lives",
            "Asks nothing of the store.",
            (200, "The process answers.", Some("Liveness")),
        ),
        service(
            "/readyz",
            "readiness",
            Access::OptionalKey,
            "Tell whether requests can be served",
            "Writes to the store, at most once a second. With an API key the answer names the providers; without one they are a single entry.",
            (200, "Requests can be served.", Some("Readiness")),
        ),
        service(
            "/openapi.json",
            "document",
            Access::Open,
            "Get this document",
            "The description of this service, in OpenAPI 3.1.",
            (200, "This document.", Some("Document")),
        ),
    ]
}
