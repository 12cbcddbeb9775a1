//! What proves, and what does not.

use std::time::Duration;

use otpost::domain::time::Clock as _;
use serde_json::{Value, json};

use crate::support::test_server::{TestServer, wrong};

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_was_sent_verifies_once() {
    let server = TestServer::start().await;
    let (id, code) = server.sent_code("+61466043123").await;
    server.clock.advance(Duration::from_secs(7));
    let verified = server.verify(&id, &code).await.expect(200);
    assert_eq!(verified["status"], "verified");
    assert_eq!(verified["verified_at"], server.clock.now().to_string());
    server
        .verify(&id, &code)
        .await
        .expect_problem(409, "already_verified");
    server
        .verify(&id, &wrong(&code))
        .await
        .expect_problem(409, "already_verified");
    // The application's own backend can read it, whatever a client made of the answer.
    assert_eq!(server.read(&id).await, verified);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_code_costs_one_guess() {
    let server = TestServer::start().await;
    let (id, code) = server.sent_code("+61466043123").await;
    for left in [4, 3] {
        let problem = server
            .verify(&id, &wrong(&code))
            .await
            .expect_problem(422, "incorrect_code");
        assert_eq!(problem["attempts_left"], left);
        assert_eq!(server.read(&id).await["attempts_left"], left);
    }
    server.verify(&id, &code).await.expect(200);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_code_is_refused_and_not_counted() {
    let server = TestServer::start().await;
    let (id, code) = server.sent_code("+61466043123").await;
    for of_another_type in [
        json!(code.parse::<u64>().unwrap()),
        json!([code]),
        json!(true),
        json!({ "$ne": 0 }),
        json!(1.5),
        Value::Null,
    ] {
        let body = json!({ "verification_id": id, "code": of_another_type });
        let answer = server.post("/v1/otp/verify", body).await;
        answer.expect_problem(400, "invalid_request");
    }
    let missing = server
        .post("/v1/otp/verify", json!({ "verification_id": id }))
        .await;
    missing.expect_problem(400, "invalid_request");
    let full_width: String = code
        .bytes()
        .map(|digit| char::from_u32(0xff10 + u32::from(digit - b'0')).unwrap())
        .collect();
    for another_form in [
        String::new(),
        code[..5].to_owned(),
        format!("{code}0"),
        format!("{code} "),
        format!(" {code}"),
        format!("{} {}", &code[..3], &code[3..]),
        format!("{code}\n"),
        format!("{code}\0"),
        format!("+{}", &code[..5]),
        format!("0x{}", &code[..4]),
        "12345a".to_owned(),
        "%".repeat(6),
        "9".repeat(5_000),
        full_width,
    ] {
        let answer = server.verify(&id, &another_form).await;
        answer.expect_problem(422, "incorrect_code_length");
    }
    assert_eq!(server.read(&id).await["attempts_left"], 5);
    server.verify(&id, &code).await.expect(200);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_proves_only_its_own_verification() {
    let server = TestServer::start().await;
    let (first, code) = server.sent_code("+61466043123").await;
    let (second, other) = server.sent_code("+61466043124").await;
    if code != other {
        server
            .verify(&second, &code)
            .await
            .expect_problem(422, "incorrect_code");
    }
    server.verify(&second, &other).await.expect(200);
    server.verify(&first, &code).await.expect(200);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_verification_does_not_void_an_older_one() {
    let server = TestServer::start().await;
    let (first, code) = server.sent_code("+61466043123").await;
    let (second, other) = server.sent_code("+61466043123").await;
    server.verify(&first, &code).await.expect(200);
    server.verify(&second, &other).await.expect(200);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_purpose_or_connection_finds_nothing_and_costs_nothing() {
    let server = TestServer::start().await;
    let (id, code) = server.sent_code("+61466043123").await;
    let unknown = json!({ "verification_id": format!("ver_{}", "0".repeat(32)), "code": code });
    let not_found = server.post("/v1/otp/verify", unknown).await;
    let expected = not_found.expect_problem(404, "verification_not_found")["detail"].clone();
    for (field, value) in [
        ("purpose", "mfa"),
        ("purpose", "password_reset"),
        ("connection_id", server.email.as_str()),
        ("connection_id", "conn_unknown"),
    ] {
        let mut body = json!({ "verification_id": id, "code": code });
        body[field] = json!(value);
        let answer = server.post("/v1/otp/verify", body).await;
        let problem = answer.expect_problem(404, "verification_not_found");
        assert_eq!(problem["detail"], expected, "{field} {value}");
    }
    let invented = json!({ "verification_id": id, "code": code, "purpose": "any" });
    let pointers = server.post("/v1/otp/verify", invented).await.expect_invalid();
    assert_eq!(pointers, ["/purpose"]);
    assert_eq!(server.read(&id).await["attempts_left"], 5);
    let fitting =
        json!({ "verification_id": id, "code": code, "purpose": "sign_in", "connection_id": server.phone });
    server.post("/v1/otp/verify", fitting).await.expect(200);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_of_another_form_is_an_unknown_one() {
    let server = TestServer::start().await;
    let (id, code) = server.sent_code("+61466043123").await;
    let digits = id.strip_prefix("ver_").unwrap();
    for other in [
        String::new(),
        digits.to_owned(),
        format!("VER_{digits}"),
        format!("ver_{}", digits.to_uppercase()),
        format!("msg_{digits}"),
        format!("{id} "),
        format!("{id}0"),
        "ver_%".to_owned(),
        "ver_' OR '1'='1".to_owned(),
    ] {
        // An upper-case form of digits alone is the same id.
        if other != id {
            server
                .verify(&other, &code)
                .await
                .expect_problem(404, "verification_not_found");
            server
                .resend(&other)
                .await
                .expect_problem(404, "verification_not_found");
            server
                .cancel(&other)
                .await
                .expect_problem(404, "verification_not_found");
        }
    }
    let read = server.get("/v1/otp/ver_%27%20OR%201").await;
    read.expect_problem(404, "verification_not_found");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_dies_at_the_end_of_its_life_and_not_before() {
    let server = TestServer::start().await;
    let (id, code) = server.sent_code("+61466043123").await;
    let (other, its_code) = server.sent_code("+61466043123").await;
    server.clock.advance(Duration::from_micros(599_999_999));
    server.verify(&id, &code).await.expect(200);
    server.clock.advance(Duration::from_micros(1));
    server
        .verify(&other, &its_code)
        .await
        .expect_problem(410, "expired_code");
    server.clock.advance(Duration::from_secs(1));
    server
        .verify(&other, &its_code)
        .await
        .expect_problem(410, "expired_code");
    assert_eq!(server.read(&other).await["status"], "expired");
    assert_eq!(server.read(&id).await["status"], "verified");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_the_rules_does_not_touch_what_was_made_before() {
    let server = TestServer::start().await;
    let (id, code) = server.sent_code("+61466043123").await;
    let before = server.read(&id).await;
    let rules = json!({ "digits": 8, "life_seconds": 60, "max_guesses": 1, "max_sends": 1 });
    server.set_policy(rules).await;
    assert_eq!(server.read(&id).await, before);
    server.clock.advance(Duration::from_secs(100));
    let problem = server
        .verify(&id, &wrong(&code))
        .await
        .expect_problem(422, "incorrect_code");
    assert_eq!(problem["attempts_left"], 4);
    server.resend(&id).await.expect(200);
    assert_eq!(server.last_code(), code);
    let (new, longer) = server.sent_code("+61466043123").await;
    assert_eq!(longer.len(), 8);
    server
        .verify(&new, &longer[..6])
        .await
        .expect_problem(422, "incorrect_code_length");
    let body = server.read(&new).await;
    assert_eq!(
        (&body["attempts_left"], &body["resends_left"]),
        (&json!(1), &json!(0))
    );
    server.verify(&id, &code).await.expect(200);
    server.stop().await;
}
