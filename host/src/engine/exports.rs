//! The component's functions: looked up by name and held to the contract's types once, not for each instance.

use std::marker::PhantomData;

use wasmtime::Store;
use wasmtime::component::{
    Component, ComponentExportIndex, ComponentNamedList, Instance, Lift, Lower, TypedFunc,
};

use super::state::HostState;
use crate::bindings::countersign::otp::types;
use crate::bindings::exports::countersign::otp::otp;

/// The interface that the component exports.
pub(super) const INTERFACE: &str = "countersign:otp/otp@0.1.0";

/// What every function answers.
pub(super) type Answer<T> = Result<T, otp::Error>;

/// One function: takes `P`, answers `T` or an error.
pub(super) struct Export<P, T> {
    index: ComponentExportIndex,
    types: PhantomData<fn(P) -> T>,
}

impl<P, T> Export<P, T>
where
    P: ComponentNamedList + Lower,
    T: Lift + 'static,
    (Answer<T>,): ComponentNamedList + Lift,
{
    fn find(
        component: &Component,
        interface: &ComponentExportIndex,
        name: &str,
    ) -> wasmtime::Result<Self> {
        let index = component.get_export_index(Some(interface), name);
        Ok(Self { index: index.ok_or_else(|| missing(name))?, types: PhantomData })
    }

    fn check(&self, store: &mut Store<HostState>, instance: Instance) -> wasmtime::Result<()> {
        instance.get_typed_func::<P, (Answer<T>,)>(store, self.index).map(drop)
    }

    /// The function of one instance.
    #[expect(
        unsafe_code,
        reason = "the type is the component's, and was checked at its first instance"
    )]
    pub(super) fn of(
        &self,
        store: &mut Store<HostState>,
        instance: Instance,
    ) -> wasmtime::Result<TypedFunc<P, (Answer<T>,)>> {
        let function = instance.get_func(store, self.index).ok_or_else(|| missing("function"))?;
        // SAFETY: `index` is of one component only, or `get_func` had found nothing; the types of a component's
        // functions are the same in all of its instances, and `Exports::check` compared them with these in the
        // first, before any instance was given out.
        Ok(unsafe { TypedFunc::new_unchecked(function) })
    }
}

/// A key, what the store holds there, and what is carried there.
type Histories = (String, Option<Vec<u8>>, Vec<u8>);

/// All functions.
pub(super) struct Exports {
    pub(super) inspect: Export<(String, otp::Addressee), otp::SubjectReport>,
    pub(super) issue: Export<(otp::IssueRequest,), otp::Challenge>,
    pub(super) join_histories: Export<Histories, Vec<u8>>,
    pub(super) prepare: Export<(String, String), ()>,
    pub(super) record_delivery: Export<(String, String, u32, types::DeliveryOutcome), ()>,
    pub(super) resend: Export<(otp::ResendRequest,), otp::Challenge>,
    pub(super) revoke: Export<(String, String), ()>,
    pub(super) status: Export<(String, otp::Target), otp::Report>,
    pub(super) tally: Export<(String, Vec<String>, Vec<String>), Vec<otp::PurposeTally>>,
    pub(super) unlock: Export<(String, otp::Addressee), ()>,
    pub(super) verify: Export<(otp::VerifyRequest,), otp::Verified>,
}

impl Exports {
    /// Looks them up by name.
    pub(super) fn find(component: &Component) -> wasmtime::Result<Self> {
        let interface = component.get_export_index(None, INTERFACE);
        let interface = &interface.ok_or_else(|| missing(INTERFACE))?;
        Ok(Self {
            inspect: Export::find(component, interface, "inspect")?,
            issue: Export::find(component, interface, "issue")?,
            join_histories: Export::find(component, interface, "join-histories")?,
            prepare: Export::find(component, interface, "prepare")?,
            record_delivery: Export::find(component, interface, "record-delivery")?,
            resend: Export::find(component, interface, "resend")?,
            revoke: Export::find(component, interface, "revoke")?,
            status: Export::find(component, interface, "status")?,
            tally: Export::find(component, interface, "tally")?,
            unlock: Export::find(component, interface, "unlock")?,
            verify: Export::find(component, interface, "verify")?,
        })
    }

    /// Holds them to the contract's types.
    pub(super) fn check(
        &self,
        store: &mut Store<HostState>,
        instance: Instance,
    ) -> wasmtime::Result<()> {
        self.inspect.check(store, instance)?;
        self.issue.check(store, instance)?;
        self.join_histories.check(store, instance)?;
        self.prepare.check(store, instance)?;
        self.record_delivery.check(store, instance)?;
        self.resend.check(store, instance)?;
        self.revoke.check(store, instance)?;
        self.status.check(store, instance)?;
        self.tally.check(store, instance)?;
        self.unlock.check(store, instance)?;
        self.verify.check(store, instance)
    }
}

fn missing(name: &str) -> wasmtime::Error {
    wasmtime::Error::msg(format!("the component has no {name}"))
}
