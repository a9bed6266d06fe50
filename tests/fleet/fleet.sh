#!/usr/bin/env bash
# SPDX-License-Identifier: EUPL-1.2
#
# amt-fleet with real gateways before a PostgreSQL of its own, all in folders that go with it.
#
#   fleet.sh BIN [amt-fleet day's options]
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
bin=$(readlink -f "$1")
shift
if [ -z "${AMT_TEST_POSTGRES:-}" ]; then
    AMT_TEST_POSTGRES_FSYNC=on exec "$here/../gateway/with_postgres.sh" "$here/fleet.sh" "$bin" "$@"
fi
state=$(mktemp -d)
trap 'rm -rf "$state"' EXIT
ulimit -n "$(ulimit -Hn)"
"$bin/amt-fleet" day --program "$bin/amt-gateway" --state "$state" --database "$AMT_TEST_POSTGRES" "$@"
