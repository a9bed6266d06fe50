#!/usr/bin/env bash
# SPDX-License-Identifier: EUPL-1.2
#
# Runs a command beside a PostgreSQL of its own: a new cluster in a folder that goes with it, on a Unix socket, under a user
# without rights. AMT_TEST_POSTGRES says how to reach it; its roles amt_owner and amt_serve own tables and serve, without more rights.
#
#   with_postgres.sh COMMAND...
set -euo pipefail

bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
if [ -z "$bin" ]; then
    echo "SKIPPED: ${1##*/} on PostgreSQL: no server is installed (package postgresql-15)"
    exit 77
fi

folder=$(mktemp -d)
as=()
if [ "$(id -u)" = 0 ]; then
    chown postgres "$folder"
    as=(runuser -u postgres --)
fi
end() {
    "${as[@]}" "$bin/pg_ctl" -D "$folder/data" -m immediate -w stop >/dev/null 2>&1 || true
    rm -rf "$folder"
}
trap end EXIT
cd "$folder"
"${as[@]}" "$bin/initdb" -D "$folder/data" -U amt --auth=peer --no-sync >"$folder.log" 2>&1 || { cat "$folder.log"; exit 1; }
rm -f "$folder.log"
# Whoever may enter the folder is the superuser of this cluster, which nothing else knows of.
echo "local all all trust" >"$folder/data/pg_hba.conf"
"${as[@]}" "$bin/pg_ctl" -D "$folder/data" -w -l "$folder/log" \
    -o "-c listen_addresses='' -c unix_socket_directories='$folder' -c fsync=${AMT_TEST_POSTGRES_FSYNC:-off} -c max_connections=50" start >/dev/null \
    || { cat "$folder/log"; exit 1; }
"${as[@]}" "$bin/psql" -h "$folder" -U amt -q -c "CREATE ROLE amt_owner LOGIN" -c "CREATE ROLE amt_serve LOGIN" postgres
cd - >/dev/null
export AMT_TEST_POSTGRES="postgresql:///postgres?host=$folder&user=amt"
"$@"
