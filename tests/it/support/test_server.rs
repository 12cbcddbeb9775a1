//! The real service on a port of its own, with its own database, a clock that only the test moves, and verbs instead of
//! plumbing. What it talks to, a Twilio double or an SMTP server, is started by the test that needs it.

use std::ffi::OsString;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use otpost::app::{App, Dependencies, StartError};
use otpost::config::{self, Config, Sources};
use otpost::domain::random::{OsRandom, Random};
use otpost::domain::time::{Clock, SystemClock};
use otpost::http::state::Services;
use otpost::lifecycle::{Phase, Shutdown};
use otpost::provider::console::Inbox;
use otpost::service::maintenance::Maintenance;
use rustls::RootCertStore;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::clocks::FakeClock;
use super::place::Place;
use super::plain_http::{self, Answer};
use super::wait::until;

/// How a test has its server started.
#[derive(Default)]
pub struct ServerOptions {
    variables: Vec<(String, String)>,
    roots: Option<Arc<RootCertStore>>,
    random: Option<Arc<dyn Random>>,
    machine: Option<Arc<dyn Clock>>,
}

impl ServerOptions {
    /// Sets a configuration key, such as `platform.sms.provider`.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a test names a value, not a reference to one"
    )]
    pub fn set(mut self, key: &str, value: impl ToString) -> Self {
        let name = match key.split_once('.') {
            Some(_) => format!("OTPOST_{}", key.to_uppercase().replace('.', "__")),
            None => format!("OTPOST__{}", key.to_uppercase()),
        };
        self.variables.push((name, value.to_string()));
        self
    }

    /// Trusts these certificates.
    pub fn trust(mut self, roots: Arc<RootCertStore>) -> Self {
        self.roots = Some(roots);
        self
    }

    /// Draws from this source.
    pub fn random(mut self, random: Arc<dyn Random>) -> Self {
        self.random = Some(random);
        self
    }

    /// Lives by the clock of a machine rather than by the one that only the test moves.
    pub fn on_a_machine<C: Clock + 'static>(mut self, clock: &Arc<C>) -> Self {
        self.machine = Some(Arc::clone(clock) as Arc<dyn Clock>);
        self
    }

    /// Starts a server with these options on a fresh database.
    pub async fn start(self) -> TestServer {
        self.try_start().await.unwrap()
    }

    /// The same, where it may be refused.
    pub async fn try_start(self) -> Result<TestServer, StartError> {
        TestServer::start_on(Arc::new(Place::fresh().await), self).await
    }
}

/// A running service.
pub struct TestServer {
    pub address: SocketAddr,
    pub clock: Arc<FakeClock>,
    pub services: Arc<Services>,
    pub maintenance: Arc<Maintenance>,
    /// What the console sender has sent, where it exists.
    pub inbox: Option<Arc<Inbox>>,
    pub application_key: String,
    pub admin_key: String,
    pub phone: String,
    pub email: String,
    pub place: Arc<Place>,
    application_path: String,
    shutdown: Shutdown,
    task: JoinHandle<()>,
}

impl TestServer {
    pub async fn start() -> Self {
        ServerOptions::default().start().await
    }

    /// Further servers on the same database see the same keys and connections.
    pub async fn replica(&self, options: ServerOptions) -> Self {
        let mut replica = Self::start_on(Arc::clone(&self.place), options).await.unwrap();
        replica.application_key.clone_from(&self.application_key);
        replica.admin_key.clone_from(&self.admin_key);
        // Which environment a list has first is chance where a clock that stands has made several.
        replica.phone.clone_from(&self.phone);
        replica.email.clone_from(&self.email);
        replica.application_path.clone_from(&self.application_path);
        replica
    }

