//! Changes of the directory that are made together: all of them, in one transaction with one raise of the revision, or none.

use super::{AuditEntry, SettingsRow};
use crate::domain::environment::{Application, Connection, Environment, SettingsKind};
use crate::domain::id::{ApplicationId, ConnectionId};

/// One of them, with what the audit log says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What is written.
    pub write: Write,
    /// Who changes what.
    pub audit: AuditEntry,
}

/// What a step writes. That it fits what is there was found out as of the revision it is made on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    /// A new environment with its connections.
    NewEnvironment {
        /// The environment.
        environment: Environment,
        /// Its connections.
        connections: Vec<Connection>,
    },
    /// An environment's own fields.
    Environment(Environment),
    /// A new application with the connections that are switched on.
    NewApplication(Application),
    /// An application's own fields.
    Application(Application),
    /// A connection switched for an application.
    Switch {
        /// For whom.
        application: ApplicationId,
        /// Which.
        connection: ConnectionId,
        /// On or off.
        on: bool,
    },
    /// A settings document.
    Settings {
        /// The document.
        row: SettingsRow,
        /// In which document nothing is left with it, whatever it held.
        clears: Option<SettingsKind>,
    },
}
