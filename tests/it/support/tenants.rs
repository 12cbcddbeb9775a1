//! What an installation has beside its first environment, made as an administrator makes it: another application, another
//! environment, a revoked key.

use serde_json::{Value, json};

use super::test_server::TestServer;

/// An application that is not the server's own.
pub struct Tenant {
    /// Its key.
    pub key: String,
    /// The connection of its environment for phone numbers.
    pub phone: String,
    /// The connection of its environment for email addresses.
    pub email: String,
    /// Its path under `/admin/v1`.
    pub path: String,
}

impl Tenant {
    /// Makes an application called `other`, for which only the phone connection is on.
    async fn new(server: &TestServer, environment: &str) -> Self {
        let made = server
            .admin(
                "POST",
                &format!("{environment}/applications"),
                json!({ "name": "other" }),
            )
            .await
            .expect(201);
        let path = format!("{environment}/applications/{}", made["id"].as_str().unwrap());
        let connections = server
            .admin("GET", &format!("{environment}/connections"), Value::Null)
            .await
            .expect(200);
        let id = |index: usize| connections["data"][index]["id"].as_str().unwrap().to_owned();
        let (phone, email) = (id(0), id(1));
        switch(server, "PUT", &path, &phone).await;
        let key = server
            .admin("POST", &format!("{path}/keys"), json!({ "name": "key" }))
            .await
            .expect(201);
        Self {
            key: key["key"].as_str().unwrap().to_owned(),
            phone,
            email,
            path,
        }
    }
}

/// Another application of the environment `default`. It has the phone connection on, and the email connection off.
pub async fn application(server: &TestServer) -> Tenant {
    Tenant::new(server, "/environments/default").await
}

/// An application of another environment, whose code is `other`. It has the phone connection on, and the email connection off.
pub async fn environment(server: &TestServer) -> Tenant {
    let new = json!({
        "code": "other", "name": "Other", "business_name": "Other", "business_url": "https://other.example.com",
    });
    server.admin("POST", "/environments", new).await.expect(201);
    Tenant::new(server, "/environments/other").await
}

/// Revokes the server's own application key.
pub async fn revoke_application_key(server: &TestServer) {
    let keys = format!("{}/keys", server.application_path());
    let listed = server.admin("GET", &keys, Value::Null).await.expect(200);
    let key = format!("{keys}/{}", listed["data"][0]["id"].as_str().unwrap());
    let answer = server.admin("DELETE", &key, Value::Null).await;
    assert_eq!(answer.status, 204, "{}", answer.body);
}

/// Switches every connection of the server's own application off.
pub async fn switch_connections_off(server: &TestServer) {
    for connection in [&server.phone, &server.email] {
        switch(server, "DELETE", &server.application_path(), connection).await;
    }
}

/// Switches a connection on (`PUT`) or off (`DELETE`) for the application at `path`.
pub async fn switch(server: &TestServer, method: &str, path: &str, connection: &str) {
    let path = format!("{path}/connections/{connection}");
    let answer = server.admin(method, &path, Value::Null).await;
    assert_eq!((answer.status, answer.body.as_str()), (204, ""));
}

/// The whole audit log as an administrator reads it, newest first.
pub async fn audited(server: &TestServer) -> Vec<String> {
    let mut entries = Vec::new();
    let mut path = "/audit?limit=100".to_owned();
    loop {
        let page = server.admin("GET", &path, Value::Null).await.json();
        entries.extend(page["data"].as_array().unwrap().iter().map(Value::to_string));
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("/audit?limit=100&cursor={cursor}"),
            None => return entries,
        }
    }
}
