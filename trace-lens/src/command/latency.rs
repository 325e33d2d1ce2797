//! `latency`: how long requests take.

use serde_json::json;
use trace_lens::analysis::Latency;
use trace_lens::filter::parse_span_of_time;
use trace_lens::show::Document;
use trace_lens::show::units::duration;

use super::answer::{Answer, Failure};
use super::args::LatencyArgs;
use super::input::load;
use super::summary::share;

/// The length of the longest bar of a chart.
const BAR: u64 = 40;

pub(crate) fn run(args: &LatencyArgs) -> Result<Answer, Failure> {
    let wrong = |text: &String| Failure::unusable(format!("{text:?} is no duration; write `100ms` or `1s`"));
    let bounds: Result<Vec<u64>, Failure> =
        args.buckets.iter().map(|text| parse_span_of_time(text).ok_or_else(|| wrong(text))).collect();
    let bounds = bounds?;
    let latency = load(&args.shared)?.merged(|lens| lens.latency_with(&bounds))?;
    let all = &latency.all;
    if all.durations.count() == 0 {
        return Err(Failure::TooLittle("no trace has a root".to_owned()));
    }
    let mut out = Document::new();
    out.heading(format!("Latency of {} requests", all.durations.count()));
    let buckets = latency.buckets(all);
    let most = buckets.iter().filter_map(|it| it.2).map(|it| it.traces).max().unwrap_or(1);
    let rows = buckets.iter().map(|(lower, upper, bucket)| {
        let traces = bucket.map_or(0, |it| it.traces);
        let range = match upper {
            Some(upper) if *lower == 0 => format!("< {}", duration(*upper)),
            Some(upper) => format!("{} to {}", duration(*lower), duration(*upper)),
            None => format!("≥ {}", duration(*lower)),
        };
        let bar = "█".repeat(usize::try_from((traces * BAR).div_ceil(most)).unwrap_or(0));
        vec![range, traces.to_string(), share(traces, all.durations.count()), bar]
    });
    out.table(&["duration", "traces#", "share#", ""], rows.collect());
    out.heading("By request");
    let mut routes: Vec<(&str, &Latency)> = latency.routes.iter().map(|(route, it)| (&**route, it)).collect();
    routes.sort_by(|a, b| b.1.durations.count().cmp(&a.1.durations.count()).then(a.0.cmp(b.0)));
    let rows = routes.iter().take(args.shared.options.limit).map(|(route, it)| row(route, it));
    out.table(&["request", "traces#", "failed#", "p50#", "p90#", "p95#", "p99#", "slowest#"], rows.collect());
    out.heading("Slowest");
    let slowest = buckets
        .iter()
        .rev()
        .filter_map(|it| it.2)
        .flat_map(|it| &it.slowest)
        .take(args.shared.options.limit.min(5));
    out.table(
        &["duration#", "trace"],
        slowest.map(|(nanos, id)| vec![duration(*nanos), id.clone()]).collect(),
    );
    let files = args.shared.files.join(" ");
    out.more(format!("trace-lens why --slow '>p99' {files}"));
    let shown = buckets.iter().map(|(lower, upper, bucket)| {
        json!({ "from": lower, "to": upper, "traces": bucket.map_or(0, |it| it.traces),
                "adjusted": bucket.map(|it| it.adjusted), "slowest": bucket.map(|it| &it.slowest) })
    });
    let routes = latency.routes.iter().map(|(route, it)| figures(route, it));
    let minutes = all.minutes.iter().map(|(minute, it)| {
        json!({ "time": minute * 60, "traces": it.count(), "p50": it.quantile(0.5), "p95": it.quantile(0.95) })
    });
    let result = json!({
        "all": figures("", all), "buckets": shown.collect::<Vec<_>>(), "routes": routes.collect::<Vec<_>>(),
        "minutes": minutes.collect::<Vec<_>>(),
    });
    Answer::new("latency", out, &result)
}

fn row(route: &str, latency: &Latency) -> Vec<String> {
    let quantile = |share: f64| duration(latency.durations.quantile(share));
    let counts = [route.to_owned(), latency.durations.count().to_string(), latency.errors.to_string()];
    let times =
        [quantile(0.5), quantile(0.9), quantile(0.95), quantile(0.99), duration(latency.durations.max())];
    counts.into_iter().chain(times).collect()
}

fn figures(route: &str, latency: &Latency) -> serde_json::Value {
    let it = &latency.durations;
    json!({
        "route": route, "traces": it.count(), "errors": latency.errors, "mean": it.mean(), "p50": it.quantile(0.5),
        "p90": it.quantile(0.9), "p95": it.quantile(0.95), "p99": it.quantile(0.99), "max": it.max(),
    })
}
