//! `otpost apply`, `otpost export` and `bootstrap.file`: settings as a file, with the real program on either database.

use serde_json::{Value, json};

use crate::support::wait::until;
use site::Site;

mod bootstrap;
mod export;
mod mistakes;
mod site;

/// The key that follows `label` in what a first start shows.
fn shown<'a>(stdout: &'a str, label: &str) -> &'a str {
    let line = stdout.lines().find(|line| line.trim_start().starts_with(label));
    line.unwrap().split_whitespace().last().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_file_describes_is_made_so_and_applying_it_again_changes_nothing() {
    let site = Site::new().await;
    let first = site.apply("environment.toml").await;
    assert!(first.contains("  sms.twilio.auth_token: changed\n"), "{first}");
    assert!(first.contains("environment staging: new\n"), "{first}");
    let all = "SELECT count(*) FROM audit_entries";
    let written = site.audited(all).await;
    let of_others =
        "SELECT count(*) FROM audit_entries WHERE key_id IS NOT NULL OR remote_address IS NOT NULL";
    assert_eq!(site.audited(of_others).await, 0);
    let of_sms = "SELECT count(*) FROM audit_entries WHERE action = 'settings.sms.update'";
    assert_eq!(site.audited(of_sms).await, 1);
    let before = site.directory().await;
    let again = site.apply("environment.toml").await;
    assert_eq!(
        again,
        "nothing to change: everything is as environment.toml says\n"
    );
    assert_eq!(site.directory().await, before);
    assert_eq!(site.audited(all).await, written);

    let key = shown(&first, "administrator key");
    let running = site.installation.start().await;
    let default = site.read(&running, key, "default").await;
    assert_eq!(
        (&default["name"], &default["default_country"]),
        (&json!("Production"), &json!("au"))
    );
    let sms = site.read(&running, key, "default/settings/sms").await;
    assert_eq!(
        sms["twilio"]["auth_token"],
        json!({ "set": true, "hint": "…oken" })
    );
    assert_eq!(
        (&sms["fallback"], &sms["allowed_countries"]),
        (&json!(true), &json!(["au", "nz"]))
    );
    let email = site.read(&running, key, "default/settings/email").await;
    assert_eq!(email["custom_sender"]["password"], json!({ "set": true }));
    let content = site.read(&running, key, "default/settings/email/content").await;
    assert_eq!(
        content["en"]["sign_in"]["subject"],
        "Your code for {{ business_name }}"
    );
    let otp = site.read(&running, key, "default/settings/otp").await;
    assert_eq!(
        (&otp["life_seconds"], &otp["email_life_seconds"]["verify"]),
        (&json!(300), &json!(86_400))
    );
    let applications = site.read(&running, key, "staging/applications").await;
    let app = &applications["data"][0];
    assert_eq!(
        (applications["data"].as_array().unwrap().len(), &app["name"]),
        (1, &json!("Web shop"))
    );
    let path = format!("staging/applications/{}/connections", app["id"].as_str().unwrap());
    let on = site.read(&running, key, &path).await;
    assert_eq!(
        (on["data"].as_array().unwrap().len(), &on["data"][0]["strategy"]),
        (1, &json!("email:otp"))
    );
    let said = running.interrupted().await;
    assert_eq!(said.stdout, "", "the first start was that of apply");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_tells_what_would_change_and_changes_nothing() {
    let site = Site::new().await;
    let files = site.installation.contents();
    let said = site.run(&["apply", "environment.toml", "--dry-run"]).await;
    if site.database.wants_keys() {
        // Its tables are not there yet, and a dry run makes none.
        assert_eq!(said.code, Some(1));
        assert!(said.stderr.contains("otpost migrate"), "{}", said.stderr);
    } else {
        assert_eq!(said.code, Some(0), "{}", said.stderr);
        assert!(
            said.stdout.contains("environment default would be made first"),
            "{}",
            said.stdout
        );
    }
    assert_eq!(site.installation.contents(), files);

    site.apply("environment.toml").await;
    let text = String::from_utf8(site.installation.read("environment.toml")).unwrap();
    let changed = text
        .replace("default_country = \"au\"", "default_country = \"\"")
        .replace("digits = 6", "digits = 8")
        .replace("fallback = true", "fallback = false");
    site.installation.write("changed.toml", &changed);
    let before = site.revision().await;
    let said = site.run(&["apply", "changed.toml", "--dry-run"]).await;
    assert_eq!(
        (said.code, said.stdout.as_str()),
        (
            Some(0),
            "environment default\n  default_country: \"au\" → none\n  sms.fallback: true → false\n  \
             sms.twilio.auth_token: kept\n  otp.digits: 6 → 8\n\n\
             3 changes; this was a dry run, and nothing was changed\n"
        )
    );
    assert_eq!(site.revision().await, before);
    let told = site.apply("changed.toml").await;
    assert!(told.ends_with("  otp.digits: 6 → 8\n\n3 changes\n"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_applied_while_a_server_runs_comes_into_force_by_itself() {
    let site = Site::new().await;
    let running = site.installation.start().await;
    let welcome = running.welcome().await;
    let country = async || {
        let answer = running
            .call("GET /v1/connections", &welcome.application_key, &Value::Null, &[])
            .await;
        answer.json()["data"][0]["default_country"].clone()
    };
    assert_eq!(country().await, Value::Null);
    let told = site.apply("environment.toml").await;
    assert!(!told.contains("application key"), "no second first start: {told}");
    until("it is in force", async || country().await == json!("au")).await;
    let body = json!({ "connection_id": welcome.email_connection, "to": "jo@example.com" });
    let sms = json!({ "connection_id": welcome.phone_connection, "to": "+4915112345678" });
    let answer = running
        .call("POST /v1/otp/send", &welcome.application_key, &sms, &[])
        .await;
    assert_eq!(
        (answer.status, &answer.json()["code"]),
        (403, &json!("country_not_allowed"))
    );
    // The server goes on writing to the same database.
    let answer = running
        .call(
            "POST /v1/otp/send",
            &welcome.application_key,
            &body,
            &["Prefer: respond-async"],
        )
        .await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    assert!(
        site.apply("environment.toml")
            .await
            .starts_with("nothing to change")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_are_applied_at_once_are_all_applied() {
    let site = Site::applied().await;
    let texts = [
        "[environments.default.otp]\ndigits = 8\n",
        "[environments.default.mfa]\nsms = false\n",
        "[environments.default]\nname = \"Live\"\n",
        "[environments.staging]\nname = \"Stage\"\n",
    ];
    let names: Vec<_> = (0..texts.len()).map(|n| format!("{n}.toml")).collect();
    for (name, text) in names.iter().zip(texts) {
        site.installation.write(name, text);
    }
    futures_util::future::join_all(names.iter().map(|name| site.apply(name))).await;
    for name in &names {
        assert!(site.apply(name).await.starts_with("nothing to change"), "{name}");
    }
}
