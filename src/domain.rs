//! The rules of the service, without a database, a network or a clock of their own.

pub mod api_key;
pub mod business;
pub mod catalogue;
pub mod code;
pub mod content;
pub mod country;
pub mod email;
pub mod environment;
pub mod field;
pub mod host;
pub mod id;
pub mod keyring;
pub mod locale;
pub mod message;
pub(crate) mod named;
pub mod phone;
pub mod policy;
pub mod random;
pub mod recipient;
pub mod secret;
pub mod segments;
pub mod settings;
pub mod text;
pub mod time;
pub mod twilio;
pub mod verification;
