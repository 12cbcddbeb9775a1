//! The table of events, row by row: what each makes, and that it can be read back.

use serde_json::{Value, json};

use super::{acme, invitation, notify, read};
use crate::support::plain_http::Answer;
use crate::support::test_server::{ServerOptions, TestServer};

/// Notifies `ada@example.com` and `bob@example.com` of `event` from `source`.
async fn tell(server: &TestServer, event: &str, source: &str) -> Answer {
    let to = json!(["ada@example.com", "bob@example.com"]);
    notify(server, &json!({ "event": event, "source": source, "to": to })).await
}

/// The answer of the contract, and the same when it is read back; answers the messages.
async fn is_answered(
    server: &TestServer,
    answer: &Answer,
    (event, source): (&str, &str),
    reason: Option<&str>,
) -> Vec<Value> {
    let body = answer.expect(201);
    let id = body["id"].as_str().unwrap();
    assert!(id.starts_with("ntf_") && id.len() == 36, "{id}");
    assert_eq!(answer.header("location"), format!("/v1/notifications/{id}"));
    let outcome = if reason.is_some() { "suppressed" } else { "sent" };
    let messages = body["messages"].as_array().unwrap().clone();
    let expected = json!({ "id": id, "event": event, "source": source, "outcome": outcome, "reason": reason,
        "messages": messages });
    assert_eq!(body, expected);
    assert_eq!(read(server, &body["id"]).await.expect(200), body);
    messages
}

async fn is_sent(event: &str, source: &str, subject: &str) {
    let server = acme(ServerOptions::default()).await;
    let answer = tell(&server, event, source).await;
    let messages = is_answered(&server, &answer, (event, source), None).await;
    assert_eq!(messages.len(), 2);
    for message in &messages {
        let expected = json!({ "id": message["id"], "status": "accepted", "provider": "console", "fallback": false,
            "error": null });
        assert_eq!(message, &expected);
    }
    let inbox = server.inbox.as_ref().unwrap().newest_first();
    let mut shown: Vec<_> = inbox
        .iter()
        .map(|entry| (entry.to.as_str(), entry.subject.as_deref().unwrap()))
        .collect();
    shown.sort_unstable();
    assert_eq!(
        shown,
        [("ada@example.com", subject), ("bob@example.com", subject)]
    );
    server.stop().await;
}

async fn is_suppressed(event: &str, sources: &[(&str, &str)]) {
    let server = acme(ServerOptions::default()).await;
    for (source, reason) in sources {
        let answer = tell(&server, event, source).await;
        let messages = is_answered(&server, &answer, (event, source), Some(reason)).await;
        assert_eq!(messages, Vec::<Value>::new(), "{event} {source}");
    }
    assert_eq!(server.inbox.as_ref().unwrap().newest_first().len(), 0);
    assert_eq!(server.messages().await, Vec::<Value>::new());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_team_member_added_by_hand_is_invited() {
    is_sent("team_member.added", "manual", "Invitation to join Acme").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_team_member_added_by_a_program_or_an_import_is_not_told() {
    let sources = [("api", "added_by_api"), ("import", "bulk_import")];
    is_suppressed("team_member.added", &sources).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_never_told_that_they_were_added() {
    let sources = [
        ("manual", "not_authentication"),
        ("api", "added_by_api"),
        ("import", "bulk_import"),
    ];
    is_suppressed("user.added", &sources).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_export_warns_every_owner_whatever_asked_for_it() {
    for source in ["manual", "api", "import"] {
        is_sent("data_export.requested", source, "Data export requested at Acme").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_subscription_is_told_to_nobody() {
    let sources = ["manual", "api", "import"].map(|source| (source, "not_authentication"));
    is_suppressed("subscription.changed", &sources).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_administrator_does_is_told_to_nobody() {
    let sources = ["manual", "api", "import"].map(|source| (source, "not_authentication"));
    is_suppressed("admin.activity", &sources).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn anything_else_is_unknown_codes_included() {
    let server = acme(ServerOptions::default()).await;
    for event in [
        "",
        "newsletter.published",
        "team_member.removed",
        "Team_member.added",
        "team_member.added ",
        "sign_in",
        "mfa",
        "password_reset",
    ] {
        let problem = notify(&server, &json!({ "event": event })).await;
        problem.expect_problem(422, "unknown_event");
        // Whatever else is wrong.
        let worse = json!({ "event": event, "source": "x", "to": [] });
        notify(&server, &worse).await.expect_problem(422, "unknown_event");
    }
    assert_eq!(server.messages().await, Vec::<Value>::new());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sms_carries_no_notification() {
    let server = acme(ServerOptions::default()).await;
    for number in ["+61466043123", "0466 043 123", "tel:+61466043123"] {
        let body = invitation(&json!({ "to": ["ada@example.com", number] }));
        let problem = server.post(super::PATH, body).await;
        let problem = problem.expect_problem(422, "invalid_email_address");
        assert_eq!(problem["errors"][0]["pointer"], "/to/1");
        // The request's id may have these digits by chance.
        let told = format!("{}{}", problem["detail"], problem["errors"]);
        assert!(!told.contains("466"), "{problem}");
    }
    assert_eq!(server.messages().await, Vec::<Value>::new());
    server.stop().await;
}
