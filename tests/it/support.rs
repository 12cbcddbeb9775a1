//! The harness: real counterparts of the service, in the process and on ports of their own.

pub mod carriers;
pub mod clocks;
pub mod database;
pub mod database_proxy;
pub mod http_double;
pub mod kinde_double;
pub mod place;
pub mod plain_http;
pub mod reserved_address;
pub mod sms_sender;
pub mod smtp_server;
pub mod tables;
pub mod tcp_proxy;
pub mod tenants;
pub mod test_server;
pub mod twilio_double;
pub mod wait;
