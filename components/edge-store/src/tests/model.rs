//! A model of Spin's backends: what they do with each call, a clock by hand, and a failure wherever one is wanted.

use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Poll;

use crate::physical::Held;
use crate::{Backend, Fault, Operation, Reply, Store};
use countersign_contract::store::{Assignment, Step};
use futures_util::FutureExt as _;

/// When everything begins.
pub(super) const BEGIN: u64 = 1_800_000_000;

/// How counts are written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Format {
    /// 8 bytes little-endian, as by SQLite.
    Binary,
    /// Decimal text, as by Redis.
    Text,
    /// Decimal text of a number that only goes up, as by other hosts than Spin.
    Unsigned,
}

pub(super) const FORMATS: [Format; 3] = [Format::Binary, Format::Text, Format::Unsigned];

/// What goes wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Trouble {
    /// Nothing.
    None,
    /// From this call on every call fails and does nothing: the instance has died.
    DiesBefore(usize),
    /// This call is carried out and says that it failed; then as above.
    DiesAfter(usize),
    /// This call alone fails, without effect or with.
    Fails { call: usize, carried_out: bool },
    /// This many calls are refused as locked.
    Locked(usize),
    /// Every call that writes fails.
    ReadOnly,
    /// All calls are refused like that.
    Refused(Fault),
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct PurposeTally {
    pub(super) get: usize,
    pub(super) get_many: usize,
    pub(super) set: usize,
    pub(super) delete: usize,
    pub(super) delete_many: usize,
    pub(super) increment: usize,
}

impl PurposeTally {
    pub(super) const fn all(&self) -> usize {
        self.get + self.get_many + self.set + self.delete + self.delete_many + self.increment
    }
}

#[derive(Clone)]
pub(super) struct Inner {
    pub(super) format: Format,
    pub(super) keys: BTreeMap<String, Vec<u8>>,
    pub(super) millis: u64,
    /// Milliseconds that each call takes.
    pub(super) pace: u64,
    pub(super) trouble: Trouble,
    pub(super) calls: usize,
    pub(super) tally: PurposeTally,
    pub(super) paused_millis: u64,
    random: fastrand::Rng,
}

impl Inner {
    fn refuse_read_only(&self) -> Result<(), Fault> {
        if self.trouble == Trouble::ReadOnly { Err(Fault::Failed) } else { Ok(()) }
    }
}

/// One instance's view of the backend; copies are the same backend.
#[derive(Clone)]
pub(super) struct Model {
    inner: Arc<Mutex<Inner>>,
    /// What this view was answered, where a test decides when a call is made.
    transcript: Option<Arc<Mutex<Vec<String>>>>,
    /// Seconds by which this instance's clock is wrong.
    skew: i64,
}

impl Model {
    pub(super) fn new(format: Format) -> Self {
        let inner = Inner {
            format,
            keys: BTreeMap::new(),
            millis: BEGIN * 1_000,
            pace: 0,
            trouble: Trouble::None,
            calls: 0,
            tally: PurposeTally::default(),
            paused_millis: 0,
            random: fastrand::Rng::with_seed(1),
        };
        Self { inner: Arc::new(Mutex::new(inner)), transcript: None, skew: 0 }
    }

    /// A view whose calls wait to be polled once more, each.
    pub(super) fn in_steps(&self) -> (Self, Arc<Mutex<Vec<String>>>) {
        let transcript = Arc::new(Mutex::new(Vec::new()));
        let view = Self { transcript: Some(Arc::clone(&transcript)), ..self.clone() };
        (view, transcript)
    }

    /// A view with a clock that is wrong.
    pub(super) fn skewed(&self, seconds: i64) -> Self {
        Self { skew: seconds, ..self.clone() }
    }

    pub(super) fn store(&self) -> Store<Self> {
        Store::new(self.clone())
    }

