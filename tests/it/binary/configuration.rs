//! What is said of a configuration, good or bad.

use super::installation::Installation;

#[tokio::test]
async fn the_effective_configuration_shows_origins_and_no_secret() {
    let installation = Installation::new()
        .with(
            "DATABASE_URL",
            "postgres://otpost:hunter2-database@db.example.com/otpost",
        )
        .with("OTPOST_PLATFORM__SMS__PROVIDER", "http")
        .with("OTPOST_PLATFORM__SMS__URL", "https://sms.example.com/messages")
        .with("OTPOST_PLATFORM__SMS__TOKEN_FILE", "token");
    installation.write("token", "hunter2-token\n");
    installation.write("config/otpost.toml", "[send]\nwait_seconds = 1.5\n");
    let said = installation.run(&["check-config"]).await;
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert!(!said.stdout.contains("hunter2"), "{}", said.stdout);
    let line = |start: &str| {
        let found = said.stdout.lines().find(|line| line.starts_with(start));
        found
            .unwrap_or_else(|| panic!("no {start} in {}", said.stdout))
            .to_owned()
    };
    assert!(line("url = ").contains("DATABASE_URL"));
    assert!(line("wait_seconds = 1.5").contains("config/otpost.toml"));
    assert!(line("token = ").contains("OTPOST_PLATFORM__SMS__TOKEN_FILE"));
    assert!(line("retention_days = 30").contains("built-in default"));
    // It is a configuration itself.
    assert!(said.stdout.parse::<toml::Table>().is_ok(), "{}", said.stdout);
}

#[tokio::test]
async fn every_mistake_is_told_at_once_with_its_key_and_origin() {
    let installation = Installation::new()
        .with("OTPOST_SERVER__LISTEN", "localhost")
        .with("OTPOST_LOG__LEVEL", "loud")
        .with("OTPOST_SERVER__PORT", "8080")
        .with("OTPOST_BOOTSTRAP__DEFAULT_COUNTRY", "atlantis")
        .with("OTPOST_BOOTSTRAP__ADMIN_KEY_FILE", "nowhere");
    installation.write(
        "config/otpost.toml",
        "[server]\ncolour = \"red\"\n[platform.sms]\nprovider = \"pigeon\"\n[send]\nwait_seconds = \"soon\"\n",
    );
    for command in ["serve", "check-config", "migrate", "healthcheck"] {
        let said = installation.run(&[command]).await;
        assert_eq!((said.code, said.stdout.as_str()), (Some(2), ""), "{command}");
        for (key, origin) in [
            ("server.listen", "OTPOST_SERVER__LISTEN"),
            ("log.level", "OTPOST_LOG__LEVEL"),
            ("server.port", "OTPOST_SERVER__PORT"),
            ("bootstrap.default_country", "OTPOST_BOOTSTRAP__DEFAULT_COUNTRY"),
            ("bootstrap.admin_key", "OTPOST_BOOTSTRAP__ADMIN_KEY_FILE"),
            ("server.colour", "config/otpost.toml"),
            ("platform.sms.provider", "config/otpost.toml"),
            ("send.wait_seconds", "config/otpost.toml"),
        ] {
            let told = |line: &str| line.starts_with(&format!("otpost: {key} ")) && line.contains(origin);
            assert!(
                said.stderr.lines().any(told),
                "{key} and {origin} are not in\n{}",
                said.stderr
            );
        }
        assert_eq!(said.stderr.lines().count(), 8, "{}", said.stderr);
    }
    assert_eq!(
        installation.contents().len(),
        1,
        "nothing is made of a wrong configuration"
    );
}

#[tokio::test]
async fn a_file_that_is_named_must_be_there_and_be_readable() {
    let installation = Installation::new();
    let said = installation
        .run(&["--config", "missing.toml", "check-config"])
        .await;
    assert_eq!(said.code, Some(2));
    assert!(said.stderr.contains("missing.toml"), "{}", said.stderr);
    installation.write("broken.toml", "[server\nlisten = 1");
    let said = installation
        .run(&["--config", "broken.toml", "check-config"])
        .await;
    assert_eq!(said.code, Some(2));
    assert!(said.stderr.contains("broken.toml"), "{}", said.stderr);
}

#[tokio::test]
async fn a_command_that_does_not_exist_is_a_usage_error() {
    let said = Installation::new().run(&["dance"]).await;
    assert_eq!((said.code, said.stdout.as_str()), (Some(2), ""));
    assert!(said.stderr.contains("dance"));
}

#[tokio::test]
async fn networks_are_a_list_in_a_file_and_stand_with_commas_in_a_variable() {
    let installation = Installation::new();
    installation.write(
        "config/otpost.toml",
        "[server]\ntrusted_proxies = [\"10.0.0.0/8\", \"fd00::/8\"]\n",
    );
    let said = installation.run(&["check-config"]).await;
    let shown = "trusted_proxies = [\"10.0.0.0/8\", \"fd00::/8\"]  # config/otpost.toml, line 2";
    assert!(said.stdout.contains(shown), "{}", said.stdout);

    let installation = installation.with("OTPOST_SERVER__TRUSTED_PROXIES", "192.0.2.7, 10.0.0.0/8");
    let said = installation.run(&["check-config"]).await;
    assert!(
        said.stdout
            .contains("trusted_proxies = [\"192.0.2.7\", \"10.0.0.0/8\"]"),
        "{}",
        said.stdout
    );
    assert!(said.stdout.parse::<toml::Table>().is_ok(), "{}", said.stdout);

    let installation = installation.with("OTPOST_SERVER__TRUSTED_PROXIES", "10.0.0.0/8,10.0.0.1/8,proxy");
    let said = installation.run(&["check-config"]).await;
    let told: Vec<&str> = said.stderr.lines().collect();
    assert_eq!((said.code, told.len()), (Some(2), 2), "{}", said.stderr);
    for (line, entry) in told.iter().zip(["(entry 2)", "(entry 3)"]) {
        assert!(
            line.starts_with("otpost: server.trusted_proxies must ")
                && line.contains(entry)
                && line.contains("OTPOST_SERVER__TRUSTED_PROXIES"),
            "{line}"
        );
    }
}

#[tokio::test]
async fn what_is_allowed_but_doubtful_is_warned_of_and_the_log_has_the_callers_address() {
    let installation = Installation::new()
        .with("OTPOST_SERVER__PUBLIC_URL", "https://otp_service.example.com")
        .with("OTPOST_SERVER__TRUSTED_PROXIES", "0.0.0.0/0");
    let running = installation.start().await;
    let line = "X-Forwarded-For: 192.0.2.1";
    let answer = running
        .call(
            "GET /v1/connections",
            "otpost_sk_wrong",
            &serde_json::Value::Null,
            &[line],
        )
        .await;
    assert_eq!(answer.status, 401);
    running.signal("INT");
    let said = running.ended().await;
    for doubt in [
        "server.public_url has an underscore",
        "server.trusted_proxies holds every address",
    ] {
        let warned = |line: &str| line.contains(doubt) && line.contains("WARN");
        assert!(said.stderr.lines().any(warned), "{doubt}: {}", said.stderr);
    }
    let request =
        |line: &str| line.contains("\"answered\"") && line.contains("\"client.address\":\"192.0.2.1\"");
    assert!(said.stderr.lines().any(request), "{}", said.stderr);
}
