-- Every function, trigger and view, in the order of installation: also the table of contents.

-- Internal: small pieces the rest stands on
\ir internal/fail.sql
\ir internal/record_bundle.sql
\ir internal/tenancy.sql
\ir internal/uuid_v7.sql
\ir internal/partition_week.sql
\ir internal/have_partitions.sql
\ir internal/make_partitions.sql
\ir internal/random_token.sql
\ir internal/json_fields.sql
\ir internal/text_forms.sql
\ir internal/delivery_id.sql
\ir internal/read_request.sql

-- Internal: checks of arguments
\ir internal/check_event_type.sql
\ir internal/check_tenant.sql
\ir internal/check_payload.sql
\ir internal/check_idempotency.sql
\ir internal/check_range.sql
\ir internal/check_url.sql
\ir internal/check_event_types.sql
\ir internal/check_secret.sql
\ir internal/key_id.sql
\ir internal/check_subscription.sql
\ir internal/subscription_headers.sql

-- Publishing and fan-out
\ir internal/doorbell.sql
\ir internal/renew_endpoint.sql
\ir internal/type_patterns.sql
\ir internal/publish_operational.sql
\ir internal/tell_dead_letters.sql
\ir internal/content_hash.sql
\ir internal/take_idempotency_key.sql
\ir internal/insert_event.sql
\ir internal/take_idempotency_keys.sql
\ir internal/read_batch_item.sql
\ir internal/read_batch.sql
\ir internal/insert_events.sql
\ir triggers/event_fan_out.sql
\ir triggers/subscription_types.sql
\ir api/publish.sql
\ir api/publish_jsonb.sql
\ir api/publish_batch.sql

-- Claiming, retrying, completing
\ir internal/signing_secrets.sql
\ir internal/lease_length.sql
\ir internal/parking_length.sql
\ir internal/retry_delay.sql
\ir internal/record_outcomes.sql
\ir internal/set_aside.sql
\ir internal/lease_past_saturated.sql
\ir internal/lease_parked.sql
\ir internal/claim.sql
\ir internal/end_delivered.sql
\ir internal/judge.sql
\ir internal/log_attempts.sql
\ir internal/disable.sql
\ir internal/disable_gone.sql
\ir internal/note_failures.sql
\ir internal/settle_others.sql
\ir internal/complete.sql
\ir internal/record_breakers.sql
\ir internal/endpoints.sql
\ir internal/retire_partitions.sql
\ir internal/maintain.sql
\ir internal/upkeep_state.sql
\ir worker/claim_deliveries.sql
\ir worker/claim_parked.sql
\ir worker/complete_deliveries.sql
\ir worker/record_breakers.sql
\ir worker/endpoints.sql
\ir worker/await_office.sql
\ir worker/call_for_help.sql
\ir worker/fall_asleep.sql
\ir worker/wake_up.sql
\ir worker/leave_office.sql
\ir worker/maintain.sql
\ir worker/upkeep_state.sql

-- What people and programs read
\ir views/event.sql
\ir views/subscription.sql
\ir views/delivery.sql
\ir views/attempt.sql
\ir views/dead_letter.sql

-- Operating: subscriptions, deliveries, dead letters, tenants
\ir internal/lock_subscription.sql
\ir internal/lock_delivery.sql
\ir internal/create_subscription.sql
\ir internal/update_subscription.sql
\ir internal/pause_subscription.sql
\ir internal/resume_subscription.sql
\ir internal/rotate_secret.sql
\ir internal/delete_subscription.sql
\ir internal/retry_delivery.sql
\ir internal/cancel_delivery.sql
\ir internal/redrive_dead_letters.sql
\ir internal/discard_dead_letter.sql
\ir internal/stats.sql
\ir admin/create_subscription.sql
\ir admin/update_subscription.sql
\ir admin/pause_subscription.sql
\ir admin/resume_subscription.sql
\ir admin/rotate_secret.sql
\ir admin/delete_subscription.sql
\ir admin/retry_delivery.sql
\ir admin/cancel_delivery.sql
\ir admin/redrive_dead_letters.sql
\ir admin/discard_dead_letter.sql
\ir admin/stats.sql
\ir admin/history_stats.sql
\ir admin/allow_tenant.sql
\ir admin/disallow_tenant.sql

-- What the REST API calls
\ir internal/rest_forms.sql
\ir internal/page.sql
\ir internal/publish_array.sql
\ir internal/list_deliveries.sql
\ir rest/publish.sql
\ir rest/publish_group.sql
\ir rest/list_events.sql
\ir rest/get_event.sql
\ir rest/get_payload.sql
\ir rest/list_event_deliveries.sql
\ir rest/create_subscription.sql
\ir rest/list_subscriptions.sql
\ir rest/get_subscription.sql
\ir rest/update_subscription.sql
\ir rest/delete_subscription.sql
\ir rest/pause_subscription.sql
\ir rest/resume_subscription.sql
\ir rest/rotate_secret.sql
\ir rest/list_deliveries.sql
\ir rest/get_delivery.sql
\ir rest/list_attempts.sql
\ir rest/retry_delivery.sql
\ir rest/cancel_delivery.sql
\ir rest/list_dead_letters.sql
\ir rest/redrive_dead_letters.sql
\ir rest/discard_dead_letter.sql

-- The partitions of the coming three years, so that publishing never needs a worker
\ir seed.sql
