#!/usr/bin/env bash
# SPDX-License-Identifier: EUPL-1.2
#
# Has spin search the model of the quota protocol: what must hold holds, and each control is refuted.
#
#   run.sh [--large]      --large: J=3 G=2 and J=3 G=2 with restore as well (memory: some GiB)
set -euo pipefail

if ! command -v spin >/dev/null; then
    echo "SKIPPED: model_escrow: no model checker is installed (package spin)"
    exit 77
fi
model=$(cd "$(dirname "$0")" && pwd)/escrow.pml
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
status=0

# search NAME EXPECTED DEFINES [PAN'S DEFINES] [PAN'S OPTIONS]; EXPECTED: holds or refuted
search() {
    local name=$1 expected=$2 defines=$3 compile=${4:--DSAFETY} options=${5:--E} found states
    rm -f pan.* ./*.trail pan
    # shellcheck disable=SC2086
    spin -a $defines "$model" >spin.log 2>&1 || { cat spin.log; echo "FAILED: $name: spin"; status=1; return; }
    # shellcheck disable=SC2086
    cc -O2 -w $compile -DMEMLIM=6000 -o pan pan.c
    # shellcheck disable=SC2086
    ./pan $options -m1000000 -w26 >pan.log 2>&1 || true
    states=$(sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' pan.log)
    if grep -q "max search depth too small\|out of memory\|memory limit" pan.log; then
        found=incomplete
    elif grep -q "errors: 0" pan.log; then
        found=holds
    else
        found=refuted
    fi
    if [ "$found" = "$expected" ]; then
        echo "$name: $found${states:+, $states states}"
    else
        echo "FAILED: $name: $found, expected $expected"
        tail -20 pan.log
        status=1
    fi
}

search "safety, J=2 G=2" holds ""
search "safety with tombstones, J=2 G=1" holds "-DTOMBSTONE -DG=1"
search "safety with a restore, J=2 G=2" holds "-DRESTORE"
search "liveness, J=2 G=2, fair" holds "-DLIVE" "-DNFAIR=9" "-a -f -N reported"
search "liveness, unfair" refuted "-DLIVE" "" "-a -N reported"
for control in TIMEOUT_RECLAIM CONFIRM_FIRST NO_DEDUP NO_GRANT_SEQUENCE NO_BOOKING_ID; do
    search "without a rule: $control" refuted "-D$control"
done
# Book, cancel, and book once more: three records.
search "without a rule: REUSE_CANCELLED" refuted "-DREUSE_CANCELLED -DJ=3"
for control in RESTORE_KEEPS_LEASES FREE_ON_RESTORE; do
    search "without a rule: $control" refuted "-DRESTORE -D$control"
done
if [ "${1:-}" = --large ]; then
    search "safety, J=3 G=2" holds "-DJ=3"
    search "safety with tombstones, J=2 G=2" holds "-DTOMBSTONE"
    search "safety with a restore, J=3 G=2" holds "-DRESTORE -DJ=3"
fi
exit $status
