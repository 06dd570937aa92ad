-- The tables of an imagined application. The publishers write to users, the receivers to the other two.
CREATE TABLE users (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- Checked at COMMIT: a second Ada fails after her event was published, and nobody hears of it.
    name text NOT NULL UNIQUE DEFERRABLE INITIALLY DEFERRED
);

CREATE TABLE webhook_seen (
    webhook_id text,
    subscription_id text,
    seen_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (webhook_id, subscription_id)
);

CREATE TABLE welcome_letter (user_id text NOT NULL);
