//! `cargo xtask compose-test`: starts the shop, places orders, and checks their traces.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::docker::{docker, interruptible};
use super::engine::{Engine, unavailable};
use super::images;
use super::journey::{self, Order, SERVICES};
use super::names::SHOP;
use super::project::Project;
use super::{http, spans};
use crate::peers::jaeger;
use crate::services::free_ports;
use crate::step::report_not_run;
use crate::undo::{Undo, undo_on_signals};
use crate::workspace::{cargo, root};

/// How many orders are placed at once, before and after the services are restarted.
const ORDERS: usize = 10;
/// How long the load waits between two orders.
const PAUSE: Duration = Duration::from_millis(50);
const BASKET: &str =
    r#"{"lines": [{"item": "cup", "quantity": 2}], "card": "card_good", "phone": "555-0100"}"#;
const DECLINED: &str =
    r#"{"lines": [{"item": "cup", "quantity": 2}], "card": "card_empty", "phone": "555-0100"}"#;
const TOKEN: &str = "token-of-ada";
/// How long the image may take to build from source.
const BUILD_TIMEOUT: Duration = Duration::from_secs(3600);
/// How long a check is repeated before it fails.
const PATIENCE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(500);
/// How many problems are shown, because most orders have the same ones.
const SHOWN: usize = 20;

/// The ports of this run's shop.
struct Ports {
    shop: u16,
    backend: u16,
}

#[derive(Debug, Default)]
struct Options {
    /// Builds the shop's image from source instead of from the program of this machine.
    from_source: bool,
    /// Reports the test as not run if no engine is available, instead of failing.
    skip_without_engine: bool,
}

impl Options {
    /// `None` for options that do not exist.
    fn parse(arguments: &[String]) -> Option<Self> {
        let mut options = Self::default();
        for argument in arguments {
            match argument.as_str() {
                "--from-source" => options.from_source = true,
                "--skip-without-engine" => options.skip_without_engine = true,
                _ => return None,
            }
        }
        Some(options)
    }
}

pub(crate) fn run(options: &[String]) -> io::Result<bool> {
    let Some(options) = Options::parse(options) else {
        return Err(io::Error::other(
            "usage: cargo xtask compose-test [--from-source] [--skip-without-engine]",
        ));
    };
    // A registry may have Jaeger's image, but that is known only once an engine runs.
    let missing = || unavailable().or_else(jaeger::unavailable);
    if let Some(reason) = options.skip_without_engine.then(missing).flatten() {
        println!("compose test: NOT RUN: {reason}");
        report_not_run("compose test", &reason);
        return Ok(true);
    }
    let from_source = options.from_source;
    undo_on_signals()?;
    let _engine = Engine::ready()?;
    images::prepare(from_source)?;
    let name = format!("shop-test-{}", std::process::id());
    let image = format!("{SHOP}:{name}");
    let untagged = image.clone();
    let _image = Undo::new(move || {
        // There is no image if its build has failed.
        let _ = docker(&["image", "rm", &untagged]).output();
    });
    build(&image, from_source)?;

    let written = folder_for_spans(&name)?;
    let removed = written.clone();
    let _written = Undo::new(move || {
        let _ = fs::remove_dir_all(removed);
    });
    let [shop, backend, rabbitmq] = free_ports()?;
    let variables = vec![
        ("SHOP_IMAGE", image),
        ("SPANS_FOLDER", written.display().to_string()),
        ("SHOP_PORT", shop.to_string()),
        ("JAEGER_PORT", backend.to_string()),
        ("RABBITMQ_PORT", rabbitmq.to_string()),
    ];
    let mut project = Project::new(&name, &["compose.yaml", "compose.test.yaml"], variables)?;
    let outcome = bring_up_and_check(&mut project, &Ports { shop, backend }, &written);
    if let Err(error) = &outcome {
        eprintln!("\ncompose-test failed: {error}\n");
        let said = error.to_string();
        let named = SERVICES.iter().filter(|service| said.contains(&format!(" of {service}")));
        project.print_logs_at_fault(&named.copied().collect::<Vec<_>>())?;
    }
    println!("taking it down");
    Ok(outcome.is_ok())
}

/// Builds the image of our services, from source or with the debug build of this machine, which is compiled already.
fn build(image: &str, from_source: bool) -> io::Result<()> {
    let mut build = docker(&["build", "--force-rm", "--file", "examples/Dockerfile", "--tag", image]);
    if from_source {
        println!("{image}: building from source ...");
        return interruptible(build.arg("."), BUILD_TIMEOUT);
    }
    println!("{image}: building with the program of this machine ...");
    if !cargo(&["build", "--package", "examples", "--bin", "shop"]).status()?.success() {
        return Err(io::Error::other("the shop does not compile"));
    }
    let context = root().join("target/compose/prebuilt");
    fs::create_dir_all(&context)?;
    fs::copy(root().join("target/debug/shop"), context.join("shop"))?;
    interruptible(build.args(["--target", "prebuilt"]).arg(context), BUILD_TIMEOUT)
}

