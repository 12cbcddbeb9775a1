//! Sends the request examples of the OpenAPI document to a running service, operation by operation, and holds what it
//! answers against the answers' examples: what a reader sees there is what happens.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::{document, operations, schema};
use crate::support::smtp_server::{Behaviour, SmtpServer};
use crate::support::test_server::{ServerOptions, TestServer};
use crate::support::twilio_double::TwilioDouble;

mod names;

use names::Names;

/// The file that the document takes its answers from.
const ANSWERS: &str = "src/http/openapi/answers.json";

/// The code of the examples, in place of which the real one is sent.
const CODE: &str = "123456";

/// A way through all operations, each asked as its example says.
struct Tour {
    document: Value,
    server: TestServer,
    smtp: SmtpServer,
    twilio: TwilioDouble,
    names: Names,
    /// What stands in the place of a path's parameters.
    path: BTreeMap<&'static str, String>,
    asked: BTreeSet<String>,
    /// The answers by operation, in the words of examples.
    answers: BTreeMap<String, Value>,
    /// Everything that is not as documented.
    wrong: Vec<String>,
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_answers_its_example_with_its_example() {
    let mut tour = Tour::begin().await;
    tour.operations().await;
    tour.environments().await;
    tour.sms().await;
    tour.email().await;
    tour.codes().await;
    tour.messages().await;
    tour.policies().await;
    tour.applications().await;
    tour.keys().await;
    tour.end().await;
}

impl Tour {
    async fn begin() -> Self {
        let (smtp, twilio) = (
            SmtpServer::start(Behaviour::starttls()),
            TwilioDouble::start().await,
        );
        let server = ServerOptions::default()
            .trust(smtp.roots())
            .set("twilio.base_url", twilio.url())
            .start()
            .await;
        let mut names = Names::beginning_at(&*server.clock);
        for id in [&server.phone, &server.email] {
            names.of_id(id);
        }
        Self {
            document: document(),
            server,
            smtp,
            twilio,
            names,
            path: BTreeMap::from([("env", "default".to_owned())]),
            asked: BTreeSet::new(),
            answers: BTreeMap::new(),
            wrong: Vec::new(),
        }
    }

    async fn operations(&mut self) {
        self.ask("livez").await;
        self.ask("readyz").await;
    }

    async fn environments(&mut self) {
        self.ask("list_environments").await;
        self.ask("list_environment_connections").await;
        self.ask("update_environment").await;
        self.ask("read_environment").await;
        self.ask_for("list_audit_entries", "?limit=1", |_| {}).await;
        let made = self.ask("create_environment").await;
        self.path.insert("env", text(&made["code"]));
        self.ask("delete_environment").await;
        self.path.insert("env", "default".to_owned());
        self.ask_for("list_all_audit_entries", "?limit=1", |_| {}).await;
    }

    async fn sms(&mut self) {
        self.ask("replace_sms_settings").await;
        self.ask("read_sms_settings").await;
        self.ask("test_sms_settings").await;
        self.put("/settings/sms", json!({})).await;
        self.ask("read_sms_usage").await;
    }

    async fn email(&mut self) {
        self.ask("replace_email_settings").await;
        self.ask("read_email_settings").await;
        self.ask("replace_email_content").await;
        self.ask("read_email_content").await;
        self.ask("preview_email_content").await;
        let account = self.smtp.account();
        let (username, password) = account.credentials().unwrap();
        self.ask_for("test_email_settings", "", |request| {
            let sender = &mut request["settings"]["custom_sender"];
            // The example's server stands nowhere.
            sender["server"] = account.server.as_str().into();
            sender["port"] = account.port.into();
            sender["username"] = username.into();
            sender["password"] = password.expose().into();
        })
        .await;
        self.put("/settings/email", json!({})).await;
    }

    async fn codes(&mut self) {
        self.ask("list_connections").await;
        let sent = self.ask("send_code").await;
        self.path.insert("id", text(&sent["id"]));
        self.server.clock.advance(Duration::from_secs(30));
        self.ask("resend_code").await;
        self.ask("read_verification").await;
        let code = self.server.last_code();
        self.ask_for("verify_code", "", |request| {
            assert_eq!(request["code"], CODE);
            request["code"] = code.into();
        })
        .await;
        let other = self.server.send_sms("+61466043124").await.expect(201);
        let other = text(&other["id"]);
        self.ask_for("cancel_verification", "", |request| {
            request["verification_id"] = other.into();
        })
        .await;
        let notification = self.ask("notify").await;
        self.path.insert("id", text(&notification["id"]));
        self.ask("read_notification").await;
    }

    async fn messages(&mut self) {
        self.ask_for("list_messages", "?limit=1", |_| {}).await;
        let found = self.ask("search_messages").await;
        self.path.insert("id", text(&found["data"][0]["id"]));
        self.ask("read_message").await;
    }

    async fn policies(&mut self) {
        self.ask("replace_mfa_settings").await;
        self.ask("read_mfa_settings").await;
        self.ask("update_otp_settings").await;
        self.ask("read_otp_settings").await;
    }

