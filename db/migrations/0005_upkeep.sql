-- Autovacuum counts rows, not shares, where the share of a large table would be hours of work; it is the net below what workers do (moai.upkeep_state).
-- The queue also after mere inserts, as those of paused subscriptions, so that index-only parts of its plans stay cheap.
ALTER TABLE moai_private.delivery SET (
    autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 50000
);
-- Keys come and expire at the rate of events, ten thousand at a time.
ALTER TABLE moai_private.idempotency_key SET (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 50000, autovacuum_vacuum_cost_delay = 0,
    autovacuum_analyze_scale_factor = 0.02, autovacuum_analyze_threshold = 10000, vacuum_truncate = off
);
-- Emptied by a redrive at one stroke.
ALTER TABLE moai_private.dead_letter SET (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000, autovacuum_vacuum_cost_delay = 0
);
