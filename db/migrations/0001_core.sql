-- The first schema: events, subscriptions, the queue of deliveries, their attempts, dead letters, and who sees what.
-- No foreign keys: their row locks would make publishers write to the subscriptions they fan out to. docs/decisions/ says more.

CREATE TYPE moai.delivery_state AS ENUM
    ('pending', 'delivering', 'retrying', 'parked', 'delivered', 'dead', 'cancelled', 'expired', 'superseded');
COMMENT ON TYPE moai.delivery_state IS 'Where a delivery is in its life (docs/state-machine.md).';

CREATE TYPE moai.subscription_state AS ENUM ('active', 'paused', 'disabled', 'deleted');
COMMENT ON TYPE moai.subscription_state IS 'Only an active subscription is delivered to; a paused or disabled one keeps its deliveries parked.';

-- What the function bundle of this database is; compared with the one in the binary.
CREATE TABLE moai_private.bundle (
    only_row boolean PRIMARY KEY DEFAULT true,
    hash text NOT NULL,
    applied_at timestamptz NOT NULL,
    CONSTRAINT bundle_only_row CHECK (only_row)
);
COMMENT ON TABLE moai_private.bundle IS 'The hash of the functions, views and grants that were applied last.';

CREATE TABLE moai_private.login_tenant (
    login name NOT NULL,
    tenant text NOT NULL,
    PRIMARY KEY (login, tenant)
);
COMMENT ON TABLE moai_private.login_tenant IS
    'Which tenants a login (session_user) acts for; ''*'' is every tenant. A login without a row acts for ''default'' alone.';

-- Events -----------------------------------------------------------------------------------------------------------------

CREATE TABLE moai_private.event (
    id uuid NOT NULL,
    published_at timestamptz NOT NULL,
    tenant text NOT NULL,
    type text NOT NULL,
    payload json NOT NULL,
    CONSTRAINT event_pkey PRIMARY KEY (id)
) PARTITION BY RANGE (id);
COMMENT ON TABLE moai_private.event IS 'What happened. Insert-only; a partition holds one week of ids.';
COMMENT ON COLUMN moai_private.event.id IS 'UUIDv7 (RFC 9562): carries the time of publishing, so that the key alone finds the partition.';
COMMENT ON COLUMN moai_private.event.payload IS 'The published text, byte for byte: type json keeps it, jsonb would not.';

CREATE TABLE moai_private.event_held (LIKE moai_private.event INCLUDING CONSTRAINTS, CONSTRAINT event_held_pkey PRIMARY KEY (id));
COMMENT ON TABLE moai_private.event_held IS
    'Events whose partition is gone and which an unfinished delivery or a dead letter still needs. An event is here or in event, never in both.';

CREATE TABLE moai_private.idempotency_key (
    tenant text NOT NULL,
    key text NOT NULL,
    event_id uuid NOT NULL,
    content_hash bytea NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT idempotency_key_pkey PRIMARY KEY (tenant, key)
);
COMMENT ON TABLE moai_private.idempotency_key IS 'Which event a publisher''s key stands for, until the key expires.';
COMMENT ON COLUMN moai_private.idempotency_key.content_hash IS 'SHA-256 of type, payload bytes and whatever else changes delivery.';

-- Subscriptions ----------------------------------------------------------------------------------------------------------

CREATE TABLE moai_private.subscription (
    id uuid NOT NULL,
    tenant text NOT NULL,
    url text NOT NULL,
    event_types text[] NOT NULL,
    format text NOT NULL,
    secret text NOT NULL,
    description text,
    timeout interval NOT NULL,
    max_attempts integer NOT NULL,
    retry_base interval NOT NULL,
    retry_factor double precision NOT NULL,
    retry_cap interval NOT NULL,
    retry_jitter double precision NOT NULL,
    state moai.subscription_state NOT NULL DEFAULT 'active',
    state_reason text,
    held boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT subscription_pkey PRIMARY KEY (id),
    CONSTRAINT subscription_held_unless_active CHECK (held OR state = 'active'),
    CONSTRAINT subscription_format_known CHECK (format IN ('standard', 'raw')),
    CONSTRAINT subscription_max_attempts_range CHECK (max_attempts BETWEEN 1 AND 100),
    CONSTRAINT subscription_timeout_range CHECK (timeout BETWEEN '100 ms' AND '60 s'),
    CONSTRAINT subscription_retry_base_range CHECK (retry_base BETWEEN '100 ms' AND '30 d'),
    CONSTRAINT subscription_retry_factor_range CHECK (retry_factor BETWEEN 1 AND 100),
    CONSTRAINT subscription_retry_cap_range CHECK (retry_cap BETWEEN retry_base AND '30 d'),
    CONSTRAINT subscription_retry_jitter_range CHECK (retry_jitter BETWEEN 0 AND 1)
);
CREATE INDEX subscription_tenant_idx ON moai_private.subscription (tenant, id);
COMMENT ON TABLE moai_private.subscription IS 'Which endpoint receives which event types of a tenant, and how. Deleted ones stay for the history that names them.';
COMMENT ON COLUMN moai_private.subscription.held IS 'New deliveries are inserted parked.';
COMMENT ON COLUMN moai_private.subscription.secret IS 'whsec_ and the padded base64 of the HMAC key.';

