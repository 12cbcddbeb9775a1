//! The first start and the second.

use std::process::Command;

use serde_json::{Value, json};

use super::installation::Installation;

/// The six digits of the newest message that the console shows.
fn shown_code(stdout: &str) -> Option<String> {
    // Behind the last `#`: a run of six digits may stand in an id, too.
    let (_, code) = stdout.rsplit_once('#')?;
    // All of its line.
    let (code, _) = code.split_once('\n')?;
    Some(code.chars().take_while(char::is_ascii_digit).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_sends_and_verifies_a_code_with_what_the_first_start_shows() {
    let installation = Installation::new().patient();
    let running = installation.start().await;
    let welcome = running.welcome().await;
    assert!(welcome.application_key.starts_with("otpost_sk_"));
    assert!(welcome.admin_key.starts_with("otpost_ak_"));
    assert!(welcome.email_connection.starts_with("conn_"));
    assert_eq!(installation.mode("data/keys.toml"), 0o600);
    assert_eq!(installation.mode("data/otpost.db"), 0o600);

    // The line itself, where there is a curl; what it says, where there is none.
    let curl = Command::new("sh")
        .args(["-c", &format!("{} -sS", welcome.curl)])
        .output()
        .unwrap();
    let answer: Value = if curl.status.code() == Some(127) {
        let body = json!({"connection_id": welcome.phone_connection, "to": "+61466043123"});
        let answer = running
            .call("POST /v1/otp/send", &welcome.application_key, &body, &[])
            .await;
        answer.json()
    } else {
        assert!(curl.status.success(), "{}", String::from_utf8_lossy(&curl.stderr));
        serde_json::from_slice(&curl.stdout).unwrap()
    };
    assert_eq!(
        (&answer["status"], &answer["message"]["provider"]),
        (&json!("pending"), &json!("console"))
    );
    let code = running.printed("the code", shown_code).await;
    let guess = json!({"verification_id": answer["id"], "code": code});
    let answer = running
        .call("POST /v1/otp/verify", &welcome.application_key, &guess, &[])
        .await;
    assert_eq!(
        (answer.status, &answer.json()["status"]),
        (200, &json!("verified"))
    );
    let log = running.interrupted().await.stderr;
    assert!(log.contains("\"answered\""), "there is a log: {log}");
    for secret in [&welcome.application_key, &welcome.admin_key, &code] {
        assert!(!log.contains(secret.as_str()), "a secret is in the log");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_start_shows_no_secret_and_knows_everything_of_the_first() {
    let installation = Installation::new();
    let running = installation.start().await;
    let welcome = running.welcome().await;
    let before = running
        .call("GET /v1/connections", &welcome.application_key, &Value::Null, &[])
        .await;
    running.interrupted().await;

    let running = installation.start().await;
    let after = running
        .call("GET /v1/connections", &welcome.application_key, &Value::Null, &[])
        .await;
    assert_eq!((after.status, after.json()), (200, before.json()));
    let said = running.interrupted().await;
    assert_eq!(said.stdout, "");
    assert!(!said.stderr.contains("otpost_sk_") && !said.stderr.contains("otpost_ak_"));
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_are_given_are_not_shown_and_work() {
    let keys = Installation::new();
    let application_key = keys.run(&["keys", "generate", "sk"]).await.stdout;
    let admin_key = keys.run(&["keys", "generate", "ak"]).await.stdout;
    let installation = Installation::new().with("OTPOST_BOOTSTRAP__ADMIN_KEY", admin_key.trim());
    installation.write("application.key", &application_key);
    let installation = installation.with("OTPOST_BOOTSTRAP__APPLICATION_KEY_FILE", "application.key");
    let running = installation.start().await;
    for (path, key) in [
        ("/v1/connections", &application_key),
        ("/admin/v1/environments", &admin_key),
    ] {
        let answer = running
            .call(&format!("GET {path}"), key.trim(), &Value::Null, &[])
            .await;
        assert_eq!(answer.status, 200, "{path}");
    }
    let stdout = running.interrupted().await.stdout;
    assert!(stdout.contains("Connection ID phone"), "{stdout}");
    assert!(
        !stdout.contains("otpost_sk_") && !stdout.contains("otpost_ak_"),
        "{stdout}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_taken_is_named_and_the_database_left_alone() {
    let first = Installation::new();
    let _running = first.start().await;
    let mut second = Installation::new();
    second.set("OTPOST_SERVER__LISTEN", &first.api.to_string());
    let said = second.run(&["serve"]).await;
    assert_eq!(said.code, Some(1));
    let line = format!("otpost: server.listen: {} cannot be listened on", first.api);
    assert!(
        said.stderr.starts_with(&line) && said.stderr.lines().count() == 1,
        "{}",
        said.stderr
    );
    assert!(second.contents().is_empty());
}
