//! Places that clients share, so that one client can't hold all of them.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A bounded number of places, of which one client has a bounded number.
pub(super) struct Shares {
    most: usize,
    most_of_one: usize,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    all: usize,
    of: HashMap<IpAddr, usize>,
}

/// A place, given back on drop.
pub(super) struct Share<'a> {
    shares: &'a Shares,
    client: IpAddr,
}

impl Shares {
    /// Room for `most`, and for `most_of_one` of one client.
    pub(super) fn new(most: usize, most_of_one: usize) -> Self {
        Self { most, most_of_one, taken: Mutex::default() }
    }

    /// A place for the client at `address`; nothing where it has its share, or none is free.
    pub(super) fn take(&self, address: IpAddr) -> Option<Share<'_>> {
        let client = client(address);
        let mut taken = self.taken();
        if taken.all >= self.most {
            return None;
        }
        let own = taken.of.entry(client).or_default();
        if *own >= self.most_of_one {
            return None;
        }
        *own += 1;
        taken.all += 1;
        Some(Share { shares: self, client })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        let mut taken = self.shares.taken();
        taken.all = taken.all.saturating_sub(1);
        if let Some(own) = taken.of.get_mut(&self.client) {
            *own = own.saturating_sub(1);
            if *own == 0 {
                taken.of.remove(&self.client);
            }
        }
    }
}

/// What counts as one client, as for limits: an IPv4 address, or the /64 that an IPv6 subscriber has to itself.
fn client(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_client_has_its_share_and_leaves_the_rest_to_others() {
        let shares = Shares::new(3, 2);
        let take = |address: &str| shares.take(address.parse().unwrap());
        let (first, second) = (take("2001:db8::1").unwrap(), take("2001:db8::2").unwrap());
        assert!(take("2001:db8::3").is_none(), "the same /64");
        let third = take("192.0.2.1").unwrap();
        assert!(take("192.0.2.2").is_none(), "all are taken");
        drop(first);
        assert!(take("2001:db8::3").is_some());
        drop((second, third));
        assert!(shares.taken().of.is_empty() && shares.taken().all == 0);
    }
}
