//! From sources to a configuration: each source becomes a layer, later layers win, and what is left is read.
//! [`load`] is a function of its sources alone; [`from_process`] is the one place that looks at the process.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;

use super::effective;
use super::error::{ConfigError, Origin};
use super::layer::{self, Layer};
use super::read::read;
use super::{Config, environment};

/// The lowest layer, which knows every key.
pub const DEFAULT: &str = include_str!("../../config/default.toml");

/// The file that counts where no `--config` names another.
const USUAL_FILE: &str = "config/otpost.toml";

/// A configuration file and what is in it.
#[derive(Debug, Clone)]
pub struct ConfigFile {
    /// The file as the operator named it.
    pub path: PathBuf,
    /// Its whole text.
    pub text: String,
}

/// Where a configuration comes from, without the built-in layer.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// The file, if there is one.
    pub file: Option<ConfigFile>,
    /// The environment variables, all of them.
    pub environment: Vec<(OsString, OsString)>,
}

/// A configuration and where each of its values came from.
#[derive(Clone)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    settings: Layer,
}

impl Loaded {
    /// Every key with its effective value, as TOML, each with its origin; secrets and passwords are redacted.
    #[must_use]
    pub fn effective(&self) -> String {
        effective::print(&self.config, &self.settings)
    }
}

/// Reads the sources. Every mistake is told, not only the first.
pub fn load(sources: &Sources) -> Result<Loaded, Vec<ConfigError>> {
    let (mut settings, mut errors) = layer::from_toml(DEFAULT, |_| Origin::BuiltIn);
    if let Some(file) = &sources.file {
        let origin = |line| Origin::File {
            path: file.path.display().to_string(),
            line,
        };
        let (above, mistakes) = layer::from_toml(&file.text, origin);
        settings.extend(above);
        errors.extend(mistakes);
    }
    let (above, mistakes) = environment::from_variables(&sources.environment);
    settings.extend(above);
    errors.extend(mistakes);

    match read(&settings) {
        Ok(config) if errors.is_empty() => return Ok(Loaded { config, settings }),
        Ok(_) => {}
        Err(mistakes) => errors.extend(mistakes),
    }
    Err(errors)
}

/// Reads what this process was started with: the file of the flag `--config`, or `config/otpost.toml` where there
/// is one, and the environment.
pub fn from_process(config_flag: Option<PathBuf>) -> Result<Loaded, Vec<ConfigError>> {
    let mut sources = Sources {
        file: None,
        environment: std::env::vars_os().collect(),
    };
    match read_file(config_flag) {
        Ok(file) => {
            sources.file = file;
            load(&sources)
        }
        Err(unreadable) => {
            let others = load(&sources).err().unwrap_or_default();
            Err([unreadable].into_iter().chain(others).collect())
        }
    }
}

