#!/bin/sh
# Starts redis-server, or with options alone redis-server with these; reachable from other containers.
set -eu

if [ "${1#-}" != "$1" ]; then
    set -- redis-server "$@"
fi
if [ "$1" = redis-server ]; then
    set -- "$@" --bind 0.0.0.0 --protected-mode no
fi
exec "$@"
