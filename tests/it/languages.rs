//! The words of messages in every language: what is wrong with a file, what arrives, and in which language.

mod catalogue;
mod direction;
mod emails;
mod resolution;
