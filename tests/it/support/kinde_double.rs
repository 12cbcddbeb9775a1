//! The platform's own SMS endpoint, as an operator would build it: it accepts what fits the contract, and lists what
//! does not.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use url::Url;

use super::http_double::{HttpDouble, Reply, Request, Script};

/// The token that it wants.
pub const TOKEN: &str = "platform-token-for-tests";

/// A message that it was handed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlatformSms {
    pub to: String,
    pub body: String,
    pub message_id: String,
}

#[derive(Default)]
struct Ledger {
    messages: Mutex<Vec<PlatformSms>>,
    violations: Mutex<Vec<String>>,
}

/// The double; it ends when dropped.
pub struct KindeDouble {
    server: HttpDouble,
    ledger: Arc<Ledger>,
}

impl KindeDouble {
    pub async fn start() -> Self {
        let ledger = Arc::new(Ledger::default());
        let judge = ledger.clone();
        let server = HttpDouble::start(move |request| judge.answer(request)).await;
        Self { server, ledger }
    }

    /// What `platform.sms.url` is to be.
    pub fn url(&self) -> Url {
        self.server.url().join("/sms").expect("a path joins")
    }

    /// Puts `script` behind those that are still waiting for their request.
    pub fn respond_with(&self, script: Script) {
        self.server.respond_with(script);
    }

    /// All messages that fit the contract, whatever the answer, in the order they came.
    pub fn messages(&self) -> Vec<PlatformSms> {
        self.ledger
            .messages
            .lock()
            .expect("no test panicked here")
            .clone()
    }

    /// How many requests came.
    pub fn requests(&self) -> usize {
        self.server.requests().len()
    }

    /// How many requests were left without the end of an answer.
    pub fn silences(&self) -> usize {
        self.server.silences()
    }

    /// What broke the contract.
    pub fn violations(&self) -> Vec<String> {
        self.ledger
            .violations
            .lock()
            .expect("no test panicked here")
            .clone()
    }
}

impl Ledger {
    fn answer(&self, request: &Request) -> Reply {
        match read(request) {
            Ok(message) => {
                let mut messages = self.messages.lock().expect("no test panicked here");
                messages.push(message);
                Reply::json(202, &json!({ "id": format!("platform-{}", messages.len()) }))
            }
            Err(violation) => {
                let reply = Reply::json(400, &json!({ "error": violation }));
                self.violations
                    .lock()
                    .expect("no test panicked here")
                    .push(violation);
                reply
            }
        }
    }
}

fn read(request: &Request) -> Result<PlatformSms, String> {
    if (request.method.as_str(), request.path.as_str()) != ("POST", "/sms") {
        return Err(format!("{} {}", request.method, request.path));
    }
    if request.header("authorization") != Some(&format!("Bearer {TOKEN}")) {
        return Err("wrong or missing bearer token".to_owned());
    }
    if request.header("content-type") != Some("application/json") {
        return Err("not JSON".to_owned());
    }
    let body: Value = serde_json::from_slice(&request.body).map_err(|error| error.to_string())?;
    let fields = body.as_object().ok_or("not an object")?;
    let field = |name: &str| {
        let value = fields.get(name).and_then(Value::as_str);
        value
            .map(str::to_owned)
            .ok_or_else(|| format!("{name} is missing"))
    };
    let message = PlatformSms {
        to: field("to")?,
        body: field("body")?,
        message_id: field("message_id")?,
    };
    match fields.len() {
        3 => Ok(message),
        _ => Err("unknown fields".to_owned()),
    }
}