    async fn applications(&mut self) {
        let made = self.ask("create_application").await;
        self.path.insert("app", text(&made["id"]));
        self.path.insert("conn", self.server.phone.clone());
        self.ask("list_applications").await;
        self.ask("update_application").await;
        self.ask("read_application").await;
        self.ask("switch_connection_on").await;
        self.ask("list_application_connections").await;
        self.ask("switch_connection_off").await;
    }

    async fn keys(&mut self) {
        let made = self.ask("create_application_key").await;
        self.path.insert("key", text(&made["id"]));
        self.ask("list_application_keys").await;
        self.ask("revoke_application_key").await;
        self.ask("delete_application").await;
        let made = self.ask("create_administrator_key").await;
        self.path.insert("key", text(&made["id"]));
        self.ask("list_administrator_keys").await;
        self.ask("revoke_administrator_key").await;
    }

    /// Asks as the example says.
    async fn ask(&mut self, id: &str) -> Value {
        self.ask_for(id, "", |_| {}).await
    }

    /// Asks as the example says, with a `query`, and with what `put_in` puts in place of what only exists on paper.
    async fn ask_for(&mut self, id: &str, query: &str, put_in: impl FnOnce(&mut Value)) -> Value {
        self.server.clock.advance(Duration::from_secs(1));
        let (name, operation) = operations(&self.document)
            .into_iter()
            .find(|(_, operation)| operation["operationId"] == id)
            .unwrap_or_else(|| panic!("there is no {id}"));
        let (method, template) = name.split_once(' ').unwrap();
        let mut path = template.to_owned() + query;
        for (parameter, value) in &self.path {
            path = path.replace(&format!("{{{parameter}}}"), value);
        }
        let body = match example(&self.document, &operation["requestBody"]) {
            Some(example) => {
                let mut request = self.names.real(example);
                put_in(&mut request);
                request.to_string()
            }
            None => String::new(),
        };
        let key = match operation["security"][0].as_object() {
            None => "",
            Some(one) if one.contains_key("application_key") => &self.server.application_key,
            Some(_) => &self.server.admin_key,
        };
        let answer = self.server.request(method, &path, key, &[], &body).await;
        let (status, documented) = success(operation);
        assert_eq!(answer.status.to_string(), status, "{id}: {}", answer.body);
        for header in documented["headers"].as_object().into_iter().flatten() {
            if answer.header(&header.0.to_lowercase()).is_empty() {
                self.wrong.push(format!("{id} answers without {}", header.0));
            }
        }
        self.asked.insert(id.to_owned());
        let Some(content) = documented["content"].get("application/json") else {
            assert_eq!(answer.body, "", "{id}");
            return Value::Null;
        };
        let answer = answer.json();
        let violations = schema::violations(&self.document, &content["schema"], &answer, "");
        self.wrong.extend(
            violations
                .iter()
                .map(|violation| format!("{id} answers {violation}")),
        );
        self.answers.insert(id.to_owned(), self.names.on_paper(&answer));
        answer
    }

    async fn put(&self, path: &str, settings: Value) {
        let path = format!("/environments/default{path}");
        self.server.admin("PUT", &path, settings).await.expect(200);
    }

    async fn end(self) {
        let document = &self.document;
        let mut documented = BTreeMap::new();
        let mut all = BTreeSet::new();
        for (_, operation) in operations(document) {
            let id = text(&operation["operationId"]);
            if let Some(example) = example(document, success(operation).1) {
                documented.insert(id.clone(), example.clone());
            }
            all.insert(id);
        }
        assert_eq!(self.wrong, Vec::<String>::new());
        assert_eq!(self.asked, all, "this tour leaves nothing out");
        assert_eq!(self.twilio.violations(), Vec::<String>::new());
        assert_eq!(self.smtp.violations(), Vec::<String>::new());
        self.server.stop().await;
        if documented == self.answers {
            return;
        }
        let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("answers.json");
        let written = serde_json::to_string_pretty(&self.answers).unwrap() + "\n";
        std::fs::write(&place, written).unwrap();
        let differs = |id: &&String| documented.get(*id) != self.answers.get(*id);
        let others: BTreeSet<&String> = documented
            .keys()
            .chain(self.answers.keys())
            .filter(differs)
            .collect();
        panic!(
            "{ANSWERS} has other answers than the service to {others:?}; if the service is right, put {} in its place",
            place.display()
        );
    }
}

/// The example of a request's or response's body, be it its own or its schema's.
pub fn example<'a>(document: &'a Value, body: &'a Value) -> Option<&'a Value> {
    let content = body["content"].get("application/json")?;
    let of_schema = schema::resolve(document, &content["schema"]).get("example");
    content.get("example").or(of_schema)
}

/// The status and the description of an operation's success.
pub fn success(operation: &Value) -> (&str, &Value) {
    let mut responses = operation["responses"].as_object().unwrap().iter();
    let (status, response) = responses.find(|(status, _)| status.starts_with('2')).unwrap();
    (status, response)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
