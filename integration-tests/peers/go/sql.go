package main

import (
	"context"
	"os"

	"github.com/XSAM/otelsql"
	_ "github.com/jackc/pgx/v5/stdlib"
	semconv "go.opentelemetry.io/otel/semconv/v1.37.0"
)

func sendSQL(ctx context.Context, query string) {
	options := otelsql.WithSpanOptions(otelsql.SpanOptions{OmitConnResetSession: true, OmitConnectorConnect: true, OmitRows: true})
	database, err := otelsql.Open("pgx", os.Getenv("TEST_POSTGRES_URL"), options,
		otelsql.WithAttributes(semconv.DBSystemNamePostgreSQL))
	check(err)
	defer database.Close()
	rows, err := database.QueryContext(ctx, query)
	check(err)
	for rows.Next() {
	}
	check(rows.Close())
}
