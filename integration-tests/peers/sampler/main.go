// A service in Go that asks a sampling endpoint for its rate, as Jaeger's clients do. It prints how many of 1,000 traces it
// would sample, again and again: `peer URL SERVICE`.
package main

import (
	"crypto/rand"
	"fmt"
	"os"
	"time"

	"go.opentelemetry.io/contrib/samplers/jaegerremote"
	"go.opentelemetry.io/otel/sdk/trace"
)

func main() {
	sampler := jaegerremote.New(os.Args[2],
		jaegerremote.WithSamplingServerURL(os.Args[1]),
		jaegerremote.WithSamplingRefreshInterval(100*time.Millisecond),
		jaegerremote.WithInitialSampler(trace.NeverSample()))
	for {
		sampled := 0
		for i := 0; i < 1000; i++ {
			parameters := trace.SamplingParameters{Name: "request"}
			rand.Read(parameters.TraceID[:])
			if sampler.ShouldSample(parameters).Decision == trace.RecordAndSample {
				sampled++
			}
		}
		// An error ends the program, when the reader has gone.
		if _, err := fmt.Println(sampled); err != nil {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
}