    pub(super) fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }

    pub(super) fn advance(&self, seconds: u64) {
        self.inner().millis += seconds * 1_000;
    }

    /// Begins to count calls anew, and has something go wrong.
    pub(super) fn trouble(&self, trouble: Trouble) {
        let mut inner = self.inner();
        inner.trouble = trouble;
        inner.calls = 0;
        inner.tally = PurposeTally::default();
        inner.paused_millis = 0;
    }

    /// The keys of the contract that are there, by their names in it.
    pub(super) fn names(&self) -> Vec<String> {
        let inner = self.inner();
        let names = inner.keys.keys().filter_map(|key| key.strip_prefix("countersign-edge:store:"));
        names.map(Into::into).collect()
    }

    pub(super) fn held(&self, name: &str) -> Held {
        Held::of(self.inner().keys.get(&crate::physical::place(name)).cloned())
    }

    /// The sweeper's own keys.
    pub(super) fn bookkeeping(&self) -> Vec<String> {
        let inner = self.inner();
        let keys = inner.keys.keys().filter(|key| key.starts_with("countersign-edge:sweep:"));
        keys.cloned().collect()
    }

    /// The lines of one of the sweeper's keys; nothing where it isn't there.
    pub(super) fn lines(&self, key: &str) -> Option<Vec<String>> {
        let inner = self.inner();
        let text = String::from_utf8_lossy(inner.keys.get(key)?).into_owned();
        Some(text.lines().map(Into::into).collect())
    }

    /// The same in a world of its own.
    pub(super) fn copy(&self) -> Self {
        let inner = Arc::new(Mutex::new(self.inner().clone()));
        Self { inner, transcript: None, skew: self.skew }
    }

    /// Sweeps with instances of their own while the clock goes on, until nothing but what never goes is left, and
    /// says that nothing else is.
    pub(super) fn sweep_away_everything(&self, most_days: u64) {
        for _ in 0..most_days * 48 {
            while block(self.store().sweep(256)).unwrap().more {}
            let lasting = ["origin", "state", "ttl"];
            let lasts = |key: &String| {
                let name = key.strip_prefix("countersign-edge:sweep:");
                name.is_some_and(|name| lasting.iter().any(|begin| name.starts_with(begin)))
            };
            // The lease of the latest sweeps is swept by later ones: three keys each, for an hour.
            let rest = self.inner().keys.keys().filter(|key| !lasts(key)).count();
            if self.names().is_empty() && rest <= 3 * 4 {
                return;
            }
            self.advance(1_800);
        }
        panic!("left: {:#?}", self.inner().keys.keys().collect::<Vec<_>>());
    }

    async fn turn(&self) {
        if self.transcript.is_none() {
            return;
        }
        let mut asked = false;
        poll_fn(
            |_| if std::mem::replace(&mut asked, true) { Poll::Ready(()) } else { Poll::Pending },
        )
        .await;
    }

    async fn call<T: std::fmt::Debug>(
        &self,
        act: impl FnOnce(&mut Inner) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        self.turn().await;
        let mut inner = self.inner();
        let number = inner.calls;
        inner.calls += 1;
        inner.millis += inner.pace;
        let answer = match inner.trouble {
            Trouble::DiesBefore(call) if number >= call => Err(Fault::Failed),
            Trouble::DiesAfter(call) if number > call => Err(Fault::Failed),
            Trouble::DiesAfter(call) if number == call => act(&mut inner).and(Err(Fault::Failed)),
            Trouble::Fails { call, carried_out } if number == call => {
                if carried_out {
                    act(&mut inner).unwrap();
                }
                Err(Fault::Failed)
            }
            Trouble::Locked(calls) if number < calls => Err(Fault::Busy),
            Trouble::Refused(fault) => Err(fault),
            _ => act(&mut inner),
        };
        if let Some(transcript) = &self.transcript {
            transcript.lock().unwrap().push(format!("{answer:?}"));
        }
        answer
    }
}

impl Backend for Model {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Fault> {
        let get = |inner: &mut Inner| {
            inner.tally.get += 1;
            Ok(inner.keys.get(key).cloned())
        };
        self.call(get).await
    }

