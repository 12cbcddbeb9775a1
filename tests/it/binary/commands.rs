//! The commands that do one thing and end.

use std::time::Duration;

use otpost::domain::api_key::{ApiKey, KeyKind};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::installation::Installation;

#[tokio::test]
async fn keys_are_made_once_for_their_owner_alone_and_rotated_beside_the_old_ones() {
    let installation = Installation::new();
    let said = installation.run(&["keys", "init"]).await;
    assert_eq!(
        (said.code, said.stdout.as_str()),
        (Some(0), "wrote data/keys.toml\n")
    );
    assert_eq!(installation.mode("data/keys.toml"), 0o600);
    let made = installation.read("data/keys.toml");

    let said = installation.run(&["keys", "init"]).await;
    assert_eq!(said.code, Some(0));
    assert!(said.stdout.contains("nothing was changed"), "{}", said.stdout);
    assert_eq!(installation.read("data/keys.toml"), made);

    let said = installation.run(&["keys", "rotate"]).await;
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let backup = said.stdout.lines().nth(1).unwrap();
    let backup = backup.strip_prefix("the file as it was is kept as ").unwrap();
    assert!(backup.contains("data/keys.toml.2"), "{backup}");
    assert_eq!(installation.read(backup), made);
    assert_eq!(installation.mode(backup), 0o600);
    let rotated: toml::Table = String::from_utf8(installation.read("data/keys.toml"))
        .unwrap()
        .parse()
        .unwrap();
    let before: toml::Table = String::from_utf8(made).unwrap().parse().unwrap();
    let generations = rotated["generation"].as_array().unwrap();
    assert_eq!(generations.len(), 2);
    assert_eq!(generations[1], before["generation"][0]);
    let use_from = generations[0]["use_from"].as_str().unwrap();
    assert!(said.stdout.contains(use_from), "{}", said.stdout);
    let wait = |generation: &toml::Value| -> Duration {
        let time = |name: &str| {
            let text = generation[name].as_str().unwrap();
            OffsetDateTime::parse(text, &Rfc3339).unwrap()
        };
        (time("use_from") - time("created_at")).try_into().unwrap()
    };
    let hour = Duration::from_hours(1);
    let waits = wait(&generations[0]);
    assert!(
        waits <= hour && waits + Duration::from_secs(1) > hour,
        "{waits:?}"
    );

    for delay in ["1", "soon", "721h"] {
        let said = installation.run(&["keys", "rotate", "--in", delay]).await;
        assert_eq!(said.code, Some(2));
        assert!(said.stderr.contains("such as 90s, 15m or 1h"), "{}", said.stderr);
    }
    assert_eq!(installation.mode("data/keys.toml"), 0o600);
}

#[tokio::test]
async fn keys_that_are_not_there_or_damaged_are_not_rotated() {
    let installation = Installation::new();
    let said = installation.run(&["keys", "rotate"]).await;
    assert_eq!(said.code, Some(1));
    assert!(
        said.stderr.contains("data/keys.toml") && said.stderr.contains("otpost keys init"),
        "{}",
        said.stderr
    );
    installation.write("data/keys.toml", "[[generation]]\nmac = \"c2VjcmV0\"\n");
    for command in ["init", "rotate"] {
        let said = installation.run(&["keys", command]).await;
        assert_eq!(said.code, Some(1));
        assert!(
            said.stderr.contains("damaged") && !said.stderr.contains("c2VjcmV0"),
            "{}",
            said.stderr
        );
    }
}

#[tokio::test]
async fn a_generated_key_is_well_formed_and_stored_nowhere() {
    let installation = Installation::new();
    for (kind, expected) in [("sk", KeyKind::Application), ("ak", KeyKind::Administrator)] {
        let said = installation.run(&["keys", "generate", kind]).await;
        assert_eq!(said.code, Some(0));
        assert_eq!(ApiKey::parse(said.stdout.trim_end()).unwrap().kind(), expected);
        assert_ne!(
            installation.run(&["keys", "generate", kind]).await.stdout,
            said.stdout
        );
    }
    assert!(installation.contents().is_empty());
}

#[tokio::test]
async fn the_document_is_printed_without_any_configuration() {
    let said = Installation::new()
        .with("OTPOST_NO__SUCH_KEY", "1")
        .run(&["openapi"])
        .await;
    assert_eq!((said.code, said.stdout), (Some(0), otpost::cli::openapi()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migrated_database_is_still_new() {
    let installation = Installation::new();
    for _ in 0..2 {
        let said = installation.run(&["migrate"]).await;
        assert_eq!(
            (said.code, said.stdout.as_str()),
            (Some(0), "the database is up to date\n")
        );
    }
    assert!(!installation.path("data/keys.toml").exists());
    let running = installation.start().await;
    running.welcome().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn health_is_zero_while_it_serves_and_one_when_it_does_not() {
    let installation = Installation::new();
    let said = installation.run(&["healthcheck"]).await;
    assert_eq!(said.code, Some(1));
    assert!(
        said.stderr.contains(&installation.operations.to_string()),
        "{}",
        said.stderr
    );
    let running = installation.start().await;
    let said = installation.run(&["healthcheck"]).await;
    assert_eq!((said.code, said.stdout + &said.stderr), (Some(0), String::new()));
    running.signal("INT");
    assert_eq!(running.ended().await.code, Some(0));
    assert_eq!(installation.run(&["healthcheck"]).await.code, Some(1));
}
