//! What a request must look like: every mistake at once, each with its pointer, and nothing made of it.

use serde_json::{Value, json};

use super::{PATH, acme, invitation, notify};
use crate::support::test_server::ServerOptions;

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_is_wrong_is_told_at_once_also_where_nothing_would_be_sent() {
    let server = acme(ServerOptions::default()).await;
    for event in ["team_member.added", "user.added"] {
        let wrong = json!({
            "event": event, "source": "robot", "to": ["ada@example.com", "ada", "+61466043123"], "locale": "e!",
            "data": { "inviter_name": "", "action_url": "https://evil.example/", "actor_name": "A\nB",
                "requested_at": "yesterday" },
        });
        let mut pointers = notify(&server, &wrong).await.expect_invalid();
        pointers.sort();
        let expected = [
            "/data/action_url",
            "/data/actor_name",
            "/data/inviter_name",
            "/data/requested_at",
            "/locale",
            "/source",
            "/to/1",
            "/to/2",
        ];
        assert_eq!(pointers, expected, "{event}");
    }
    assert_eq!(server.messages().await, Vec::<Value>::new());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_to_fifty_addresses_are_taken() {
    let server = acme(ServerOptions::default()).await;
    let many = |count: usize| -> Vec<String> { (0..count).map(|n| format!("a{n}@example.com")).collect() };
    assert_eq!(
        notify(&server, &json!({ "to": [] })).await.expect_invalid(),
        ["/to"]
    );
    let many_wrong = vec!["x"; 60];
    for to in [json!(many(51)), json!(vec!["ada@example.com"; 51])] {
        assert_eq!(
            notify(&server, &json!({ "to": to })).await.expect_invalid(),
            ["/to"]
        );
    }
    let answer = notify(&server, &json!({ "to": many_wrong })).await;
    assert_eq!(answer.expect_invalid()[0], "/to");
    let sent = notify(&server, &json!({ "to": many(50) })).await.expect(201);
    assert_eq!(sent["messages"].as_array().unwrap().len(), 50);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_addresses_alone_have_a_code_of_their_own() {
    let server = acme(ServerOptions::default()).await;
    let to = json!([
        "ada",
        "b@example.com",
        "Ada <ada@example.com>",
        "a@example.com, b@example.com"
    ]);
    let problem = notify(&server, &json!({ "to": to })).await;
    let problem = problem.expect_problem(422, "invalid_email_address");
    let pointers: Vec<_> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| &e["pointer"])
        .collect();
    assert_eq!(pointers, ["/to/0", "/to/2", "/to/3"]);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_leads_to_the_business_alone() {
    let server = acme(ServerOptions::default()).await;
    for url in [
        "https://acme.example.com/join/4711?x=1#y",
        "https://team.acme.example.com/join",
        "https://ACME.example.com:8443/",
    ] {
        let data = json!({ "data": { "action_url": url } });
        notify(&server, &data).await.expect(201);
    }
    for url in [
        "",
        "join",
        "http://acme.example.com/join",
        "https://example.com/",
        "https://notacme.example.com/",
        "https://acme.example.com.evil.example/",
        "https://acme.example.com@evil.example/",
        "https://ada:secret@acme.example.com/",
        "https://evil.example\\.acme.example.com/",
        "https://evil.example/#.acme.example.com",
        "javascript:alert(1)//acme.example.com",
        "https://acme.example.com/ x",
    ] {
        let data = json!({ "data": { "action_url": url } });
        let pointers = notify(&server, &data).await.expect_invalid();
        assert_eq!(pointers, ["/data/action_url"], "{url}");
    }
    // A change of the business's address is in force at once.
    server
        .set_environment(json!({ "business_url": "https://example.org" }))
        .await;
    let data = json!({ "data": { "action_url": "https://acme.example.com/join" } });
    assert_eq!(
        notify(&server, &data).await.expect_invalid(),
        ["/data/action_url"]
    );
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_one_line_and_a_time_is_a_time() {
    let server = acme(ServerOptions::default()).await;
    let too_long = "é".repeat(101);
    for name in [
        "",
        " ",
        "A\r\nBcc: x@example.com",
        "A\u{2028}B",
        "\u{202e}adA",
        "A\0",
        too_long.as_str(),
    ] {
        for field in ["inviter_name", "actor_name"] {
            let pointers = notify(&server, &json!({ "data": { field: name } }))
                .await
                .expect_invalid();
            assert_eq!(pointers, [format!("/data/{field}")], "{name:?}");
        }
    }
    for time in [
        "2026-11-22",
        "2026-11-22 09:00",
        "1795338000",
        "2026-13-01T00:00:00Z",
        "9999-12-31T23:59:59-23:59",
        "0000-01-01T00:00:00+23:59",
    ] {
        let pointers = notify(&server, &json!({ "data": { "requested_at": time } }))
            .await
            .expect_invalid();
        assert_eq!(pointers, ["/data/requested_at"], "{time}");
    }
    let all = json!({ "inviter_name": "é".repeat(100), "actor_name": "A", "action_url": null,
        "requested_at": "2026-11-22T10:00:00+01:00" });
    notify(&server, &json!({ "data": all })).await.expect(201);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_form_is_strict_and_what_is_optional_may_be_null_or_absent() {
    let server = acme(ServerOptions::default()).await;
    let nulls = json!({ "inviter_name": null, "action_url": null, "actor_name": null, "requested_at": null });
    for fine in [
        json!({ "data": nulls }),
        json!({ "data": {} }),
        json!({ "data": null, "locale": null }),
    ] {
        notify(&server, &fine).await.expect(201);
    }
    for wrong in [
        json!({ "to": "ada@example.com" }),
        json!({ "to": [7] }),
        json!({ "to": null }),
        json!({ "subject": "Hello" }),
        json!({ "data": { "name": "Ada" } }),
        json!({ "data": [] }),
        json!({ "source": null }),
        json!({ "event": 1 }),
    ] {
        notify(&server, &wrong)
            .await
            .expect_problem(400, "invalid_request");
    }
    for missing in ["event", "source", "to"] {
        let mut body = invitation(&json!({}));
        body.as_object_mut().unwrap().remove(missing);
        server
            .post(PATH, body)
            .await
            .expect_problem(400, "invalid_request");
    }
    server.stop().await;
}
