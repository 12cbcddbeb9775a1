//! Lists of any length: bad parameters, and ten thousand applications.

use serde_json::{Value, json};

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
            ("limit=0&cursor=x", vec!["/limit", "/cursor"]),
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
        ["/limit", "/cursor", "/status", "/channel", "/since"]
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

/// Writes `count` applications beside the one there is, in the order of their numbers, each with both connections on.
async fn write_applications(server: &TestServer, count: u32) {
    let database = server.place.database();
    let (id, numbers) = if database.is_postgres() {
        (
            "('f' || lpad(to_hex(n), 11, '0') || '70008000000000000000')::uuid",
            format!("generate_series(1, {count}) AS n"),
        )
    } else {
        (
            "unhex(printf('f%011x70008000000000000000', n))",
            format!(
                "(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {count}) SELECT n FROM s) AS s"
            ),
        )
    };
    for statement in [
        format!(
            "INSERT INTO applications SELECT {id}, environment_id, 'number ' || n, NULL, 1, created_at, updated_at
             FROM applications, {numbers}"
        ),
        "INSERT INTO application_connections SELECT a.id, c.id FROM applications a, connections c
         WHERE a.name LIKE 'number%'"
            .to_owned(),
        "UPDATE installation SET revision = revision + 1".to_owned(),
    ] {
        database.run(statement).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_applications_are_read_to_the_end_even_when_the_last_one_read_is_gone() {
    const COUNT: u32 = 10_000;
    let server = TestServer::start().await;
    write_applications(&server, COUNT).await;
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
            let last = format!(
                "DELETE FROM applications WHERE name = '{}'",
                names.last().unwrap()
            );
            server.place.database().run(last).await.unwrap();
            server
                .place
                .database()
                .run("UPDATE installation SET revision = revision + 1".to_owned())
                .await
                .unwrap();
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
    let one = server.services.directory.current().environments()[0].applications[9_000]
        .row
        .id;
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
