#!/usr/bin/env bash
# Start a Ray cluster on the nodes of one allocation, run one command on it, and stop what was started.
#
#   ray_cluster.sh HEAD_HOST WORKER_HOST ... -- COMMAND ...
#
# Hosts are reached through $MANYO_ON_HOST, a command that takes a host and a command line ("srun ..." under
# Slurm, "ssh" elsewhere). Every host must see this folder and the installed programs at the same paths.
# A cluster that loses a worker host continues without it. Run the same command again to finish an interrupted run.
set -euo pipefail

project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
ray=${MANYO_BIN:-$project/.venv/bin}/ray
port=${MANYO_RAY_PORT:-6379}
on_host=${MANYO_ON_HOST:-ssh}
cpus=${MANYO_CPUS_PER_NODE:-}

hosts=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do
  hosts+=("$1")
  shift
done
if [ ${#hosts[@]} -eq 0 ] || [ $# -lt 2 ]; then
  echo "usage: ray_cluster.sh HEAD_HOST WORKER_HOST ... -- COMMAND ..." >&2
  exit 2
fi
shift
head=${hosts[0]}

# A token for this run only, in a file on the shared filesystem that only its owner can read. On a command line every
# user of the node would see it.
umask 077
state=$(mktemp -d "$project/.ray-run-XXXXXX")
head -c 32 /dev/urandom | od -An -vtx1 | tr -d ' \n' >"$state/token"
export RAY_AUTH_MODE=token RAY_AUTH_TOKEN_PATH="$state/token" RAY_USAGE_STATS_ENABLED=0

pids=()
# shellcheck disable=SC2317,SC2329  # called by the traps below
stop() {
  trap - EXIT INT TERM
  # `ray start --block` stops its own processes on TERM; `ray stop` would also stop those of other users on the host.
  if [ ${#pids[@]} -gt 0 ]; then
    kill "${pids[@]}" 2>/dev/null || true
    wait "${pids[@]}" 2>/dev/null || true
  fi
  rm -rf "$state"
}
trap stop EXIT
trap 'stop; exit 143' TERM
trap 'stop; exit 130' INT

start_on() {
  local host=$1
  shift
  # $on_host holds a command and its arguments.
  # shellcheck disable=SC2086
  $on_host "$host" env RAY_AUTH_MODE=token RAY_AUTH_TOKEN_PATH="$state/token" RAY_USAGE_STATS_ENABLED=0 \
    "$ray" start --block ${cpus:+--num-cpus="$cpus"} "$@" >"$state/$host.log" 2>&1 &
  pids+=($!)
}

start_on "$head" --head --port="$port" --node-ip-address="$head" --include-dashboard=true
tries=0
until "$ray" status --address="$head:$port" >/dev/null 2>&1; do
  tries=$((tries + 1))
  if [ "$tries" -ge "${MANYO_RAY_WAIT_TRIES:-60}" ] || ! kill -0 "${pids[0]}" 2>/dev/null; then
    echo "the Ray head did not start on $head:" >&2
    tail -n 20 "$state/$head.log" >&2
    exit 1
  fi
  sleep 2
done
for host in "${hosts[@]:1}"; do
  start_on "$host" --address="$head:$port"
done

export RAY_ADDRESS="$head:$port"
cd "$project"
"$@" &
run=$!
# A scheduler sends TERM here: pass it on, so that the run ends before the cluster does.
trap 'kill -TERM "$run" 2>/dev/null; wait "$run" || true; stop; exit 143' TERM
status=0
wait "$run" || status=$?
exit "$status"
