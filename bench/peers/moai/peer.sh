#!/usr/bin/env bash
# moai in a side-by-side comparison of delivery systems: what the harness asks of every system, by verb.
# In the environment: DATABASE_URL and PG* (an empty database), API_PORT, PEER_RUN (for logs and pid files), BENCH_WORK
# (where to build), PAYLOAD_PAD. MOAI_BINARY names a binary to use instead of building one.
set -euo pipefail
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../../.." && pwd)
work=$BENCH_WORK/nm/moai
moai=${MOAI_BINARY:-$work/build/moai}

run_sql() { psql -X -q -v ON_ERROR_STOP=1 "$DATABASE_URL" "$@" >/dev/null; }

# start ROLE ARGUMENT...: moai in the background, its pid in $PEER_RUN/ROLE.pid
start() {
    local role=$1
    shift
    setsid "$moai" "$@" --database-url "$DATABASE_URL" >"$PEER_RUN/$role.log" 2>&1 </dev/null &
    echo $! >"$PEER_RUN/$role.pid"
}

wait_ready() {
    for _ in $(seq 200); do
        curl -fs -o /dev/null "http://127.0.0.1:$API_PORT/health/ready" && return 0
        sleep 0.05
    done
    tail -n 20 "$PEER_RUN/api.log" >&2
    return 1
}

stop() {
    local role pid
    for role in worker api; do
        [[ -f $PEER_RUN/$role.pid ]] || continue
        pid=$(<"$PEER_RUN/$role.pid")
        rm -f "$PEER_RUN/$role.pid"
        kill -TERM "$pid" 2>/dev/null || continue
        for _ in $(seq 100); do
            kill -0 "$pid" 2>/dev/null || continue 2
            sleep 0.05
        done
        kill -KILL "$pid" 2>/dev/null || true
    done
}

case ${1:-} in
    install)
        mkdir -p "$work"
        if [[ -z ${MOAI_BINARY:-} ]]; then
            cmake -S "$root" -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=Release
            cmake --build "$work/build" --target moai
        fi
        ;;
    version) "$moai" version ;;
    migrate) "$moai" migrate --database-url "$DATABASE_URL" >/dev/null ;;
    subscribe)
        run_sql -v url="$2" -v count="$3" <<<"SELECT moai.create_subscription(:'url' || '/' || n, ARRAY['bench']) FROM generate_series(0, :count - 1) AS n"
        ;;
    preload)
        run_sql -v count="$2" -v pad="$PAYLOAD_PAD" <<'SQL'
SELECT moai.publish_batch((
    SELECT json_agg(json_build_object('type', 'bench', 'payload', json_build_object('seq', n, 'sent_at_ns', 0, 'pad', :'pad')))
    FROM generate_series(first, least(first + 999, :count)) AS n))
FROM generate_series(1, :count, 1000) AS first;
SQL
        ;;
    start-api)
        start api serve --listen "127.0.0.1:$API_PORT"
        wait_ready
        ;;
    start-worker) start worker work --egress-allow 127.0.0.1 ;;
    stop) stop ;;
    *)
        echo "unknown verb ${1:-}" >&2
        exit 2
        ;;
esac