fn read_file(flag: Option<PathBuf>) -> Result<Option<ConfigFile>, ConfigError> {
    use io::ErrorKind::{NotADirectory, NotFound};

    let is_named = flag.is_some();
    let path = flag.unwrap_or_else(|| USUAL_FILE.into());
    let error = match std::fs::read_to_string(&path) {
        Ok(text) => return Ok(Some(ConfigFile { path, text })),
        Err(error) if !is_named && matches!(error.kind(), NotFound | NotADirectory) => return Ok(None),
        Err(error) => format!("cannot be read: {error}"),
    };
    let path = path.display().to_string();
    Err(if is_named {
        ConfigError::of_source(Origin::Flag("--config"), format!("{path} {error}"))
    } else {
        ConfigError::of_source(Origin::File { path, line: None }, error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::key::KEYS;
    use crate::config::{DatabaseUrl, PlatformEmailProvider, PlatformSmsProvider};
    use crate::domain::settings::{SmsSource, Tls};
    use std::path::Path;
    use std::time::Duration;

    const AC: &str = "AC0123456789abcdef0123456789abcdef";
    const MG: &str = "MG0123456789abcdef0123456789abcdef";

    fn sources(file: &str, variables: &[(&str, &str)]) -> Sources {
        Sources {
            file: (!file.is_empty()).then(|| ConfigFile {
                path: "otpost.toml".into(),
                text: file.to_owned(),
            }),
            environment: variables
                .iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        }
    }

    fn good(file: &str, variables: &[(&str, &str)]) -> Loaded {
        load(&sources(file, variables)).unwrap_or_else(|errors| panic!("{errors:?}"))
    }

    fn mistakes(file: &str, variables: &[(&str, &str)]) -> Vec<String> {
        match load(&sources(file, variables)) {
            Ok(_) => Vec::new(),
            Err(errors) => errors.iter().map(ToString::to_string).collect(),
        }
    }

    /// Checks that there is one mistake, in that key, whose words contain `part`.
    fn one_mistake(file: &str, key: &str, part: &str) {
        let mistakes = mistakes(file, &[]);
        assert_eq!(mistakes.len(), 1, "{file:?}: {mistakes:?}");
        assert!(mistakes[0].starts_with(&format!("{key} ")), "{mistakes:?}");
        assert!(mistakes[0].contains(part), "{mistakes:?}");
    }

    #[test]
    fn without_any_source_the_service_runs_on_its_defaults() {
        let config = good("", &[]).config;
        assert!(!config.development);
        assert_eq!(config.server.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(config.server.operations_listen.to_string(), "127.0.0.1:9090");
        assert_eq!(config.server.public_url.as_str(), "http://127.0.0.1:8080/");
        assert_eq!(config.database.url.expose(), "sqlite://data/otpost.db");
        assert_eq!(config.database.max_connections, 16);
        assert_eq!(config.database.retention_days, 30);
        assert_eq!(config.keys.file, Path::new("data/keys.toml"));
        assert_eq!(config.send.wait, Duration::from_secs(3));
        assert!(matches!(
            config.platform.sms.provider,
            PlatformSmsProvider::Console
        ));
        assert_eq!(config.platform.sms.monthly_test_quota, 10);
        assert_eq!(config.platform.sms.monthly_fallback_cap, 1000);
        assert!(matches!(
            config.platform.email.provider,
            PlatformEmailProvider::Console
        ));
        assert_eq!(config.platform.email.from.as_str(), "no-reply@localhost");
        assert_eq!(config.twilio.base_url, None);
        assert!(!config.smtp.allow_plaintext);
        assert_eq!(config.log.format, crate::telemetry::Format::Auto);
        assert_eq!(config.log.level, tracing::level_filters::LevelFilter::INFO);
        assert!(config.bootstrap.application_key.is_none());
        assert!(config.console_allowed());
    }

    #[test]
    fn the_environment_wins_over_the_file_and_the_file_over_the_default() {
        let file = "[server]\nlisten = '127.0.0.1:1'\noperations_listen = '127.0.0.1:2'\n[database]\nurl = 'sqlite:a.db'\n";
        let loaded = good(
            file,
            &[
                ("OTPOST_SERVER__LISTEN", "127.0.0.1:3"),
                ("DATABASE_URL", "postgres://db/otpost"),
            ],
        );
        assert_eq!(loaded.config.server.listen.port(), 3);
        assert_eq!(loaded.config.server.operations_listen.port(), 2);
        assert!(matches!(loaded.config.database.url, DatabaseUrl::Postgres(_)));
        assert_eq!(loaded.config.keys.file, Path::new("keys.toml"));
    }

    #[test]
    fn every_mistake_is_told_at_once_with_key_and_origin() {
        let file = "[server]\nlisten = 8080\nlisen = 1\n[send]\nwait_seconds = 11\n";
        assert_eq!(
            mistakes(
                file,
                &[("OTPOST_LOG__FORMAT", "xml"), ("OTPOST_LOG__LEVLE", "info")]
            ),
            [
                "server.lisen is not a known key (otpost.toml, line 3)",
                "log.levle is not a known key (environment variable OTPOST_LOG__LEVLE)",
                "server.listen must be an IP address and a port, such as 127.0.0.1:8080 or [::]:8080 (otpost.toml, line 2)",
                "send.wait_seconds must be a number from 0 to 10 (otpost.toml, line 5)",
                "log.format must be `auto`, `pretty` or `json` (environment variable OTPOST_LOG__FORMAT)",
            ]
        );
    }

    #[test]
    fn values_of_another_type_are_refused() {
        one_mistake("development = 'true'", "development", "must be `true` or `false`");
        one_mistake("[log]\nlevel = true", "log.level", "must be text");
        one_mistake("[log]\nlevel = ['info']", "log.level", "not a list");
        one_mistake("[server.listen]\nport = 1", "server.listen", "not a section");
        one_mistake(
            "[database]\nmax_connections = 0",
            "database.max_connections",
            "from 1 to 1000",
        );
        one_mistake(
            "[database]\nmax_connections = '16'",
            "database.max_connections",
            "whole number",
        );
        one_mistake("[send]\nwait_seconds = nan", "send.wait_seconds", "from 0 to 10");
        one_mistake("[send]\nwait_seconds = -1", "send.wait_seconds", "from 0 to 10");
        one_mistake(
            "[platform.email]\nport = 0",
            "platform.email.port",
            "from 1 to 65535",
        );
        one_mistake(
            "[platform.email]\nfrom = ''",
            "platform.email.from",
            "must not be empty",
        );
        one_mistake(
            "[platform.sms]\nmonthly_test_quota = -1",
            "platform.sms.monthly_test_quota",
            "whole number",
        );
    }

    #[test]
    fn every_key_tells_its_mistake_and_hides_none_of_another() {
        // In parts, for no more than 32 are looked for in one document.
        for keys in KEYS.chunks(20) {
            let names: Vec<_> = keys.iter().map(|key| key.name).collect();
            let lines = names.iter().map(|name| format!("{name} = 1979-05-27\n"));
            let told = load(&sources(&lines.collect::<String>(), &[])).err().unwrap();
            let told: Vec<_> = told.iter().filter_map(|error| error.key.as_deref()).collect();
            assert_eq!(told, names);
        }
    }

    #[test]
    fn only_digits_are_good_for_a_text_key_without_quotes() {
        for number in ["+61466043123", "1_000", "0x1f", "-1", "1.5", "nan", "true"] {
            let toml = format!("[platform.email]\npassword = {number}");
            let told = mistakes(&toml, &[]);
            let expected = "platform.email.password must be text, in quotes (otpost.toml, line 2)";
            assert!(told.contains(&expected.to_owned()), "{told:?}");
        }
    }

    #[test]
    fn digits_alone_are_good_for_a_text_key_and_a_fraction_for_a_wait() {
        let file = "[platform.sms]\nprovider = 'twilio'\nauth_token = 123456\nsource = 'phone_number'\nphone_number = 12345\n\
                    [send]\nwait_seconds = 0.25\n[database]\nmax_connections = 1_0\n";
        let config = good(file, &[("OTPOST_PLATFORM__SMS__ACCOUNT_SID", AC)]).config;
        assert_eq!(config.send.wait, Duration::from_millis(250));
        assert_eq!(config.database.max_connections, 10);
        let PlatformSmsProvider::Twilio(account) = config.platform.sms.provider else {
            panic!("the provider is twilio");
        };
        assert_eq!(account.auth_token.as_ref().unwrap().expose(), "123456");
        assert_eq!(
            (account.source, account.sender()),
            (SmsSource::PhoneNumber, Some("12345"))
        );

        let wait = |text| good("", &[("OTPOST_SEND__WAIT_SECONDS", text)]).config.send.wait;
        assert_eq!(wait("0"), Duration::ZERO);
        assert_eq!(wait("1.5"), Duration::from_millis(1500));
    }

    #[test]
    fn a_platform_sender_needs_what_it_cannot_do_without() {
        one_mistake(
            "[platform.sms]\nprovider = 'http'",
            "platform.sms.url",
            "must be set when platform.sms.provider is `http`",
        );
        one_mistake(
            "[platform.email]\nprovider = 'smtp'",
            "platform.email.server",
            "must be set",
        );
        one_mistake(
            "[platform.sms]\nprovider = 'carrier pigeon'",
            "platform.sms.provider",
            "`none`",
        );
        assert_eq!(
            mistakes("[platform.sms]\nprovider = 'twilio'", &[]),
            ["account_sid", "auth_token", "source"].map(|name| format!(
                "platform.sms.{name} must be set when platform.sms.provider is `twilio` (otpost.toml, line 2)"
            ))
        );
        one_mistake(
            &format!(
                "[platform.sms]\nprovider = 'twilio'\naccount_sid = '{AC}'\nauth_token = 'x'\nsource = 'pigeon'"
            ),
            "platform.sms.source",
            "must be one of `messaging_service`, `phone_number`",
        );
        let twilio = format!("[platform.sms]\nprovider = 'twilio'\naccount_sid = '{AC}'\nauth_token = 'x'\n");
        one_mistake(
            &format!("{twilio}source = 'phone_number'\nmessaging_service_sid = '{MG}'"),
            "platform.sms.phone_number",
            "must be set",
        );
        one_mistake(
            &format!("{twilio}source = 'messaging_service'"),
            "platform.sms.messaging_service_sid",
            "must be set",
        );
        good(
            &format!("{twilio}source = 'messaging_service'\nmessaging_service_sid = '{MG}'"),
            &[],
        );
    }

    #[test]
    fn a_verify_sid_is_refused_with_the_reason() {
        let verify = MG.replace("MG", "VA");
        let file = format!("[platform.sms]\nmessaging_service_sid = '{verify}'");
        one_mistake(
            &file,
            "platform.sms.messaging_service_sid",
            "Verify makes and checks codes of its own",
        );
        one_mistake(
            "[platform.sms]\naccount_sid = 'AC12'",
            "platform.sms.account_sid",
            "32 hexadecimal digits",
        );
        one_mistake(
            "[platform.sms]\nphone_number = '+61 466'",
            "platform.sms.phone_number",
            "short code",
        );
        one_mistake(
            "[platform.sms]\nurl = 'https://user:hunter2@sms.example.com'",
            "platform.sms.url",
            "platform.sms.token",
        );
    }

    #[test]
    fn plaintext_smtp_is_only_for_who_allows_it_and_has_no_password() {
        let smtp = "[platform.email]\nprovider = 'smtp'\nserver = 'localhost'\ntls = 'none'\n";
        one_mistake(smtp, "platform.email.tls", "smtp.allow_plaintext");
        let allowed = format!("{smtp}[smtp]\nallow_plaintext = true\n");
        let PlatformEmailProvider::Smtp(account) = good(&allowed, &[]).config.platform.email.provider else {
            panic!("the provider is smtp");
        };
        assert_eq!((account.tls, account.port), (Tls::None, 587));
        let with_password = [
            ("OTPOST_PLATFORM__EMAIL__USERNAME", "a"),
            ("OTPOST_PLATFORM__EMAIL__PASSWORD", "hunter2"),
        ];
        let told = mistakes(&allowed, &with_password);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("in the clear"), "{told:?}");
        let told = mistakes("", &with_password[..1]);
        assert!(
            told[0].contains("together with platform.email.password"),
            "{told:?}"
        );
        one_mistake(
            "[platform.email]\nserver = 'smtp.example.com:25'",
            "platform.email.server",
            "without scheme, port",
        );
    }

    #[test]
    fn a_server_may_be_an_ipv6_address_with_brackets_or_without() {
        for server in ["::1", "[2001:db8::1]", "192.0.2.1", "smtp.example.com"] {
            let config = good(
                &format!("[platform.email]\nprovider = 'smtp'\nserver = '{server}'"),
                &[],
            );
            let PlatformEmailProvider::Smtp(account) = config.config.platform.email.provider else {
                panic!("the provider is smtp");
            };
            assert_eq!(account.server.as_str(), server);
        }
    }

    #[test]
    fn the_hello_name_follows_from_the_public_url_unless_it_is_set() {
        let hello = |toml: &str| {
            good(toml, &[])
                .config
                .smtp
                .hello_name
                .map(|name| name.as_str().to_owned())
        };
        let public = "[server]\npublic_url = 'https://otp.example.com'\n";
        assert_eq!(hello(""), None);
        assert_eq!(hello(public).as_deref(), Some("otp.example.com"));
        let both = format!("{public}[smtp]\nhello_name = 'mail.example.com'");
        assert_eq!(hello(&both).as_deref(), Some("mail.example.com"));
        for wrong in ["otpost", "192.0.2.1", "otp.example.com:25", "a_b.example.com"] {
            let toml = format!("[smtp]\nhello_name = '{wrong}'");
            one_mistake(&toml, "smtp.hello_name", "full host name");
        }
    }

    #[test]
    fn a_twilio_base_url_wins_only_when_the_operator_has_set_it() {
        let config = good("[twilio]\nbase_url = 'https://api.twilio.com'", &[]).config;
        assert_eq!(
            config.twilio.base_url.unwrap().as_str(),
            "https://api.twilio.com/"
        );
    }

    #[test]
    fn bootstrap_keys_must_be_keys_of_their_kind() {
        let key = "otpost_sk_Zx81mQ0c7RtYpL2sVb9NkWd4HgJfA63hfI8g";
        let config = good("", &[("OTPOST_BOOTSTRAP__APPLICATION_KEY", key)]).config;
        assert_eq!(config.bootstrap.application_key.unwrap().expose(), key);
        for (wrong, part) in [
            (key, "must begin with `otpost_ak_`"),
            (&key.replace("Zx", "zx"), "checksum"),
            ("hunter2", "36 letters"),
        ] {
            let told = mistakes("", &[("OTPOST_BOOTSTRAP__ADMIN_KEY", wrong)]);
            assert!(told.len() == 1 && told[0].contains(part), "{told:?}");
            assert!(!told[0].contains(wrong));
        }
    }

    #[test]
    fn console_is_for_loopback_and_development_alone() {
        let (here, public) = ("http://127.0.0.1:8080", "https://otp.example.com");
        for (listen, public_url, development, expected) in [
            ("[::1]:8080", here, "false", true),
            ("[::ffff:127.0.0.1]:8080", "http://otp.localhost", "false", true),
            ("0.0.0.0:8080", here, "false", false),
            ("[::]:8080", here, "false", false),
            ("127.0.0.1:8080", public, "false", false),
            ("127.0.0.1:8080", "http://192.168.1.7:8080", "false", false),
            ("0.0.0.0:8080", public, "false", false),
            ("0.0.0.0:8080", here, "true", true),
            ("127.0.0.1:8080", public, "true", true),
            ("0.0.0.0:8080", public, "true", true),
        ] {
            let variables = [
                ("OTPOST_SERVER__LISTEN", listen),
                ("OTPOST_SERVER__PUBLIC_URL", public_url),
                ("OTPOST__DEVELOPMENT", development),
            ];
            let allowed = good("", &variables).config.console_allowed();
            assert_eq!(allowed, expected, "{variables:?}");
        }
    }

    #[test]
    fn both_listeners_on_one_address_are_refused() {
        one_mistake(
            "[server]\noperations_listen = '127.0.0.1:8080'",
            "server.operations_listen",
            "same",
        );
    }

    #[test]
    fn the_effective_configuration_is_a_configuration_without_secrets() {
        let file = "[platform.sms]\nprovider = 'http'\nurl = 'https://sms.example.com'\ntoken = 'hunter2'\n";
        let loaded = good(
            file,
            &[
                ("DATABASE_URL", "postgres://otpost:hunter2@db/otpost"),
                ("OTPOST_SEND__WAIT_SECONDS", "+.5"),
            ],
        );
        let printed = loaded.effective();
        assert!(!printed.contains("hunter2"), "{printed}");
        for line in [
            "development = false  # built-in default",
            "[platform.sms]",
            "url = \"postgres://otpost:***@db/otpost\"  # environment variable DATABASE_URL",
            "file = \"keys.toml\"  # follows from database.url",
            "wait_seconds = 0.5  # environment variable OTPOST_SEND__WAIT_SECONDS",
            "token = \"***\"  # otpost.toml, line 4",
            "# auth_token =  # not set",
        ] {
            assert!(
                printed.lines().any(|printed| printed == line),
                "{line}\n{printed}"
            );
        }
        let again = good(&printed, &[]);
        assert_eq!(again.config.send.wait, Duration::from_millis(500));
        assert!(!format!("{:?}", loaded.config).contains("hunter2"));
    }

    #[test]
    fn the_example_is_a_good_configuration_once_its_secrets_are_there() {
        let example = include_str!("../../config/example.toml");
        let loaded = good(
            example,
            &[
                ("OTPOST_DATABASE__URL", "postgres://otpost:x@db/otpost"),
                ("OTPOST_PLATFORM__SMS__AUTH_TOKEN", "x"),
                ("OTPOST_PLATFORM__EMAIL__PASSWORD", "x"),
            ],
        );
        assert!(!loaded.config.console_allowed());
    }

    #[test]
    fn a_named_file_that_is_not_there_is_told() {
        let errors = from_process(Some("/nowhere/otpost.toml".into())).err().unwrap();
        assert_eq!(
            errors[0].to_string(),
            "flag --config: /nowhere/otpost.toml cannot be read: No such file or directory (os error 2)"
        );
    }
}
