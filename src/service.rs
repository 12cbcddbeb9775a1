//! What the service does, over the traits of the store and of the providers.

pub mod actor;
pub mod administration;
pub mod clock;
pub mod directory;
pub mod dispatch;
pub mod first_start;
pub mod key_pruning;
pub mod maintenance;
pub mod manifest;
pub mod notification;
pub mod otp;
pub mod render;
pub mod reseal;
pub mod route;
pub mod settings;
pub mod test_message;
