//! The audit log: an entry for every change, with whose key and from where, and never a secret in it.

use std::time::Duration;

use otpost::domain::time::Clock as _;
use serde_json::{Value, json};

use super::email::{self, sender};
use super::sms::{self, account, sid};
use crate::support::tenants;
use crate::support::test_server::TestServer;

/// What the first start makes of an environment, newest first.
const FIRST_START: [&str; 5] = [
    "key.create",
    "connection.enable",
    "connection.enable",
    "application.create",
    "environment.create",
];

const PATH: &str = "/environments/default/audit";

/// What no entry may hold: each secret begins with one of these.
const CANARIES: [&str; 5] = [
    "token-of-the",
    "another-token-of",
    "secret-of-the",
    "password-of-the",
    "another-password-of",
];

async fn entries(server: &TestServer, path: &str) -> Vec<Value> {
    let page = server.admin("GET", path, Value::Null).await.expect(200);
    page["data"].as_array().unwrap().clone()
}

/// Every kind of change there is, with secrets in it, one a minute.
async fn change_everything(server: &TestServer) -> Vec<(&'static str, String)> {
    let application = server.application_path();
    let id = application.rsplit('/').next().unwrap().to_owned();
    let mut with_key = account();
    with_key["api_key_sid"] = json!(sid("SK"));
    with_key["api_key_secret"] = json!("secret-of-the-key-5678");
    let mut same_secret = account();
    same_secret["discard_content"] = json!(true);
    let mut replaced = account();
    replaced["auth_token"] = json!("another-token-of-the-account");
    let mut rewritten = sender();
    rewritten["password"] = json!("another-password-of-the-sender");
    let twilio = |account: Value| json!({ "provider": "twilio", "twilio": account });
    let custom = |sender: Value| json!({ "custom_sender": sender });
    let env = "/environments/default";
    let otp = format!("{env}/settings/otp");
    let mut made = Vec::new();
    for (method, path, body, action) in [
        ("PATCH", env, json!({ "name": "New" }), "environment.update"),
        (
            "PATCH",
            application.as_str(),
            json!({ "name": "Shop" }),
            "application.update",
        ),
        ("PUT", sms::PATH, twilio(account()), "settings.sms.update"),
        ("PUT", sms::PATH, twilio(same_secret), "settings.sms.update"),
        ("PUT", sms::PATH, twilio(with_key), "settings.sms.update"),
        ("PUT", sms::PATH, twilio(replaced), "settings.sms.update"),
        ("PUT", sms::PATH, json!({}), "settings.sms.update"),
        ("PUT", email::PATH, custom(sender()), "settings.email.update"),
        ("PUT", email::PATH, custom(rewritten), "settings.email.update"),
        ("PUT", email::PATH, json!({}), "settings.email.update"),
        (
            "PATCH",
            otp.as_str(),
            json!({ "digits": 8 }),
            "settings.otp.update",
        ),
    ] {
        server.clock.advance(Duration::from_mins(1));
        server.admin(method, path, body).await.expect(200);
        let target = if action == "application.update" {
            id.clone()
        } else {
            environment(server)
        };
        made.insert(0, (action, target));
    }
    made
}

