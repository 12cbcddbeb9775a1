//! Twilio's Messages API as the contract describes it: strict about what it is sent, with the answers of Twilio's test
//! credentials, and a list of everything that broke the contract.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use url::{Host, Url, form_urlencoded};

use super::http_double::{HttpDouble, Reply, Request, Script};

/// Everything this service may send.
const PARAMETERS: &[&str] = &[
    "To",
    "Body",
    "MessagingServiceSid",
    "From",
    "StatusCallback",
    "ValidityPeriod",
    "ContentRetention",
    "AddressRetention",
];

/// A request to send one message.
#[derive(Debug, Clone)]
pub struct SentSms {
    /// The SID in the path.
    pub account_sid: String,
    /// The user of the Basic credentials.
    pub user: String,
    /// Their password.
    pub password: String,
    parameters: BTreeMap<String, String>,
}

impl SentSms {
    /// A parameter of the form; `None` when it was not sent.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }
}

#[derive(Default)]
struct Ledger {
    accepted_credentials: Mutex<Option<(String, String)>>,
    sent: Mutex<Vec<SentSms>>,
    violations: Mutex<Vec<String>>,
    accepted: AtomicU64,
}

/// The double; it ends when dropped.
pub struct TwilioDouble {
    server: HttpDouble,
    ledger: Arc<Ledger>,
}

impl TwilioDouble {
    /// Starts on a free port of loopback, open to any credentials.
    pub async fn start() -> Self {
        let ledger = Arc::new(Ledger::default());
        let judge = ledger.clone();
        let server = HttpDouble::start(move |request| judge.answer(request)).await;
        Self { server, ledger }
    }

    /// What `twilio.base_url` is to be.
    pub fn url(&self) -> Url {
        self.server.url()
    }

    /// From now on only these Basic credentials are accepted.
    pub fn accept_only(&self, user: &str, password: &str) {
        let mut accepted = self
            .ledger
            .accepted_credentials
            .lock()
            .expect("no test panicked here");
        *accepted = Some((user.to_owned(), password.to_owned()));
    }

    /// Puts `script` behind those that are still waiting for their request.
    pub fn respond_with(&self, script: Script) {
        self.server.respond_with(script);
    }

    /// Answers one request with Twilio's error body.
    pub fn refuse_with(&self, status: u16, code: u32, message: &str) {
        self.respond_with(Script::Reply(refusal(status, code, message)));
    }

    /// All requests that were readable, whatever the answer, in the order they came.
    pub fn requests(&self) -> Vec<SentSms> {
        self.ledger.sent.lock().expect("no test panicked here").clone()
    }

    /// What broke the contract.
    pub fn violations(&self) -> Vec<String> {
        self.ledger
            .violations
            .lock()
            .expect("no test panicked here")
            .clone()
    }

    /// How many requests were left without the end of an answer.
    pub fn silences(&self) -> usize {
        self.server.silences()
    }

    /// How many connections were made.
    pub fn connections(&self) -> usize {
        self.server.connections()
    }
}

/// Twilio's error body.
pub fn refusal(status: u16, code: u32, message: &str) -> Reply {
    Reply::json(
        status,
        &json!({
            "code": code,
            "message": message,
            "more_info": format!("https://www.twilio.com/docs/errors/{code}"),
            "status": status,
        }),
    )
}

impl Ledger {
    fn answer(&self, request: &Request) -> Reply {
        self.judge(request)
            .unwrap_or_else(|Refused { reply, violation }| {
                if let Some(violation) = violation {
                    self.violations
                        .lock()
                        .expect("no test panicked here")
                        .push(violation);
                }
                reply
            })
    }

    fn judge(&self, request: &Request) -> Result<Reply, Refused> {
        let account_sid = account_sid(request)?;
        let (user, password) = credentials(request)?;
        let parameters = parameters(request)?;
        let message = SentSms {
            account_sid,
            user,
            password,
            parameters,
        };
        self.sent
            .lock()
            .expect("no test panicked here")
            .push(message.clone());
        self.authenticate(&message)?;
        check_parameters(&message)?;
        magic_numbers(&message)?;
        let number = self.accepted.fetch_add(1, Ordering::Relaxed);
        Ok(created(&message, number))
    }

    fn authenticate(&self, message: &SentSms) -> Result<(), Refused> {
        let accepted = self.accepted_credentials.lock().expect("no test panicked here");
        match &*accepted {
            Some((user, password)) if (user, password) != (&message.user, &message.password) => {
                Err(Refused::as_documented(401, 20003, "Authenticate"))
            }
            _ => Ok(()),
        }
    }
}

/// A refusal, and what broke the contract where something did.
struct Refused {
    reply: Reply,
    violation: Option<String>,
}

impl Refused {
    fn as_documented(status: u16, code: u32, message: &str) -> Self {
        Self {
            reply: refusal(status, code, message),
            violation: None,
        }
    }

    fn violation(status: u16, code: u32, what: impl Into<String>) -> Self {
        let what = what.into();
        Self {
            reply: refusal(status, code, &what),
            violation: Some(what),
        }
    }
}