    async fn start_on(place: Arc<Place>, options: ServerOptions) -> Result<Self, StartError> {
        let config = configuration(&place, &options);
        let (clock, machine_clock): (Arc<dyn Clock>, Arc<dyn Clock>) = match options.machine {
            Some(machine) => (Arc::clone(&machine), machine),
            None => (place.clock.clone(), Arc::new(SystemClock)),
        };
        let dependencies = Dependencies {
            clock,
            machine_clock,
            random: options.random.unwrap_or_else(|| Arc::new(OsRandom)),
            roots: options.roots.unwrap_or_else(|| Arc::new(RootCertStore::empty())),
            terminal: Box::new(io::sink()),
        };
        let app = App::build(&config, dependencies).await?;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let operations = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let maintenance = Arc::clone(&app.maintenance);
        let (services, inbox, shutdown) = (app.services.clone(), app.inbox.clone(), app.shutdown().clone());
        let key = |key: Option<&otpost::domain::api_key::ApiKey>| {
            key.map(|key| key.expose().to_owned()).unwrap_or_default()
        };
        let application_key = key(app
            .welcome
            .as_ref()
            .and_then(|welcome| welcome.application_key.as_ref()));
        let admin_key = key(app
            .welcome
            .as_ref()
            .and_then(|welcome| welcome.admin_key.as_ref()));
        let connection = |strategy: &str| {
            let snapshot = services.directory.current();
            let mut connections = snapshot.environments().next().unwrap().connections.iter();
            connections
                .find(|held| held.strategy.as_str() == strategy)
                .unwrap()
                .id
                .to_string()
        };
        let (phone, email) = (connection("phone:otp"), connection("email:otp"));
        let snapshot = services.directory.current();
        let mut applications = snapshot.environments().next().unwrap().applications.keys();
        let application = applications.next().map(ToString::to_string).unwrap_or_default();
        drop(applications);
        let task = tokio::spawn(app.serve(listener, operations, axum::Router::new()));
        let clock = Arc::clone(&place.clock);
        Ok(Self {
            address,
            clock,
            services,
            maintenance,
            inbox,
            application_key,
            admin_key,
            phone,
            email,
            place,
            application_path: format!("/environments/default/applications/{application}"),
            shutdown,
            task,
        })
    }

    /// Ends the service in order, and waits for it.
    pub async fn stop(mut self) {
        self.shutdown.advance(Phase::Draining);
        (&mut self.task).await.unwrap();
    }

    /// Ends the service as a crash would: nothing is finished, nothing is released, and nobody works on. What was handed
    /// to a provider before stays with it.
    pub fn crash(self) {
        self.task.abort();
        self.shutdown.advance(Phase::Releasing);
    }

    /// A request with a key and further header lines. An empty body sends none.
    pub async fn request(&self, method: &str, path: &str, key: &str, headers: &[&str], body: &str) -> Answer {
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n");
        if !key.is_empty() {
            head.extend(["authorization: Bearer ", key, "\r\n"]);
        }
        if !body.is_empty() {
            head.push_str("content-type: application/json\r\n");
        }
        for header in headers {
            head.push_str(header);
            head.push_str("\r\n");
        }
        if !body.is_empty() || method != "GET" {
            head.extend(["content-length: ", &body.len().to_string(), "\r\n"]);
        }
        head.push_str("\r\n");
        head.push_str(body);
        let bytes = plain_http::exchange(self.address, head.as_bytes()).await.unwrap();
        Answer::parse(&bytes)
    }

