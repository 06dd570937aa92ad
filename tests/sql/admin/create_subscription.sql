BEGIN;
\ir ../helpers.psql
SELECT plan(106);

SELECT id AS s, secret FROM moai.create_subscription('https://receiver.test/hook', ARRAY['user.*', 'user.*', 'order.paid'], 'create_subscription') \gset
SELECT results_eq(format($$SELECT tenant, url, event_types, format, timeout, max_attempts, retry_base, retry_factor, retry_cap, retry_jitter, state, held, description
                           FROM moai_private.subscription WHERE id = %L$$, :'s'),
    $$VALUES ('create_subscription', 'https://receiver.test/hook', '{user.*,order.paid}'::text[], 'standard', interval '15 s', 8, interval '5 s',
              5::float8, interval '24:00:00', 0.1::float8, 'active'::moai.subscription_state, false, NULL::text)$$, 'defaults are the design''s; repeated event types are one');
SELECT matches(:'secret'::text, '^whsec_[A-Za-z0-9+/]{43}=$', 'a secret is made: whsec_ and 32 bytes');
SELECT is((SELECT s.secret FROM moai_private.subscription AS s WHERE s.id = :'s'), :'secret'::text, 'it is the one that signs');
SELECT isnt(moai_private.check_secret(NULL), moai_private.check_secret(NULL), 'every secret is another');
SELECT moai.publish('order.paid', '1', tenant => 'create_subscription') AS e \gset
SELECT is((SELECT count(*) FROM moai_private.delivery AS d WHERE d.event_id = :'e' AND d.subscription_id = :'s'), 1::bigint, 'events reach it from then on');
SELECT is((SELECT x.secret FROM moai.create_subscription('http://[::1]:8080/?q=%20', '{*}', secret => repeat('QUJD', 8)) AS x), 'whsec_' || repeat('QUJD', 8),
    'a given secret may come without its prefix');
SELECT results_eq($$SELECT s.timeout, s.retry_cap FROM moai_private.create_subscription('http://a', '{*}', 'default', NULL, 'raw', '1 minute', 1, '1 s', 1, '30 days', 0, '', NULL, NULL, NULL, 'POST', NULL, NULL, NULL, pg_temp.at()) AS s$$,
    $$VALUES (interval '00:01:00', interval '720:00:00')$$, 'days are stored as hours');

SELECT id AS limited FROM moai.create_subscription('http://a', '{*}', max_in_flight => 3, rate_limit => 0.5) \gset
SELECT results_eq(format('SELECT max_in_flight, rate_limit FROM moai.subscription WHERE id = %L', :'limited'),
    'VALUES (3, 0.5::float8)', 'limits are kept');
SELECT id AS unlimited FROM moai.create_subscription('http://a', '{*}', max_in_flight => 0, rate_limit => 0) \gset
SELECT results_eq(format('SELECT max_in_flight, rate_limit FROM moai.subscription WHERE id = %L', :'unlimited'),
    'VALUES (NULL::integer, NULL::float8)', '0 is none');
SELECT is((SELECT disable_after FROM moai.subscription WHERE id = :'limited'), '120:00:00', 'it is disabled after five days of failures');
SELECT id AS forever FROM moai.create_subscription('http://a', '{*}', disable_after => '0') \gset
SELECT is((SELECT disable_after FROM moai.subscription WHERE id = :'forever'), NULL, 'or never');

SELECT id AS put FROM moai.create_subscription('http://a', '{*}', method => 'PUT', headers => '{"X-Region":"eu","Authorization":"Bearer x"}') \gset
SELECT results_eq(format('SELECT method, headers FROM moai.subscription WHERE id = %L', :'put'), $$VALUES ('PUT', '{"x-region":"eu","authorization":"***"}'::jsonb)$$, 'method and headers are kept; what sounds of a secret is not shown');
SELECT is((SELECT s.headers FROM moai_private.subscription AS s WHERE s.id = :'put'), '{"x-region":"eu","authorization":"Bearer x"}'::jsonb, 'but sent');

