//! `wasi:config` for the guest: the component's variables, resolved before the start.

use crate::bindings::wasi::config0_2_0_draft_2024_09_27::store;
use crate::state::State;

impl store::Host for State {
    async fn get(&mut self, key: String) -> wasmtime::Result<Result<Option<String>, store::Error>> {
        // A name that Spin would not allow is no error there either: it is simply not set.
        Ok(Ok(self.app.variables.get(&key).cloned()))
    }

    async fn get_all(&mut self) -> wasmtime::Result<Result<Vec<(String, String)>, store::Error>> {
        Ok(Ok(self.app.variables.clone().into_iter().collect()))
    }
}
