//! One suite for every store: each rule of `trait Store`, told once, run on each engine.
//!
//! A new engine joins with one line `suite!`. A test that is written but not listed there is dead code, and the
//! compiler says so.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod activity;
mod articles;
mod budget;
mod deliveries;
mod events;
mod feeds;
mod hosts;
mod notifiers;
mod polls;
mod postgres;
mod postgres_tls;
mod prune;
pub mod rig;
mod sqlite;
mod stored;
mod views;

macro_rules! run_on {
    ($engine:ty: $($area:ident::{$($test:ident),+ $(,)?})+) => {
        $($(
            #[tokio::test]
            async fn $test() {
                if let Some(rig) = super::rig::Rig::<$engine>::new().await {
                    super::$area::$test(rig).await;
                }
            }
        )+)+
    };
}

macro_rules! suite {
    ($name:ident: $engine:ty) => {
        mod $name {
            run_on! { $engine:
                feeds::{
                    a_new_feed_is_due_at_once,
                    a_feed_that_stays_keeps_its_next_poll,
                    a_feed_that_left_is_no_longer_polled_and_comes_back_with_its_state,
                    a_disabled_feed_waits_and_a_gone_one_starts_again_when_enabled,
                    a_changed_request_drops_the_validators_and_keeps_the_guard,
                    a_changed_request_refuses_the_answer_to_the_old_one,
                    a_feed_that_moves_to_another_host_is_due_there_at_once,
                    once_makes_every_feed_due_that_may_be_asked,
                    a_notifier_that_left_gets_nothing_more,
                    a_notifier_that_leaves_during_a_send_is_not_tried_again,
                }
                hosts::{
                    a_held_host_is_not_claimed_again,
                    hosts_due_longest_come_first_and_the_next_is_announced,
                    an_attempt_is_on_record_before_it_is_made,
                    a_feed_under_way_is_not_handed_out_twice,
                    further_feeds_of_a_host_come_in_order_of_their_time,
                    a_released_host_waits_for_its_pause,
                    a_gap_outlives_a_crash,
                    a_host_is_visited_for_one_request,
                    postponed_polls_come_later_and_never_sooner,
                    a_lease_that_is_over_goes_to_the_next_owner,
                    renewing_keeps_a_lease_and_names_the_lost_ones,
                    at_shutdown_everything_is_given_back,
                    after_a_crash_nobody_holds_anything,
                    a_clock_that_was_ahead_keeps_nobody_waiting,
                    a_clock_that_jumps_back_while_running_is_noticed,
                    a_wait_beyond_all_rules_is_cut_short,
                }
                polls::{
                    a_poll_is_recorded_as_a_whole,
                    a_poll_under_a_lost_lease_changes_nothing,
                    the_same_poll_is_recorded_once,
                    an_alert_on_record_is_not_new_and_owes_nothing_twice,
                    a_failure_keeps_validators_and_counts,
                    validators_are_kept_byte_for_byte_and_replaced_as_a_pair,
                    a_gone_feed_is_never_due,
                    a_closed_gate_holds_every_feed_of_the_host,
                    an_unsure_answer_closes_the_gate_only_together_with_another_feed,
                    an_answer_closes_the_gate_of_another_host,
                    what_is_remembered_and_counted_survives_a_restart,
                    recording_hands_out_more_feeds,
                    everything_survives_a_restart,
                }
                budget::{
                    the_sums_follow_every_poll_and_outlive_a_crash,
                    feeds_that_left_or_got_an_interval_take_no_part,
                    what_was_learned_stays_until_something_else_is,
                    beyond_the_budget_only_exempt_feeds_are_handed_out,
                    of_several_controllers_one_is_kept,
                }
                articles::{
                    what_was_never_seen_is_unknown,
                    an_article_is_known_by_its_key,
                    an_article_whose_guid_changed_is_known_by_its_link,
                    a_link_that_several_articles_share_names_none_of_them,
                    an_edit_replaces_hash_and_topics,
                    an_article_is_known_by_a_key_that_it_does_not_go_by_any_more,
                }
                deliveries::{
                    deliveries_come_oldest_first_with_their_exact_bytes,
                    each_notifier_has_its_own_queue,
                    a_delivered_one_is_done,
                    a_failed_one_waits_and_counts,
                    a_dead_one_is_visible_and_can_be_redelivered,
                    redeliver_can_be_narrowed,
                    waiting_ones_are_called_back_and_keep_their_attempts_and_age,
                    an_attempt_that_does_not_count_leaves_the_number_as_it_was,
                    after_a_refusal_the_plain_form_is_sent_if_there_is_one,
                    what_is_held_back_waits_for_a_person,
                    redeliver_tells_an_alert_that_is_not_there,
                    what_is_owed_to_one_that_left_is_not_redelivered_until_it_is_back,
                    what_is_pending_is_counted_up_to_a_limit,
                    a_lease_that_is_over_makes_it_due_again_and_the_late_result_changes_nothing,
                    after_a_crash_what_was_being_sent_is_due_at_once,
                    the_last_twenty_attempts_are_kept,
                    a_next_attempt_beyond_all_rules_is_pulled_near,
                }
                notifiers::{
                    in_trouble_one_probe_at_a_time_is_handed_out,
                    a_probe_that_succeeds_calls_everything_back,
                    a_pause_ends_by_itself_and_outlives_a_restart,
                    who_is_gone_gets_nothing_until_somebody_redelivers,
                    who_is_seen_to_work_is_active,
                    another_target_ends_trouble_and_refuses_what_the_old_one_said,
                    what_nobody_will_try_any_more_is_given_up_in_time,
                }
                events::{
                    an_event_is_recorded_with_the_attempt_once_and_delivered_like_an_alert,
                    an_episode_is_told_at_its_beginning_and_at_its_end,
                    many_at_once_are_told_together_and_their_ends_too,
                    one_that_comes_and_goes_does_not_silence_the_others,
                    a_feed_that_left_does_not_keep_an_end_from_being_told,
                }
                views::{
                    queues_tell_what_waits_and_why,
                    alerts_are_found_by_age_topic_and_id,
                    an_alert_shows_its_deliveries_and_attempts,
                }
                activity::{
                    articles_are_counted_by_the_day_they_were_seen,
                    at_the_first_sight_of_a_feed_stamps_tell_the_day,
                    deliveries_are_counted_by_the_hour_they_arrived,
                    a_probe_goes_the_way_of_a_write_and_the_volume_is_known,
                }
                stored::{
                    kept_articles_come_newest_first_page_by_page,
                    a_kept_article_is_as_it_was_last_recorded,
                    what_is_old_or_without_text_is_not_among_them,
                }
                prune::{
                    nothing_fresh_is_pruned,
                    text_goes_and_the_key_stays,
                    delivered_and_dead_ones_go_in_their_time_and_waiting_ones_never,
                    a_key_stays_while_the_feed_shows_it,
                    a_key_stays_through_a_year_of_not_modified,
                    a_key_goes_long_after_its_last_sight,
                    a_feed_that_left_goes_with_all_that_is_its,
                    pruning_takes_small_steps,
                }
            }
        }
    };
}

suite!(on_sqlite: super::rig::Sqlite);
suite!(on_postgres: super::rig::Postgres);
