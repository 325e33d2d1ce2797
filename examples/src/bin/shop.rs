//! The program of the shop: `shop demo` runs all of it, `shop SERVICE` runs one service.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

use std::error::Error;
use std::io;
use std::process::ExitCode;

use examples::shop::Settings;
use examples::{demo, health_probe, load, night, one_service};

const USAGE: &str = "\
usage: shop demo [OPTIONS]
       shop gateway | auth | orders | payment | card-processor | inventory | notification | email-worker | sms-worker
       shop load         places ORDERS_PER_SECOND (default 1) at the gateway at GATEWAY_URL until it is stopped
       shop reconcile    runs the nightly job: reads the bank's 10,000 records from Kafka in one batch
       shop healthy      exits with 0 if the service that listens on LISTEN is healthy

Each service listens on LISTEN (default: 127.0.0.1 and its own port, 4100 to 4108), answers GET /healthz there, and finds the
others at AUTH_URL, ORDERS_URL, PAYMENT_URL, CARD_PROCESSOR_URL and INVENTORY_URL. Orders and inventory keep their data at
DATABASE_URL (sqlite://FILE, postgres://... or mysql://...; default: an SQLite file in the folder for temporary files).
Orders caches prices in the Redis at REDIS_URL, or else in its own memory. It publishes an event for each order to the Kafka
at KAFKA_BROKERS. Notification turns these events into jobs for the workers, by the RabbitMQ at AMQP_URL. OTEL_* variables
configure the export of spans. SPANS_FILE names a file to which they are also written. Ctrl-C or SIGTERM ends a service.
";

/// The variables that the demo reads.
const BROKERS: [&str; 2] = ["KAFKA_BROKERS", "AMQP_URL"];

#[tokio::main]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let outcome = match arguments.next().as_deref() {
        Some("demo") => return run_demo(arguments).await,
        Some("help" | "--help" | "-h") => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Some("load") => load::run().await,
        Some("reconcile") => night::run().await,
        Some("healthy") => health_probe::run().await.map_err(Into::into),
        Some(service) => match service.parse() {
            Ok(service) => one_service::run(service).await,
            Err(error) => return usage(&format!("{error}\n\n{USAGE}")),
        },
        None => return usage(USAGE),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed("shop", error),
    }
}

async fn run_demo(arguments: impl Iterator<Item = String>) -> ExitCode {
    let options = match demo::Options::parse(arguments) {
        Ok(options) => options,
        Err(error) => return usage(&format!("demo: {error}\n\n{}", demo::USAGE)),
    };
    if options.help {
        print!("{}", demo::USAGE);
        return ExitCode::SUCCESS;
    }
    match demo::run(&options, &Settings::from_env().only(&BROKERS)).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        // The reader, such as `head`, has closed the pipe.
        Err(error) if is_broken_pipe(&*error) => ExitCode::SUCCESS,
        Err(error) => failed("demo", error),
    }
}

fn is_broken_pipe(error: &(dyn Error + 'static)) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

fn usage(text: &str) -> ExitCode {
    eprintln!("{}", text.trim_end());
    ExitCode::from(2)
}

fn failed(what: &str, error: Box<dyn Error>) -> ExitCode {
    eprintln!("{what}: {error}");
    ExitCode::FAILURE
}
