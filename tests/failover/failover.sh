#!/usr/bin/env bash
# SPDX-License-Identifier: EUPL-1.2
#
# Three gateways before PostgreSQL under Patroni, load by real carriers, and then things break. Ends with 1 when an
# acknowledged submission is lost or doubled, or when nothing was stored for longer than 30 s.
#
#   failover.sh BIN [--short] [amt-fleet failover's options]
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
cluster=$here/../../config/gateway/cluster.sh
bin=$(readlink -f "$1")
shift
short=''
if [ "${1:-}" = --short ]; then short=1; shift; fi

skip() { echo "SKIPPED: failover: $*"; exit 77; }
[ "$(id -u)" = 0 ] || skip "needs root, for network namespaces"
command -v ip >/dev/null || skip "needs ip (package iproute2)"
command -v patroni >/dev/null && command -v etcd >/dev/null || skip "no Patroni or etcd is installed (packages patroni, etcd-server)"
probe=amtprobe$$
if ! { ip netns add "$probe" && ip -n "$probe" link add v0 type veth peer name v1; } 2>/dev/null; then
    ip netns del "$probe" 2>/dev/null || true
    skip "network namespaces are not allowed here"
fi
ip netns del "$probe"

dir=$(mktemp -d)
end() {
    local status=$?
    trap - EXIT INT TERM
    if [ "$status" != 0 ] && [ -n "${AMT_FAILOVER_KEEP:-}" ]; then (cd "$dir" && cp --parents cluster/n?/*.log gateways/*.log "$AMT_FAILOVER_KEEP") || true; fi
    "$cluster" down "$dir/cluster" >/dev/null 2>&1 || true
    rm -rf "$dir"
    exit "$status"
}
trap end EXIT
trap 'exit 130' INT TERM
chmod 711 "$dir"
"$cluster" up "$dir/cluster"

# Who is primary is asked when the step begins; the next step mends what this one broke.
broken=$dir/broken
break_primary() { printf '%s=n=$(%q primary %q) && echo $n >%q && exec %q %s %q $n' "$1" "$cluster" "$dir/cluster" "$broken" "$cluster" "$2" "$dir/cluster"; }
mend() { printf '%s=exec %q %s %q $(cat %q)' "$1" "$cluster" "$2" "$dir/cluster" "$broken"; }
steps=(--step "$(break_primary "primary killed" kill)" --step "$(mend "and back" start)")
if [ -n "$short" ]; then
    steps=(--between 25 "${steps[@]}")
else
    steps+=(--step "$(break_primary "primary's cable out" cut)" --step "$(mend "and in again" heal)"
        --step "$(break_primary "primary cut off by its peers" split)" --step "$(mend "and healed" heal)"
        --step "$(break_primary "PostgreSQL crashes" crash)")
fi
steps+=(--step "a gateway killed=@kill-gateway")
[ -n "$short" ] || steps+=(--step "and started=@start-gateway")

"$cluster" front "$dir/cluster" bash -c 'ulimit -n "$(ulimit -Hn)"; exec "$@"' - \
    "$bin/amt-fleet" failover --program "$bin/amt-gateway" --state "$dir/gateways" --database "$("$cluster" url "$dir/cluster")" \
    --gateways 3 --workers 4 --nodes 60 --towns 12 --attachments 1 --bytes 4096 --ask-node 2 --retry-max 20 --look-max 20 --drain-max 180 --pause-max 30 "${steps[@]}" "$@"
