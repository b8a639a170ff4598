//! The component, run by wasmtime: the one place where decisions come from.

mod capabilities;
mod exports;
mod finish;
mod native_code;
mod pool;
mod state;

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;

use countersign_contract::Translate;
use countersign_contract::otp::{
    Addressee, Challenge, IssueRequest, PurposeTally, Report, ResendRequest, SubjectReport, Target,
    Verified, VerifyRequest,
};
use countersign_contract::types::DeliveryOutcome;
use countersign_http_api::otp::{Failure, Otp};

use self::finish::finish_anyway;
use self::pool::Pool;
use crate::config::{EngineSettings, Rules};

pub use self::capabilities::Capabilities;
pub use self::native_code::Kept;

/// Why the engine can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The component can't be read.
    #[error("the component {path} can't be read: {source}")]
    Component {
        /// Where it was looked for.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The binary was built without a component, and none is configured.
    #[error(
        "this binary was built without the component: build it with `cargo xtask build`, or set engine.component to the file of a countersign.wasm"
    )]
    NoComponent,
    /// wasmtime refuses the component or the settings.
    #[error("the component can't be run: {0:#}")]
    Wasmtime(wasmtime::Error),
}

impl From<wasmtime::Error> for OpenError {
    fn from(error: wasmtime::Error) -> Self {
        Self::Wasmtime(error)
    }
}

/// The component, ready to answer. Clones share its instances.
#[derive(Clone)]
pub struct Engine {
    pool: Arc<Pool>,
    digest: Arc<str>,
    rules: Arc<Rules>,
}

impl Engine {
    /// Loads the component, compiling it where no native code is kept from an earlier start.
    ///
    /// # Errors
    ///
    /// Where the component can't be read or run.
    pub fn open(settings: &EngineSettings, capabilities: Capabilities) -> Result<Self, OpenError> {
        let bytes = component(settings)?;
        let digest = native_code::digest(&bytes);
        let engine = pool::engine(settings)?;
        let cache = settings.cache_path();
        let component = native_code::load(&engine, &bytes, &digest, cache.as_deref())?;
        let rules = Arc::clone(&capabilities.rules);
        let pool = Arc::new(Pool::new(engine, &component, settings, capabilities)?);
        Ok(Self { pool, digest: digest.into(), rules })
    }

    /// The SHA-256 of the component, in hexadecimal.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Asks the component whether a purpose can be used.
    ///
    /// # Errors
    ///
    /// What the component says against it, or that it broke.
    pub async fn prepare(&self, tenant: &str, purpose: &str) -> Result<(), Failure> {
        let arguments = (tenant.to_owned(), purpose.to_owned());
        Arc::clone(&self.pool).call(|exports| &exports.prepare, arguments).await
    }

    /// Joins what two stores hold of one recipient's history.
    ///
    /// # Errors
    ///
    /// What the component says against them, or that it broke.
    pub async fn join_histories(
        &self,
        key: String,
        kept: Option<Vec<u8>>,
        carried: Vec<u8>,
    ) -> Result<Vec<u8>, Failure> {
        let arguments = (key, kept, carried);
        Arc::clone(&self.pool).call(|exports| &exports.join_histories, arguments).await
    }

    /// Counts a tenant's challenges among some `keys` of the store, by purpose.
    ///
    /// # Errors
    ///
    /// What the component says against it, or that it broke.
    pub async fn tally(
        &self,
        tenant: &str,
        purposes: &[String],
        keys: &[String],
    ) -> Result<Vec<PurposeTally>, Failure> {
        let arguments = (tenant.to_owned(), purposes.to_vec(), keys.to_vec());
        let tallies = Arc::clone(&self.pool).call(|exports| &exports.tally, arguments).await?;
        Ok(tallies.translate())
    }
}

/// The configured component, or the one inside the binary.
fn component(settings: &EngineSettings) -> Result<Cow<'static, [u8]>, OpenError> {
    match (&settings.component, settings.built_in.0) {
        (Some(path), _) => std::fs::read(path)
            .map(Cow::Owned)
            .map_err(|source| OpenError::Component { path: path.clone(), source }),
        (None, Some(bytes)) => Ok(Cow::Borrowed(bytes)),
        (None, None) => Err(OpenError::NoComponent),
    }
}

/// The component that `settings` name, and what is kept of its native code. Runs and compiles nothing.
///
/// # Errors
///
/// Where the component can't be read, or the settings can't be used.
pub fn look(settings: &EngineSettings) -> Result<(String, Kept), OpenError> {
    let bytes = component(settings)?;
    let engine = pool::engine(settings)?;
    let cache = settings.cache_path();
    let kept = native_code::look(&engine, &native_code::digest(&bytes), cache.as_deref());
    Ok((describe(&bytes), kept))
}

/// What is known of a component without running it: its digest and the contract that it is to keep.
#[must_use]
pub fn describe(component: &[u8]) -> String {
    let package = exports::INTERFACE.replace("/otp@", "@");
    format!("component SHA-256 {}, {package}", native_code::digest(component))
}

/// A call that has begun is finished, also where its caller has gone: what was counted must be settled.
impl Otp for Engine {
    async fn issue(&self, request: IssueRequest) -> Result<Challenge, Failure> {
        let call = Arc::clone(&self.pool).call(|exports| &exports.issue, (request.translate(),));
        finish_anyway(call).await.map(Translate::translate)
    }

    async fn verify(&self, request: VerifyRequest) -> Result<Verified, Failure> {
        let call = Arc::clone(&self.pool).call(|exports| &exports.verify, (request.translate(),));
        finish_anyway(call).await.map(Translate::translate)
    }

    async fn resend(&self, request: ResendRequest) -> Result<Challenge, Failure> {
        let call = Arc::clone(&self.pool).call(|exports| &exports.resend, (request.translate(),));
        finish_anyway(call).await.map(Translate::translate)
    }

    async fn revoke(&self, tenant: String, id: String) -> Result<(), Failure> {
        let call = Arc::clone(&self.pool).call(|exports| &exports.revoke, (tenant, id));
        finish_anyway(call).await
    }

    async fn status(&self, tenant: String, target: Target) -> Result<Report, Failure> {
        let pool = Arc::clone(&self.pool);
        pool.call(|exports| &exports.status, (tenant, target.translate()))
            .await
            .map(Translate::translate)
    }

    async fn record_delivery(
        &self,
        tenant: String,
        id: String,
        send_number: u32,
        outcome: DeliveryOutcome,
    ) -> Result<(), Failure> {
        let arguments = (tenant, id, send_number, outcome.translate());
        let call = Arc::clone(&self.pool).call(|exports| &exports.record_delivery, arguments);
        finish_anyway(call).await
    }

    async fn inspect(
        &self,
        tenant: String,
        addressee: Addressee,
    ) -> Result<SubjectReport, Failure> {
        let pool = Arc::clone(&self.pool);
        pool.call(|exports| &exports.inspect, (tenant, addressee.translate()))
            .await
            .map(Translate::translate)
    }

    fn purposes(&self, tenant: &str) -> Vec<String> {
        self.rules.purposes(tenant).map(str::to_owned).collect()
    }

    async fn unlock(&self, tenant: String, addressee: Addressee) -> Result<(), Failure> {
        let arguments = (tenant, addressee.translate());
        let call = Arc::clone(&self.pool).call(|exports| &exports.unlock, arguments);
        finish_anyway(call).await
    }
}
