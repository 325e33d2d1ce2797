//! SIGHUP reads the configuration file again. In a program of its own, because all running samplers receive the signal.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

use std::time::{Duration, Instant};

use tail_sampler::{Config, start};
use tracing_core_lite::exporters::MemoryExporter;

const SOON: Duration = Duration::from_secs(20);

const CONFIG: &str = "
receivers:
  http: 127.0.0.1:0
  grpc: 127.0.0.1:0
tail_sampling:
  decision_wait: 1h
  policies:
    - name: errors
      type: status_code
      status_code: {status_codes: [ERROR]}
";

#[tokio::test(flavor = "multi_thread")]
async fn sighup_reads_the_file_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sampler.yaml");
    std::fs::write(&file, CONFIG).unwrap();
    let written = std::fs::metadata(&file).unwrap().modified().unwrap();
    let memory = MemoryExporter::new();
    let running = start(&Config::read(&file).unwrap(), memory.clone(), Some(file.clone())).await.unwrap();
    let control = running.control();
    let url = format!("http://{}/v1/traces", running.addresses()[0]);
    let pending = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"00000000000000000000000000000007",
        "spanId":"0000000000000001","name":"work","status":{"code":2}}]}]}]}"#;
    let post = reqwest::Client::new().post(url).header("content-type", "application/json").body(pending);
    assert_eq!(post.send().await.unwrap().status(), 200);
    // The time of the file stays, so that only the signal can cause the reload.
    let changed = CONFIG.replace("name: errors", "name: failed");
    let new = folder.path().join("new.yaml");
    std::fs::write(&new, changed).unwrap();
    std::fs::File::options().write(true).open(&new).unwrap().set_modified(written).unwrap();
    std::fs::rename(&new, &file).unwrap();
    let deadline = Instant::now() + SOON;
    while control.settings().policies[0].name != "failed" {
        assert!(Instant::now() < deadline, "the signal reloads the file");
        let sent =
            std::process::Command::new("kill").args(["-HUP", &std::process::id().to_string()]).status();
        assert!(sent.unwrap().success());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    running.shutdown(SOON).await.unwrap();
    assert_eq!(memory.finished().len(), 1, "the pending trace is not lost");
}
