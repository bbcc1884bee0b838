package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/netip"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	wiresign "github.com/wiresign/wiresign/bindings-c/go"
)

const document = `{
	"service": "%s",
	"accept": ["jwt"],
	"sign_with": "jwt",
	"services": {
		"orders": {"keys": [{"secret": "env:ORDERS_SECRET"}]},
		"billing": {"keys": [{"secret": "env:BILLING_SECRET"}], "allowed_targets": ["orders"],
			"permissions": ["POST /grpc.health.v1.Health/Check"]}
	}
}`

type callerKey struct{}

// verifying lets calls in whose token holds, and tells the handler who called. The method is the path of a POST.
func verifying(verifier *wiresign.Verifier) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, message any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		request := &wiresign.Request{Method: "POST", Target: info.FullMethod}
		fields, _ := metadata.FromIncomingContext(ctx)
		request.Fields = []wiresign.Field{}
		for name, values := range fields {
			for _, value := range values {
				if name == ":authority" {
					name = "host"
				}
				request.Fields = append(request.Fields, wiresign.Field{Name: name, Value: value})
			}
		}
		if from, ok := peer.FromContext(ctx); ok {
			if address, err := netip.ParseAddrPort(from.Addr.String()); err == nil {
				request.Client = address.Addr()
			}
		}
		caller, err := verifier.VerifyBytes(request)
		var refusal *wiresign.Refusal
		switch {
		case err == nil:
			return handler(context.WithValue(ctx, callerKey{}, caller), message)
		case errors.As(err, &refusal):
			code := codes.Unauthenticated
			if refusal.Response.Status == 403 {
				code = codes.PermissionDenied
			}
			return nil, status.Error(code, refusal.Response.Code.String())
		default:
			return nil, status.Error(codes.Internal, "no verdict was possible")
		}
	}
}

// signing puts a token of its own into each call.
func signing(signer *wiresign.Signer) grpc.UnaryClientInterceptor {
	return func(ctx context.Context, method string, ask, answer any, connection *grpc.ClientConn, call grpc.UnaryInvoker, options ...grpc.CallOption) error {
		fields, err := signer.Sign(&wiresign.Request{Method: "POST", Target: method})
		if err != nil {
			return err
		}
		for _, field := range fields {
			ctx = metadata.AppendToOutgoingContext(ctx, field.Name, field.Value)
		}
		return call(ctx, method, ask, answer, connection, options...)
	}
}

func main() {
	verifier, err := wiresign.NewVerifier(configOf("orders"))
	check(err)
	server := grpc.NewServer(grpc.UnaryInterceptor(verifying(verifier)))
	grpc_health_v1.RegisterHealthServer(server, health.NewServer())
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	go func() { check(server.Serve(listener)) }()
	defer server.Stop()

	signer, err := wiresign.NewSigner(configOf("billing"), wiresign.WithTarget("orders"))
	check(err)
	plain := grpc.WithTransportCredentials(insecure.NewCredentials())
	for _, options := range [][]grpc.DialOption{{plain, grpc.WithUnaryInterceptor(signing(signer))}, {plain}} {
		connection, err := grpc.NewClient(listener.Addr().String(), options...)
		check(err)
		client := grpc_health_v1.NewHealthClient(connection)
		answer, err := client.Check(context.Background(), &grpc_health_v1.HealthCheckRequest{})
		fmt.Println(answer.GetStatus(), err)
		_, err = client.List(context.Background(), &grpc_health_v1.HealthListRequest{})
		fmt.Println(err)
		check(connection.Close())
	}
}

func configOf(service string) *wiresign.Config {
	config, err := wiresign.ParseConfig(fmt.Sprintf(document, service))
	check(err)
	return config
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
