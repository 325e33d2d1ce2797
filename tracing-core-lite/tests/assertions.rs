//! The assertions of the test kit report differences at the line of the test.
#![cfg(feature = "testing")]
#![allow(clippy::unwrap_used)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use tracing_core_lite::testing::TestSpans;
use tracing_core_lite::{Context, Resource, SpanKind};

/// The message of a panic and its location.
fn panic_of(work: impl FnOnce()) -> (String, String, u32) {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    static PLACE: Mutex<Option<(String, u32)>> = Mutex::new(None);
    let _one = ONE_AT_A_TIME.lock().unwrap();
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|info| {
        *PLACE.lock().unwrap() = info.location().map(|place| (place.file().to_owned(), place.line()));
    }));
    let panic = catch_unwind(AssertUnwindSafe(work)).expect_err("the assertion holds");
    std::panic::set_hook(hook);
    let message = panic.downcast_ref::<String>().cloned().unwrap_or_default();
    let (file, line) = PLACE.lock().unwrap().take().unwrap();
    (message, file, line)
}

fn shop() -> TestSpans {
    let resource = Resource::builder().with_service_name("shop").build();
    let spans = TestSpans::with(|builder| builder.with_resource(resource)).unwrap();
    let tracer = spans.tracer();
    let order = tracer.span("order").with_kind(SpanKind::Server).with_parent(&Context::new()).start();
    let context = order.in_context(&Context::new());
    let query = tracer.span("query").with_kind(SpanKind::Client).with_parent(&context).start();
    tracer.span("mail").with_parent(&context).start_with(|span| {
        span.set("count", "2").set("size", 3).set("cached", true).set("share", 0.5);
        span.add_follows_from(order.span_context()).add_link(query.span_context(), &[]);
    });
    query.record_error(&std::fmt::Error);
    query.end();
    order.end();
    spans
}

#[test]
fn a_tree_may_tell_kind_service_status_and_links() {
    shop().assert_tree(
        "
        order [kind=server, service=shop, follows=none, link=none]
          query [kind=client, status=error]
          mail [kind=internal, follows=order, link=query, status=unset]
        ",
    );
    shop().assert_tree("order\n  query\n  mail");
}

#[test]
fn a_tree_that_differs_shows_the_difference_at_the_callers_line() {
    let spans = shop();
    for (expected, difference) in [
        (
            "order [kind=client]\n  query\n  mail",
            "- order [kind=client]\n+ order [kind=server]\n    query\n    mail",
        ),
        ("order\n  query\n  mail [follows=query]", "-   mail [follows=query]\n+   mail [follows=order]"),
        ("order\n  query\n  mail [link=none]", "-   mail [link=none]\n+   mail [link=query]"),
        ("order [service=mail]\n  query\n  mail", "- order [service=mail]\n+ order [service=shop]"),
        ("order\n  query\n    mail", "-     mail\n+   mail"),
        ("order\n  query", "+   mail"),
        ("order\n  query\n  mail\n  more", "-   more"),
    ] {
        let here = line!();
        let (message, file, line) = panic_of(|| spans.assert_tree(expected));
        assert!(message.contains(difference), "{expected}\n{message}");
        assert!(file.ends_with("assertions.rs"), "{file}");
        assert_eq!(line, here + 1);
    }
    let (message, ..) = panic_of(|| spans.assert_tree("order [color=red]"));
    assert!(message.contains("color=red"), "{message}");
}

#[test]
fn an_attribute_of_another_type_is_reported() {
    let mail = shop().one("mail");
    assert_eq!((mail.text("count"), mail.int("size")), (Some("2"), Some(3)));
    assert_eq!((mail.bool("cached"), mail.double("share")), (Some(true), Some(0.5)));
    assert_eq!((mail.int("nothing"), mail.text("nothing")), (None, None));
    let here = line!();
    for (message, file, line) in [
        panic_of(|| assert_eq!(mail.int("count"), None)),
        panic_of(|| assert_eq!(mail.text("size"), None)),
        panic_of(|| assert_eq!(mail.bool("size"), None)),
        panic_of(|| assert_eq!(mail.double("size"), None)),
    ] {
        assert!(message.contains("is not a"), "{message}");
        assert!(file.ends_with("assertions.rs") && line > here, "{file}:{line}");
    }
    let (_, file, _) = panic_of(|| drop(shop().one("no such span")));
    assert!(file.ends_with("assertions.rs"));
}
