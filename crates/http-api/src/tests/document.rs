//! The OpenAPI documents: generated here, from the types, the contract and the table of problems, and held to the
//! committed ones.

mod build;
mod callbacks;
mod enumerations;
mod examples;
mod limits;
mod names;
mod operations;
mod rules;
mod schema;
mod wit;
pub(crate) mod words;

use axum::Router;
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

use super::scripted::{Scripted, bare, send};
use crate::keys::ApiKeys;

/// Who serves the surface, and so which document.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Edition {
    /// The edge app, whose store has to be swept.
    Edge,
    /// The native host.
    Host,
}

impl Edition {
    const ALL: [Self; 2] = [Self::Edge, Self::Host];

    /// The committed document.
    const fn path(self) -> &'static str {
        match self {
            Self::Edge => concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi-edge.json"),
            Self::Host => concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json"),
        }
    }

    /// The surface that it describes.
    fn router(self, engine: &Scripted, keys: ApiKeys) -> Router {
        let (otp, health, callbacks) = (engine.clone(), engine.clone(), engine.clone());
        match self {
            Self::Edge => {
                crate::Surface::sweeping(otp, health, callbacks, engine.clone(), keys).into_router()
            }
            Self::Host => {
                crate::Surface::counting(otp, health, callbacks, engine.clone(), keys).into_router()
            }
        }
    }

    async fn document(self) -> Value {
        build::document(self).await
    }
}

#[tokio::test]
async fn openapi_document_matches_the_committed_one() {
    for edition in Edition::ALL {
        let document = edition.document().await;
        if std::env::var_os("UPDATE").is_some() {
            let text = serde_json::to_string_pretty(&document).unwrap() + "\n";
            std::fs::write(edition.path(), text).unwrap();
            continue;
        }
        let router = edition.router(&Scripted::willing(), ApiKeys::open());
        let reply = send(router, bare("GET", "/openapi.json")).await;
        assert_eq!(reply.header("content-type"), "application/json");
        assert!(
            reply.json() == document,
            "{edition:?}: the surface has changed: run this test with UPDATE=1 and look at the difference"
        );
    }
}

#[tokio::test]
async fn answers_that_hold_the_document_share_it() {
    for edition in Edition::ALL {
        let router = edition.router(&Scripted::willing(), ApiKeys::open());
        let mut texts = Vec::new();
        for _ in 0..2 {
            let response = router.clone().oneshot(bare("GET", "/openapi.json")).await.unwrap();
            texts.push(response.into_body().collect().await.unwrap().to_bytes());
        }
        assert_eq!(texts[0].as_ptr(), texts[1].as_ptr(), "{edition:?}");
    }
}