CREATE TABLE moai_private.subscription_type (
    tenant text NOT NULL,
    pattern text NOT NULL,
    subscription_id uuid NOT NULL,
    CONSTRAINT subscription_type_pkey PRIMARY KEY (tenant, pattern, subscription_id)
);
COMMENT ON TABLE moai_private.subscription_type IS 'The fan-out''s index: event_types of the living subscriptions, one row each. A trigger on subscription keeps it.';

-- The queue --------------------------------------------------------------------------------------------------------------

CREATE TABLE moai_private.delivery (
    event_id uuid NOT NULL,
    subscription_id uuid NOT NULL,
    due_at timestamptz NOT NULL,
    lease_token bigint,
    attempt_no integer NOT NULL DEFAULT 0,
    tries_left integer NOT NULL,
    lapses smallint NOT NULL DEFAULT 0,
    parked boolean NOT NULL DEFAULT false,
    CONSTRAINT delivery_pkey PRIMARY KEY (event_id, subscription_id),
    CONSTRAINT delivery_attempt_no_not_negative CHECK (attempt_no >= 0),
    CONSTRAINT delivery_has_a_try_left CHECK (tries_left > 0),
    CONSTRAINT delivery_lapses_not_negative CHECK (lapses >= 0),
    CONSTRAINT delivery_not_parked_while_leased CHECK (NOT (parked AND lease_token IS NOT NULL))
) WITH (
    -- The queue swings between empty and millions within minutes: thresholds in rows, no cost delay, and no truncation,
    -- whose exclusive lock would stop the claims.
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0,
    autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 10000, vacuum_truncate = off
);
CREATE INDEX delivery_due_idx ON moai_private.delivery (due_at);
CREATE INDEX delivery_parked_idx ON moai_private.delivery (subscription_id, due_at) WHERE parked;
COMMENT ON TABLE moai_private.delivery IS 'The hot queue: unfinished deliveries only. Finished means deleted from here and told by a terminal fact.';
COMMENT ON COLUMN moai_private.delivery.due_at IS 'When to look at the row next: first try, retry, end of the lease, or end of the parking.';
COMMENT ON COLUMN moai_private.delivery.lease_token IS 'Of the claim that holds the row; completing acts only where it matches. NULL: nobody holds it.';
COMMENT ON COLUMN moai_private.delivery.attempt_no IS 'The number of the last recorded attempt. Gap-free, never reset.';
COMMENT ON COLUMN moai_private.delivery.tries_left IS 'What redriving resets.';
COMMENT ON COLUMN moai_private.delivery.lapses IS 'Leases in a row that ended without a result.';

CREATE TABLE moai_private.dead_letter (
    event_id uuid NOT NULL,
    subscription_id uuid NOT NULL,
    dead_at timestamptz NOT NULL,
    attempt_no integer NOT NULL,
    reason text NOT NULL,
    http_status integer,
    error_class text,
    error_detail text,
    CONSTRAINT dead_letter_pkey PRIMARY KEY (event_id, subscription_id),
    CONSTRAINT dead_letter_reason_known CHECK (reason IN ('exhausted', 'crash_loop'))
);
CREATE INDEX dead_letter_subscription_idx ON moai_private.dead_letter (subscription_id, event_id);
COMMENT ON TABLE moai_private.dead_letter IS 'Deliveries given up on. Kept until somebody redrives or discards them.';

