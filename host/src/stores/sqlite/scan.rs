//! A page of keys, read over a connection of its own: in write-ahead mode no reader holds up the writer.

use std::path::Path;

use countersign_contract::types::StoreError;
use rusqlite::{Connection, params};
use tokio::time::timeout;

use super::{SqliteStore, file, rows};
use crate::stores::scan::{Cursor, MAX_PAGE, Page};

/// Rows after a key in the order of their keys, expired ones too, each with whether it lives.
const ROWS: &str = "SELECT key, expires_at >= ?2 FROM entries WHERE key > ?1 ORDER BY key LIMIT ?3";

impl SqliteStore {
    /// The keys among the next [`MAX_PAGE`] rows. The cursor is the last row's key.
    pub(super) async fn page(
        &self,
        ending: &'static str,
        after: Option<Cursor>,
    ) -> Result<Page, StoreError> {
        self.place.look()?;
        let path = self.place.path().to_owned();
        let now = i64::try_from((self.clock)() / 1_000).unwrap_or(i64::MAX);
        let page = tokio::task::spawn_blocking(move || {
            let after = after.as_ref().map_or("", Cursor::as_str);
            read(&path, ending, after, now).map_err(|error| rows::store_error(&error))
        });
        match timeout(self.timeout, page).await {
            Ok(Ok(page)) => page,
            Ok(Err(_)) => Err(StoreError::Unavailable),
            Err(_) => Err(StoreError::Timeout),
        }
    }
}

fn read(path: &Path, ending: &str, after: &str, now: i64) -> rusqlite::Result<Page> {
    let connection: Connection = file::reader(path)?;
    let mut statement = connection.prepare(ROWS)?;
    let limit = i64::try_from(MAX_PAGE).unwrap_or(i64::MAX);
    let mut rows = statement.query(params![after, now, limit])?;
    let (mut keys, mut last, mut count) = (Vec::new(), None, 0);
    while let Some(row) = rows.next()? {
        let key: String = row.get(0)?;
        count += 1;
        if row.get(1)? && key.ends_with(ending) {
            keys.push(key.clone());
        }
        last = Some(key);
    }
    let next = last.filter(|_| count == MAX_PAGE).map(Cursor::new);
    Ok(Page { keys, next })
}
