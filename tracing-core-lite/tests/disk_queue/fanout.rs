//! Each exporter of a fan-out can have a queue of its own.

use std::time::Duration;

use tracing_core_lite::pipeline::Fanout;
use tracing_core_lite::{Context, TracerProvider};

use crate::support::*;

#[test]
fn a_receiver_that_is_down_keeps_its_spans_and_the_other_gets_them() {
    let (_first, config) = settings();
    let (_second, other) = settings();
    let (down, up) = (Receiver::down(), Receiver::default());
    let fanout = Fanout::new(vec![Box::new(config.wrap(down.clone())), Box::new(other.wrap(up.clone()))]);
    let provider = TracerProvider::builder().with_exporter(fanout).build().unwrap();
    provider.tracer("test").span("span").with_parent(&Context::new()).start().end();
    assert_eq!(provider.flush(SOON), Ok(()));
    up.wait_for(&["span".to_owned()]);
    wait("the counts", || {
        let stats: Vec<_> = provider.exporter_stats().into_iter().map(|it| it.stats).collect();
        let counts = stats.iter().map(|it| (it.exported, it.stored, it.lost()));
        counts.eq([(0, 1, 0), (1, 0, 0)])
    });
    down.is_up();
    down.wait_for(&["span".to_owned()]);
    assert_eq!(provider.shutdown(Duration::from_secs(20)), Ok(()));
}
