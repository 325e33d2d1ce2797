// A peer in Go: otelhttp, otelgrpc, franz-go with kotel, amqp091-go with headers by hand, and otelsql. ../README.md says what it does.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"sync"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// A hop is one way to one receiver, with what shall be sent there.
type hop struct {
	By        string `json:"by"`
	To        string `json:"to"`
	Count     int    `json:"count"`
	Tombstone bool   `json:"tombstone"`
}

// A command comes from the test. A message between programs has its hops alone.
type command struct {
	Carrier map[string]string `json:"carrier"`
	Baggage map[string]string `json:"baggage"`
	Hops    []hop             `json:"hops"`
}

var printing sync.Mutex

func report(what map[string]any) {
	line, err := json.Marshal(what)
	check(err)
	printing.Lock()
	defer printing.Unlock()
	fmt.Println(string(line))
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// received reports what has arrived, and sends it on.
func received(ctx context.Context, by string, header func(string) []string, body string) {
	span := trace.SpanContextFromContext(ctx)
	members := map[string]string{}
	for _, member := range baggage.FromContext(ctx).Members() {
		members[member.Key()] = member.Value()
	}
	report(map[string]any{
		"received":    by,
		"traceparent": append([]string{}, header("traceparent")...),
		"tenant":      append([]string{}, header("tenant")...),
		"baggage":     members,
		"tracestate":  span.TraceState().String(),
		"trace":       span.TraceID().String(),
		"span":        span.SpanID().String(),
		"sampled":     span.IsSampled(),
		"body":        body,
	})
	var message command
	if body != "" {
		check(json.Unmarshal([]byte(body), &message))
	}
	sendTo(ctx, message.Hops)
}

// sendTo sends to the first of the hops, with the others in the body.
func sendTo(ctx context.Context, hops []hop) {
	if len(hops) == 0 {
		return
	}
	body, err := json.Marshal(command{Hops: hops[1:]})
	check(err)
	switch first := hops[0]; first.By {
	case "http":
		sendHTTP(ctx, first.To, string(body))
	case "grpc":
		sendGRPC(ctx, first.To, string(body))
	case "kafka":
		sendKafka(ctx, first, string(body))
	case "amqp":
		sendAMQP(ctx, first, string(body))
	case "sql":
		sendSQL(ctx, first.To)
	}
}

func obey(line []byte) {
	var it command
	check(json.Unmarshal(line, &it))
	ctx := otel.GetTextMapPropagator().Extract(context.Background(), propagation.MapCarrier(it.Carrier))
	bag := baggage.FromContext(ctx)
	for key, value := range it.Baggage {
		member, err := baggage.NewMemberRaw(key, value)
		check(err)
		bag, err = bag.SetMember(member)
		check(err)
	}
	sendTo(baggage.ContextWithBaggage(ctx, bag), it.Hops)
	report(map[string]any{"done": true})
}

func main() {
	ctx := context.Background()
	exporter, err := otlptracehttp.New(ctx)
	check(err)
	provider := sdk.NewTracerProvider(sdk.WithBatcher(exporter))
	otel.SetTracerProvider(provider)
	otel.SetTextMapPropagator(
		propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{}))
	ports := map[string]any{"http": serveHTTP(), "grpc": serveGRPC()}
	receiveKafka(os.Getenv("PEER_TOPIC"))
	receiveAMQP(os.Getenv("PEER_QUEUE"))
	report(ports)
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		obey(lines.Bytes())
	}
	check(provider.Shutdown(ctx))
}
