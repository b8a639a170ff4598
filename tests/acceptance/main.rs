//! One suite for every environment: what a client of the HTTP surface can rely on, against the real thing.
#![cfg(test)]

mod access;
mod answers;
mod calls;
mod channels;
mod delivery;
mod devices;
mod environment;
mod expiry;
mod flow;
mod limits;
mod operators;
mod problems;
mod proxies;
mod restart;

use environment::{
    Cluster, Edge, KeyValueRedis, KeyValueSqlite, Memory, Native, Postgres, RealSpin,
    RealSpinWasip2, RealWasmtime, Redis, SharedRedis, Sqlite, StandIn, StandInWasip2,
};

/// Runs every scenario in an environment, and looks through all that it said afterwards.
macro_rules! every_scenario {
    ($environment:ty, $attribute:meta: $($module:ident::{$($scenario:ident),+ $(,)?};)+) => {
        $($(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            #[$attribute]
            async fn $scenario() {
                use crate::environment::Environment;
                let mut environment = <$environment>::new().await;
                crate::$module::$scenario(&mut environment).await;
                environment.assert_silent(&[]);
            }
        )+)+
    };
}

/// The scenarios, once for each environment, with an attribute for each test where not every machine has the environment.
macro_rules! over {
    ($name:ident, $environment:ty) => {
        over!($name, $environment, cfg(test));
    };
    ($name:ident, $environment:ty, $attribute:meta) => {
        mod $name {
            use super::*;
            every_scenario! {
                $environment, $attribute:
                access::{
                    a_call_needs_a_known_key,
                    a_tenant_sees_nothing_of_another,
                    only_an_operator_unlocks,
                };
                answers::{
                    a_challenge_is_answered_with_exactly_these_fields,
                    a_resend_is_answered_like_an_issue,
                    a_revocation_is_answered_with_nothing,
                    a_status_has_exactly_these_fields,
                    a_verification_has_exactly_these_fields,
                    the_service_tells_how_it_is,
                };
                channels::{
                    a_message_without_a_report_is_sent,
                    a_recipient_that_no_channel_fits_is_of_the_wrong_kind,
                    callbacks_of_an_unknown_provider_are_not_found,
                    without_a_channel_the_policys_first_that_fits_is_taken,
                };
                delivery::{
                    a_failed_send_leaves_nothing_and_may_be_retried_at_once,
                    a_new_code_replaces_the_old_one_where_the_policy_says_so,
                    a_recipient_is_shown_masked_only,
                    a_resend_repeats_the_code,
                    every_spelling_of_a_number_is_one_recipient,
                    resends_come_to_an_end,
                };
                flow::{
                    a_code_goes_out_comes_back_and_works_once,
                    a_code_is_bound_to_its_reference,
                    a_new_issue_leaves_the_earlier_code_good_and_shares_its_attempts,
                    a_revoked_challenge_takes_no_code,
                    exhaustion_locks_the_recipient,
                    spaces_hyphens_and_case_of_a_typed_code_do_not_matter,
                    status_tells_every_state,
                };
                devices::{
                    a_purpose_may_remember_no_device,
                    strangers_do_not_keep_a_known_device_out,
                };
                limits::{
                    a_limit_per_client_address_counts_networks,
                    a_limit_per_purpose_counts_all_recipients,
                    a_limit_per_subject_counts_one_recipient,
                    a_limit_per_tenant_counts_all_purposes,
                    a_limited_verification_compares_nothing,
                    a_second_send_has_to_wait,
                };
                operators::{
                    challenges_are_counted_by_tenant,
                    operators_list_a_recipients_challenges,
                    operators_see_where_a_recipient_stands,
                };
                problems::{
                    a_body_that_cannot_be_read_is_named,
                    a_client_that_writes_before_it_reads_gets_its_answer,
                    a_recipient_that_cannot_be_one_is_told_why,
                    arguments_out_of_bounds_are_named,
                    odd_paths_and_methods_are_told_apart,
                    taking_back_and_issuing_anew_refill_no_attempts,
                    what_the_policy_forbids_is_told_apart,
                    wrong_codes_are_counted_down_and_end_in_a_lock,
                };
                restart::{
                    a_dropped_key_is_forgotten,
                    a_restart_keeps_challenges_and_attempts,
                    codes_of_an_older_key_still_verify,
                };
            }
        }
    };
}

over!(memory, Native<Memory>);
over!(postgres, Native<Postgres>);
over!(redis, Native<Redis>);
over!(redis_cluster, Native<Cluster>);
over!(sqlite, Native<Sqlite>);
over!(edge_key_value_redis, Edge<StandIn<KeyValueRedis>>);
over!(edge_key_value_sqlite, Edge<StandIn<KeyValueSqlite>>);
over!(edge_shared_redis, Edge<StandIn<SharedRedis>>);
over!(edge_wasip2_key_value_sqlite, Edge<StandInWasip2<KeyValueSqlite>>);
over!(edge_wasip2_shared_redis, Edge<StandInWasip2<SharedRedis>>);

/// The same where there is a real Spin.
macro_rules! over_spin {
    ($name:ident, $environment:ty) => {
        over!($name, $environment, cfg_attr(not(has_spin), ignore = "needs `spin` on the PATH"));
    };
}

over_spin!(spin_key_value_redis, Edge<RealSpin<KeyValueRedis>>);
over_spin!(spin_key_value_sqlite, Edge<RealSpin<KeyValueSqlite>>);
over_spin!(spin_shared_redis, Edge<RealSpin<SharedRedis>>);
over_spin!(spin_wasip2_key_value_sqlite, Edge<RealSpinWasip2<KeyValueSqlite>>);
over_spin!(spin_wasip2_key_value_redis, Edge<RealSpinWasip2<KeyValueRedis>>);
over_spin!(spin_wasip2_shared_redis, Edge<RealSpinWasip2<SharedRedis>>);

over!(
    wasmtime_key_value,
    Edge<RealWasmtime>,
    cfg_attr(not(has_wasmtime), ignore = "needs `wasmtime` on the PATH")
);
