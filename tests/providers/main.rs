//! Every provider over real sockets, from the native host and from the edge app: what is recorded of it, and whatever a
//! network does to it. After each failure the same person may ask again at once.

#![cfg(test)]

/// Each claim, in both environments.
macro_rules! in_both {
    ($($claim:ident)+) => {
        mod native {
            $(#[tokio::test] async fn $claim() { super::$claim(super::Kind::Native).await })+
        }

        mod edge {
            $(#[tokio::test] async fn $claim() { super::$claim(super::Kind::Edge).await })+
        }
    };
}

mod exchanges;
mod hanging;
mod messages;
mod network;
mod reports;
mod routing;
mod stand;
