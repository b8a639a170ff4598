-- The tables and functions of a countersign store, in the schema {schema}. One statement, hence one transaction.
--
-- A function never changes under its name: another text takes another version in its name, so that processes of two
-- versions can share a database while they are replaced one by one. All versions take the same locks.
DO $countersign$
BEGIN
    -- Another user's functions and operators, in a schema that comes later in the path, may fit a call better than
    -- PostgreSQL's own: none is to run with our rights, here and in the functions.
    PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);

    -- Of processes that start together one sets up, and the others then find everything there.
    PERFORM pg_advisory_xact_lock({lock});

    IF to_regnamespace('{schema}') IS NULL THEN
        CREATE SCHEMA {schema};
    END IF;

    -- A key holds a count or a value. Each step is a new version of its row: room on the page for it (fillfactor), and
    -- old versions cleared away early.
    IF to_regclass('{schema}.countersign_entries') IS NULL THEN
        CREATE TABLE {schema}.countersign_entries (
            key text COLLATE "C" PRIMARY KEY,
            count bigint,
            value bytea,
            expires_at timestamptz NOT NULL,
            CHECK ((count IS NULL) <> (value IS NULL))
        ) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
        CREATE INDEX countersign_entries_by_expiry ON {schema}.countersign_entries (expires_at);
    END IF;

    -- Carries out a batch, in order, and all of it or nothing. Of operation number i: kinds[i] is what it does (d: delete,
    -- g: get, i: increment, r: read a count, s: set), and the other arrays hold what it does it with.
    --
    -- A batch that writes locks all of its keys first, those that it only reads too, always in the same order: no two
    -- batches wait for each other, and none sees half of what another does. Only then does it look at the clock and at
    -- the rows: each statement below sees what was committed before it began.
    IF to_regprocedure('{batch}({batch_types})') IS NULL THEN
        CREATE FUNCTION {batch}(
            locks bigint[], patience_ms integer, kinds text, keys text[], numbers bigint[], texts bytea[],
            lifetimes integer[], OUT history bigint[], OUT counts bigint[], OUT contents bytea[]
        ) LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $batch$
        #variable_conflict use_column
        DECLARE
            lock bigint;
            moment timestamptz;
            expiry timestamptz;
            found_count bigint;
            found_value bytea;
        BEGIN
            IF pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on' THEN
                RAISE EXCEPTION 'this server takes no writes' USING ERRCODE = '25006';
            END IF;
            IF current_setting('transaction_isolation') <> 'read committed' THEN
                RAISE EXCEPTION 'countersign needs transactions that are READ COMMITTED' USING ERRCODE = 'CSG02';
            END IF;
            IF cardinality(locks) > 0 THEN
                -- A commit that is only in memory may be lost without a restart, by which alone a loss is noticed.
                IF current_setting('synchronous_commit') = 'off' THEN
                    PERFORM set_config('synchronous_commit', 'on', true);
                END IF;
                PERFORM set_config('lock_timeout', patience_ms::text, true);
                FOREACH lock IN ARRAY locks LOOP
                    PERFORM pg_advisory_xact_lock(lock);
                END LOOP;
            END IF;
            moment := clock_timestamp();
            counts := array_fill(NULL::bigint, ARRAY[cardinality(keys)]);
            contents := array_fill(NULL::bytea, ARRAY[cardinality(keys)]);
            FOR i IN 1 .. cardinality(keys) LOOP
                -- To the next whole second: of many steps within one second all but the first leave the index alone.
                expiry := date_trunc('second', moment + make_interval(secs => lifetimes[i] + 1));
                CASE substr(kinds, i, 1)
                WHEN 'd' THEN
                    DELETE FROM {schema}.countersign_entries AS e WHERE e.key = keys[i];
                WHEN 'g', 'r' THEN
                    SELECT e.count, e.value INTO found_count, found_value
                    FROM {schema}.countersign_entries AS e WHERE e.key = keys[i] AND e.expires_at > moment;
                    IF substr(kinds, i, 1) = 'g' THEN
                        IF found_count IS NOT NULL THEN
                            RAISE EXCEPTION 'the key holds a count' USING ERRCODE = 'CSG01';
                        END IF;
                        contents[i] := found_value;
                    ELSE
                        IF found_value IS NOT NULL THEN
                            RAISE EXCEPTION 'the key holds a value' USING ERRCODE = 'CSG01';
                        END IF;
                        counts[i] := coalesce(found_count, 0);
                    END IF;
                WHEN 'i' THEN
                    INSERT INTO {schema}.countersign_entries AS e (key, count, value, expires_at)
                    VALUES (keys[i], numbers[i], NULL, expiry)
                    ON CONFLICT (key) DO UPDATE SET
                        count = CASE WHEN e.expires_at > moment THEN e.count ELSE 0 END + excluded.count,
                        value = NULL,
                        expires_at = excluded.expires_at
                    WHERE e.expires_at <= moment OR e.count IS NOT NULL
                    RETURNING e.count INTO found_count;
                    IF NOT FOUND THEN
                        RAISE EXCEPTION 'the key holds a value' USING ERRCODE = 'CSG01';
                    END IF;
                    counts[i] := found_count;
                WHEN 's' THEN
                    INSERT INTO {schema}.countersign_entries AS e (key, count, value, expires_at)
                    VALUES (keys[i], NULL, texts[i], expiry)
                    ON CONFLICT (key) DO UPDATE SET
                        count = NULL, value = excluded.value, expires_at = excluded.expires_at;
                END CASE;
            END LOOP;
            -- What changes with a restart, a fail-over, a restored or copied database, TRUNCATE and DROP.
            history := ARRAY[
                (extract(epoch FROM pg_postmaster_start_time()) * 1000000)::bigint,
                '{schema}.countersign_entries'::regclass::oid::bigint,
                -- Names the database's folder and the table's file.
                hashtextextended(pg_relation_filepath('{schema}.countersign_entries'::regclass), 0)
            ];
        END
        $batch$;
    END IF;

    -- Removes up to so many keys that expired over a minute ago, never waiting for a batch. Nothing is lost where the
    -- removal is: it need not reach the disk.
    IF to_regprocedure('{purge}(integer)') IS NULL THEN
        CREATE FUNCTION {purge}(at_most integer) RETURNS bigint LANGUAGE plpgsql VOLATILE
        SET search_path = pg_catalog, pg_temp AS $purge$
        DECLARE
            removed bigint;
        BEGIN
            PERFORM set_config('synchronous_commit', 'off', true);
            WITH old AS MATERIALIZED (
                SELECT e.key FROM {schema}.countersign_entries AS e
                WHERE e.expires_at < now() - interval '1 minute'
                ORDER BY e.expires_at LIMIT at_most FOR UPDATE SKIP LOCKED
            )
            DELETE FROM {schema}.countersign_entries AS e USING old WHERE e.key = old.key;
            GET DIAGNOSTICS removed = ROW_COUNT;
            RETURN removed;
        END
        $purge$;
    END IF;
END
$countersign$