SELECT id AS ed FROM moai.create_subscription('http://a', '{*}', secret => 'whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==') \gset
SELECT is((SELECT public_key FROM moai.subscription WHERE id = :'ed'), 'whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=', 'of an ed25519 key the public part is shown');
SELECT is((SELECT public_key FROM moai.subscription WHERE id = :'put'), NULL, 'of a shared secret there is none');

-- moai_private.check_url
SELECT lives_ok(format('SELECT moai_private.check_url(%L)', u), 'taken: ' || left(u, 60))
FROM unnest(ARRAY['http://a', 'HTTPS://a.b-c_d.test:65535/x?y=@&z=%5C', 'http://10.0.0.1:1', 'http://[2001:db8::1]/', 'https://xn--bcher-kva.test?x', 'http://a/' || repeat('x', 2039)]) AS u;
SELECT is(pg_temp.error_of(format('SELECT moai_private.check_url(%L)', u)), 'MO422: ' || m || CASE WHEN shown THEN ' / url = ' || quote_literal(left(u, 200)) ELSE '' END, 'refused: ' || m)
FROM (VALUES
    ('', 'url is missing', true), (NULL, 'url is missing', false), ('ftp://a/', 'url is neither http nor https', true), ('//a/', 'url is neither http nor https', true),
    ('http:a', 'url is neither http nor https', true), ('javascript:alert(1)', 'url is neither http nor https', true),
    ('http://', 'url has no host', true), ('http:///x', 'url has no host', true), ('http://:80/', 'url has no host', true), ('http://?x', 'url has no host', true),
    ('http://u:hush@a/', 'url has credentials', false), ('http://u@a', 'url has credentials', false),
    ('http://a b/', 'url has a space, a control character or one outside of ASCII', true), (E'http://a/\n', 'url has a space, a control character or one outside of ASCII', true),
    ('http://bücher.test/', 'url has a space, a control character or one outside of ASCII', true), (E'http://a/\x7f', 'url has a space, a control character or one outside of ASCII', true),
    ('http://a\b/', 'url has a backslash or a fragment', true), ('http://a/#x', 'url has a backslash or a fragment', true),
    ('http://a:/', 'url has no valid host and port', true), ('http://a:x/', 'url has no valid host and port', true), ('http://a:-1/', 'url has no valid host and port', true),
    ('http://[::1', 'url has no valid host and port', true), ('http://a%20b/', 'url has no valid host and port', true), ('http://[fe80::1%25eth0]/', 'url has no valid host and port', true),
    ('http://a:0/', 'url has a port outside of 1 to 65535', true), ('http://a:65536/', 'url has a port outside of 1 to 65535', true),
    ('http://[127.0.0.1]/', 'url has no IPv6 address in its brackets', true), ('http://[:::1]/', 'url has no IPv6 address in its brackets', true),
    ('http://a/' || repeat('x', 2040), 'url is 2049 bytes long, 2048 are allowed', true)
) AS bad(u, m, shown);

