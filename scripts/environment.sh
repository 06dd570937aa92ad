# Sourced by the scripts of this folder: where the checkout lies, a known environment (ours may be empty), and how
# they speak. Sets `root`; changes no directory.
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)

# The system's own tools first: scripts/setup installs them, and they are the versions that moai is built with.
export PATH="/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin${PATH:+:$PATH}"
if [[ -z ${HOME:-} ]]; then
    HOME=$(getent passwd "$(id -u)" | cut -d: -f6)
    export HOME
fi
# Tools that format, sort or compare must not depend on the caller's language.
export LC_ALL=C.UTF-8
# One cache serves every clone, wherever it lies.
export CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1

say() { printf '==> %s\n' "$*"; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# Our own C++ files, one a line: the ones git knows or would add, so that build folders are left out.
cpp_files() {
    git -c safe.directory='*' -C "$root" ls-files --cached --others --exclude-standard -- \
        'src/**.cpp' 'src/**.hpp' 'tests/cpp/**.cpp' 'tests/cpp/**.hpp' 'bench/**.cpp' 'bench/**.hpp' | sort -u |
        while IFS= read -r file; do [[ -e $root/$file ]] && printf '%s\n' "$file"; done || true
}

# The build folder of a preset of CMakePresets.json, from the root.
folder_of() { [[ $1 == release ]] && echo build || echo "build-$1"; }

# configure <preset> <cmake arguments...>: generates the folder's build files, quietly when all is well.
configure() {
    local log
    mkdir -p "$root/$(folder_of "$1")"
    log=$root/$(folder_of "$1")/configure.log
    if ! cmake -S "$root" --preset "$@" >"$log" 2>&1; then
        cat "$log" >&2
        return 1
    fi
}

# Makes the throw-away cluster of scripts/with-cluster the default of psql, pg_dump and pg_prove, as its superuser.
use_cluster() {
    [[ -n ${MOAI_TEST_CLUSTER_URL:-} ]] || die "run this by scripts/with-cluster"
    PGHOST=${MOAI_TEST_CLUSTER_URL#*host=}
    export PGHOST=${PGHOST%%&*} PGPORT=5432 PGUSER=postgres
}
