BEGIN;
WITH created AS (INSERT INTO users (name) VALUES (:'name') RETURNING id)
SELECT moai.publish('user.created', json_build_object('userId', id)) FROM created;
COMMIT;
