package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel"
)

// Without the option, a caller that is known by its headers alone has no provider, and the call no span.
var client = http.Client{
	Transport: otelhttp.NewTransport(http.DefaultTransport, otelhttp.WithTracerProvider(otel.GetTracerProvider())),
}

func serveHTTP() int {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /relay", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		check(err)
		received(r.Context(), "http", r.Header.Values, string(body))
		fmt.Fprint(w, "relayed")
	})
	go func() { check(http.Serve(listener, otelhttp.NewHandler(mux, "peer"))) }()
	return listener.Addr().(*net.TCPAddr).Port
}

func sendHTTP(ctx context.Context, url, body string) {
	request, err := http.NewRequestWithContext(ctx, "POST", url, strings.NewReader(body))
	check(err)
	answer, err := client.Do(request)
	check(err)
	_, err = io.Copy(io.Discard, answer.Body)
	check(err)
	check(answer.Body.Close())
}
