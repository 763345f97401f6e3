//! Flags and environment of the binary: a wrong one is one line and exit status 2.

use std::{io::Write, process::Command};

use clap::Parser;
use stillhere_authority::cli::{Cli, Setup};

/// Runs the binary with no environment but `environment`: status and standard error.
fn run(flags: &[&str], environment: &[(&str, &str)]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_stillhere-authority"))
        .args(flags)
        .env_clear()
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_wrong_flag_is_named_in_one_line() {
    let cases: [(&[&str], &[&str]); 22] = [
        (&["--nonsense"], &["--nonsense"]),
        (&["--idle-timeout", "60s"], &["--idle-timeout 1m", "between 5m and 8h", "--dev"]),
        (&["--idle-timeout", "9h"], &["--idle-timeout 9h", "between 5m and 8h"]),
        (&["--idle-timeout", "soon"], &["--idle-timeout", "60s, 15m or 8h"]),
        (&["--idle-timeout", "5m1us"], &["--idle-timeout", "whole milliseconds"]),
        (&["--warn-before", "19s"], &["--warn-before 19s", "between 20s", "--dev"]),
        (&["--warn-before", "15m"], &["--warn-before 15m"]),
        (&["--keep-alive", "999ms"], &["--keep-alive 999ms", "between 1s and 15m"]),
        (&["--max-hold", "25h"], &["--max-hold", "between 0s and 1day"]),
        (&["--event-ping", "999ms"], &["--event-ping 999ms", "between 1s and 1h, or 0s for none"]),
        (&["--event-ping", "61m"], &["--event-ping 1h 1m", "between 1s and 1h"]),
        (&["--store", "mysql://localhost"], &["--store", "memory", "redis://HOST:PORT"]),
        (&["--allow-origin", "https://app.example/"], &["--allow-origin", "exact origin"]),
        (&["--otlp-endpoint", "collector:4318"], &["--otlp-endpoint", "http://localhost:4318"]),
        (&["--otlp-endpoint", "ftp://x"], &["OTLP over HTTP"]),
        (&["--otlp-endpoint", "http://x:4318/v1/traces"], &["must not end with /v1/traces"]),
        (&["--otlp-endpoint", "http://a:b@x"], &["OTEL_EXPORTER_OTLP_HEADERS"]),
        (&["--check-config", "--otlp-endpoint", "x"], &["--otlp-endpoint", "OTLP over HTTP"]),
        (&["--www", "/"], &["--www needs --dev"]),
        (&["--dev", "--dist", "/"], &["--dist needs --www"]),
        (&["--dev", "--www", "/no/such/folder"], &["--www /no/such/folder", "no such folder"]),
        (&[], &["STILLHERE_ADMIN_TOKEN is not set", "--dev"]),
    ];
    for (flags, words) in cases {
        let (status, error) = run(flags, &[]);
        assert_eq!(status, Some(2), "{flags:?}: {error}");
        assert_eq!(error.trim_end().lines().count(), 1, "{flags:?}: {error}");
        for word in words {
            assert!(error.contains(word), "{flags:?}: {word} is not in: {error}");
        }
    }
    let (status, error) = run(&[], &[("STILLHERE_ADMIN_TOKEN", "short")]);
    assert_eq!(status, Some(2));
    assert!(error.contains("at least 16 characters") && !error.contains("short"), "{error}");
}

#[test]
fn an_address_that_is_taken_is_said_in_one_sentence() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let (status, error) = run(&["--dev"], &[("PORT", &port)]);
    assert_eq!(status, Some(1));
    assert_eq!(error.trim_end().lines().count(), 1, "{error}");
    assert!(error.contains(&format!("127.0.0.1:{port} is taken")), "{error}");
}

fn setup(flags: &[&str]) -> Setup {
    let flags = std::iter::once("stillhere-authority").chain(flags.iter().copied());
    Cli::try_parse_from(flags).unwrap().setup().unwrap()
}

#[test]
fn development_makes_a_token_and_shortens_what_was_not_set() {
    let made = setup(&["--dev", "--idle-timeout", "6s"]);
    assert_eq!(made.made_admin_token.map(|token| token.len()), Some(43));
    assert_eq!(made.settings.policy.warn_before_ms, 2000);
    assert_eq!(made.settings.policy.keepalive_ms, 2000);
}

#[test]
fn flags_become_settings() {
    let flags = [
        "--dev",
        "--listen",
        "[::1]:9",
        "--idle-timeout",
        "60s",
        "--warn-before",
        "20s",
        "--keep-alive",
        "5s",
        "--max-hold",
        "2h",
        "--event-ping",
        "0s",
        "--allow-origin",
        "https://a.example",
        "--allow-origin",
        "https://b.example",
    ];
    let Setup { listen, settings, .. } = setup(&flags);
    let policy = settings.policy;
    assert_eq!(listen, "[::1]:9");
    assert_eq!(
        [policy.idle_timeout_ms, policy.warn_before_ms, policy.keepalive_ms, policy.max_hold_ms],
        [60_000, 20_000, 5000, 7_200_000]
    );
    assert_eq!(settings.event_ping_ms, 0);
    assert_eq!(settings.allow_origins, ["https://a.example", "https://b.example"]);
}

#[test]
fn the_collector_is_found_where_opentelemetry_says() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"otlp-endpoint = \"http://file.example\"").unwrap();
    let checked = |variable: &str, value: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_stillhere-authority"))
            .args(["--dev", "--check-config"])
            .env_clear()
            .env(variable, value)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let standard = "OTEL_EXPORTER_OTLP_ENDPOINT";
    for (variable, value, spans) in [
        (standard, "http://collector:4318", "spans: http://collector:4318/v1/traces\n"),
        (standard, "https://a.example/otlp/", "spans: https://a.example/otlp/v1/traces\n"),
        // So the standard: an empty variable is none.
        (standard, "", "spans: none\n"),
        ("STILLHERE_CONFIG", file.path().to_str().unwrap(), "http://file.example/v1/traces\n"),
    ] {
        let said = checked(variable, value);
        assert!(said.ends_with(spans), "{value}: {said}");
    }
}
