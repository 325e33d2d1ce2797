//! Metrics are measured if the settings enable it.

mod support;

use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, SdkMeterProvider};
use support::on_all_databases;

on_all_databases! {
    async fn durations_waits_and_connections(db: 1) {
        let exporter = InMemoryMetricExporter::default();
        let provider = SdkMeterProvider::builder().with_periodic_exporter(exporter.clone()).build();
        let pool = db.pool.clone().with_meter(&provider.meter("tracing-sql"));
        sqlx::query("SELECT 1").execute(&pool).await.unwrap();
        sqlx::query("SELECT * FROM nowhere_at_all").execute(&pool).await.unwrap_err();
        provider.force_flush().unwrap();
        let metrics = exporter.get_finished_metrics().unwrap();
        let mut names = Vec::new();
        let mut durations = 0;
        for metric in metrics.iter().flat_map(|resource| resource.scope_metrics()).flat_map(|scope| scope.metrics()) {
            names.push(metric.name().to_owned());
            if metric.name() == "db.client.operation.duration"
                && let AggregatedMetrics::F64(MetricData::Histogram(histogram)) = metric.data()
            {
                durations = histogram.data_points().map(|point| point.count()).sum();
                let failed = histogram.data_points().filter(|point| {
                    point.attributes().any(|attribute| attribute.key.as_str() == "error.type")
                });
                assert_eq!(failed.count(), 1);
            }
        }
        assert_eq!(durations, 2);
        names.sort();
        names.dedup();
        assert_eq!(names, [
            "db.client.connection.count",
            "db.client.connection.idle.min",
            "db.client.connection.max",
            "db.client.connection.wait_time",
            "db.client.operation.duration",
        ]);
    }
}
