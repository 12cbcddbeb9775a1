//! otpost sends and verifies one-time codes over SMS and email, for authentication frontends, over HTTP.
//!
//! This page is the map. `docs/architecture.md` has the reasons; each name below is a link, so that `cargo doc` fails when one of them is
//! no longer true.
//!
//! # The layers
//!
//! Each depends only on those below it.
//!
//! | module | what is in it |
//! |---|---|
//! | [`cli`] | the commands |
//! | [`app`] | puts a process together out of its configuration; alone names concrete stores and providers |
//! | [`http`] | the contract on the wire: server, layers, extractors, endpoints, problems, OpenAPI |
//! | [`service`] | what a request or a tick of the clock sets in motion; knows neither SQL nor HTTP |
//! | [`store`] | operations on what is kept, each one unit with its outcomes; [`store::postgres`], [`store::sqlite`] |
//! | [`provider`] | what carries a message: [`provider::twilio`], [`provider::smtp`], [`provider::kinde`], [`provider::console`] |
//! | [`config`] | the configuration: layers, secrets, keys file, manifest |
//! | [`document`] | the one reader of bodies, queries and files |
//! | [`domain`] | numbers, addresses, codes, limits, keys, texts, time: the rules, without input or output |
//!
//! Beside them stand [`lifecycle`], the phases in which a process ends, and [`telemetry`], log and metrics.
//!
//! # The way of a send
//!
//! 1. [`http::server::serve`] accepts the connection. [`http::layer`] gives the request its id, its place and its time, [`http::auth`] finds
//!    the application by its key, and [`http::extract`] reads what it says into domain types.
//! 2. [`service::otp::Service::send`] asks the environment's snapshot ([`service::directory`]) whether it may be sent and [`service::route`]
//!    by which senders, draws a [`domain::code::Code`], and keeps no more than its MAC and a sealed copy ([`domain::keyring::KeyRing`]).
//! 3. [`store::Verifications::issue`] counts the send against every limit and writes the verification with its message. From then on it is
//!    kept, under a lease of this process.
//! 4. [`service::dispatch::Dispatcher`] renders the text ([`service::render`]) and asks one sender after the other
//!    ([`provider::Transport::send`], behind a [`provider::breaker::Breaker`]). What each says is settled ([`store::Outbox::settle`]) before the
//!    next is asked.
//! 5. The answer is the verification with its message. What was not settled in time is `queued`; when its lease has ended, any
//!    process may claim it ([`store::Outbox::claim_due`]).
//!
//! # The way of a verify
//!
//! 1. As above, up to [`service::otp::Service::verify`], which hashes the guess under each key that the code may have been made under.
//! 2. [`store::Verifications::check`] counts the guess and compares it. Why one is refused, [`store::verification::Guess`] works out from what
//!    the store found, the same for both databases.
//! 3. [`store::verification::Check::Verified`] alone becomes a 2xx; every other outcome is one of [`http::problem`]'s.

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
