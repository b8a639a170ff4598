//! `join-histories`: what two stores hold of one recipient, made one, so that no lock of either is lost.

use countersign_contract::otp::Error;
use countersign_contract::store::HISTORY;

use super::Engine;
use crate::history::History;
use crate::record;
use crate::world::World;

impl<W: World> Engine<W> {
    /// Joins the sealed histories of two stores: what is to stand in the one that `kept` is of.
    ///
    /// # Errors
    ///
    /// As `wit/otp.wit` lists them for `join-histories`.
    pub fn join_histories(
        &self,
        key: &str,
        kept: Option<Vec<u8>>,
        carried: Vec<u8>,
    ) -> Result<Vec<u8>, Error> {
        if !key.ends_with(HISTORY) {
            return Err(Error::invalid("key", "has to be the key of a history"));
        }
        let open = |value| record::open::<History>(&self.keyring, &|| key.to_owned(), value);
        let carried = open(Some(carried)).ok_or(Error::invalid(
            "carried",
            "has to be a history of this key, under these keys",
        ))?;
        let known = open(kept.clone());
        let joined = known.as_ref().map_or_else(|| carried.clone(), |known| known.join(&carried));
        match kept {
            Some(kept) if known.as_ref() == Some(&joined) => Ok(kept),
            _ => Ok(record::seal(&self.world, self.keyring.lasting(), key, &joined)),
        }
    }
}
