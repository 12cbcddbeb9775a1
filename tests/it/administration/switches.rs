//! Connections switched on and off for an application.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::tenants;
use crate::support::test_server::{ServerOptions, TestServer};
use crate::support::wait::until;

async fn listed(server: &TestServer, application: &str) -> Vec<String> {
    let path = format!("{application}/connections");
    let page = server.admin("GET", &path, Value::Null).await.expect(200);
    let id = |connection: &Value| connection["id"].as_str().unwrap().to_owned();
    page["data"].as_array().unwrap().iter().map(id).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_switched_any_number_of_times_and_audited_when_that_changes_something() {
    let server = TestServer::start().await;
    let (phone, email) = (server.phone.clone(), server.email.clone());
    let application = server.application_path();
    assert_eq!(
        listed(&server, &application).await,
        [&phone, &email].map(Clone::clone)
    );
    let before = tenants::audited(&server).await.len();
    let steps = [
        ("DELETE", &phone, vec![email.clone()], 1),
        ("DELETE", &phone, vec![email.clone()], 1),
        ("DELETE", &email, vec![], 2),
        ("PUT", &email, vec![email.clone()], 3),
        ("PUT", &phone, vec![phone.clone(), email.clone()], 4),
        ("PUT", &phone, vec![phone.clone(), email.clone()], 4),
    ];
    for (method, connection, on, audited) in steps {
        tenants::switch(&server, method, &application, connection).await;
        assert_eq!(listed(&server, &application).await, on);
        let seen = server.get("/v1/connections").await.expect(200);
        assert_eq!(seen["data"].as_array().unwrap().len(), on.len());
        assert_eq!(tenants::audited(&server).await.len() - before, audited);
    }
    let page = format!("{application}/connections?limit=1");
    let first = server.admin("GET", &page, Value::Null).await.expect(200);
    assert_eq!(first["next_cursor"], phone);
    assert_eq!(
        first["data"],
        json!([{ "id": phone, "strategy": "phone:otp", "name": "Phone" }])
    );
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn over_a_connection_that_is_off_nothing_is_sent_and_nothing_verified_until_it_is_on_again() {
    let server = TestServer::start().await;
    let application = server.application_path();
    let phone = server.phone.clone();
    let (id, code) = server.sent_code("+61466043123").await;
    tenants::switch(&server, "DELETE", &application, &phone).await;
    server.clock.advance(Duration::from_secs(30));
    for refused in [
        server.send_sms("+61466043124").await,
        server.verify(&id, &code).await,
        server.verify(&id, "000000").await,
        server.resend(&id).await,
    ] {
        refused.expect_problem(403, "connection_disabled");
    }
    server.send_email("jane@example.com").await.expect(201);
    let read = server.read(&id).await;
    assert_eq!(
        (&read["status"], &read["attempts_left"], &read["resends_left"]),
        (&json!("pending"), &json!(5), &json!(4))
    );
    tenants::switch(&server, "PUT", &application, &phone).await;
    server.resend(&id).await.expect(200);
    server.verify(&id, &code).await.expect(200);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_switch_comes_into_force_on_a_replica_by_itself() {
    let server = TestServer::start().await;
    let replica = server.replica(ServerOptions::default()).await;
    let (id, code) = server.sent_code("+61466043123").await;
    tenants::switch(&server, "DELETE", &server.application_path(), &server.phone).await;
    until("it is refused", async || {
        // A code of another length is not counted as a guess.
        replica.verify(&id, &format!("{code}0")).await.status == 403
    })
    .await;
    replica
        .verify(&id, &code)
        .await
        .expect_problem(403, "connection_disabled");
    replica.stop().await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_connection_of_the_applications_own_environment_is_switched() {
    let server = TestServer::start().await;
    let other = tenants::environment(&server).await;
    let application = server.application_path();
    let never = format!("conn_{}", "0".repeat(32));
    for path in [
        format!("{application}/connections/{}", other.phone),
        format!("{application}/connections/{never}"),
        format!("{application}/connections/x"),
        format!("{application}/connections/{}", server.phone.to_uppercase()),
        format!(
            "{}/connections/{}",
            application.replace("/default/", "/other/"),
            other.phone
        ),
        format!(
            "/environments/default/applications/app_{}/connections/{}",
            "0".repeat(32),
            server.phone
        ),
    ] {
        for method in ["PUT", "DELETE"] {
            let answer = server.admin(method, &path, Value::Null).await;
            answer.expect_problem(404, "not_found");
        }
    }
    let path = format!("{application}/connections/{}", server.phone);
    for method in ["PUT", "DELETE"] {
        let body = server.admin(method, &path, json!({})).await;
        body.expect_problem(400, "invalid_request");
    }
    assert_eq!(listed(&server, &application).await.len(), 2);
    assert_eq!(listed(&server, &other.path).await, [other.phone]);
    server.stop().await;
}
