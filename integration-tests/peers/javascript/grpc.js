// The service peer.v1.Relay. Its messages are those of the well-known type StringValue, encoded by hand.
const grpc = require("@grpc/grpc-js");

function encode(text) {
  const bytes = Buffer.from(text);
  const length = [];
  for (let left = bytes.length; ; left >>= 7) {
    length.push(left > 127 ? (left & 127) | 128 : left);
    if (left <= 127) break;
  }
  return bytes.length ? Buffer.concat([Buffer.from([10, ...length]), bytes]) : bytes;
}

function decode(message) {
  let at = 1;
  while (message[at] > 127) at += 1;
  return message.subarray(at + 1).toString();
}

const relay = {
  pass: {
    path: "/peer.v1.Relay/Pass",
    requestStream: false,
    responseStream: false,
    requestSerialize: encode,
    requestDeserialize: decode,
    responseSerialize: encode,
    responseDeserialize: decode,
  },
};
const Client = grpc.makeGenericClientConstructor(relay, "peer.v1.Relay");

exports.serve = (received) =>
  new Promise((resolve, reject) => {
    const server = new grpc.Server();
    server.addService(relay, {
      pass: (call, answer) =>
        received("grpc", (key) => call.metadata.get(key), call.request).then(() => answer(null, "relayed"), answer),
    });
    const local = grpc.ServerCredentials.createInsecure();
    server.bindAsync("127.0.0.1:0", local, (error, port) => (error ? reject(error) : resolve(port)));
  });

exports.send = ({ to }, body) =>
  new Promise((resolve, reject) => {
    const client = new Client(to, grpc.credentials.createInsecure());
    client.pass(body, (error) => {
      client.close();
      error ? reject(error) : resolve();
    });
  });
