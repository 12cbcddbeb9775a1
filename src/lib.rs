//! otpost sends and verifies one-time codes over SMS and email, for authentication frontends, over HTTP.

pub mod app;
pub mod cli;
pub mod config;
pub mod document;
pub mod domain;
pub mod http;
pub mod lifecycle;
pub mod provider;
pub mod service;
pub mod store;
pub mod telemetry;
