//! A process of attackers: `attackers <attack> <connections> <address>`. Says so once all connections have been made, and
//! holds them until it is killed.

use std::io::{Error, Result};

use countersign_tests::attack::Attack;

#[tokio::main(worker_threads = 1)]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [attack, connections, address] = &arguments[..] else {
        return Err(Error::other("wanted: <attack> <connections> <address>"));
    };
    let attack: Attack = attack.parse()?;
    let connections = connections.parse().map_err(Error::other)?;
    attack.start(connections, address.parse().map_err(Error::other)?).await;
    println!("all are there");
    std::future::pending().await
}
