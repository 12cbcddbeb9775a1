//! Whom a notification reaches, and who may see it.

use std::time::Duration;

use serde_json::{Value, json};

use super::{PATH, acme, invitation, notify, platform, read};
use crate::support::carriers::message;
use crate::support::plain_http::Answer;
use crate::support::smtp_server::{Behaviour, SmtpServer};
use crate::support::tenants;
use crate::support::test_server::{ServerOptions, TestServer};

#[tokio::test(flavor = "multi_thread")]
async fn each_recipient_gets_a_message_of_its_own_and_sees_no_other() {
    let smtp = SmtpServer::start(Behaviour::plain());
    let server = acme(platform(&smtp)).await;
    let to = ["ada@example.com", "bob@example.com", "cyd@example.com"];
    let sent = notify(&server, &json!({ "event": "data_export.requested", "to": to }))
        .await
        .expect(201);
    let ids: Vec<_> = sent["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), 3);
    let mails = smtp.mails();
    assert_eq!(mails.len(), 3);
    for (address, id) in to.iter().zip(ids) {
        let mail = mails
            .iter()
            .find(|mail| mail.to == [(*address).to_owned()])
            .expect(address);
        assert!(mail.raw_header("Message-ID").unwrap().contains(id), "{address}");
        assert_eq!(mail.header_address("To").unwrap(), *address);
        let raw = String::from_utf8_lossy(&mail.raw).into_owned() + &mail.text_part() + &mail.html_part();
        for other in to.iter().filter(|other| *other != address) {
            assert!(!raw.contains(other), "{other} in the mail to {address}");
        }
    }
    assert_eq!(smtp.violations(), Vec::<String>::new());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_stands_there_twice_gets_one_message() {
    let smtp = SmtpServer::start(Behaviour::plain());
    let server = acme(platform(&smtp)).await;
    let to = [
        "Ada@example.com",
        "ada@EXAMPLE.com",
        "bob@example.com",
        "ada@example.com",
    ];
    let sent = notify(&server, &json!({ "to": to })).await.expect(201);
    assert_eq!(sent["messages"].as_array().unwrap().len(), 2);
    let mut reached: Vec<_> = smtp.mails().iter().map(|mail| mail.to[0].clone()).collect();
    reached.sort();
    assert_eq!(reached, ["Ada@example.com", "bob@example.com"]);
    server.stop().await;
}

async fn read_with(server: &TestServer, key: &str, id: &Value) -> Answer {
    let path = format!("{PATH}/{}", id.as_str().unwrap());
    server.request("GET", &path, key, &[], "").await
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_but_its_application_sees_a_notification() {
    let server = acme(ServerOptions::default()).await;
    let sister = tenants::application(&server).await;
    let stranger = tenants::environment(&server).await;
    for changes in [json!({}), json!({ "source": "api" })] {
        let id = notify(&server, &changes).await.expect(201)["id"].clone();
        for other in [&sister, &stranger] {
            read_with(&server, &other.key, &id)
                .await
                .expect_problem(404, "not_found");
        }
        read_with(&server, &server.admin_key, &id)
            .await
            .expect_problem(403, "forbidden");
        read_with(&server, "", &id)
            .await
            .expect_problem(401, "unauthorized");
        read(&server, &id).await.expect(200);
    }
    let body = invitation(&json!({})).to_string();
    let admin = server.request("POST", PATH, &server.admin_key, &[], &body).await;
    admin.expect_problem(403, "forbidden");
    // What is sent in one environment is neither listed nor counted in another.
    let listed = server
        .admin("GET", "/environments/other/messages", Value::Null)
        .await
        .expect(200);
    assert_eq!(listed["data"], json!([]));
    for id in [
        "ntf_0",
        "ntf_00000000000000000000000000000000",
        "msg_00000000000000000000000000000000",
    ] {
        read(&server, &json!(id)).await.expect_problem(404, "not_found");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_sees_its_messages_with_their_timelines_and_no_full_address() {
    let server = acme(ServerOptions::default()).await;
    let data =
        json!({ "inviter_name": "Ada Secret", "action_url": "https://acme.example.com/join/token-4711" });
    let sent = notify(&server, &json!({ "data": data })).await.expect(201);
    server.clock.advance(Duration::from_secs(1));
    server.send_email("new@example.com").await.expect(201);
    let listed = server.messages().await;
    assert_eq!(listed.len(), 2);
    assert_eq!(
        (&listed[0]["purpose"], &listed[0]["notification_id"]),
        (&json!("sign_in"), &Value::Null)
    );
    assert!(listed[0]["verification_id"].is_string());
    let mine = &listed[1];
    assert_eq!(mine["id"], sent["messages"][0]["id"]);
    assert_eq!(mine["notification_id"], sent["id"]);
    assert_eq!(mine["verification_id"], Value::Null);
    assert_eq!(mine["purpose"], "team_member.added");
    assert_eq!(
        (&mine["channel"], &mine["to"]),
        (&json!("email"), &json!("n•••@example.com"))
    );
    let told = message(&server, mine["id"].as_str().unwrap()).await;
    let timeline = told["timeline"].as_array().unwrap();
    let events: Vec<_> = timeline.iter().map(|entry| &entry["event"]).collect();
    assert_eq!(events, ["created", "attempt"]);
    assert_eq!(
        timeline[0]["details"],
        json!({ "route": ["platform"], "reason": "always_platform" })
    );
    // A code is dead by then, but what was sent stays sent.
    server.clock.advance(Duration::from_hours(25));
    let later = message(&server, mine["id"].as_str().unwrap()).await;
    assert_eq!(later["timeline"], told["timeline"]);
    for seen in [sent.to_string(), told.to_string(), json!(listed).to_string()] {
        for secret in ["new@example.com", "Secret", "token-4711"] {
            assert!(!seen.contains(secret), "{secret} in {seen}");
        }
    }
    server.stop().await;
}
