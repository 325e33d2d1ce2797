// The server uses node:http, and the client fetch, which is undici.
const http = require("node:http");

exports.serve = (received) =>
  new Promise((resolve) => {
    const server = http.createServer(async (request, response) => {
      let body = "";
      for await (const part of request) body += part;
      await received("http", (key) => request.headersDistinct[key] ?? [], body);
      response.end("relayed");
    });
    server.listen(0, "127.0.0.1", () => resolve(server.address().port));
  });

exports.send = async ({ to }, body) => {
  const answer = await fetch(to, { method: "POST", body });
  await answer.text();
};
