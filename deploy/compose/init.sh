#!/bin/sh
# Makes .env and the secrets that compose.yaml wants. What is there already stays.
set -eu
cd "$(dirname "$0")"
umask 022
[ -e .env ] || cp env.example .env
# Containers read the files under users of their own; on this machine the directory keeps everybody else out.
mkdir -p secrets
chmod 700 secrets

random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
put() { [ -e "secrets/$1" ] || printf '%s' "$2" >"secrets/$1"; }

put postgres_password "$(random)"
put database_url "postgres://aaas:$(cat secrets/postgres_password)@postgres:5432/aaas"
put api_key "aaas_$(random)"
# Empty: the simulator answers. Put the provider's key here, then: docker compose up -d --force-recreate platform
put anthropic_api_key ""
echo "Secrets are in $PWD/secrets; the admin key is the one in api_key."
