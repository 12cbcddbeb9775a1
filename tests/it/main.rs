//! The integration tests, as one binary: `support` is the harness, every other module one capability.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod access;
mod administration;
mod architecture;
mod bad_input;
mod binary;
mod breaker;
mod breaker_end_to_end;
mod database_faults;
mod development_inbox;
mod email_content;
mod email_route;
mod http_plumbing;
mod idempotency;
mod key_rotation;
mod kinde_client;
mod languages;
mod leaks;
mod leaks_at_rest;
mod notifications;
mod one_clock;
mod one_time_codes;
mod openapi;
mod outbox;
mod postgres_store;
mod readiness;
mod routing;
mod slow_bodies;
mod smtp_client;
mod smtp_connections;
mod store_contract;
mod support;
mod test_messages;
mod test_quota;
mod timeline;
mod trusted_proxies;
mod twilio_client;
mod unreadable_records;
