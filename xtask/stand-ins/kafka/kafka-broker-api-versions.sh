#!/bin/bash
# Kafka's own tool: asks the broker at `--bootstrap-server HOST:PORT` which requests it knows.
exec java -Xmx128m -XX:TieredStopAtLevel=1 -cp '/opt/kafka/libs/*' org.apache.kafka.tools.BrokerApiVersionsCommand "$@"
