//! `otpost export`, and back.

use super::super::installation::Installation;
use super::site::{EXAMPLE, Site};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_exported_changes_nothing_here_and_makes_the_same_elsewhere() {
    let site = Site::applied().await;
    let exported = site.run(&["export"]).await;
    assert_eq!((exported.code, exported.stderr.as_str()), (Some(0), ""));
    site.installation.write("exported.toml", &exported.stdout);
    let before = site.revision().await;
    assert!(site.apply("exported.toml").await.starts_with("nothing to change"));
    assert_eq!(site.revision().await, before);

    let other = Site::new().await;
    let told = other.refuses(&exported.stdout).await;
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told.iter()
            .all(|line| line.contains("to be kept, but none is stored")),
        "{told:?}"
    );
    let filled = exported
        .stdout
        .replace(
            "auth_token = { keep = true }",
            "auth_token = { env = \"TWILIO_AUTH_TOKEN\" }",
        )
        .replace(
            "password = { keep = true }",
            "password = { file = \"smtp_password\" }",
        );
    other.installation.write("filled.toml", &filled);
    other.apply("filled.toml").await;
    assert_eq!(other.run(&["export"]).await.stdout, exported.stdout);
    other.installation.write(
        "environment.toml",
        &EXAMPLE.replace("/run/secrets/smtp_password", "smtp_password"),
    );
    assert!(
        other
            .apply("environment.toml")
            .await
            .starts_with("nothing to change"),
        "secrets included"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_not_kept_is_dropped_and_exported_as_dropped() {
    let site = Site::applied().await;
    let token = "auth_token = { env = \"TWILIO_AUTH_TOKEN\" }";
    let key = format!(
        "api_key_sid = \"SK{}\"\napi_key_secret = {{ env = \"TWILIO_AUTH_TOKEN\" }}",
        "0".repeat(32)
    );
    let example = String::from_utf8(site.installation.read("environment.toml")).unwrap();
    let with_key = example.replacen(token, &format!("{token}\n{key}"), 1);
    site.installation.write("with_key.toml", &with_key);
    site.apply("with_key.toml").await;
    let dropped = with_key.replacen(token, "auth_token = { keep = false }", 1);
    site.installation.write("dropped.toml", &dropped);
    let told = site.apply("dropped.toml").await;
    assert!(told.contains("  sms.twilio.auth_token: removed\n"), "{told}");
    assert!(site.apply("dropped.toml").await.starts_with("nothing to change"));
    let exported = site.run(&["export"]).await.stdout;
    assert!(exported.contains("auth_token = { keep = false }\n"), "{exported}");
    // Where there still is one, the exported file drops it too.
    site.apply("with_key.toml").await;
    site.installation.write("exported.toml", &exported);
    let told = site.apply("exported.toml").await;
    assert!(told.contains("  sms.twilio.auth_token: removed\n"), "{told}");
    let needed = example.replacen(token, "auth_token = { keep = false }", 1);
    let told = site.refuses(&needed).await;
    assert!(
        told[0].contains("is needed unless there is an API key"),
        "{told:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_database_there_is_nothing_to_export() {
    let installation = Installation::new();
    let said = installation.run(&["export"]).await;
    assert_eq!((said.code, said.stdout.as_str()), (Some(1), ""));
    assert!(said.stderr.contains("no database yet"), "{}", said.stderr);
    assert!(installation.contents().is_empty());
}
