//! One suite for every store: each rule of `wit/store.wit`, and what each backend promises on top of it.
#![cfg(test)]

mod failover;
mod fallback;
mod generation;
mod harness;
mod log;
mod memory;
mod misled;
mod postgres;
mod redis;
mod rules;
mod scanning;
mod sqlite;
mod tls;

/// Runs every rule over the store that `$start` opens.
macro_rules! every_rule {
    ($start:path: $($rule:ident,)+) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $rule() {
                let harness = $start().await;
                crate::rules::$rule(&harness).await;
            }
        )+
    };
}

/// Runs every rule, one after the other, over stores on the servers that `$start` starts.
macro_rules! every_rule_on {
    ($start:path: $($rule:ident,)+) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn every_rule_holds() {
            let servers = $start().unwrap();
            $(
                println!("{}", stringify!($rule));
                let harness = crate::harness::on(&servers, concat!(stringify!($rule), ":")).await;
                crate::rules::$rule(&harness).await;
            )+
        }
    };
}

/// The rules, each with a store of its own.
macro_rules! over {
    ($store:ident, $start:path) => {
        mod $store {
            rules!(every_rule, $start);
        }
    };
}

/// The rules, over servers that take long to start.
macro_rules! over_servers {
    ($store:ident, $start:path) => {
        mod $store {
            rules!(every_rule_on, $start);
        }
    };
}

macro_rules! rules {
    ($macro:ident, $start:path) => {
        $macro! {
            $start:
            a_batch_without_operations_is_answered,
            a_count_starts_at_zero_and_adds,
            a_count_does_not_wrap_around,
            a_deleted_count_starts_again,
            a_key_may_be_a_count_after_its_life_as_a_value,
            a_refused_limit_leaves_nothing_written,
            a_scan_tells_every_key_that_lives,
            a_step_prolongs_a_count,
            a_value_comes_back_byte_for_byte,
            concurrent_steps_get_distinct_replies,
            deleting_what_is_not_there_is_no_error,
            everything_at_its_limit_is_accepted,
            keys_are_kept_for_their_ttl_and_no_longer_needed_after,
            operations_take_effect_in_the_order_given,
            a_random_batch_does_what_a_map_would,
            reading_a_count_creates_and_prolongs_nothing,
            setting_replaces_value_and_ttl,
            the_store_answers_a_ping,
        }
    };
}

mod contract {
    over!(fallback, crate::harness::with_fallback);
    over!(fallback_in_use, crate::harness::in_fallback);
    over!(memory, crate::harness::memory);
    over!(pgbouncer, crate::harness::pgbouncer);
    over!(postgres, crate::harness::postgres);
    over!(redis, crate::harness::redis);
    over!(redis_over_tls, crate::harness::encrypted_redis);
    over_servers!(redis_behind_sentinels, countersign_tests::sentinel::Sentinels::start);
    over_servers!(redis_cluster, countersign_tests::redis_cluster::RedisCluster::start);
    over!(sqlite, crate::harness::sqlite);
}
