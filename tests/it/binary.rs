//! The real program as a process of its own: started, configured wrongly and rightly, ended by signals, killed.

mod check_locales;
mod commands;
mod configuration;
mod console;
mod crash;
mod first_start;
mod full_disk;
mod installation;
mod older_keys;
mod open_files;
mod refusal;
mod replicas;
mod settings_file;
mod shutdown;
