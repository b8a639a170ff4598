//! What `open` refuses, rather than let it be found out later.

use std::time::Duration;

use countersign::stores::postgres::PostgresSettings;
use countersign::stores::{OpenError, Store};
use countersign_tests::postgres::PostgresServer;
use countersign_tests::redis::free_port;

use super::{number, open, refusal, shared, timed};
use crate::harness::{get, postgres_settings, set, step};

#[tokio::test]
async fn a_wrong_password_is_told_at_once_and_not_shown() {
    shared().run("DROP ROLE IF EXISTS ann; CREATE ROLE ann LOGIN PASSWORD 'right'").await.unwrap();
    let at = format!("127.0.0.1:{}", shared().port());
    for url in [
        format!("postgresql://ann:hunter2@{at}/postgres"),
        format!("postgresql://postgres:hunter2@{at}/nowhere"),
        // The right one, which may not set up.
        format!("postgresql://ann:right@{at}/postgres"),
    ] {
        let settings = postgres_settings(&url);
        let (error, took) = timed(refusal(&settings)).await;
        assert!(matches!(error, OpenError::Denied { .. }), "{error}");
        let text = format!("{error} {error:?} {settings:?}");
        assert!(!text.contains("hunter2") && !text.contains("right@"), "{text}");
        assert!(text.contains(&at) && took < Duration::from_secs(10), "{text} {took:?}");
    }
}

#[tokio::test]
async fn a_user_who_may_only_use_what_is_there_is_enough() {
    let settings = postgres_settings(&shared().url());
    drop(open(&settings).await);
    let schema = &settings.schema;
    let grant = format!(
        "CREATE ROLE ben LOGIN; GRANT USAGE ON SCHEMA {schema} TO ben; \
         GRANT SELECT, INSERT, UPDATE, DELETE ON {schema}.countersign_entries TO ben"
    );
    shared().run(&grant).await.unwrap();
    let url = shared().url().replace("postgres@", "ben@");
    let ben = PostgresSettings { schema: schema.clone(), ..postgres_settings(&url) };
    drop(open(&ben).await);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_given_up_in_time() {
    let url = format!("postgresql://ann@127.0.0.1:{}/otp", free_port().unwrap());
    let settings = PostgresSettings { connect_timeout_seconds: 1, ..postgres_settings(&url) };
    let (error, took) = timed(refusal(&settings)).await;
    assert!(matches!(error, OpenError::Unavailable { .. }), "{error}");
    assert!(error.to_string().contains("refused") && took < Duration::from_secs(10), "{error}");
}

#[tokio::test]
async fn a_table_that_a_crash_would_empty_is_refused() {
    let settings = postgres_settings(&shared().url());
    drop(open(&settings).await);
    let table = format!("{}.countersign_entries", settings.schema);
    shared().run(&format!("ALTER TABLE {table} SET UNLOGGED")).await.unwrap();
    let error = refusal(&settings).await;
    assert!(matches!(error, OpenError::Unfit { .. }), "{error}");
    assert!(error.to_string().contains("a crash would empty it"), "{error}");
}

#[tokio::test]
async fn a_table_of_another_program_is_refused() {
    let settings = postgres_settings(&shared().url());
    let schema = &settings.schema;
    let theirs =
        format!("CREATE SCHEMA {schema}; CREATE TABLE {schema}.countersign_entries (x int)");
    shared().run(&theirs).await.unwrap();
    let error = refusal(&settings).await;
    assert!(error.to_string().contains("SQLSTATE 42703"), "{error}");
}

#[tokio::test]
async fn transactions_of_another_isolation_are_refused() {
    for level in ["serializable", "repeatable%20read"] {
        let option = format!("?options=-c%20default_transaction_isolation%3D{level}");
        let url = format!("{}{option}", shared().url())
            .replace("repeatable%20read", "repeatable%5C%20read");
        let error = refusal(&postgres_settings(&url)).await;
        assert!(matches!(error, OpenError::Unfit { .. }), "{error}");
        assert!(error.to_string().contains("default_transaction_isolation"), "{error}");
    }
}

/// What another user puts where names are looked up, which PostgreSQL prefers where it fits a call better.
const TRAPS: &str = "
    CREATE TABLE public.trapped (what text);
    GRANT ALL ON public.trapped TO PUBLIC;
    CREATE FUNCTION public.cardinality(bigint[]) RETURNS integer LANGUAGE plpgsql AS $$
        BEGIN INSERT INTO public.trapped VALUES ('cardinality'); RETURN pg_catalog.cardinality($1); END $$;
    CREATE FUNCTION public.hashtextextended(text, integer) RETURNS bigint LANGUAGE plpgsql AS $$
        BEGIN INSERT INTO public.trapped VALUES ('hash'); RETURN 1; END $$;
    CREATE FUNCTION public.times(numeric, integer) RETURNS numeric LANGUAGE plpgsql AS $$
        BEGIN INSERT INTO public.trapped VALUES ('times'); RETURN 1; END $$;
    CREATE OPERATOR public.* (LEFTARG = numeric, RIGHTARG = integer, FUNCTION = public.times);
    CREATE FUNCTION public.equals(oid, regclass) RETURNS boolean LANGUAGE plpgsql AS $$
        BEGIN INSERT INTO public.trapped VALUES ('equals'); RETURN true; END $$;
    CREATE OPERATOR public.= (LEFTARG = oid, RIGHTARG = regclass, FUNCTION = public.equals);
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn functions_and_operators_of_others_never_run_as_ours() {
    let server = PostgresServer::start("").unwrap();
    server.run(TRAPS).await.unwrap();
    let store = open(&postgres_settings(&server.url())).await;
    let batch = vec![step("{a}n", 1, 60), set("{a}v", b"x", 60), get("{a}v")];
    store.run(batch).await.unwrap();
    // The clocks are compared, and what has expired is removed.
    let compared = async {
        while store.diagnostics().skew.is_none() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), compared).await.unwrap();
    assert_eq!(number(&server, "SELECT count(*) FROM public.trapped").await, 0);
}
