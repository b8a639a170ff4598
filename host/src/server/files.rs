//! The limit of open files, from which follows how many connections there can be.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::config::ServerSettings;

/// File descriptors that are no client's connection: the store, providers, the log, and connections
/// being refused.
const RESERVED: u64 = 512;

/// Raises the limit of open files as far as the system lets us, and lowers `max_connections` to
/// what it leaves room for: a process without file descriptors can reach neither its store nor its
/// providers.
pub fn make_room(settings: &mut ServerSettings) {
    let files = raised();
    let most = most_connections(files);
    if let Ok(most) = u32::try_from(most)
        && most < settings.max_connections
    {
        tracing::warn!(
            configured = settings.max_connections,
            max_connections = most,
            open_files = files,
            "the limit of open files leaves room for fewer connections than configured: raise it (ulimit -n, LimitNOFILE)"
        );
        settings.max_connections = most;
    }
}

/// Of a small limit at most half is kept for ourselves.
fn most_connections(files: u64) -> u64 {
    (files - RESERVED.min(files / 2)).max(1)
}

fn raised() -> u64 {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = maximum.unwrap_or(u64::MAX);
    if current.is_some_and(|current| current < wanted)
        && setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).is_err()
    {
        // Some systems have a lower bound of their own: the limit stays what it was.
        return current.unwrap_or(u64::MAX);
    }
    wanted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_room_for_everything_else() {
        assert_eq!(most_connections(1_048_576), 1_048_576 - 512);
        assert_eq!(most_connections(1024), 512);
        assert_eq!(most_connections(256), 128);
        assert_eq!(most_connections(0), 1);
    }
}