    /// `POST` with the application's key.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.request("POST", path, &self.application_key, &[], &body.to_string())
            .await
    }

    /// `GET` with the application's key.
    pub async fn get(&self, path: &str) -> Answer {
        self.request("GET", path, &self.application_key, &[], "").await
    }

    /// A request with the administrator's key; `Value::Null` sends no body.
    pub async fn admin(&self, method: &str, path: &str, body: Value) -> Answer {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        self.request(method, &format!("/admin/v1{path}"), &self.admin_key, &[], &body)
            .await
    }

    /// Asks for a code by SMS with the purpose `sign_in`.
    pub async fn send_sms(&self, to: &str) -> Answer {
        self.post("/v1/otp/send", json!({ "connection_id": self.phone, "to": to }))
            .await
    }

    /// Asks for a code by email with the purpose `sign_in`.
    pub async fn send_email(&self, to: &str) -> Answer {
        self.post("/v1/otp/send", json!({ "connection_id": self.email, "to": to }))
            .await
    }

    /// Asks for a code by SMS and answers the verification's id and the code that the console sender wrote.
    pub async fn sent_code(&self, to: &str) -> (String, String) {
        let answer = self.send_sms(to).await;
        assert_eq!(answer.status, 201, "{}", answer.json());
        let id = answer.json()["id"].as_str().unwrap().to_owned();
        (id, self.last_code())
    }

    /// Asks for a code by SMS, with further fields or others.
    pub async fn send_sms_with(&self, fields: Value) -> Answer {
        let mut body = json!({ "connection_id": self.phone });
        let fields = fields.as_object().unwrap().clone();
        body.as_object_mut().unwrap().extend(fields);
        self.post("/v1/otp/send", body).await
    }

    pub async fn verify(&self, id: &str, code: &str) -> Answer {
        self.post("/v1/otp/verify", json!({ "verification_id": id, "code": code }))
            .await
    }

    /// Asks for the code again.
    pub async fn resend(&self, id: &str) -> Answer {
        self.post("/v1/otp/resend", json!({ "verification_id": id }))
            .await
    }

    /// Gives a verification up.
    pub async fn cancel(&self, id: &str) -> Answer {
        self.post("/v1/otp/cancel", json!({ "verification_id": id }))
            .await
    }

    /// Reads a verification.
    pub async fn read(&self, id: &str) -> Value {
        self.get(&format!("/v1/otp/{id}")).await.expect(200)
    }

    /// All messages of the environment `default`, at most a hundred, newest first.
    pub async fn messages(&self) -> Vec<Value> {
        let page = self
            .admin("GET", "/environments/default/messages?limit=100", Value::Null)
            .await;
        page.expect(200)["data"].as_array().unwrap().clone()
    }

    /// Changes the rules of codes.
    pub async fn set_policy(&self, rules: Value) {
        let path = "/environments/default/settings/otp";
        self.admin("PATCH", path, rules).await.expect(200);
    }

    /// Changes the environment.
    pub async fn set_environment(&self, patch: Value) {
        self.admin("PATCH", "/environments/default", patch)
            .await
            .expect(200);
    }

    /// The path of the application of the first start, under `/admin/v1`.
    pub fn application_path(&self) -> String {
        self.application_path.clone()
    }

    /// The newest text that the console sender wrote.
    pub fn last_text(&self) -> String {
        self.inbox.as_ref().unwrap().newest_first()[0].text.clone()
    }

    /// The code in the newest text that the console sender wrote: its first run of six digits or more.
    pub fn last_code(&self) -> String {
        code_in(&self.last_text())
    }

    /// How many documents of the environment `default` were sealed under other keys than before.
    pub async fn resealed(&self) -> usize {
        let page = self.admin("GET", "/environments/default/audit?limit=100", Value::Null);
        let entries = page.await.expect(200);
        let entries = entries["data"].as_array().unwrap();
        let is_meant = |entry: &&Value| entry["action"].as_str().unwrap().ends_with(".reseal");
        entries.iter().filter(is_meant).count()
    }

    /// Looks after the database until one is.
    pub async fn is_resealed(&self) {
        until("stored secrets are sealed anew", async || {
            // The service does the same by itself, and may be at it.
            let _ = self.maintenance.round(&CancellationToken::new()).await;
            self.resealed().await > 0
        })
        .await;
    }

    /// Sends what is due, now, and waits for it.
    pub async fn drain(&self) -> usize {
        self.services.dispatcher.send_due().await.unwrap()
    }
}

/// The first run of six to ten digits in a text.
pub fn code_in(text: &str) -> String {
    text.split(|c: char| !c.is_ascii_digit())
        .find(|run| (6..=10).contains(&run.len()))
        .unwrap()
        .to_owned()
}

/// A code of the same length that is not the right one.
pub fn wrong(code: &str) -> String {
    let last = code.as_bytes()[code.len() - 1];
    let other = if last == b'0' { '1' } else { '0' };
    format!("{}{other}", &code[..code.len() - 1])
}

pub(super) fn configuration(place: &Place, options: &ServerOptions) -> Config {
    let mut variables: Vec<(OsString, OsString)> = vec![
        ("OTPOST_DATABASE__URL".into(), place.database.url().into()),
        ("OTPOST_KEYS__FILE".into(), place.keys_file().into()),
        ("OTPOST_DATABASE__MAX_CONNECTIONS".into(), "8".into()),
        // The longest, so that what an answer says of a message does not depend on how busy the machine is.
        ("OTPOST_SEND__WAIT_SECONDS".into(), "10".into()),
    ];
    variables.retain(|(name, _)| !options.variables.iter().any(|(set, _)| name == set.as_str()));
    variables.extend(
        options
            .variables
            .iter()
            .map(|(name, value)| (name.into(), value.into())),
    );
    let sources = Sources {
        file: None,
        environment: variables,
    };
    match config::load(&sources) {
        Ok(loaded) => loaded.config,
        Err(errors) => panic!(
            "{}",
            errors
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join("\n")
        ),
    }
}
