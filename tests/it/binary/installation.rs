//! The program as an operator installs it: a working directory, two free ports, and nothing in the environment but what a
//! test puts there.

use std::io::Read;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::plain_http::{Answer, exchange};
use crate::support::reserved_address::ReservedAddress;
use crate::support::wait::{found, until};

const PROGRAM: &str = env!("CARGO_BIN_EXE_otpost");

/// What a command said when it had ended.
#[derive(Debug)]
pub struct Said {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// A working directory with the environment that the program is started in.
pub struct Installation {
    directory: TempDir,
    pub api: SocketAddr,
    pub operations: SocketAddr,
    environment: Vec<(String, String)>,
    // Held for as long as the program may be started again.
    _reserved: [ReservedAddress; 2],
}

impl Installation {
    pub fn new() -> Self {
        let reserved = [ReservedAddress::new(), ReservedAddress::new()];
        let [api, operations] = reserved.each_ref().map(ReservedAddress::get);
        let environment = Vec::new();
        let directory = tempfile::tempdir().unwrap();
        let installation = Self {
            directory,
            api,
            operations,
            environment,
            _reserved: reserved,
        };
        installation
            .with("OTPOST_SERVER__LISTEN", &api.to_string())
            .with("OTPOST_SERVER__OPERATIONS_LISTEN", &operations.to_string())
            .with("OTPOST_SERVER__PUBLIC_URL", &format!("http://{api}"))
    }

    /// Has answers wait as long as they can be made to, so that what they say of a message does not depend on how busy the
    /// machine is.
    pub fn patient(self) -> Self {
        self.with("OTPOST_SEND__WAIT_SECONDS", "10")
    }

    /// Sets a variable of the environment, in place of what it was.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.set(name, value);
        self
    }

