#!/bin/bash
# Asks the broker at `--bootstrap-server HOST:PORT` which requests it knows; succeeds when it answers.
set -euo pipefail

[ "${1-}" = --bootstrap-server ]
exec 3<> "/dev/tcp/${2%:*}/${2##*:}"
# The request ApiVersions (18) in version 0, with the correlation id 7 and no client id.
printf '\0\0\0\012\0\022\0\0\0\0\0\007\377\377' >&3
answer=$(timeout 5 head --bytes=8 <&3 | od -An -tx1 | tr -d ' ')
[ "${answer:8}" = 00000007 ]
