#!/bin/bash
# Starts the broker on the first address of KAFKA_ADVERTISED_LISTENERS: it advertises the address that it binds.
set -euo pipefail

listener=${KAFKA_ADVERTISED_LISTENERS:-PLAINTEXT://$HOSTNAME:9092}
address=${listener%%,*}
address=${address#*://}
exec /opt/kafka/noida-db start --only kafka --host "${address%:*}" --kafka-port "${address##*:}" \
    --data-dir "${KAFKA_LOG_DIRS:-/var/lib/kafka/data}"
