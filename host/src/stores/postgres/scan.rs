//! A page of keys: a range of the primary key, with a limit.

use countersign_contract::types::StoreError;
use tokio::time::{Instant, timeout_at};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::{PostgresStore, trouble};
use crate::stores::scan::{Cursor, MAX_PAGE, Page};

impl PostgresStore {
    /// The keys among the next [`MAX_PAGE`] rows, within the time for one batch. The cursor is the last row's key.
    pub(super) async fn page(
        &self,
        ending: &'static str,
        after: Option<Cursor>,
    ) -> Result<Page, StoreError> {
        let _admitted = self.admitted.try_acquire().map_err(|_| StoreError::Unavailable)?;
        let deadline = Instant::now() + self.response_timeout;
        let after = after.as_ref().map_or("", Cursor::as_str);
        let limit = i64::try_from(MAX_PAGE).unwrap_or(i64::MAX);
        let statement = self.names.page();
        let rows = timeout_at(deadline, async {
            let mut lease = self.pool.lease().await.map_err(|trouble| trouble.to_store_error())?;
            let Some(session) = lease.session() else { return Err(StoreError::Unavailable) };
            let answer =
                session.ask(&statement, &[(&after, Type::TEXT), (&limit, Type::INT8)]).await;
            if answer.as_ref().err().is_none_or(trouble::spares_session) {
                lease.is_done();
            }
            answer.map_err(|error| trouble::store_error(&error))
        });
        let rows = rows.await.map_err(|_| StoreError::Timeout)??;
        read(&rows, ending).ok_or_else(|| StoreError::Other("postgres: unexpected answer".into()))
    }
}

fn read(rows: &[Row], ending: &str) -> Option<Page> {
    let (mut keys, mut last) = (Vec::new(), None);
    for row in rows {
        let key: String = row.try_get(0).ok()?;
        if row.try_get(1).ok()? && key.ends_with(ending) {
            keys.push(key.clone());
        }
        last = Some(key);
    }
    let next = last.filter(|_| rows.len() == MAX_PAGE).map(Cursor::new);
    Some(Page { keys, next })
}
