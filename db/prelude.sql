-- What every installation starts with: fit server, one installer at a time, roles, schemas, ledger.
-- Ends as the schemas' owner (SET LOCAL ROLE), so that everything made afterwards belongs to it.

SET LOCAL client_min_messages = warning;
SET LOCAL standard_conforming_strings = on;

DO $$
BEGIN
    IF current_setting('server_version_num')::integer < 150000 THEN
        RAISE EXCEPTION 'PostgreSQL % is too old for moai', current_setting('server_version')
            USING ERRCODE = 'MO422', HINT = 'Use PostgreSQL 15 or newer.';
    END IF;
    IF current_setting('server_encoding') <> 'UTF8' THEN
        RAISE EXCEPTION 'the encoding of database "%" is %, moai needs UTF8', current_database(), current_setting('server_encoding')
            USING ERRCODE = 'MO422', HINT = 'CREATE DATABASE name ENCODING ''UTF8'' TEMPLATE template0 makes one that fits.';
    END IF;
    IF current_setting('transaction_read_only')::boolean THEN
        RAISE EXCEPTION 'this server is a read-only standby' USING ERRCODE = '25006', HINT = 'Install on the primary.';
    END IF;
END
$$;

-- One installer at a time in this database. The two-integer form with moai's own class keeps clear of an application's keys.
SELECT pg_advisory_xact_lock(1836016996, 0);

-- Roles belong to the whole cluster while the lock above is this database's: installers of other databases run at the same time,
-- so every step takes "somebody else has just done it" for done, and repeats what collided.
DO $$
DECLARE
    _purpose record;
BEGIN
    FOR _purpose IN
        SELECT * FROM (VALUES
            ('moai_owner', 'Owns every object of moai. Nobody logs in as it.'),
            ('moai_publisher', 'May publish events (moai.publish and its relatives).'),
            ('moai_operator', 'May manage subscriptions, deliveries and dead letters.'),
            ('moai_reader', 'May read the views of schema moai.'),
            ('moai_worker', 'May claim and complete deliveries of every tenant.'),
            ('moai_api', 'May call what the REST API calls (schema moai_rest).')
        ) AS purpose(role_name, sentence)
    LOOP
        IF to_regrole(_purpose.role_name) IS NULL THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', _purpose.role_name);
                EXECUTE format('COMMENT ON ROLE %I IS %L', _purpose.role_name, _purpose.sentence);
            EXCEPTION
                WHEN duplicate_object OR unique_violation THEN NULL;
                WHEN insufficient_privilege THEN
                    RAISE WARNING 'role % cannot be created: tenancy stays off', _purpose.role_name
                        USING HINT = 'Install as a role with CREATEROLE to have one wall per tenant.';
                    EXIT;
            END;
        END IF;
    END LOOP;
END
$$;

DO $$
DECLARE
    _owner name := (SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = 'moai_private');
    -- From 16 on who creates a role is its member with the right to grant it, not yet with the right to become it.
    _become text := CASE WHEN current_setting('server_version_num')::integer >= 160000 THEN 'SET' ELSE 'MEMBER' END;
BEGIN
    IF _owner IS NULL THEN
        _owner := current_user;
        IF to_regrole('moai_owner') IS NOT NULL THEN
            FOR _try IN 1..20 LOOP
                EXIT WHEN pg_has_role(current_user, 'moai_owner', _become);
                BEGIN
                    EXECUTE format('GRANT moai_owner TO %I', current_user);
                EXCEPTION
                    WHEN insufficient_privilege THEN
                        RAISE WARNING 'role % is no member of moai_owner: tenancy stays off', current_user
                            USING HINT = format('GRANT moai_owner TO %I, by a role that may, before the first installation.', current_user);
                        EXIT;
                    WHEN unique_violation OR internal_error THEN NULL;  -- "tuple concurrently updated"
                END;
            END LOOP;
            IF pg_has_role(current_user, 'moai_owner', _become) THEN
                _owner := 'moai_owner';
            END IF;
        END IF;
        EXECUTE format('CREATE SCHEMA moai AUTHORIZATION %I', _owner);
        EXECUTE format('CREATE SCHEMA moai_rest AUTHORIZATION %I', _owner);
        EXECUTE format('CREATE SCHEMA moai_private AUTHORIZATION %I', _owner);
    ELSIF NOT pg_has_role(current_user, _owner, _become) THEN
        RAISE EXCEPTION 'moai is installed here and belongs to %, of which % is no member', _owner, current_user
            USING ERRCODE = '42501', HINT = format('GRANT %I TO %I, or install as another role.', _owner, current_user);
    END IF;
    EXECUTE format('SET LOCAL ROLE %I', _owner);
END
$$;

COMMENT ON SCHEMA moai IS 'moai''s contract: the functions to call and the views to read. Everything else is private.';
COMMENT ON SCHEMA moai_rest IS 'What the REST API calls: one function for each route, JSON in, JSON out.';
COMMENT ON SCHEMA moai_private IS 'moai''s tables and internals: they change without notice.';

CREATE TABLE IF NOT EXISTS moai_private.migration (
    name text PRIMARY KEY,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE moai_private.migration IS 'The migrations that this database has had.';
