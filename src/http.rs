//! The web side: what every endpoint stands on, and the endpoints. A request comes from [`server`] through [`layer`] to a
//! handler, which reads it with [`extract`] and answers a value or a [`problem::Problem`].

pub mod admin;
pub mod auth;
pub mod dev_inbox;
pub mod development;
pub mod docs;
pub mod etag;
pub mod extract;
pub mod failed_auth;
pub mod health;
pub mod last_used;
pub mod layer;
pub mod metrics;
pub mod notification;
pub mod openapi;
pub mod otp;
pub mod page;
pub mod problem;
pub mod request_id;
pub mod schema;
pub mod server;
pub mod state;
pub mod static_file;
pub mod view;
