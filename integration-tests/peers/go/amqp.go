package main

import (
	"context"
	"os"

	amqp "github.com/rabbitmq/amqp091-go"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/trace"
)

// The client has no instrumentation: headers and spans are made by hand, as its users do.
type table amqp.Table

func (t table) Get(key string) string {
	value, _ := t[key].(string)
	return value
}

func (t table) Set(key, value string) { t[key] = value }

func (t table) Keys() []string {
	keys := []string{}
	for key := range t {
		keys = append(keys, key)
	}
	return keys
}

func openAMQP() *amqp.Channel {
	connection, err := amqp.Dial(os.Getenv("AMQP_URL"))
	check(err)
	channel, err := connection.Channel()
	check(err)
	return channel
}

func receiveAMQP(queue string) {
	channel := openAMQP()
	_, err := channel.QueueDeclare(queue, false, false, false, false, nil)
	check(err)
	deliveries, err := channel.Consume(queue, "", false, false, false, false, nil)
	check(err)
	go func() {
		for delivery := range deliveries {
			headers := table(delivery.Headers)
			ctx := otel.GetTextMapPropagator().Extract(context.Background(), headers)
			ctx, span := otel.Tracer("peer").Start(ctx, "process "+queue, trace.WithSpanKind(trace.SpanKindConsumer))
			received(ctx, "amqp", func(key string) []string { return []string{headers.Get(key)} }, string(delivery.Body))
			check(delivery.Ack(false))
			span.End()
		}
	}()
}

func sendAMQP(ctx context.Context, to hop, body string) {
	channel := openAMQP()
	for range max(to.Count, 1) {
		ctx, span := otel.Tracer("peer").Start(ctx, "publish "+to.To, trace.WithSpanKind(trace.SpanKindProducer))
		headers := table{"tenant": "7"}
		otel.GetTextMapPropagator().Inject(ctx, headers)
		message := amqp.Publishing{Headers: amqp.Table(headers), Body: []byte(body)}
		check(channel.PublishWithContext(ctx, "", to.To, false, false, message))
		span.End()
	}
	check(channel.Close())
}
