//! What is wrong with the configuration: which key, where its value came from, and what to write instead.
//! Never the value itself, which may be a secret in the wrong place.

use std::fmt;

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// `config/default.toml`, as it was when the program was built.
    BuiltIn,
    /// A line of a configuration file, counted from 1; the whole file where it is `None`.
    File {
        /// The file as the operator named it.
        path: String,
        /// The line, from 1.
        line: Option<usize>,
    },
    /// An environment variable, by its name.
    Variable(String),
    /// A flag of the command line, with its dashes.
    Flag(&'static str),
    /// Nobody set it; it follows from the key named here.
    FollowsFrom(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn => f.write_str("built-in default"),
            Self::File { path, line: None } => f.write_str(path),
            Self::File {
                path,
                line: Some(line),
            } => write!(f, "{path}, line {line}"),
            Self::Variable(name) => write!(f, "environment variable {name}"),
            Self::Flag(name) => write!(f, "flag {name}"),
            Self::FollowsFrom(key) => write!(f, "follows from {key}"),
        }
    }
}

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// The key, such as `server.listen`; `None` where a file cannot be read or is not TOML.
    pub key: Option<String>,
    /// Where the mistake was made.
    pub origin: Origin,
    /// What is wrong, in words that follow the key: "must be …".
    pub problem: String,
}

impl ConfigError {
    /// A mistake in the value of a key.
    pub fn of_key(key: impl Into<String>, origin: Origin, problem: impl Into<String>) -> Self {
        Self {
            key: Some(key.into()),
            origin,
            problem: problem.into(),
        }
    }

    /// A mistake that belongs to no key.
    pub fn of_source(origin: Origin, problem: impl Into<String>) -> Self {
        Self {
            key: None,
            origin,
            problem: problem.into(),
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.key {
            Some(key) => write!(f, "{key} {} ({})", self.problem, self.origin),
            None => write!(f, "{}: {}", self.origin, self.problem),
        }
    }
}

impl std::error::Error for ConfigError {}
