//! The composition root: from a configuration to a running service. The only place that names concrete types of stores and
//! providers.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use rustls::RootCertStore;
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::config::{Config, Server};
use crate::domain::environment::{EnvironmentCode, EnvironmentFields, Name};
use crate::domain::locale::LanguageTag;
use crate::domain::random::{OsRandom, Random};
use crate::domain::time::{Clock, SystemClock};
use crate::http::failed_auth::FailedAuthentications;
use crate::http::health::{Probe, Readiness};
use crate::http::last_used::LastUsed;
use crate::http::layer::{Layers, Settings};
use crate::http::problem::Cause;
use crate::http::server::{self, Limits, Stop};
use crate::http::state::Services;
use crate::http::{
    admin, auth, dev_inbox, development, docs, health, notification as notification_endpoints, openapi,
    otp as otp_endpoints,
};
use crate::lifecycle::Shutdown;
use crate::provider::Connect;
use crate::provider::console::Inbox;
use crate::provider::smtp::Closer;
use crate::service::Parts;
use crate::service::administration::Administration;
use crate::service::clock::GuardedClock;
use crate::service::directory::Directory;
use crate::service::dispatch::Dispatcher;
use crate::service::first_start::{BootstrapOptions, Welcome};
use crate::service::maintenance::Maintenance;
use crate::service::notification;
use crate::service::otp;
use crate::service::reseal::Resealing;
use crate::service::test_message;

mod database;
mod keys;
mod manifest;
mod senders;
mod start_error;

pub use keys::{Pruned, open as open_keys, prune as prune_keys};
pub use manifest::{Applied, apply, export, plan};
pub use start_error::StartError;

/// What surrounds the service and a test puts its own in the place of.
pub struct Dependencies {
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// The machine's clock, which is held against the database's. It may be another than `clock` where that is a fake one.
    pub machine_clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
    /// The certificates that TLS trusts.
    pub roots: Arc<RootCertStore>,
    /// Where the console sender writes.
    pub terminal: Box<dyn Write + Send>,
}

impl Dependencies {
    /// The machine's own. The trust store is the system's; `SSL_CERT_FILE` and `SSL_CERT_DIR` are honoured.
    #[must_use]
    pub fn of_the_machine() -> Self {
        let mut roots = RootCertStore::empty();
        let found = rustls_native_certs::load_native_certs();
        for error in &found.errors {
            tracing::warn!(%error, "a certificate of the system's trust store could not be read");
        }
        roots.add_parsable_certificates(found.certs);
        Self {
            clock: Arc::new(SystemClock),
            machine_clock: Arc::new(SystemClock),
            random: Arc::new(OsRandom),
            roots: Arc::new(roots),
            terminal: Box::new(std::io::stdout()),
        }
    }
}

/// The service, put together and not yet listening.
pub struct App {
    /// What the endpoints work with.
    pub services: Arc<Services>,
    /// What the console sender has sent, where it exists.
    pub inbox: Option<Arc<Inbox>>,
    /// What the first start made.
    pub welcome: Option<Welcome>,
    /// Keeps the database small.
    pub maintenance: Arc<Maintenance>,
    smtp_closer: Closer,
    shutdown: Shutdown,
    limits: Limits,
    api: Router,
    health: Router,
}

impl App {
    /// Opens the database and the keys, makes the first environment where there is none, and puts everything together.
    ///
    /// # Errors
    /// With one clear sentence for each thing that can be wrong. What the database holds and this process cannot read is none: it makes the
    /// process unready where no environment is left.
    pub async fn build(config: &Config, dependencies: Dependencies) -> Result<Self, StartError> {
        let Dependencies {
            clock,
            machine_clock,
            random,
            roots,
            terminal,
        } = dependencies;
        let store = database::open(config).await?;
        let guarded = GuardedClock::new(Arc::clone(&clock), machine_clock);
        guarded.look(&store).await?;
        if guarded.check().is_err() && database::is_empty(&store).await? {
            return Err(StartError::ClockIsOff);
        }
        let keys = keys::open(config, &store, &*random, &guarded).await?;
        let welcome = match guarded.now() {
            Ok(now) => manifest::first_start(config, &store, &keys, &*random, now).await?,
            // There is an environment.
            Err(_) => None,
        };
        let (keys, guarded) = (Arc::new(keys), Arc::new(guarded));

        let senders = senders::Senders::new(config, &roots, &clock)?;
        let (platform, inbox) = senders.platform(config, terminal);
        let smtp_closer = senders.smtp_closer().clone();
        let connect: Arc<dyn Connect> = Arc::new(senders);
        let directory = Directory::open(Arc::clone(&store), Arc::clone(&keys), Arc::clone(&connect)).await?;
        let directory = Arc::new(directory);
        let parts = Parts {
            store: Arc::clone(&store),
            directory: Arc::clone(&directory),
            keys: Arc::clone(&keys),
            clock: Arc::clone(&guarded),
            random: Arc::clone(&random),
        };
        let dispatcher = Arc::new(Dispatcher::new(parts.clone(), platform));
        let allow_plaintext_smtp = config.smtp.allow_plaintext;
        let services = Arc::new(Services {
            otp: otp::Service {
                parts: parts.clone(),
                dispatcher: Arc::clone(&dispatcher),
            },
            notifications: notification::Service {
                parts: parts.clone(),
                dispatcher: Arc::clone(&dispatcher),
            },
            test_messages: test_message::Service {
                parts: parts.clone(),
                dispatcher: Arc::clone(&dispatcher),
                connect,
                allow_plaintext_smtp,
            },
            administration: Administration::new(parts.clone(), allow_plaintext_smtp),
            directory,
            dispatcher,
            store: Arc::clone(&store),
            clock: Arc::clone(&guarded),
            failed_authentications: Arc::new(FailedAuthentications::default()),
            last_used: Arc::new(LastUsed::default()),
            wait: config.send.wait,
        });
        let retention = Duration::from_hours(24) * config.database.retention_days;
        let resealing = Resealing::new(keys, Arc::clone(&random));
        let maintenance = Maintenance::new(Arc::clone(&store), Arc::clone(&guarded), retention, resealing);
        let shutdown = Shutdown::default();
        let readiness = Readiness::new(Arc::new(ServiceProbe(parts)), shutdown.leaving());
        let layers = layers(&config.server, random);
        let health = Router::from(health::routes().with_state(Arc::new(readiness)));
        let api = api(&layers, &services, development_routes(config, inbox.as_ref())).merge(health.clone());
        Ok(Self {
            services,
            inbox,
            welcome,
            maintenance: Arc::new(maintenance),
            smtp_closer,
            shutdown,
            limits: Limits::beside(config.database.max_connections as usize),
            api: layers.observe(api),
            health: layers.observe(health),
        })
    }