-- internal/check_event_types.sql, internal/check_secret.sql, internal/check_subscription.sql, internal/check_range.sql: by way of the function itself
SELECT is(pg_temp.error_of(format('SELECT moai.create_subscription(url => ''http://a'', event_types => %s)', arguments)), 'MO422: ' || m, 'refused: ' || left(arguments, 60))
FROM (VALUES
    ('NULL', 'event_types has 0 items, 1 to 100 are allowed'), ('''{}''', 'event_types has 0 items, 1 to 100 are allowed'),
    ('array_fill(''a''::text, ARRAY[101])', 'event_types has 101 items, 1 to 100 are allowed'),
    ('''{a,NULL}''', 'event_types has an item that is no event type / event_types has null'), ('''{a.}''', 'event_types has an item that is no event type / event_types has ''a.'''),
    ('''{*.a}''', 'event_types has an item that is no event type / event_types has ''*.a'''), ('''{.*}''', 'event_types has an item that is no event type / event_types has ''.*'''),
    ('''{a}'', secret => ''whsec_hus''', 'secret is not padded base64'), ('''{a}'', secret => ''QUJD QUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJD''', 'secret is not padded base64'),
    ('''{a}'', secret => repeat(''QUJD'', 7) || ''QUJ=''', 'secret is not padded base64'), ('''{a}'', secret => ''''', 'secret is 0 bytes long, 24 to 64 are allowed'),
    ('''{a}'', secret => repeat(''QUJD'', 7) || ''QUI''', 'secret is not padded base64'), ('''{a}'', secret => repeat(''QUJD'', 22)', 'secret is 66 bytes long, 24 to 64 are allowed'),
    ('''{a}'', secret => ''whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=''', 'secret is a public key'), ('''{a}'', secret => ''whsk_'' || repeat(''QUJD'', 21)', 'secret is 63 bytes long, an ed25519 key has 64'),
    ('''{a}'', secret => ''whsk_''', 'secret is 0 bytes long, an ed25519 key has 64'),
    ('''{a}'', format => ''xml''', 'format is none of standard, raw, cloudevents and cloudevents-binary / format = ''xml'''), ('''{a}'', format => NULL', 'format is none of standard, raw, cloudevents and cloudevents-binary / format = NULL'),
    ('''{a}'', timeout => ''-1 s''', 'timeout is outside of 100 ms to 60 s / timeout = -00:00:01'), ('''{a}'', timeout => ''61 s''', 'timeout is outside of 100 ms to 60 s / timeout = 00:01:01'),
    ('''{a}'', max_attempts => 0', 'max_attempts is outside of 1 to 100 / max_attempts = 0'), ('''{a}'', retry_schedule => array_fill(interval ''1 s'', ARRAY[100])', 'retry_schedule is outside of 1 to 99 delays of 100 ms to 30 days each / retry_schedule = ' || left(array_fill(interval '1 s', ARRAY[100])::text, 64)),
    ('''{a}'', retry_schedule => ''{1 s,99 ms}''', 'retry_schedule is outside of 1 to 99 delays of 100 ms to 30 days each / retry_schedule = {00:00:01,00:00:00.099}'),
    ('''{a}'', retry_schedule => ''{30 days 1 s}''', 'retry_schedule is outside of 1 to 99 delays of 100 ms to 30 days each / retry_schedule = {"30 days 00:00:01"}'),
    ('''{a}'', retry_schedule => ''{1 s,NULL}''', 'retry_schedule is outside of 1 to 99 delays of 100 ms to 30 days each / retry_schedule = {00:00:01,NULL}'),
    ('''{a}'', retry_schedule => ''{{1 s}}''', 'retry_schedule is outside of 1 to 99 delays of 100 ms to 30 days each / retry_schedule = {{00:00:01}}'),
    ('''{a}'', retry_schedule => ''{1 s}'', max_attempts => 3', 'max_attempts is not one more than retry_schedule has delays / max_attempts = 3, retry_schedule has 1'),
    ('''{a}'', give_up_on => ''{399}''', 'give_up_on is outside of statuses from 400 to 499 without 408, 410 and 429 / give_up_on = {399}'),
    ('''{a}'', give_up_on => ''{404,500}''', 'give_up_on is outside of statuses from 400 to 499 without 408, 410 and 429 / give_up_on = {404,500}'),
    ('''{a}'', give_up_on => ''{429}''', 'give_up_on is outside of statuses from 400 to 499 without 408, 410 and 429 / give_up_on = {429}'),
    ('''{a}'', give_up_on => ''{404,NULL}''', 'give_up_on is outside of statuses from 400 to 499 without 408, 410 and 429 / give_up_on = {404,NULL}'),
    ('''{a}'', retry_base => ''0''', 'retry_base is outside of 100 ms to 30 days / retry_base = 00:00:00'), ('''{a}'', retry_factor => ''NaN''', 'retry_factor is outside of 1 to 100 / retry_factor = NaN'),
    ('''{a}'', retry_factor => 0.5', 'retry_factor is outside of 1 to 100 / retry_factor = 0.5'), ('''{a}'', retry_cap => ''1 s''', 'retry_cap is outside of retry_base to 30 days / retry_cap = 00:00:01'),
    ('''{a}'', retry_cap => ''1000000 years''', 'retry_cap is outside of retry_base to 30 days / retry_cap = 1000000 years'), ('''{a}'', retry_jitter => ''Infinity''', 'retry_jitter is outside of 0 to 1 / retry_jitter = Infinity'),
    ('''{a}'', max_in_flight => -1', 'max_in_flight is outside of 1 to 10000 (0: the worker''s own) / max_in_flight = -1'),
    ('''{a}'', max_in_flight => 10001', 'max_in_flight is outside of 1 to 10000 (0: the worker''s own) / max_in_flight = 10001'),
    ('''{a}'', rate_limit => -1', 'rate_limit is outside of 0.001 to 1000000 (0: none) / rate_limit = -1'),
    ('''{a}'', rate_limit => 0.0009', 'rate_limit is outside of 0.001 to 1000000 (0: none) / rate_limit = 0.0009'),
    ('''{a}'', rate_limit => 1000001', 'rate_limit is outside of 0.001 to 1000000 (0: none) / rate_limit = 1000001'),
    ('''{a}'', rate_limit => ''NaN''', 'rate_limit is outside of 0.001 to 1000000 (0: none) / rate_limit = NaN'),
    ('''{a}'', rate_limit => ''Infinity''', 'rate_limit is outside of 0.001 to 1000000 (0: none) / rate_limit = Infinity'),
    ('''{a}'', disable_after => ''59 s''', 'disable_after is outside of 1 minute to 366 days (0: never) / disable_after = 00:00:59'),
    ('''{a}'', disable_after => ''367 days''', 'disable_after is outside of 1 minute to 366 days (0: never) / disable_after = 367 days'),
    ('''{a}'', disable_after => ''1 year 6 days''', 'disable_after is outside of 1 minute to 366 days (0: never) / disable_after = 1 year 6 days'),
    ('''{a}'', disable_after => ''-1 day''', 'disable_after is outside of 1 minute to 366 days (0: never) / disable_after = -1 days'),
    ('''{a}'', method => ''GET''', 'method is neither POST nor PUT / method = ''GET'''), ('''{a}'', method => NULL', 'method is neither POST nor PUT / method = NULL'),
    ('''{a}'', headers => ''{"host":"a"}''', 'headers has a name that is reserved / headers has ''host'''),
    ('''{a}'', description => repeat(''x'', 1001)', 'description is 1001 characters long, 1000 are allowed'), ('''{a}'', tenant => ''''', 'tenant is empty')
) AS bad(arguments, m);


-- Retries by a list.
CREATE FUNCTION pg_temp.retries(id uuid) RETURNS text LANGUAGE sql
RETURN (SELECT concat_ws(' ', s.max_attempts, s.retry_schedule, s.give_up_on) FROM moai.subscription AS s WHERE s.id = retries.id);
SELECT c.id AS l FROM moai.create_subscription('http://a', '{a}', retry_schedule => '{100 ms,1 day}', give_up_on => '{499,404,400,404}') AS c \gset
SELECT is(pg_temp.retries(:'l'), '3 {00:00:00.1,24:00:00} {400,404,499}', 'a schedule decides how many attempts there are; a status is told once');
SELECT c.id AS l FROM moai.create_subscription('http://a', '{a}', retry_schedule => '{}', give_up_on => '{}') AS c \gset
SELECT is(pg_temp.retries(:'l'), '8', 'empty ones are none');
SELECT c.id AS l FROM moai.create_subscription('http://a', '{a}', retry_schedule => array_fill(interval '30 days', ARRAY[99])) AS c \gset
SELECT is((SELECT max_attempts FROM moai.subscription WHERE id = :'l'), 100, '99 delays are allowed');

SELECT * FROM finish();
ROLLBACK;