fn environment(server: &TestServer) -> String {
    server
        .services
        .directory
        .current()
        .environments()
        .next()
        .unwrap()
        .id()
        .to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_is_in_the_audit_log_and_no_secret_is() {
    let server = TestServer::start().await;
    let made = change_everything(&server).await;
    let found = entries(&server, PATH).await;
    let told: Vec<_> = found
        .iter()
        .map(|entry| {
            (
                entry["action"].as_str().unwrap(),
                entry["target"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    assert_eq!(told[..made.len()], made);
    let at_first: Vec<_> = told[made.len()..].iter().map(|(action, _)| *action).collect();
    assert_eq!(at_first, FIRST_START);
    for (entry, minutes) in found.iter().zip(0_u32..) {
        let text = entry.to_string();
        for canary in CANARIES {
            assert!(!text.contains(canary), "{text}");
        }
        for key in [&server.admin_key, &server.application_key] {
            assert!(!text.contains(key.as_str()), "{text}");
        }
        assert_eq!(entry["environment_id"], environment(&server));
        if (minutes as usize) < made.len() {
            let ago = Duration::from_mins(1) * minutes;
            let expected = server.clock.now().unix_micros() - i64::try_from(ago.as_micros()).unwrap();
            let expected = otpost::domain::time::Timestamp::from_unix_micros(expected).unwrap();
            assert_eq!(entry["at"], expected.to_string());
            assert_eq!(entry["remote_address"], "127.0.0.1");
            assert!(
                entry["changes"]["before"].is_object() && entry["changes"]["after"].is_object(),
                "{text}"
            );
        }
    }
    let secrets: Vec<_> = found
        .iter()
        .map(|entry| entry["changes"]["secrets"].as_str())
        .collect();
    // Changed is what differs, whether or not it was given.
    let (changed, kept) = (Some("changed"), Some("kept"));
    let mut expected = vec![
        None, changed, changed, changed, changed, changed, changed, kept, changed, None, None,
    ];
    expected.extend(FIRST_START.map(|_| None));
    assert_eq!(secrets, expected);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_has_these_members() {
    let server = TestServer::start().await;
    server.clock.advance(Duration::from_secs(1));
    let rules = "/environments/default/settings/otp";
    let before = server.admin("GET", rules, Value::Null).await.expect(200);
    let after = server
        .admin("PATCH", rules, json!({ "digits": 8 }))
        .await
        .expect(200);
    let found = entries(&server, PATH).await;
    let mut entry = found[0].clone();
    let id = entry.as_object_mut().unwrap().remove("id").unwrap();
    assert!(id.as_str().unwrap().starts_with("aud_"), "{id}");
    let key = entry["actor"].as_object_mut().unwrap().remove("key_id").unwrap();
    assert!(key.as_str().unwrap().starts_with("key_"), "{key}");
    let env = environment(&server);
    let at = server.clock.now().to_string();
    assert_eq!(
        entry,
        json!({
            "at": at, "environment_id": env, "actor": { "name": "first key" }, "action": "settings.otp.update",
            "target": env, "changes": { "before": before, "after": after }, "remote_address": "127.0.0.1",
        })
    );
    // What the service does by itself has nobody's key.
    for entry in &found[1..] {
        assert_eq!(
            (&entry["actor"], &entry["remote_address"]),
            (&Value::Null, &Value::Null)
        );
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_read_page_by_page_and_what_is_refused_is_not_in_it() {
    let server = TestServer::start().await;
    change_everything(&server).await;
    let all = entries(&server, &format!("{PATH}?limit=100")).await;
    server
        .admin("PATCH", "/environments/default", json!({ "name": "" }))
        .await
        .expect_invalid();
    let (mut read, mut path) = (Vec::new(), format!("{PATH}?limit=3"));
    loop {
        let page = server.admin("GET", &path, Value::Null).await.expect(200);
        let data = page["data"].as_array().unwrap();
        assert!(data.len() <= 3);
        read.extend(data.iter().cloned());
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("{PATH}?limit=3&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(read, all);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_environments_log_has_nothing_of_another_and_the_installations_has_all() {
    let server = TestServer::start().await;
    tenants::environment(&server).await;
    server.clock.advance(Duration::from_secs(1));
    server.set_environment(json!({ "name": "Ours" })).await;
    server.clock.advance(Duration::from_secs(1));
    let theirs = json!({ "name": "Theirs" });
    server
        .admin("PATCH", "/environments/other", theirs)
        .await
        .expect(200);
    let actions = |entries: &[Value]| -> Vec<String> {
        let action = |entry: &Value| entry["action"].as_str().unwrap().to_owned();
        entries.iter().map(action).collect()
    };
    let ours = entries(&server, PATH).await;
    let others = entries(&server, "/environments/other/audit").await;
    let all = entries(&server, "/audit").await;
    let (changed, at_first) = actions(&ours)
        .split_first()
        .map(|(one, rest)| (one.clone(), rest.to_vec()))
        .unwrap();
    assert_eq!(
        (changed.as_str(), at_first),
        ("environment.update", FIRST_START.map(str::to_owned).to_vec())
    );
    // What was made at one moment of the test's clock has no order.
    let mut made = actions(&others);
    made[1..].sort_unstable();
    let expected = [
        "environment.update",
        "application.create",
        "connection.enable",
        "environment.create",
        "key.create",
    ];
    assert_eq!(made, expected);
    let (of_ours, of_others): (Vec<Value>, Vec<Value>) = all
        .clone()
        .into_iter()
        .partition(|entry| entry["environment_id"] == ours[0]["environment_id"]);
    assert_eq!(of_ours, ours);
    // The first administrator's key belongs to no environment.
    let (of_none, of_others): (Vec<Value>, Vec<Value>) = of_others
        .into_iter()
        .partition(|entry| entry["environment_id"].is_null());
    assert_eq!(
        (actions(&of_none), of_others),
        (vec!["key.create".to_owned()], others.clone())
    );
    // The cursor of another environment's entry shows nothing of it.
    let cursor = others[0]["id"].as_str().unwrap();
    assert_eq!(entries(&server, &format!("{PATH}?cursor={cursor}")).await, ours);
    let answer = server
        .admin("GET", "/environments/nowhere/audit", Value::Null)
        .await;
    answer.expect_problem(404, "not_found");
    // Once the environment is gone its entries are in the installation's log alone.
    server.clock.advance(Duration::from_secs(1));
    let removed = server.admin("DELETE", "/environments/other", Value::Null).await;
    assert_eq!(removed.status, 204);
    let answer = server
        .admin("GET", "/environments/other/audit", Value::Null)
        .await;
    answer.expect_problem(404, "not_found");
    assert_eq!(entries(&server, "/audit").await[1..], all);
    server.stop().await;
}
