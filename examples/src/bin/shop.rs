//! The shop as a program: `shop demo` runs all of it, `shop SERVICE` one service.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

use std::error::Error;
use std::io;
use std::process::ExitCode;

use examples::shop::Settings;
use examples::{demo, health_probe, load, night, one_service};

const USAGE: &str = "\
usage: shop demo [OPTIONS]
       shop gateway | auth | orders | payment | card-processor | inventory | notification | email-worker | sms-worker
       shop load         places ORDERS_PER_SECOND (1) at the gateway at GATEWAY_URL until it is stopped
       shop reconcile    the nightly job: reads the bank's 10,000 records from Kafka in one batch
       shop healthy      succeeds when the service that listens on LISTEN says that it is well

A service listens on LISTEN (127.0.0.1 and its own port from 4100 on, unless set), answers GET /healthz there, and finds
the others by AUTH_URL, ORDERS_URL, PAYMENT_URL, CARD_PROCESSOR_URL and INVENTORY_URL. Orders and inventory keep their data
at DATABASE_URL (sqlite://FILE, postgres://..., mysql://...; an SQLite file in the folder for temporary files unless set),
and orders keeps prices in the Redis at REDIS_URL, or else in the process. Orders tells the Kafka at KAFKA_BROKERS of each
order, from which notification makes jobs for the workers behind the RabbitMQ at AMQP_URL. OTEL_* variables say where spans
go; they are written to SPANS_FILE as well when that is set. Ctrl-C or SIGTERM ends a service.
";

/// What the demo looks at in its environment.
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
        // Whoever reads along, `head` for one, has seen enough.
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
