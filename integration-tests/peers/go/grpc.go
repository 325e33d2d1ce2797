package main

import (
	"context"
	"net"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// The service peer.v1.Relay. Its messages are those of the well-known type StringValue, so it needs no generated code.
var relay = grpc.ServiceDesc{
	ServiceName: "peer.v1.Relay",
	HandlerType: (*any)(nil),
	Methods:     []grpc.MethodDesc{{MethodName: "Pass", Handler: pass}},
}

func pass(_ any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
	var body wrapperspb.StringValue
	if err := decode(&body); err != nil {
		return nil, err
	}
	headers, _ := metadata.FromIncomingContext(ctx)
	received(ctx, "grpc", headers.Get, body.Value)
	return wrapperspb.String("relayed"), nil
}

func serveGRPC() int {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	server := grpc.NewServer(grpc.StatsHandler(otelgrpc.NewServerHandler()))
	server.RegisterService(&relay, nil)
	go func() { check(server.Serve(listener)) }()
	return listener.Addr().(*net.TCPAddr).Port
}

func sendGRPC(ctx context.Context, to, body string) {
	channel, err := grpc.NewClient(to, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithStatsHandler(otelgrpc.NewClientHandler()))
	check(err)
	var answer wrapperspb.StringValue
	check(channel.Invoke(ctx, "/peer.v1.Relay/Pass", wrapperspb.String(body), &answer))
	check(channel.Close())
}
