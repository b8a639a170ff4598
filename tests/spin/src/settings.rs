//! `wasi:config` for the guest: the component's variables, resolved before the start.

use crate::bindings::wasi::config0_2_0_draft_2024_09_27::store;
use crate::faults::Operation;
use crate::state::State;

impl store::Host for State {
    async fn get(&mut self, key: String) -> wasmtime::Result<Result<Option<String>, store::Error>> {
        if let Some(error) = self.app.faults.judge(Operation::Variable, &key).error {
            return Ok(Err(store::Error::Upstream(error)));
        }
        // A name that Spin would not allow is no error there either: it is simply not set.
        Ok(Ok(self.app.variables.get(&key).cloned()))
    }

    async fn get_all(&mut self) -> wasmtime::Result<Result<Vec<(String, String)>, store::Error>> {
        if let Some(error) = self.app.faults.judge(Operation::Variable, "").error {
            return Ok(Err(store::Error::Upstream(error)));
        }
        Ok(Ok(self.app.variables.clone().into_iter().collect()))
    }
}
