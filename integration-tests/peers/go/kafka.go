package main

import (
	"context"
	"os"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/plugin/kotel"
)

var tracer = kotel.NewTracer()

func newKafka(options ...kgo.Opt) *kgo.Client {
	hooks := kotel.NewKotel(kotel.WithTracer(tracer)).Hooks()
	options = append(options, kgo.SeedBrokers(os.Getenv("KAFKA_BROKERS")), kgo.WithHooks(hooks...))
	client, err := kgo.NewClient(options...)
	check(err)
	return client
}

func receiveKafka(topic string) {
	client := newKafka(kgo.ConsumerGroup(topic), kgo.ConsumeTopics(topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	go func() {
		for {
			client.PollFetches(context.Background()).EachRecord(func(record *kgo.Record) {
				ctx, span := tracer.WithProcessSpan(record)
				header := func(key string) []string {
					values := []string{}
					for _, it := range record.Headers {
						if it.Key == key {
							values = append(values, string(it.Value))
						}
					}
					return values
				}
				received(ctx, "kafka", header, string(record.Value))
				span.End()
			})
		}
	}()
}

func sendKafka(ctx context.Context, to hop, body string) {
	client := newKafka()
	defer client.Close()
	for range max(to.Count, 1) {
		record := &kgo.Record{Topic: to.To, Key: []byte("4711"), Value: []byte(body)}
		record.Headers = []kgo.RecordHeader{{Key: "tenant", Value: []byte("7")}, {Key: "tenant", Value: []byte("8")}}
		if to.Tombstone {
			record.Value = nil
		}
		check(client.ProduceSync(ctx, record).FirstErr())
	}
}
