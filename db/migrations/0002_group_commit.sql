-- Functions whose arguments have changed: replacing them would leave the old ones beside the new.
DROP FUNCTION IF EXISTS moai_private.insert_events(json, boolean, timestamptz);
DROP FUNCTION IF EXISTS moai_private.read_batch_item(json, integer, boolean);
