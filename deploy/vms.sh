#!/usr/bin/env bash
# Machines that ssh reaches, with this folder at the same path on each (NFS, or rsync beforehand).
#
#   CONFIG=configs/web.toml deploy/vms.sh HEAD_HOST WORKER_HOST ...
set -euo pipefail
: "${CONFIG:?give a configuration: CONFIG=FILE deploy/vms.sh HOST ...}"
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export MANYO_ON_HOST="${MANYO_ON_HOST:-ssh -o BatchMode=yes}"
exec deploy/ray_cluster.sh "$@" -- \
  "${MANYO_BIN:-.venv/bin}/manyo" run --executor ray --config "$CONFIG" ${OUT:+--out "$OUT"}