    async fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, Fault> {
        let get = |inner: &mut Inner| {
            inner.tally.get_many += 1;
            assert_eq!(inner.format, Format::Binary, "Spin sends KEYS to Redis");
            Ok(keys.iter().map(|key| inner.keys.get(key).cloned()).collect())
        };
        self.call(get).await
    }

    async fn set(&self, key: &str, bytes: &[u8]) -> Result<(), Fault> {
        let set = |inner: &mut Inner| {
            inner.tally.set += 1;
            inner.refuse_read_only()?;
            inner.keys.insert(key.into(), bytes.into());
            Ok(())
        };
        self.call(set).await
    }

    async fn delete(&self, key: &str) -> Result<(), Fault> {
        let delete = |inner: &mut Inner| {
            inner.tally.delete += 1;
            inner.refuse_read_only()?;
            inner.keys.remove(key);
            Ok(())
        };
        self.call(delete).await
    }

    async fn delete_many(&self, keys: &[String]) -> Result<(), Fault> {
        let delete = |inner: &mut Inner| {
            inner.tally.delete_many += 1;
            inner.refuse_read_only()?;
            keys.iter().for_each(|key| drop(inner.keys.remove(key)));
            Ok(())
        };
        self.call(delete).await
    }

    async fn increment(&self, key: &str, by: i64) -> Result<i64, Fault> {
        let increment = |inner: &mut Inner| {
            inner.tally.increment += 1;
            inner.refuse_read_only()?;
            assert!(by >= 0 || inner.format != Format::Unsigned, "{key} is stepped down");
            let bytes = inner.keys.get(key);
            let number = bytes.map_or(0, |bytes| match inner.format {
                Format::Binary => {
                    let bytes = bytes.as_slice().try_into();
                    i64::from_le_bytes(bytes.expect("the host panics and is poisoned"))
                }
                Format::Text | Format::Unsigned => {
                    std::str::from_utf8(bytes).unwrap().parse().unwrap()
                }
            });
            let number = match inner.format {
                Format::Binary => number.wrapping_add(by),
                Format::Text | Format::Unsigned => number.checked_add(by).ok_or(Fault::Failed)?,
            };
            let bytes = match inner.format {
                Format::Binary => number.to_le_bytes().to_vec(),
                Format::Text | Format::Unsigned => number.to_string().into_bytes(),
            };
            inner.keys.insert(key.into(), bytes);
            Ok(number)
        };
        self.call(increment).await
    }

    fn counts_down(&self) -> bool {
        self.inner().format != Format::Unsigned
    }

    async fn pause(&self, millis: u64) {
        self.turn().await;
        let mut inner = self.inner();
        inner.millis += millis;
        inner.paused_millis += millis;
        if let Some(transcript) = &self.transcript {
            transcript.lock().unwrap().push(format!("paused {millis}"));
        }
    }

    fn now(&self) -> u64 {
        (self.inner().millis / 1_000).strict_add_signed(self.skew)
    }

    fn elapsed_millis(&self) -> u64 {
        self.inner().millis
    }

    fn random(&self) -> u64 {
        self.inner().random.u64(..)
    }
}

/// The outcome of a call that nothing stops.
pub(super) fn block<T>(call: impl Future<Output = T>) -> T {
    call.now_or_never().expect("a call waits")
}

pub(super) fn get(key: &str) -> Operation {
    Operation::Get(key.into())
}

pub(super) fn delete(key: &str) -> Operation {
    Operation::Delete(key.into())
}

pub(super) fn set(key: &str, value: &[u8], ttl_seconds: u32) -> Operation {
    Operation::Set(Assignment { key: key.into(), value: value.into(), ttl_seconds })
}

pub(super) fn step(key: &str, by: i64, ttl_seconds: u32) -> Operation {
    Operation::Increment(Step { key: key.into(), by, ttl_seconds })
}

pub(super) fn value(bytes: &[u8]) -> Reply {
    Reply::Value(Some(bytes.into()))
}
