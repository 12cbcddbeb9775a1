//! The first start on an empty database: one environment with one application, both connections switched on, and the two
//! keys. Of several processes that start together exactly one makes them.

use std::sync::Arc;

use super::actor::Actor;
use super::directory::change::Change;
use super::directory::{self, Contents, EnvironmentSnapshot};
use super::manifest::{self, ManifestError, Manifests, Plan};
use crate::document::Value;
use crate::domain::api_key::{ApiKey, KeyKind};
use crate::domain::environment::{
    Application, ApplicationFields, Connection, Environment, EnvironmentFields, KeyRecord, Name,
};
use crate::domain::id::{ConnectionId, EnvironmentId, KeyId};
use crate::domain::keyring::KeyRing;
use crate::domain::random::Random;
use crate::domain::time::Timestamp;
use crate::store::directory::Commit;
use crate::store::{SharedStore, StoreError};

/// What the operator has to say about it.
pub struct BootstrapOptions {
    /// The application's key; drawn where none is given.
    pub application_key: Option<ApiKey>,
    /// The administrator's key; drawn where none is given.
    pub admin_key: Option<ApiKey>,
    /// The environment.
    pub environment: EnvironmentFields,
}

/// What was made, to be shown once.
pub struct Welcome {
    /// The application's key, unless it was given.
    pub application_key: Option<ApiKey>,
    /// The administrator's key, unless it was given.
    pub admin_key: Option<ApiKey>,
    /// The connection for phone numbers.
    pub phone_connection: ConnectionId,
    /// The connection for email addresses.
    pub email_connection: ConnectionId,
}

/// What the first start writes and shows, before it is written.
pub struct Founding {
    /// The first environment, with its application and the application's key, and what a file adds.
    environments: Vec<EnvironmentSnapshot>,
    admin_key: KeyRecord,
    welcome: Welcome,
}

impl Founding {
    /// Makes what a manifest makes of the environments instead, and tells it.
    ///
    /// # Errors
    /// Everything that is wrong with the manifest, at once.
    pub fn refine(&mut self, manifests: &Manifests<'_>, document: &Value) -> Result<Plan, ManifestError> {
        let plan = manifests.refine(document, &self.environments)?;
        for planned in &plan.environments {
            self.environments.retain(|held| held.id() != planned.id());
            self.environments.push(planned.clone());
        }
        Ok(plan)
    }

    /// Makes the first environment; `None` where there is one already.
    pub async fn carry_out(
        self,
        store: &SharedStore,
        keys: &KeyRing,
        random: &dyn Random,
        now: Timestamp,
    ) -> Result<Option<Welcome>, StoreError> {
        let held = directory::read(store, keys).await?;
        if !held.is_empty() {
            return Ok(None);
        }
        let actor = Actor::default();
        let mut change = Change::by(&actor, keys, random, now);
        for environment in &self.environments {
            manifest::create(&mut change, environment)?;
        }
        change.create_key(None, &self.admin_key)?;
        // Whoever was quicker has made an environment with the same code, or an administrator's key.
        let commit = change.commit(store, held.revision()).await?;
        Ok((commit == Commit::Committed).then_some(self.welcome))
    }
}

/// Draws up the first environment.
pub fn draw_up(random: &dyn Random, now: Timestamp, options: BootstrapOptions) -> Founding {
    let environment = Environment {
        id: EnvironmentId::time_ordered(random, now),
        fields: options.environment,
        created_at: now,
        updated_at: now,
    };
    let [phone, email] = Connection::of_new_environment(random, environment.id);
    let (phone_connection, email_connection) = (phone.id, email.id);
    let fields = ApplicationFields {
        name: Name::of_ours("default"),
        autofill_domain: None,
    };
    let application = Application {
        connections: vec![phone_connection, email_connection],
        ..Application::new(random, now, environment.id, fields)
    };
    let record = |key: &ApiKey, application| {
        let id = KeyId::time_ordered(random, now);
        KeyRecord::of(key, id, Name::of_ours("first key"), application, now)
    };
    let given = (options.application_key.is_some(), options.admin_key.is_some());
    let drawn = |kind| move || ApiKey::generate(random, kind);
    let application_key = options
        .application_key
        .unwrap_or_else(drawn(KeyKind::Application));
    let admin_key = options.admin_key.unwrap_or_else(drawn(KeyKind::Administrator));
    let mut contents = Contents::of_new(vec![phone, email]);
    let key = record(&application_key, Some(application.id));
    contents.keys.insert_mut(key.id, Arc::new(key));
    contents.put_application(0, application);
    Founding {
        environments: vec![EnvironmentSnapshot::new(environment, contents)],
        admin_key: record(&admin_key, None),
        welcome: Welcome {
            application_key: (!given.0).then_some(application_key),
            admin_key: (!given.1).then_some(admin_key),
            phone_connection,
            email_connection,
        },
    }
}
