//! Several hosts with one configuration: one deployment.

use std::io::Result;
use std::net::SocketAddr;
use std::path::Path;

use tokio::task::JoinSet;

use crate::client::Client;
use crate::process::Host;

/// Running hosts, killed on drop.
pub struct Cluster {
    hosts: Vec<Host>,
    clients: Vec<Client>,
}

impl Cluster {
    /// Starts `number` hosts with the configuration file `config`, in the working directory `directory` and with
    /// `variables` in the environment.
    ///
    /// # Errors
    ///
    /// Where one of them doesn't start.
    pub async fn start(
        number: usize,
        directory: &Path,
        config: &Path,
        variables: &[(&str, &str)],
    ) -> Result<Self> {
        let mut hosts = Vec::with_capacity(number);
        for _ in 0..number {
            hosts.push(Host::start_in(directory, config, variables).await?);
        }
        let clients = hosts.iter().map(|host| Client::new(host.address())).collect();
        Ok(Self { hosts, clients })
    }

    /// The hosts.
    #[must_use]
    pub fn hosts(&self) -> &[Host] {
        &self.hosts
    }

    /// Kills them all, and returns when all that they wrote is read.
    ///
    /// # Errors
    ///
    /// Where the system refuses.
    pub fn kill(&mut self) -> Result<()> {
        self.hosts.iter_mut().try_for_each(Host::kill)
    }

    /// Where they listen.
    #[must_use]
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.hosts.iter().map(Host::address).collect()
    }

    /// A client of one host; of the next one for the next number, and round again.
    #[must_use]
    pub fn client(&self, number: usize) -> Client {
        let unreachable = || Client::new(([127, 0, 0, 1], 0).into());
        let index = number.checked_rem(self.clients.len()).unwrap_or_default();
        self.clients.get(index).cloned().unwrap_or_else(unreachable)
    }
}

/// Does `work` for each of `0..number`, all at once, and brings the results together in no particular order.
pub async fn all_at_once<T, F>(number: usize, work: impl Fn(usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let mut tasks = JoinSet::new();
    for index in 0..number {
        tasks.spawn(work(index));
    }
    let mut results = Vec::with_capacity(number);
    while let Some(result) = tasks.join_next().await {
        // What panicked is missing among the results.
        results.extend(result.ok());
    }
    results
}