fn is_sid(text: &str, prefix: &str) -> bool {
    let digits = text.strip_prefix(prefix);
    digits.is_some_and(|digits| digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn account_sid(request: &Request) -> Result<String, Refused> {
    let sid = request
        .path
        .strip_prefix("/2010-04-01/Accounts/")
        .and_then(|rest| rest.strip_suffix("/Messages.json"))
        .filter(|sid| is_sid(sid, "AC") && request.method == "POST");
    let unknown = || Refused::violation(404, 20404, format!("{} {}", request.method, request.path));
    sid.map(str::to_owned).ok_or_else(unknown)
}

fn credentials(request: &Request) -> Result<(String, String), Refused> {
    let missing = || Refused::violation(401, 20003, "no Basic credentials");
    let encoded = request
        .header("authorization")
        .and_then(|value| value.strip_prefix("Basic "))
        .ok_or_else(missing)?;
    let decoded = STANDARD.decode(encoded).map_err(|_| missing())?;
    let decoded = String::from_utf8(decoded).map_err(|_| missing())?;
    let (user, password) = decoded.split_once(':').ok_or_else(missing)?;
    if is_sid(user, "AC") || is_sid(user, "SK") {
        Ok((user.to_owned(), password.to_owned()))
    } else {
        Err(Refused::violation(401, 20003, format!("user {user:?} is no SID")))
    }
}

fn parameters(request: &Request) -> Result<BTreeMap<String, String>, Refused> {
    if request.header("content-type") != Some("application/x-www-form-urlencoded") {
        return Err(Refused::violation(415, 20015, "not a form"));
    }
    let mut parameters = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(&request.body) {
        if !PARAMETERS.contains(&&*name) {
            return Err(Refused::violation(
                400,
                20001,
                format!("unknown parameter {name}"),
            ));
        }
        if parameters
            .insert(name.clone().into_owned(), value.into_owned())
            .is_some()
        {
            return Err(Refused::violation(400, 20001, format!("{name} twice")));
        }
    }
    Ok(parameters)
}

fn check_parameters(message: &SentSms) -> Result<(), Refused> {
    let is_e164 = |text: &str| {
        text.strip_prefix('+').is_some_and(|digits| {
            (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
        })
    };
    let length = message.parameter("Body").map_or(0, |body| body.chars().count());
    let allowed = |name: &str, rule: &dyn Fn(&str) -> bool| message.parameter(name).is_none_or(rule);
    let seconds = |text: &str| text.parse().is_ok_and(|seconds| (1..=36_000).contains(&seconds));
    let rules = [
        (
            message.parameter("To").is_some_and(is_e164),
            21211,
            "To is not E.164",
        ),
        (length > 0, 21602, "no Body"),
        (length <= 1600, 21617, "a Body of more than 1600 characters"),
        (
            allowed("ValidityPeriod", &seconds),
            20001,
            "ValidityPeriod is not 1–36000",
        ),
        (
            allowed("ContentRetention", &|value| value == "discard"),
            20001,
            "ContentRetention is not discard",
        ),
        (
            allowed("AddressRetention", &|value| value == "obfuscate"),
            20001,
            "AddressRetention is not obfuscate",
        ),
        (
            allowed("StatusCallback", &is_reachable),
            21609,
            "StatusCallback cannot be reached",
        ),
    ];
    match rules.iter().find(|rule| !rule.0) {
        Some((_, code, what)) => Err(Refused::violation(400, *code, *what)),
        None => check_source(message),
    }
}

fn check_source(message: &SentSms) -> Result<(), Refused> {
    let (code, what) = match (
        message.parameter("From"),
        message.parameter("MessagingServiceSid"),
    ) {
        (Some(from), None) if !from.is_empty() && !is_sid(from, "MG") => return Ok(()),
        (None, Some(sid)) if is_sid(sid, "MG") => return Ok(()),
        (Some(_), None) => (21212, "From is not a sender"),
        (None, Some(_)) => (21701, "MessagingServiceSid is no MG sid"),
        _ => (21603, "both or neither of From and MessagingServiceSid"),
    };
    Err(Refused::violation(400, code, what))
}

fn is_reachable(callback: &str) -> bool {
    Url::parse(callback).is_ok_and(|url| {
        let public = match url.host() {
            Some(Host::Domain(name)) => name != "localhost",
            Some(Host::Ipv4(address)) => !address.is_loopback(),
            Some(Host::Ipv6(address)) => !address.is_loopback(),
            None => false,
        };
        url.scheme() == "https" && public && url.path().contains("/callbacks/twilio/msg_")
    })
}

/// The numbers of Twilio's test credentials.
fn magic_numbers(message: &SentSms) -> Result<(), Refused> {
    let to = message.parameter("To").unwrap_or_default();
    let from = message.parameter("From").unwrap_or_default();
    let code = match from {
        "+15005550001" => Some(21212),
        "+15005550007" => Some(21606),
        "+15005550008" => Some(21611),
        _ => None,
    };
    let code = code.or(match to {
        "+15005550001" => Some(21211),
        "+15005550002" => Some(21612),
        "+15005550003" => Some(21408),
        "+15005550004" => Some(21610),
        "+15005550009" => Some(21614),
        _ => None,
    });
    match code {
        // Twilio names the number, as it does here.
        Some(code) => Err(Refused::as_documented(
            400,
            code,
            &format!("No message from {from} to {to} is possible"),
        )),
        None => Ok(()),
    }
}

fn created(message: &SentSms, number: u64) -> Reply {
    let service = message.parameter("MessagingServiceSid");
    Reply::json(
        201,
        &json!({
            "sid": format!("SM{number:032x}"),
            "account_sid": message.account_sid,
            "status": if service.is_some() { "accepted" } else { "queued" },
            "error_code": null,
            "error_message": null,
            "to": message.parameter("To"),
            "from": message.parameter("From"),
            "messaging_service_sid": service,
            "body": message.parameter("Body"),
            "num_segments": if service.is_some() { "0" } else { "1" },
            "num_media": "0",
            "price": null,
            "price_unit": "USD",
            "direction": "outbound-api",
            "api_version": "2010-04-01",
            "date_created": "Sun, 22 Nov 2026 09:00:00 +0000",
            "date_sent": null,
        }),
    )
}