    /// Tells everything that runs how far the end has come.
    #[must_use]
    pub fn shutdown(&self) -> &Shutdown {
        &self.shutdown
    }

    /// Serves both listeners and works in the background until the shutdown is over. `operations` are further routes of the
    /// operations listener.
    pub async fn serve(self, api: TcpListener, operations: TcpListener, operations_routes: Router) {
        let background = TaskTracker::new();
        let draining = self.shutdown.draining();
        let services = &self.services;
        background.spawn(Arc::clone(&services.directory).follow(draining.clone()));
        background.spawn(Arc::clone(&services.dispatcher).work(draining.clone()));
        background.spawn(Arc::clone(&self.maintenance).work(draining.clone()));
        let (last_used, store, clock) = (
            Arc::clone(&services.last_used),
            Arc::clone(&services.store),
            Arc::clone(&services.clock),
        );
        let stop = draining.clone();
        background.spawn(async move { last_used.write(store, &clock, stop).await });
        let (clock, store) = (Arc::clone(&services.clock), Arc::clone(&services.store));
        background.spawn(clock.watch(store, draining.clone()));
        let stop = Stop {
            leaving: self.shutdown.leaving(),
            draining,
            abandon: self.shutdown.releasing(),
        };
        let operations_pages = self.health.merge(operations_routes);
        tokio::join!(
            server::serve(api, self.api, self.limits, stop.clone()),
            server::serve(operations, operations_pages, Limits::of_operations(), stop),
        );
        background.close();
        background.wait().await;
        let releasing = self.shutdown.releasing();
        tokio::select! {
            () = self.services.dispatcher.drain() => {}
            () = releasing.cancelled() => {}
        }
        tokio::join!(self.smtp_closer.finish(), self.services.store.close());
    }
}

/// The OpenAPI document of all endpoints, as the code describes them. What is served is the file made of it: making it costs seven
/// mebibytes and tens of milliseconds.
#[must_use]
pub fn openapi_document() -> OpenApi {
    let endpoints: OpenApiRouter<Arc<Services>> = otp_endpoints::routes()
        .merge(notification_endpoints::routes())
        .merge(admin::routes());
    openapi::document([endpoints.into_openapi(), health::routes().into_openapi()])
}

/// What is there in development alone, where that is.
fn development_routes(config: &Config, inbox: Option<&Arc<Inbox>>) -> Option<Router> {
    let public_host = config.server.public_url.host().filter(|_| config.development);
    let inbox = dev_inbox::router(Arc::clone(inbox?));
    Some(development::for_this_machine(
        inbox,
        public_host.map(|host| host.to_owned()),
    ))
}

fn layers(server: &Server, random: Arc<dyn Random>) -> Layers {
    for doubt in server.doubts() {
        tracing::warn!("{doubt}");
    }
    Layers::new(Settings {
        trusted_proxies: server.trusted_proxies.clone().into(),
        ..Settings::new(server.public_url.as_str(), random)
    })
}

fn api(layers: &Layers, services: &Arc<Services>, development: Option<Router>) -> Router {
    let endpoints = Router::from(
        otp_endpoints::routes()
            .merge(notification_endpoints::routes())
            .merge(admin::routes())
            .with_state(Arc::clone(services)),
    );
    let keyed = auth::require_key(layers.bound(endpoints), Arc::clone(services));
    let mut open = docs::router();
    if let Some(development) = development {
        open = open.merge(development);
    }
    keyed.merge(layers.bound_open(open))
}

/// What the configuration says of the first environment, read whether or not it is needed: a mistake is told at once.
fn bootstrap_options(config: &Config) -> BootstrapOptions {
    let bootstrap = config.bootstrap.clone();
    BootstrapOptions {
        application_key: bootstrap.application_key,
        admin_key: bootstrap.admin_key,
        environment: EnvironmentFields {
            code: EnvironmentCode::of_first(),
            name: Name::of_ours("Default"),
            business_name: bootstrap.business_name.unwrap_or_default(),
            business_url: bootstrap.business_url.unwrap_or_default(),
            default_country: bootstrap.default_country,
            default_locale: LanguageTag::english(),
        },
    }
}

/// What readiness rests on.
struct ServiceProbe(Parts);

#[async_trait]
impl Probe for ServiceProbe {
    async fn ask(&self) -> Result<(), Cause> {
        let Parts { store, clock, .. } = &self.0;
        clock.look(store).await?;
        let writes = store.write_health();
        if writes.check().is_err() && writes.is_time_to_probe() {
            store.probe_writing().await?;
        }
        Ok(())
    }

    fn check(&self) -> Result<(), Cause> {
        self.0.clock.check()?;
        self.0.directory.check()?;
        Ok(self.0.store.write_health().check()?)
    }
}
