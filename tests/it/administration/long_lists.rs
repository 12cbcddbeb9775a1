//! Lists of any length: bad parameters, and ten thousand applications.

use std::time::Duration;

use otpost::domain::environment::{ApplicationFields, Name};
use otpost::service::actor::Actor;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::test_server::TestServer;

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_wrong_with_a_query_is_told_at_once() {
    let server = TestServer::start().await;
    let env = "/environments/default";
    for path in [
        "/environments".to_owned(),
        "/audit".to_owned(),
        format!("{env}/applications"),
        format!("{env}/connections"),
        format!("{env}/audit"),
        format!("{env}/messages"),
    ] {
        for (query, pointers) in [
            ("limit=0", vec!["/limit"]),
            ("limit=101", vec!["/limit"]),
            ("cursor=x", vec!["/cursor"]),
            ("cursor=", vec!["/cursor"]),
            ("cursor=whe_00000000000000000000000000000000", vec!["/cursor"]),
            ("limit=0&cursor=x", vec!["/cursor", "/limit"]),
        ] {
            let answer = server.admin("GET", &format!("{path}?{query}"), Value::Null).await;
            assert_eq!(answer.expect_invalid(), pointers, "{path}?{query}");
        }
        for query in [
            "limit=ten",
            "limit=-1",
            "limit=",
            "limit=1&limit=2",
            "offset=3",
            "status_=failed",
        ] {
            let answer = server.admin("GET", &format!("{path}?{query}"), Value::Null).await;
            answer.expect_problem(400, "invalid_request");
        }
    }
    let query = "limit=0&cursor=x&status=lost&channel=fax&since=today";
    let answer = server
        .admin("GET", &format!("{env}/messages?{query}"), Value::Null)
        .await;
    assert_eq!(
        answer.expect_invalid(),
        ["/channel", "/cursor", "/limit", "/since", "/status"]
    );
    for since in ["9999-12-31T23:59:59-23:59", "0000-01-01T00:00:00%2B23:59"] {
        let path = format!("{env}/messages?since={since}");
        let answer = server.admin("GET", &path, Value::Null).await;
        assert_eq!(answer.expect_invalid(), ["/since"], "{since}");
    }
    for since in ["9999-12-31T23:59:59Z", "0000-01-01T00:00:00Z"] {
        let path = format!("{env}/messages?since={since}");
        server.admin("GET", &path, Value::Null).await.expect(200);
    }
    server.stop().await;
}

/// Makes `count` applications, one after the other, and answers how long each took.
async fn make_applications(server: &TestServer, count: usize) -> Vec<Duration> {
    let environment = server
        .services
        .directory
        .current()
        .environments()
        .next()
        .unwrap()
        .id();
    let (administration, actor) = (&server.services.administration, Actor::default());
    let mut took = Vec::with_capacity(count);
    for number in 1..=count {
        // Each has a moment, and so a place in the list, of its own.
        server.clock.advance(Duration::from_millis(1));
        let new = ApplicationFields {
            name: Name::parse(&format!("number {number}")).unwrap(),
            autofill_domain: None,
        };
        let started = Instant::now();
        let made = administration.create_application(&actor, environment, &new);
        made.await.unwrap();
        took.push(started.elapsed());
    }
    took
}

/// The one in the middle, which a machine that is busy for a moment does not move.
fn median(times: &[Duration]) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted[sorted.len() / 2]
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_applications_are_made_at_one_price_and_read_to_the_end_even_when_the_last_one_read_is_gone()
 {
    const COUNT: usize = 10_000;
    let server = TestServer::start().await;
    let took = make_applications(&server, COUNT).await;
    let (first, last) = (median(&took[..100]), median(&took[COUNT - 100..]));
    assert!(last < 2 * first, "{first:?} at first, {last:?} at last");
    let path = "/environments/default/applications";
    let (mut names, mut query) = (Vec::new(), "limit=100".to_owned());
    loop {
        let page = server
            .admin("GET", &format!("{path}?{query}"), Value::Null)
            .await
            .expect(200);
        let data = page["data"].as_array().unwrap();
        names.extend(data.iter().map(|one| one["name"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        query = format!("limit=100&cursor={cursor}");
        if names.len() == 5_000 {
            let last = data.last().unwrap()["id"].as_str().unwrap();
            let removed = server
                .admin("DELETE", &format!("{path}/{last}"), Value::Null)
                .await;
            assert_eq!(removed.status, 204);
        }
    }
    let expected = (1..=COUNT).map(|number| format!("number {number}"));
    assert_eq!(
        names,
        ["default".to_owned()]
            .into_iter()
            .chain(expected)
            .collect::<Vec<_>>()
    );
    // One of them is read by its id, and changed, as if it were alone.
    let snapshot = server.services.directory.current();
    let environment = snapshot.environments().next().unwrap();
    let one = environment.applications.keys().nth(9_000).unwrap();
    let one = format!("{path}/{one}");
    let read = server.admin("GET", &one, Value::Null).await.expect(200);
    assert_eq!(read["name"], names[9_001]);
    server
        .admin("PATCH", &one, json!({ "name": "renamed" }))
        .await
        .expect(200);
    server.send_sms("+61466043123").await.expect(201);
    server.stop().await;
}
