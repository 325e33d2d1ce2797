// Starts OpenTelemetry's SDK before anything that it instruments is loaded.
const { NodeSDK } = require("@opentelemetry/sdk-node");
const { AmqplibInstrumentation } = require("@opentelemetry/instrumentation-amqplib");
const { GrpcInstrumentation } = require("@opentelemetry/instrumentation-grpc");
const { HttpInstrumentation } = require("@opentelemetry/instrumentation-http");
const { KafkaJsInstrumentation } = require("@opentelemetry/instrumentation-kafkajs");
const { UndiciInstrumentation } = require("@opentelemetry/instrumentation-undici");

const sdk = new NodeSDK({
  instrumentations: [
    new AmqplibInstrumentation(),
    new GrpcInstrumentation(),
    new HttpInstrumentation(),
    new KafkaJsInstrumentation(),
    new UndiciInstrumentation(),
  ],
});
sdk.start();
exports.shutdown = () => sdk.shutdown();
