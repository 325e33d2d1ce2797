// A peer in JavaScript: instrumentation-http, -undici, -grpc, -kafkajs and -amqplib. ../README.md says what it does.
const tracing = require("./tracing");
const { context, propagation, trace } = require("@opentelemetry/api");
const readline = require("node:readline");
const http = require("./http");
const grpc = require("./grpc");
const kafka = require("./kafka");
const amqp = require("./amqp");

const senders = { http: http.send, grpc: grpc.send, kafka: kafka.send, amqp: amqp.send };

function report(what) {
  console.log(JSON.stringify(what));
}

/** Sends to the first of the hops, with the others in the body. */
async function sendTo([first, ...hops]) {
  if (first) await senders[first.by](first, JSON.stringify({ hops }));
}

/** Reports what has arrived, and sends it on. `header` returns all values of a header. */
async function received(by, header, body) {
  const span = trace.getSpanContext(context.active()) ?? {};
  const members = propagation.getBaggage(context.active())?.getAllEntries() ?? [];
  report({
    received: by,
    traceparent: header("traceparent"),
    tenant: header("tenant"),
    baggage: Object.fromEntries(members.map(([key, { value }]) => [key, value])),
    tracestate: span.traceState?.serialize() ?? "",
    trace: span.traceId,
    span: span.spanId,
    sampled: (span.traceFlags & 1) === 1,
    body,
  });
  if (body) await sendTo(JSON.parse(body).hops ?? []);
}

async function obey(line) {
  const { carrier = {}, baggage = {}, hops } = JSON.parse(line);
  let parent = propagation.extract(context.active(), carrier);
  let members = propagation.getBaggage(parent) ?? propagation.createBaggage();
  for (const [key, value] of Object.entries(baggage)) members = members.setEntry(key, { value });
  await context.with(propagation.setBaggage(parent, members), () => sendTo(hops));
  report({ done: true });
}

async function main() {
  const ports = { http: await http.serve(received), grpc: await grpc.serve(received) };
  await kafka.receive(process.env.PEER_TOPIC, received);
  await amqp.receive(process.env.PEER_QUEUE, received);
  report(ports);
  for await (const line of readline.createInterface({ input: process.stdin })) await obey(line);
  await tracing.shutdown();
  process.exit(0);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
