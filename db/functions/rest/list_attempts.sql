CREATE OR REPLACE FUNCTION moai_rest.list_attempts(id text, query text, OUT status integer, OUT body text)
    LANGUAGE plpgsql
    STABLE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_custom_plan  -- with the keys in the plan, only their partitions are opened
    SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    _query json := moai_private.read_query(list_attempts.query, ARRAY['limit', 'cursor']);
    _limit integer := moai_private.read_limit(_query);
    _cursor text := moai_private.read_cursor(_query, '[0-9]{1,9}_-?[0-9]{1,19}');
    _delivery moai.delivery := moai_private.find_delivery(list_attempts.id);
    _items text[];
    _keys text[];
BEGIN
    SELECT array_agg(moai_private.attempt_json(ROW(a.*)::moai.attempt)::text ORDER BY a.attempt_no DESC, a.lease_token DESC),
           array_agg(a.attempt_no || '_' || a.lease_token ORDER BY a.attempt_no DESC, a.lease_token DESC)
    INTO _items, _keys
    FROM (
        SELECT a.* FROM moai.attempt AS a
        WHERE a.event_id = _delivery.event_id AND a.subscription_id = _delivery.subscription_id
          AND (_cursor IS NULL OR (a.attempt_no, a.lease_token) < (split_part(_cursor, '_', 1)::integer, split_part(_cursor, '_', 2)::bigint))
        ORDER BY a.attempt_no DESC, a.lease_token DESC
        LIMIT _limit + 1
    ) AS a;
    list_attempts.status := 200;
    list_attempts.body := moai_private.page(_items, _keys, _limit, NULL);
END
$$;
COMMENT ON FUNCTION moai_rest.list_attempts IS
$$GET /deliveries/{id}/attempts. query: {"limit" (1 to 100, 50 unless given), "cursor" ("next" of the page before)}, optional strings.
200 {"items":[{"delivery_id","attempt_no","started_at","recorded_at","terminal_state","is_orphan","http_status","error_class","error_detail",
"next_due_at","worker","url","remote_address","signed_with":["key_id",…],"dns_us","connect_us","tls_us","first_byte_us","total_us",
"response_headers":["name: value",…],"response_bytes","response_body","response_body_base64"}],"next"}, latest first. Of the response and of its
headers up to 4 KiB; a body that is not UTF-8 is told as base64 instead. Raises MO404, MO422.$$;
