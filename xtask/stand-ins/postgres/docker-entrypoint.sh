#!/bin/bash
# Makes the database that POSTGRES_USER, POSTGRES_PASSWORD and POSTGRES_DB describe unless it is there, then starts the server.
set -euo pipefail

if [ "${1#-}" != "$1" ]; then
    set -- postgres "$@"
fi
if [ "$(id -u)" = 0 ]; then
    mkdir -p "$PGDATA"
    chown -R postgres: "$PGDATA"
    chmod 700 "$PGDATA"
    exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
fi

if [ ! -s "$PGDATA/PG_VERSION" ]; then
    user=${POSTGRES_USER:-postgres}
    database=${POSTGRES_DB:-$user}
    initdb --username="$user" --pwfile=<(printf '%s\n' "${POSTGRES_PASSWORD:?must be set}") \
        --auth-local=trust --auth-host=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8
    echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"
    if [ "$database" != postgres ]; then
        postgres --single -j -D "$PGDATA" postgres <<< "CREATE DATABASE \"$database\""
    fi
fi
exec "$@" -c listen_addresses='*'