/// Creates a folder that the services can write to. They run as a different user.
fn folder_for_spans(name: &str) -> io::Result<PathBuf> {
    let folder = root().join("target/compose").join(name);
    fs::create_dir_all(&folder)?;
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o777))?;
    Ok(folder)
}

fn bring_up_and_check(project: &mut Project, ports: &Ports, written: &Path) -> io::Result<()> {
    let began = Instant::now();
    println!("starting everything ...");
    project.up()?;
    println!("all are healthy after {:.1} s", began.elapsed().as_secs_f64());
    until_nothing_is_missing("the backend answers", || {
        Ok(match http::get(ports.backend, "/api/services") {
            Ok(answer) if answer.status == 200 => Vec::new(),
            other => vec![format!("{other:?}")],
        })
    })?;

    let orders = place_orders(ports.shop)?;
    until_nothing_is_missing("every order is one whole journey", || {
        of_each(&orders, written, journey::missing)
    })?;
    until_nothing_is_missing("the backend has received all of it by OTLP", || {
        let spans = spans::read(written)?;
        let missing = orders.iter().map(|order| journey::not_received(&spans, order, ports.backend));
        Ok(missing.collect::<io::Result<Vec<_>>>()?.concat())
    })?;

    restart_each_under_load(project, ports.shop)?;
    let later = place_orders(ports.shop)?;
    until_nothing_is_missing("so is every order after that", || of_each(&later, written, journey::missing))?;
    let restarted = project.restarted()?;
    if !restarted.is_empty() {
        return Err(io::Error::other(format!("Docker restarted these containers: {restarted:?}")));
    }
    // Services export their last spans when they stop. Those must not add orphans to complete journeys.
    project.stop(&SERVICES)?;
    let all = [orders, later].concat();
    until_nothing_is_missing("and all are when all have stopped", || {
        of_each(&all, written, journey::missing)
    })?;
    through_the_collector(project, ports, written)
}

/// Sends the spans through the Collector, which must keep each order that fails as a whole.
fn through_the_collector(project: &mut Project, ports: &Ports, written: &Path) -> io::Result<()> {
    project.up_with("compose.collector.yaml")?;
    let declined: Vec<Order> = (0..ORDERS).map(|_| Order::new()).collect();
    for order in &declined {
        let answer = place(ports.shop, order, DECLINED)?;
        if answer.status == 201 {
            return Err(io::Error::other(format!("a declined order was answered with {answer:?}")));
        }
    }
    until_nothing_is_missing("the Collector has kept every declined order", || {
        let spans = spans::read(written)?;
        let missing = declined.iter().map(|order| journey::not_received(&spans, order, ports.backend));
        let mut missing = missing.collect::<io::Result<Vec<_>>>()?.concat();
        let unwritten = declined.iter().filter(|order| journey::is_unwritten(&spans, order));
        missing.extend(unwritten.map(|order| format!("no span of {order:?} is written yet")));
        Ok(missing)
    })
}

fn place_orders(port: u16) -> io::Result<Vec<Order>> {
    let orders = (0..ORDERS).map(|_| {
        let order = Order::new();
        let answer = place(port, &order, BASKET)?;
        if answer.status == 201 {
            return Ok(order);
        }
        Err(io::Error::other(format!("an order was answered with {answer:?}")))
    });
    let orders = orders.collect();
    println!("{ORDERS} orders placed");
    orders
}

fn place(port: u16, order: &Order, basket: &str) -> io::Result<http::Answer> {
    let headers = format!("Authorization: Bearer {TOKEN}\r\ntraceparent: {}\r\n", order.traceparent());
    http::post(port, "/orders", &headers, basket)
}

/// Stops and starts our services, one after the other, under load. Responses are ignored, because some orders fail while a
/// service is down.
fn restart_each_under_load(project: &Project, port: u16) -> io::Result<()> {
    let ended = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !ended.load(Ordering::Relaxed) {
                let _ = place(port, &Order::new(), BASKET);
                thread::sleep(PAUSE);
            }
        });
        let restarted = SERVICES.iter().try_for_each(|service| project.restart(service));
        ended.store(true, Ordering::Relaxed);
        restarted
    })?;
    println!("each service stopped and started under load");
    Ok(())
}

/// Returns the problems that `check` finds in `orders`.
fn of_each(
    orders: &[Order],
    written: &Path,
    check: impl Fn(&[spans::Span], &Order) -> Vec<String>,
) -> io::Result<Vec<String>> {
    let spans = spans::read(written)?;
    Ok(orders.iter().flat_map(|order| check(&spans, order)).collect())
}

/// Repeats `check` until it finds no problem.
fn until_nothing_is_missing(what: &str, check: impl Fn() -> io::Result<Vec<String>>) -> io::Result<()> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let missing = check()?;
        if missing.is_empty() {
            println!("{what}");
            return Ok(());
        }
        if Instant::now() >= deadline {
            let missing = missing[..missing.len().min(SHOWN)].join("\n  ");
            return Err(io::Error::other(format!("not fulfilled within {PATIENCE:?}: {what}\n  {missing}")));
        }
        thread::sleep(POLL);
    }
}
