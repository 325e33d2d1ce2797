//! The program: commands, formats and exit codes.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::Value as Json;

fn data(file: &str) -> String {
    format!("{}/tests/data/{file}", env!("CARGO_MANIFEST_DIR"))
}

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_trace-lens")).args(arguments).env("NO_COLOR", "1").output().unwrap()
}

fn with_stdin(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_trace-lens"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that stops early closes its end.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn the_summary_answers_four_questions_and_names_commands() {
    let file = data("collector/shop.json.gz");
    let output = run(&[&file]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let text = text(&output);
    for part in [
        "Where the time goes",
        "What broke",
        "What depends on what",
        "What is wrong with the tracing",
        "insufficient_funds at card-processor",
        "→ trace-lens path",
        "→ trace-lens errors",
        "→ trace-lens map",
        "→ trace-lens quality",
    ] {
        assert!(text.contains(part), "{part} is missing in:\n{text}");
    }
}

#[test]
fn each_verb_prints_text_markdown_and_json_of_the_schema() {
    let file = data("collector/shop.json.gz");
    let schema: Json = serde_json::from_str(&text(&run(&["schema"]))).unwrap();
    for verb in [
        vec!["search"],
        vec!["show", "slowest"],
        vec!["path"],
        vec!["path", "--trace", "slowest"],
        vec!["map"],
        vec!["errors"],
        vec!["latency"],
        vec!["quality"],
        vec!["skew"],
        vec!["patterns"],
        vec!["why", "--failed"],
        vec!["diff", &file],
        vec!["plan", "--rate", "1000"],
    ] {
        for format in ["text", "md", "json", "html"] {
            let mut arguments = verb.clone();
            arguments.extend([file.as_str(), "--format", format]);
            let output = run(&arguments);
            assert_eq!(output.status.code(), Some(0), "{arguments:?}: {output:?}");
            if format == "json" {
                let json: Json = serde_json::from_slice(&output.stdout).unwrap();
                let required = schema["$defs"][verb[0]]["required"].as_array().cloned().unwrap_or_default();
                for field in required {
                    assert!(
                        json["result"].get(field.as_str().unwrap()).is_some(),
                        "{arguments:?} lacks {field}"
                    );
                }
                assert_eq!((&json["schema"], &json["verb"]), (&1.into(), &verb[0].into()));
            }
        }
    }
}

#[test]
fn the_map_is_drawn_as_dot_and_mermaid() {
    let file = data("collector/shop.json.gz");
    let dot = text(&run(&["map", "--format", "dot", &file]));
    assert!(dot.contains("\"orders\" -> \"payment\"") && dot.contains("style=dashed"), "{dot}");
    let mermaid = text(&run(&["map", "--format", "mermaid", &file]));
    assert!(mermaid.starts_with("graph LR\n") && mermaid.contains("-.->"), "{mermaid}");
    let svg = text(&run(&["show", "slowest", "--format", "svg", &file]));
    assert!(svg.contains("<svg"), "{svg}");
    assert_eq!(run(&["quality", "--format", "dot", &file]).status.code(), Some(2));
}

#[test]
fn exit_codes_tell_findings_bad_input_and_missing_data_apart() {
    let file = data("collector/shop.json.gz");
    let code = |output: Output| output.status.code();
    assert_eq!(code(run(&["errors", &file])), Some(0));
    assert_eq!(code(run(&["errors", "--exit-code", &file])), Some(1));
    assert_eq!(code(run(&["errors", "/no/such/file"])), Some(2));
    assert_eq!(code(run(&["errors", "--where", "{ .a = ", &file])), Some(2));
    assert_eq!(code(with_stdin(&["errors", "-"], b"what is this?")), Some(2));
    assert_eq!(
        code(with_stdin(
            &["errors", "-"],
            b"{\"resourceSpans\": [{\"scopeSpans\": [{\"spans\": [{\"traceId\""
        )),
        Some(2)
    );
    assert_eq!(code(with_stdin(&["errors", "-"], b"")), Some(3));
    assert_eq!(code(with_stdin(&["errors", "-"], b"{\"resourceMetrics\": []}")), Some(3));
    assert_eq!(code(run(&["errors", "--service", "nobody", &file])), Some(3));
    assert_eq!(code(run(&["why", "--slow", ">10h", &file])), Some(3));
    assert_eq!(code(run(&["nonsense", "--flag"])), Some(2));
}

#[test]
fn check_passes_fails_and_says_when_there_is_too_little() {
    let file = data("collector/shop.json.gz");
    let code = |limit: &str, more: &[&str]| {
        let mut arguments = vec!["check", &file, "--max", limit];
        arguments.extend(more);
        run(&arguments).status.code()
    };
    assert_eq!(code("path.p95=10s", &[]), Some(0));
    assert_eq!(code("path.p95=1ms", &[]), Some(1));
    assert_eq!(code("errors.rate=1%", &[]), Some(1));
    assert_eq!(code("quality.orphan=0", &[]), Some(0));
    assert_eq!(code("no.such.figure=1", &[]), Some(3));
    assert_eq!(code("path.p95=10s", &["--min-traces", "1000"]), Some(3));
    assert_eq!(code("path.p95=+10%", &[]), Some(3));
    assert_eq!(code("path.p95=+10%", &["--baseline", &file]), Some(0));
    assert_eq!(code("nonsense", &[]), Some(2));
    let folder = tempfile::tempdir().unwrap();
    let junit = folder.path().join("out.xml");
    assert_eq!(code("path.p95=1ms", &["--junit", junit.to_str().unwrap(), "--github"]), Some(1));
    let junit = std::fs::read_to_string(junit).unwrap();
    assert!(junit.contains("failures=\"1\"") && junit.contains("<failure message="), "{junit}");
    let github = text(&run(&["check", &file, "--max", "path.p95=1ms", "--github"]));
    assert!(github.contains("::error title=trace-lens::path.p95"), "{github}");
}

#[test]
fn partials_merge_into_the_summary_of_all() {
    let (shop, yelp) = (data("collector/shop.json.gz"), data("zipkin/yelp.json"));
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    for (input, output) in [(&shop, file("a")), (&yelp, file("b"))] {
        assert_eq!(run(&["partial", input, "-o", &output]).status.code(), Some(0));
    }
    let merged: Json =
        serde_json::from_slice(&run(&["merge", "--format", "json", &file("a"), &file("b")]).stdout).unwrap();
    let whole: Json = serde_json::from_slice(&run(&["--format", "json", &shop, &yelp]).stdout).unwrap();
    assert_eq!(merged, whole);
    assert_eq!(run(&["merge", &shop]).status.code(), Some(2));
}

#[test]
fn converted_traces_tell_the_same() {
    let file = data("collector/shop.json.gz");
    let folder = tempfile::tempdir().unwrap();
    let answers = |file: &str| {
        let json: Json = serde_json::from_slice(&run(&["errors", "--format", "json", file]).stdout).unwrap();
        let map: Json = serde_json::from_slice(&run(&["map", "--format", "json", file]).stdout).unwrap();
        let edges = map["result"]["edges"].as_array().unwrap().iter();
        let edges: Vec<_> =
            edges.map(|it| (it["caller"].clone(), it["callee"].clone(), it["calls"].clone())).collect();
        (json["result"]["causes"].clone(), edges)
    };
    let expected = answers(&file);
    for target in ["otlp-json", "otlp-proto", "jaeger"] {
        let out = folder.path().join(target).to_str().unwrap().to_owned();
        assert_eq!(run(&["convert", "--to", target, "-o", &out, &file]).status.code(), Some(0), "{target}");
        assert_eq!(answers(&out), expected, "{target}");
    }
    // Zipkin has no links, and no types of errors.
    let zipkin = folder.path().join("zipkin").to_str().unwrap().to_owned();
    assert_eq!(run(&["convert", "--to", "zipkin", "-o", &zipkin, &file]).status.code(), Some(0));
    assert!(text(&run(&["search", &zipkin])).starts_with("35 traces"));
    let folded = text(&run(&["convert", "--to", "folded", &file]));
    assert!(folded.lines().all(|line| line.rsplit_once(' ').unwrap().1.parse::<u64>().is_ok()), "{folded}");
    let chrome: Json = serde_json::from_slice(&run(&["convert", "--to", "chrome", &file]).stdout).unwrap();
    assert!(chrome["traceEvents"].as_array().unwrap().len() >= 612);
}

#[test]
fn the_plan_has_the_numbers_of_the_document() {
    let output = text(&run(&["plan", "--rate", "100000", "--sampling", "1%", "--trace-bytes", "10KB"]));
    for part in ["1000", "86.4 M", "864 GB", "25.9 TB", "rules of thumb"] {
        assert!(output.contains(part), "{part} is missing in:\n{output}");
    }
}

#[test]
fn documentation_is_checked_for_drift() {
    let file = data("collector/shop.json.gz");
    let written = text(&run(&["document", &file]));
    for part in [
        "## Instrumented services",
        "- [x] gateway",
        "## Span names",
        "## Standard attributes",
        "## Sampling",
    ] {
        assert!(written.contains(part), "{part} is missing in:\n{written}");
    }
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("TRACING.md");
    std::fs::write(&kept, &written).unwrap();
    assert_eq!(run(&["document", "--check", kept.to_str().unwrap(), &file]).status.code(), Some(0));
    std::fs::write(&kept, written.replace("gateway", "front door")).unwrap();
    let output = run(&["document", "--check", kept.to_str().unwrap(), &file]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("front door"), "{output:?}");
}

#[test]
fn documentation_has_the_rules_of_the_sampler() {
    let file = data("collector/shop.json.gz");
    let folder = tempfile::tempdir().unwrap();
    let rules = |configuration: &str| {
        let sampler = folder.path().join("sampler");
        std::fs::write(&sampler, configuration).unwrap();
        let written = text(&run(&["document", "--sampling", sampler.to_str().unwrap(), &file]));
        let section =
            written.split("## Sampling\n\n").nth(1).unwrap().split("\n\n").next().unwrap().to_owned();
        section.replace('\\', "").lines().map(|it| it.trim_start_matches("- ").to_owned()).collect::<Vec<_>>()
    };
    let collector = "receivers: {otlp: {}}\nprocessors:\n  batch:\n  tail_sampling/eu:\n    decision_wait: 10s\n    policies:\n\
        \x20     - {name: errors, type: status_code, status_code: {status_codes: [ERROR, UNSET]}}\n\
        \x20     - {name: slow, type: latency, latency: {threshold_ms: 5000}}\n\
        \x20     - {name: paying, type: and, and: {and_sub_policy: [{name: a, type: string_attribute, string_attribute: {key: tenant, values: [gold]}}, {name: b, type: probabilistic, probabilistic: {sampling_percentage: 12.5}}]}}\n\
        \x20     - {name: new, type: from_the_future, from_the_future: {x: 1}}\n";
    assert_eq!(
        rules(collector),
        [
            "decided 10s after the first span of a trace; a trace is kept if one of these keeps it",
            "errors: traces with a span of status ERROR or UNSET",
            "slow: traces of at least 5000 ms",
            "paying: all of (traces with tenant = gold; 12.5 % of traces at random)",
            "new: from_the_future {\"x\":1}",
        ]
    );
    let jaeger = r#"{"service_strategies":[{"service":"orders","type":"ratelimiting","param":5,"operation_strategies":
        [{"operation":"GET /","type":"probabilistic","param":0.07}]}],"default_strategy":{"type":"probabilistic","param":0.5}}"#;
    assert_eq!(
        rules(jaeger),
        [
            "orders, GET /: 7 % of requests",
            "orders: at most 5 traces a second for each process",
            "other services: 50 % of requests",
        ]
    );
    assert_eq!(rules("Errors are always kept.\n\nOthers: 1 %\n"), ["Errors are always kept.", "Others: 1 %"]);
}

#[test]
fn filters_select_traces() {
    let file = data("collector/shop.json.gz");
    let count = |arguments: &[&str]| {
        let mut all = vec!["search", "--format", "json", &file];
        all.extend(arguments);
        let json: Json = serde_json::from_slice(&run(&all).stdout).unwrap();
        json["result"]["count"].as_u64().unwrap()
    };
    assert_eq!(count(&[]), 35);
    assert_eq!(count(&["--root", "place order"]), 9);
    assert_eq!(count(&["--service", "card-processor"]), 8);
    assert_eq!(count(&["--where", "{ status = error }"]), 9);
    assert_eq!(
        count(&[
            "--where",
            "{ service.name = \"gateway\" } >> { service.name = \"payment\" && status = error }"
        ]),
        3
    );
    assert_eq!(count(&["--where", "{ traceDuration > 400ms } && { name =~ \"POST .*\" }"]), 6);
}

#[test]
fn completions_and_manual_pages_are_generated() {
    assert!(text(&run(&["completions", "bash"])).contains("trace-lens"));
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(run(&["man", folder.path().to_str().unwrap()]).status.code(), Some(0));
    assert!(folder.path().join("trace-lens-why.1").exists());
}
