#!/usr/bin/env bash
# SPDX-License-Identifier: EUPL-1.2
#
# PostgreSQL 15 with Patroni and etcd on three nodes, each in a network namespace of its own with processes of its own: what a
# region runs on three machines, on one, to be broken. As root. README.md says what a region does otherwise.
#
#   cluster.sh up DIR           starts it, waits for a primary with a synchronous standby, makes role and database
#   cluster.sh url DIR          the database as amt-gateway takes it; PGPASSFILE=DIR/passwords
#   cluster.sh front DIR CMD    runs a command where the gateways stand
#   cluster.sh primary DIR      number of the node that takes writes
#   cluster.sh kill DIR N       every process of a node dies (kill -9), as by a power cut
#   cluster.sh crash DIR N      only its PostgreSQL dies
#   cluster.sh start DIR N      a dead node comes back
#   cluster.sh cut DIR N        its network cable is out; heal puts it in again
#   cluster.sh split DIR N      it reaches neither of the others, while the gateways still reach it; heal ends that, too
#   cluster.sh heal DIR N
#   cluster.sh state DIR        what Patroni says of all
#   cluster.sh down DIR         ends everything and removes DIR
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
self=$here/$(basename "$0")
command=${1:-}
[ $# -ge 2 ] || { sed -n '6,17s/^# *//p' "$self"; exit 64; }
dir=$(realpath -m "$2")
shift 2

nodes=(1 2 3)
subnet=10.77.0
[ ! -f "$dir/tag" ] || tag=$(<"$dir/tag")
: "${tag:=amt$$}" # several clusters may run beside each other
bin=$(ls -d /usr/lib/postgresql/15/bin 2>/dev/null || true)

fail() { printf 'cluster: %s\n' "$*" >&2; exit 1; }
in_node() { local n=$1; shift; ip netns exec "$tag-pg$n" "$@"; }
in_front() { ip netns exec "$tag-front" "$@"; }
address() { printf '%s.1%s' "$subnet" "$1"; }

# until_true SECONDS WHAT COMMAND...
until_true() {
    local seconds=$1 what=$2
    shift 2
    for _ in $(seq $((seconds * 4))); do
        "$@" >/dev/null 2>&1 && return 0
        sleep 0.25
    done
    fail "$what: not within $seconds s; see $dir"
}

# A cable from the switch to a namespace of its own.
plug() {
    local name=$1 ip=$2
    ip netns add "$tag-$name"
    ip -n "$tag-switch" link add "to-$name" type veth peer name eth0 netns "$tag-$name"
    ip -n "$tag-switch" link set "to-$name" master switch up
    ip -n "$tag-$name" link set lo up
    ip -n "$tag-$name" link set eth0 up
    ip -n "$tag-$name" address add "$ip/24" dev eth0
}

configure() {
    local n=$1 peers='' each
    for each in "${nodes[@]}"; do peers+="${peers:+,}n$each=http://$(address "$each"):2380"; done
    mkdir -p "$dir/n$n"
    printf '%s' "$peers" >"$dir/n$n/peers"
    sed -e "s|@NAME@|n$n|g" -e "s|@ADDRESS@|$(address "$n")|g" -e "s|@DATA@|$dir/n$n/data|g" -e "s|@BIN@|$bin|g" \
        -e "s|@FOLDER@|$dir/n$n|g" -e "s|@SUBNET@|$subnet|g" -e "s|@PASSWORD@|$(<"$dir/secret")|g" "$here/patroni.yml" >"$dir/n$n/patroni.yml"
    chown -R postgres "$dir/n$n"
    chmod 700 "$dir/n$n"
}

start_node() {
    local n=$1 me
    me=$(address "$n")
    # A session of its own: it outlives this script.
    setsid ip netns exec "$tag-pg$n" runuser -u postgres -- etcd --name "n$n" --data-dir "$dir/n$n/etcd" \
        --listen-peer-urls "http://$me:2380" --initial-advertise-peer-urls "http://$me:2380" \
        --listen-client-urls "http://$me:2379" --advertise-client-urls "http://$me:2379" \
        --initial-cluster "$(<"$dir/n$n/peers")" --initial-cluster-state new --initial-cluster-token amtsstube \
        --enable-v2 --pre-vote --heartbeat-interval 100 --election-timeout 1000 </dev/null >>"$dir/n$n/etcd.log" 2>&1 &
    setsid ip netns exec "$tag-pg$n" runuser -u postgres -- patroni "$dir/n$n/patroni.yml" </dev/null >>"$dir/n$n/patroni.log" 2>&1 &
}

# Patroni's own word, asked from where the gateways stand; 200 from the one that takes writes.
is_primary() { in_front python3 -c 'import sys, urllib.request; urllib.request.urlopen("http://" + sys.argv[1] + ":8008/primary", timeout=1)' "$(address "$1")" 2>/dev/null; }
primary() {
    local n
    for n in "${nodes[@]}"; do
        if is_primary "$n"; then printf '%s\n' "$n"; return 0; fi
    done
    return 1
}
ask() { in_front env PGPASSFILE="$dir/passwords" PGCONNECT_TIMEOUT=3 psql -qAtX "$(url postgres postgres)" -c "$1"; }
has_standby() { [ -n "$(ask "SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'")" ]; }
has_two_standbys() { [ "$(ask 'SELECT count(*) FROM pg_stat_replication')" = 2 ]; }

url() {
    local hosts='' n
    for n in "${nodes[@]}"; do hosts+="${hosts:+,}$(address "$n")"; done
    printf 'postgresql://%s@%s/%s?target_session_attrs=read-write' "${2:-amt}" "$hosts" "${1:-amtsstube}"
}

end_namespace() {
    local pids
    pids=$(ip netns pids "$1" 2>/dev/null || true)
    # shellcheck disable=SC2086 # numbers
    [ -z "$pids" ] || kill -KILL $pids 2>/dev/null || true
}

case $command in
up)
    [ "$(id -u)" = 0 ] || fail "needs root, for network namespaces"
    [ -n "$bin" ] && command -v patroni >/dev/null && command -v etcd >/dev/null || fail "needs postgresql-15, patroni, etcd-server"
    [ ! -e "$dir/tag" ] || fail "$dir has a cluster already"
    mkdir -p "$dir"
    chmod 711 "$dir"
    printf '%s' "$tag" >"$dir/tag"
    (umask 077; head -c 24 /dev/urandom | base64 | tr -d '+/=\n' >"$dir/secret"; printf '*:*:*:*:%s\n' "$(<"$dir/secret")" >"$dir/passwords")
    ip netns add "$tag-switch"
    ip -n "$tag-switch" link add switch type bridge
    ip -n "$tag-switch" link set switch up
    plug front "$subnet.1"
    for n in "${nodes[@]}"; do
        plug "pg$n" "$(address "$n")"
        configure "$n"
    done
    for n in "${nodes[@]}"; do start_node "$n"; done
    until_true 60 "a primary" primary
    until_true 60 "a synchronous standby" has_standby
    until_true 60 "two standbys" has_two_standbys
    ask "CREATE ROLE amt LOGIN PASSWORD '$(<"$dir/secret")'"
    ask "CREATE DATABASE amtsstube OWNER amt"
    ;;
url) url ;;
front) in_front env PGPASSFILE="$dir/passwords" "$@" ;;
primary) primary ;;
kill) end_namespace "$tag-pg$1" ;;
crash) kill -KILL "$(head -1 "$dir/n$1/data/postmaster.pid")" ;;
start) start_node "$1" ;;
cut) ip -n "$tag-switch" link set "to-pg$1" down ;;
split)
    for n in "${nodes[@]}"; do
        [ "$n" = "$1" ] || ip -n "$tag-pg$1" route add blackhole "$(address "$n")/32"
    done
    ;;
heal)
    ip -n "$tag-switch" link set "to-pg$1" up
    for n in "${nodes[@]}"; do ip -n "$tag-pg$1" route del blackhole "$(address "$n")/32" 2>/dev/null || true; done
    ;;
whole) until_true "${1:-60}" "two standbys" has_two_standbys && until_true 30 "a synchronous standby" has_standby ;;
state) in_node "$(primary || echo 1)" runuser -u postgres -- patronictl -c "$dir/n1/patroni.yml" list ;;
down)
    for n in "${nodes[@]}"; do end_namespace "$tag-pg$n"; done
    end_namespace "$tag-front"
    for name in front pg1 pg2 pg3 switch; do ip netns del "$tag-$name" 2>/dev/null || true; done
    rm -rf "$dir"
    ;;
*) fail "no such command: $command" ;;
esac