    pub fn set(&mut self, name: &str, value: &str) {
        self.environment.retain(|(other, _)| other != name);
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    /// The permission bits of a file.
    pub fn mode(&self, name: &str) -> u32 {
        std::fs::metadata(self.path(name)).unwrap().permissions().mode() & 0o777
    }

    /// Every file with what is in it.
    pub fn contents(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut found = Vec::new();
        let mut waiting = vec![self.directory.path().to_owned()];
        while let Some(next) = waiting.pop() {
            for entry in std::fs::read_dir(next).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    waiting.push(path);
                } else {
                    let bytes = std::fs::read(&path).unwrap();
                    if !is_passing(&path, &bytes) {
                        found.push((path, bytes));
                    }
                }
            }
        }
        found.sort();
        found
    }

    fn command(&self, arguments: &[&str]) -> Command {
        self.command_of(PROGRAM, arguments)
    }

    fn command_of(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(self.directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Starts serving after the words of a shell, and waits until it is ready.
    pub async fn start_after(&self, words: &str) -> Running {
        let script = format!("{words} && exec \"$0\" serve");
        let mut shell = self.command_of("/bin/sh", &["-c", &script, PROGRAM]);
        let mut running = Running::of(shell.spawn().unwrap(), self);
        running.become_ready().await;
        running
    }

    /// Runs a command to its end.
    pub async fn run(&self, arguments: &[&str]) -> Said {
        let running = Running::of(self.command(arguments).spawn().unwrap(), self);
        running.ended().await
    }

    /// Starts serving and waits until it is ready.
    pub async fn start(&self) -> Running {
        let mut running = self.start_unready();
        running.become_ready().await;
        running
    }

    /// Starts serving.
    pub fn start_unready(&self) -> Running {
        Running::of(self.command(&["serve"]).spawn().unwrap(), self)
    }
}

/// The program while it runs; killed when dropped.
pub struct Running {
    child: Child,
    api: SocketAddr,
    operations: SocketAddr,
    stdout: Output,
    stderr: Output,
}

/// What is written by and by, and by whom it is read.
struct Output(Arc<Mutex<Vec<u8>>>, Option<std::thread::JoinHandle<()>>);

impl Output {
    fn of(mut pipe: impl Read + Send + 'static) -> Self {
        let text = Arc::new(Mutex::new(Vec::new()));
        let sink = text.clone();
        let reader = std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = pipe.read(&mut buffer) {
                sink.lock().unwrap().extend_from_slice(&buffer[..length]);
            }
        });
        Self(text, Some(reader))
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }

    fn whole_text(&mut self) -> String {
        if let Some(reader) = self.1.take() {
            reader.join().unwrap();
        }
        self.text()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Running {
    fn of(mut child: Child, installation: &Installation) -> Self {
        let stdout = Output::of(child.stdout.take().unwrap());
        let stderr = Output::of(child.stderr.take().unwrap());
        let (api, operations) = (installation.api, installation.operations);
        Self {
            child,
            api,
            operations,
            stdout,
            stderr,
        }
    }

    /// Waits until it is ready.
    pub async fn become_ready(&mut self) {
        until("it is ready", async || {
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none(), "not ready: {}", self.stderr());
            self.readiness().await == Some(200)
        })
        .await;
    }

    /// What a first start shows.
    pub async fn welcome(&self) -> Welcome {
        self.printed("the greeting", Welcome::read).await
    }

    /// What `read` finds on standard output. Being ready or having answered, the program has written it; this process may not
    /// have read it yet.
    pub async fn printed<T>(&self, what: &str, read: impl Fn(&str) -> Option<T>) -> T {
        found(what, async || read(&self.stdout())).await
    }

    /// What has been read of it so far.
    fn stdout(&self) -> String {
        self.stdout.text()
    }

    /// What has been read of it so far.
    pub fn stderr(&self) -> String {
        self.stderr.text()
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal by its name.
    pub fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// What `/readyz` answers; `None` where nobody does.
    pub async fn readiness(&self) -> Option<u16> {
        let request = b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        let answer = exchange(self.operations, request).await.ok()?;
        (!answer.is_empty()).then(|| Answer::parse(&answer).status)
    }

    /// Calls the API with a key, `body` as JSON, and further header lines.
    pub async fn call(&self, request: &str, key: &str, body: &Value, headers: &[&str]) -> Answer {
        call(self.api, request, key, body, headers).await
    }

    /// Ends it in order, and answers all that it has said.
    pub async fn interrupted(self) -> Said {
        self.signal("INT");
        let said = self.ended().await;
        assert_eq!(said.code, Some(0), "{}", said.stderr);
        said
    }

    /// Waits for the end.
    pub async fn ended(mut self) -> Said {
        let status = self.exit().await;
        Said {
            code: status.code(),
            stdout: self.stdout.whole_text(),
            stderr: self.stderr.whole_text(),
        }
    }

    async fn exit(&mut self) -> ExitStatus {
        found("the end of the program", async || self.child.try_wait().unwrap()).await
    }
}

/// Calls an API, for a task of its own.
pub async fn call(api: SocketAddr, request: &str, key: &str, body: &Value, headers: &[&str]) -> Answer {
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let length = body.len();
    let mut head = format!(
        "{request} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer {key}\r\n"
    );
    if length > 0 {
        head.push_str("Content-Type: application/json\r\n");
    }
    for header in headers {
        head.push_str(header);
        head.push_str("\r\n");
    }
    let bytes = format!("{head}Content-Length: {length}\r\n\r\n{body}");
    Answer::parse(&exchange(api, bytes.as_bytes()).await.unwrap())
}

/// What a first start shows.
pub struct Welcome {
    pub application_key: String,
    pub admin_key: String,
    pub phone_connection: String,
    pub email_connection: String,
    /// The lines to try, as they are printed.
    pub curl: String,
}

impl Welcome {
    /// Reads it, where all of it is there: the line to try is the last, and an empty one follows it.
    fn read(stdout: &str) -> Option<Self> {
        let after = |label: &str| {
            let line = stdout.lines().find(|line| line.trim_start().starts_with(label));
            line?.split_whitespace().last().map(str::to_owned)
        };
        let (_, curl) = stdout.split_once("\n  curl ")?;
        let (curl, _) = curl.split_once("\n\n")?;
        Some(Self {
            application_key: after("application key")?,
            admin_key: after("administrator key")?,
            phone_connection: after("Connection ID phone")?,
            email_connection: after("Connection ID email")?,
            curl: format!("curl {curl}"),
        })
    }
}

/// Whether this user may write even where the permissions say otherwise, as root may.
pub fn ignores_permissions(directory: &Path) -> bool {
    let probe = directory.join("probe");
    std::fs::write(&probe, "").is_ok_and(|()| std::fs::remove_file(&probe).is_ok())
}

/// Whether a file comes and goes with a SQLite connection and holds nothing: its shared memory, and an empty log.
fn is_passing(path: &Path, bytes: &[u8]) -> bool {
    let name = path.to_string_lossy();
    name.ends_with(".db-shm") || (name.ends_with(".db-wal") && bytes.is_empty())
}
