//! The service as a child process, configured by its environment, with an own Twilio account that lives at the double.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::http::Connection;
use crate::postgres::output;
use crate::{Failure, machine};

/// How long a start may take before it counts as failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// How a send is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    RespondAsync,
    /// The same, each with an Idempotency-Key of its own.
    RespondAsyncKeyed,
    Wait,
}

pub struct Service {
    process: Child,
    address: SocketAddr,
    ready_after: Duration,
    resident_when_ready: u64,
    key: String,
    connection_id: String,
}

/// Builds the service as it is shipped.
pub fn build(repository: &Path) -> Result<PathBuf, Failure> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["build", "--release", "--locked", "--bin", "otpost"])
        .current_dir(repository)
        .status()?;
    if !status.success() {
        return Err("the service could not be built".into());
    }
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| repository.join("target"), PathBuf::from);
    Ok(target.join("release/otpost"))
}

impl Service {
    /// Starts it and waits until it is ready. `home` keeps its keys and its log from one start to the next.
    pub fn start(binary: &Path, home: &Path, database_url: &str, twilio_url: &str) -> Result<Self, Failure> {
        fs::create_dir_all(home)?;
        let (key, admin_key) = (api_key(binary, home, "sk")?, api_key(binary, home, "ak")?);
        let (address, operations) = (free_address()?, free_address()?);
        let variables = [
            ("OTPOST_DATABASE__URL", database_url.to_owned()),
            ("OTPOST_KEYS__FILE", home.join("keys.toml").display().to_string()),
            ("OTPOST_SERVER__LISTEN", address.to_string()),
            ("OTPOST_SERVER__OPERATIONS_LISTEN", operations.to_string()),
            ("OTPOST_TWILIO__BASE_URL", twilio_url.to_owned()),
            ("OTPOST_LOG__FORMAT", "json".to_owned()),
            (
                "OTPOST_LOG__LEVEL",
                std::env::var("OTPOST_LOG__LEVEL").unwrap_or_else(|_| "warn".to_owned()),
            ),
            ("OTPOST_BOOTSTRAP__APPLICATION_KEY", key.clone()),
            ("OTPOST_BOOTSTRAP__ADMIN_KEY", admin_key.clone()),
            (
                "OTPOST_BOOTSTRAP__BUSINESS_URL",
                "https://acme.example.com".to_owned(),
            ),
        ];
        output(
            Command::new(binary)
                .args(["keys", "init"])
                .envs(variables.clone())
                .current_dir(home),
        )?;
        let log = File::options().create(true).append(true).open(home.join("log"))?;
        let started = Instant::now();
        let process = Command::new(binary)
            .envs(variables)
            .current_dir(home)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()?;
        let mut service = Self {
            process,
            address,
            ready_after: Duration::ZERO,
            resident_when_ready: 0,
            key,
            connection_id: String::new(),
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(service.become_ready(started, home))?;
        runtime.block_on(service.settle_in(&admin_key))?;
        Ok(service)
    }

    async fn become_ready(&mut self, started: Instant, home: &Path) -> Result<(), Failure> {
        let request = format!("GET /readyz HTTP/1.1\r\nhost: {}\r\n\r\n", self.address);
        loop {
            if let Ok(mut connection) = Connection::open(self.address).await
                && let Ok((200, _)) = connection.ask(request.as_bytes()).await
            {
                self.ready_after = started.elapsed();
                self.resident_when_ready = self.resident()?;
                return Ok(());
            }
            if started.elapsed() > PATIENCE || self.process.try_wait()?.is_some() {
                let log = fs::read_to_string(home.join("log")).unwrap_or_default();
                return Err(format!("the service does not come up:\n{log}").into());
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Gives the environment its Twilio account and learns the Connection ID.
    async fn settle_in(&mut self, admin_key: &str) -> Result<(), Failure> {
        const SETTINGS: &str = r#"{"provider":"twilio","twilio":{"account_sid":"AC00000000000000000000000000000000","auth_token":"a token of sixteen and more","source":"messaging_service","messaging_service_sid":"MG00000000000000000000000000000000"}}"#;
        let mut connection = Connection::open(self.address).await?;
        let put = self.request(
            "PUT /admin/v1/environments/default/settings/sms",
            admin_key,
            "",
            SETTINGS,
        );
        let (status, body) = connection.ask(put.as_bytes()).await?;
        if status != 200 {
            return Err(format!("the settings were refused: {}", String::from_utf8_lossy(body)).into());
        }
        let get = self.request("GET /v1/connections", &self.key, "", "");
        let (_, body) = connection.ask(get.as_bytes()).await?;
        let text = String::from_utf8_lossy(body);
        let phone = text.split("{\"id\":\"").find(|entry| entry.contains("phone:otp"));
        let id = phone
            .and_then(|entry| entry.split('"').next())
            .ok_or("no phone connection")?;
        id.clone_into(&mut self.connection_id);
        Ok(())
    }

    /// A request whose header fields are all there is to it.
    fn request(&self, line: &str, key: &str, fields: &str, body: &str) -> String {
        format!(
            "{line} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {key}\r\ncontent-type: application/json\r\n{fields}content-length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        )
    }

    pub fn send_request(&self, to: u64, manner: Manner) -> String {
        let fields = match manner {
            Manner::RespondAsync => "prefer: respond-async\r\n".to_owned(),
            Manner::RespondAsyncKeyed => format!("prefer: respond-async\r\nidempotency-key: \"{to}\"\r\n"),
            Manner::Wait => String::new(),
        };
        let body = format!(r#"{{"connection_id":"{}","to":"+{to}"}}"#, self.connection_id);
        self.request("POST /v1/otp/send", &self.key, &fields, &body)
    }

    pub fn verify_request(&self, verification_id: &str, code: &str) -> String {
        let body = format!(r#"{{"verification_id":"{verification_id}","code":"{code}"}}"#);
        self.request("POST /v1/otp/verify", &self.key, "", &body)
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    pub fn ready_after(&self) -> Duration {
        self.ready_after
    }

    pub fn resident_when_ready(&self) -> u64 {
        self.resident_when_ready
    }

    pub fn resident(&self) -> Result<u64, Failure> {
        Ok(machine::resident(self.pid())?)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // Politely: what is under way is to be settled.
        let pid = self.pid().to_string();
        let _ = Command::new("kill").args(["-TERM", &pid]).status();
        let _ = self.process.wait();
    }
}

/// An API key that stays the same for one home.
fn api_key(binary: &Path, home: &Path, kind: &str) -> Result<String, Failure> {
    let file = home.join(kind);
    if !file.exists() {
        fs::write(
            &file,
            output(Command::new(binary).args(["keys", "generate", kind]))?,
        )?;
    }
    Ok(fs::read_to_string(file)?.trim().to_owned())
}

fn free_address() -> Result<SocketAddr, Failure> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}
