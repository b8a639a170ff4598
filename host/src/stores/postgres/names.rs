//! What the store has in the database, by name, and the SQL that makes it.

/// The text of which [`Names::setup`] is made.
const SCHEMA: &str = include_str!("schema.sql");
/// Held while a process sets up: `csgn` and `mig1` in ASCII.
const SETUP_LOCK: i64 = 0x6373_676e_6d69_6731;
/// The types of the arguments of the function that carries out batches.
const BATCH_TYPES: &str = "bigint[],integer,text,text[],bigint[],bytea[],integer[]";

/// The names in one schema.
pub(super) struct Names {
    /// The schema, in quotes.
    pub(super) schema: String,
    /// The table.
    pub(super) table: String,
    /// The function that carries out batches. A new text in `schema.sql` takes a new version, here and in `purge`.
    batch: String,
    /// The function that removes what has expired.
    purge: String,
}

impl Names {
    /// Of a name that has no quotes in it.
    pub(super) fn of(schema: &str) -> Self {
        let schema = format!("\"{schema}\"");
        let within = |name: &str| format!("{schema}.{name}");
        Self {
            table: within("countersign_entries"),
            batch: within("countersign_batch_v1"),
            purge: within("countersign_purge_v1"),
            schema,
        }
    }

    /// Carries out a batch.
    pub(super) fn call(&self) -> String {
        format!("SELECT history, counts, contents FROM {}($1, $2, $3, $4, $5, $6, $7)", self.batch)
    }

    /// Removes what has expired, so many rows at most.
    pub(super) fn call_purge(&self) -> String {
        format!("SELECT {}($1)", self.purge)
    }

    /// The keys after $1, $2 of them, each with whether it lives. The operators are named in full: another user's
    /// must not fit better.
    pub(super) fn page(&self) -> String {
        format!(
            "SELECT key, expires_at OPERATOR(pg_catalog.>) pg_catalog.clock_timestamp() FROM {} \
             WHERE key OPERATOR(pg_catalog.>) $1 ORDER BY key LIMIT $2",
            self.table
        )
    }

    /// The two functions with their arguments, as PostgreSQL writes them.
    pub(super) fn signatures(&self) -> [String; 2] {
        [format!("{}({BATCH_TYPES})", self.batch), format!("{}(integer)", self.purge)]
    }

    /// Makes whatever isn't there.
    pub(super) fn setup(&self) -> String {
        SCHEMA
            .replace("{schema}", &self.schema)
            .replace("{lock}", &SETUP_LOCK.to_string())
            .replace("{batch_types}", BATCH_TYPES)
            .replace("{batch}", &self.batch)
            .replace("{purge}", &self.purge)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stores::generation;

    /// Processes of two versions may share a database: what a name stands for never changes. Where this fails give the
    /// function that has changed a new version in its name; then write the number that it has now.
    #[test]
    fn a_function_never_changes_under_its_name() {
        assert_eq!(
            generation::of(&[Names::of("x").setup().as_bytes()]),
            14_802_032_887_432_954_766
        );
    }

    #[test]
    fn nothing_is_left_to_fill_in() {
        let text = Names::of("x").setup();
        for name in ["{schema}", "{lock}", "{batch", "{purge}"] {
            assert!(!text.contains(name), "{name}");
        }
    }
}
