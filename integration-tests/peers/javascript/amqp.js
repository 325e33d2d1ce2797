const amqp = require("amqplib");

exports.receive = async (queue, received) => {
  const channel = await (await amqp.connect(process.env.AMQP_URL)).createChannel();
  await channel.assertQueue(queue, { durable: false });
  await channel.consume(queue, async (delivery) => {
    const { headers } = delivery.properties;
    await received("amqp", (key) => (headers[key] ? [headers[key]] : []), delivery.content.toString());
    channel.ack(delivery);
  });
};

exports.send = async ({ to, count }, body) => {
  const connection = await amqp.connect(process.env.AMQP_URL);
  const channel = await connection.createConfirmChannel();
  for (let number = 0; number < (count || 1); number += 1) channel.sendToQueue(to, Buffer.from(body), { headers: { tenant: "7" } });
  await channel.waitForConfirms();
  await connection.close();
};