-- History ----------------------------------------------------------------------------------------------------------------

CREATE TABLE moai_private.attempt (
    event_id uuid NOT NULL,
    subscription_id uuid NOT NULL,
    lease_token bigint NOT NULL,
    started_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    attempt_no integer NOT NULL,
    http_status integer,
    terminal_state moai.delivery_state,
    is_orphan boolean NOT NULL,
    error_class text,
    error_detail text,
    next_due_at timestamptz,
    worker text NOT NULL,
    remote_address text,
    dns_us integer,
    connect_us integer,
    tls_us integer,
    first_byte_us integer,
    total_us integer,
    response_bytes bigint,
    response_body bytea,
    CONSTRAINT attempt_pkey PRIMARY KEY (event_id, subscription_id, lease_token),
    CONSTRAINT attempt_terminal_state_known CHECK (terminal_state IN ('delivered', 'dead', 'cancelled')),
    CONSTRAINT attempt_orphan_decides_nothing CHECK (NOT (is_orphan AND (terminal_state IS NOT NULL OR next_due_at IS NOT NULL))),
    CONSTRAINT attempt_delivered_means_no_error CHECK (terminal_state <> 'delivered' OR error_class IS NULL)
) PARTITION BY RANGE (event_id);
COMMENT ON TABLE moai_private.attempt IS 'The delivery log: one HTTP request each. Append-only, partitioned like event.';
COMMENT ON COLUMN moai_private.attempt.terminal_state IS 'Set on the attempt that ended its delivery: this row then is the terminal fact.';
COMMENT ON COLUMN moai_private.attempt.is_orphan IS 'The result came after its lease was lost; it changed nothing.';

CREATE TABLE moai_private.attempt_held
    (LIKE moai_private.attempt INCLUDING CONSTRAINTS, CONSTRAINT attempt_held_pkey PRIMARY KEY (event_id, subscription_id, lease_token));
COMMENT ON TABLE moai_private.attempt_held IS 'Attempts of the events in event_held.';

CREATE TABLE moai_private.outcome (
    event_id uuid NOT NULL,
    subscription_id uuid NOT NULL,
    decided_at timestamptz NOT NULL,
    attempt_no integer NOT NULL,
    state moai.delivery_state NOT NULL,
    reason text NOT NULL,
    CONSTRAINT outcome_pkey PRIMARY KEY (event_id, subscription_id, decided_at),
    CONSTRAINT outcome_state_terminal CHECK (state IN ('dead', 'cancelled', 'expired', 'superseded'))
) PARTITION BY RANGE (event_id);
COMMENT ON TABLE moai_private.outcome IS 'Terminal facts that no attempt carries. Append-only, partitioned like event.';

CREATE TABLE moai_private.outcome_held
    (LIKE moai_private.outcome INCLUDING CONSTRAINTS, CONSTRAINT outcome_held_pkey PRIMARY KEY (event_id, subscription_id, decided_at));
COMMENT ON TABLE moai_private.outcome_held IS 'Outcomes of the events in event_held.';

-- One item of a batch on its way through moai_private.insert_events.
CREATE TYPE moai_private.batch_item AS (
    item integer, id uuid, duplicate boolean, type text, payload json, idempotency_key text, tenant text, idempotency_ttl interval,
    code text, message text, detail text, hint text
);
COMMENT ON TYPE moai_private.batch_item IS 'One item of a batch, from its reading to its result.';

-- One delivery that a claim has just leased.
CREATE TYPE moai_private.leased AS (
    event_id uuid, subscription_id uuid, attempt_no integer, state moai.subscription_state, lapses smallint,
    url text, format text, secret text, timeout interval
);
COMMENT ON TYPE moai_private.leased IS 'One delivery that a claim has just leased: what may keep it from being sent, and where to send it.';

CREATE TYPE moai_private.attempt_result AS ENUM ('delivered', 'failed', 'released');
COMMENT ON TYPE moai_private.attempt_result IS 'What a worker says of a claimed delivery; released means not started.';

-- What moai_private.complete decided on one result.
CREATE TYPE moai_private.verdict AS (place tid, verdict text, due_at timestamptz, attempt moai_private.attempt);
COMMENT ON TYPE moai_private.verdict IS
    'One result: the locked row of the queue it belongs to, what becomes of it (NULL: the lease was lost), and its attempt.';
