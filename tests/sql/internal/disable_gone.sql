BEGIN;
\ir ../helpers.psql
SELECT plan(13);

CREATE FUNCTION pg_temp.state_of(s uuid) RETURNS text LANGUAGE sql
RETURN (SELECT format('%s%s%s', s.state, CASE WHEN s.held THEN ', held' ELSE '' END, ': ' || s.state_reason) FROM moai_private.subscription AS s WHERE s.id = state_of.s);
-- What the one result of a claim does to the subscription.
CREATE FUNCTION pg_temp.after(claimed claimed, outcome text, http_status integer) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_temp.complete(json_build_array(pg_temp.result(after.claimed, after.outcome, after.http_status)), pg_temp.at('1 s'));
    RETURN pg_temp.state_of((after.claimed).subscription_id);
END $$;

SELECT pg_temp.subscribe('gone', max_attempts => 2) AS s, pg_temp.subscribe('beside') AS other \gset
SELECT pg_temp.publish('gone') AS e \gset
SELECT pg_temp.claim_one()::text AS c \gset
SELECT is(pg_temp.after(:'c'::claimed, 'failed', 404), 'active', 'a 404 leaves the subscription as it is');
SELECT pg_temp.claim_one(pg_temp.at('6 s'))::text AS c \gset
SELECT is(pg_temp.after(:'c'::claimed, 'failed', 410), 'disabled, held: 410 Gone was answered to event ' || :'e', 'a 410 disables it and says why, with the last try too');
SELECT is((SELECT reason FROM moai_private.dead_letter WHERE event_id = :'e'), 'exhausted', 'and ends the try as any other failure');
SELECT is((SELECT updated_at FROM moai_private.subscription WHERE id = :'s'), pg_temp.at('1 s'), 'it tells when');
SELECT is(pg_temp.state_of(:'other'), 'active', 'no other subscription is touched');

SELECT pg_temp.publish('gone', due => '10 s') AS later \gset
SELECT matches(pg_temp.queued(:'later'), 'parked$', 'what is published from now on is held');
SELECT moai_private.resume_subscription(:'s', pg_temp.at('20 s')) \g /dev/null
SELECT is(pg_temp.state_of(:'s'), 'active', 'resuming it forgets the reason');

SELECT pg_temp.claim_one(pg_temp.at('20 s'))::text AS old \gset
SELECT pg_temp.claim_one(pg_temp.at('60 s'))::text AS new \gset
SELECT is(pg_temp.after(:'old'::claimed, 'failed', 410), 'active', 'a 410 under a lost lease says nothing of now');
UPDATE moai_private.subscription SET state = 'paused', state_reason = 'by hand', held = true WHERE id = :'s';
SELECT is(pg_temp.after(:'new'::claimed, 'failed', 410), 'paused, held: by hand', 'one that somebody paused stays paused');

UPDATE moai_private.subscription SET state = 'active', state_reason = NULL, held = false, max_attempts = 5, updated_at = pg_temp.at('1 us') WHERE id = :'s';
DELETE FROM moai_private.delivery WHERE subscription_id = :'s';
SELECT pg_temp.publish('gone') AS e \gset
SELECT pg_temp.claim_one()::text AS c \gset
SELECT is(pg_temp.after(:'c'::claimed, 'failed', 410), 'active', 'a 410 to what was sent before the subscription changed says nothing of what it is now');
UPDATE moai_private.subscription SET updated_at = pg_temp.at() WHERE id = :'s';
DELETE FROM moai_private.delivery WHERE subscription_id = :'s';
SELECT pg_temp.publish('gone') AS a, pg_temp.publish('gone') AS b \gset
CREATE TEMP TABLE two AS SELECT * FROM moai_private.claim(2, pg_temp.at());
SELECT pg_temp.complete((SELECT json_agg(pg_temp.result(ROW(t.*)::claimed, 'failed', 410)) FROM two AS t), pg_temp.at('1 s')) \g /dev/null
SELECT is(pg_temp.state_of(:'s'), 'disabled, held: 410 Gone was answered to event ' || greatest(:'a'::text, :'b'::text), 'of several it names the event that was published last');
SELECT is((SELECT count(*)::integer FROM moai_private.delivery WHERE subscription_id = :'s' AND tries_left = 4 AND NOT parked), 2, 'each of them has spent its try');
SELECT moai_private.claim(2, pg_temp.at('7 s')) \g /dev/null
SELECT is((SELECT count(*)::integer FROM moai_private.delivery WHERE subscription_id = :'s' AND tries_left = 4 AND parked), 2, 'and waits, parked, when its time comes');

SELECT * FROM finish();
ROLLBACK;
