//! The checks by name. The names are for scripts: none changes. `docs/doctor.md` says what each of them looks at.

use std::fmt;

/// Writes the list: a case and its name.
macro_rules! checks {
    ($($(#[doc = $about:literal])+ $case:ident $name:literal)+) => {
        /// One check.
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub enum Check {
            $($(#[doc = $about])+ $case,)+
        }

        impl Check {
            /// Every check.
            pub const ALL: &'static [Self] = &[$(Self::$case,)+];

            /// Its name.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$case => $name,)+
                }
            }
        }
    };
}

checks! {
    /// What `config check` says.
    Configuration "configuration"
    /// Who may read and write the configuration file.
    FilesConfiguration "files.configuration"
    /// Who may read the files with secrets.
    FilesSecrets "files.secrets"
    /// Whether certificate files can be used.
    FilesCertificates "files.certificates"
    /// Which component it is.
    ComponentDigest "component.digest"
    /// The native code that is kept of it.
    ComponentCache "component.cache"
    /// Whether it runs, with every purpose.
    ComponentRuns "component.runs"
    /// Who runs the doctor.
    ProcessUser "process.user"
    /// The limit of open files.
    ProcessOpenFiles "process.open_files"
    /// Whether this machine's clock is set.
    ProcessClock "process.clock"
    /// Whether there is randomness.
    ProcessEntropy "process.entropy"
    /// Whether the address can be listened on.
    ServerListen "server.listen"
    /// Whether callers need a key.
    ServerApiKeys "server.api_keys"
    /// Whether the store answers.
    StoreReachable "store.reachable"
    /// How connections to the store are encrypted.
    StoreTls "store.tls"
    /// Whether the store takes our user and password.
    StoreLogin "store.login"
    /// The version of its server.
    StoreVersion "store.version"
    /// What the user may do there.
    StoreRights "store.rights"
    /// Whether it may forget when its memory is full.
    StoreEviction "store.eviction"
    /// How much room there is.
    StoreCapacity "store.capacity"
    /// What survives a restart.
    StorePersistence "store.persistence"
    /// Whether it is the primary, and who follows it.
    StoreReplication "store.replication"
    /// How the Redis Cluster is.
    StoreCluster "store.cluster"
    /// What the sentinels say.
    StoreSentinels "store.sentinels"
    /// Whether what is stored is ours and whole.
    StoreContents "store.contents"
    /// The store's clock, compared with ours.
    StoreClock "store.clock"
    /// Whether a process could start on it.
    StoreOpen "store.open"
    /// How long a batch takes.
    StoreLatency "store.latency"
    /// Whether it says when it may have lost data.
    StoreGeneration "store.generation"
    /// Whether its data was made with these keys.
    StoreKeys "store.keys"
    /// Whether a provider's settings are complete.
    SenderSettings "sender.settings"
    /// Whether its server takes connections.
    SenderReachable "sender.reachable"
    /// How connections to it are encrypted.
    SenderTls "sender.tls"
    /// Whether a mail server takes our user and password.
    SenderLogin "sender.login"
    /// Whether everything was looked at in time.
    DoctorTime "doctor.time"
}

impl fmt::Display for Check {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first cell of each row of the tables.
    #[test]
    fn the_page_describes_every_check_and_no_other() {
        let page = include_str!("../../../docs/doctor.md");
        let (_, tables) = page.split_once("## Every check").unwrap();
        let names = tables.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` |"));
        let names: Vec<&str> = names.map(|(name, _)| name).collect();
        let own: Vec<&str> = Check::ALL.iter().map(|check| check.as_str()).collect();
        assert_eq!(names, own);
    }
}
