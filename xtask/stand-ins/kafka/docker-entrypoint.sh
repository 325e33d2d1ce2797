#!/bin/bash
# Starts Apache Kafka with the settings in the environment, as the public image does: KAFKA_LOG_DIRS is log.dirs.
set -euo pipefail

settings=/tmp/server.properties
: > "$settings"
for name in ${!KAFKA_@}; do
    # These are for the Java machine.
    case $name in KAFKA_HEAP_OPTS | KAFKA_OPTS | KAFKA_JVM_PERFORMANCE_OPTS) continue ;; esac
    key=${name#KAFKA_}
    key=${key//___/-}
    key=${key//__/%}
    key=${key//_/.}
    key=${key//%/_}
    echo "${key,,}=${!name}" >> "$settings"
done

java=(java ${KAFKA_HEAP_OPTS:--Xmx512m} ${KAFKA_OPTS-} -XX:+UseSerialGC -cp '/opt/kafka/libs/*')
cluster=${CLUSTER_ID:-5L6g3nShT-eMCtK--X86sw}
"${java[@]}" kafka.tools.StorageTool format --ignore-formatted -t "$cluster" -c "$settings"
exec "${java[@]}" kafka.Kafka "$settings"
