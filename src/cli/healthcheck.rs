//! `otpost healthcheck`: for containers without a shell or curl.

use std::process::ExitCode;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{block_on, complain, reachable};
use crate::config::Config;

/// Asks `/readyz` on the operations listener.
pub fn healthcheck(config: &Config) -> ExitCode {
    let address = reachable(config.server.operations_listen);
    let ask = async {
        let mut stream = TcpStream::connect(address).await?;
        stream
            .write_all(b"GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
            .await?;
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await?;
        Ok::<bool, std::io::Error>(answer == *b"HTTP/1.1 200")
    };
    match block_on(async { timeout(Duration::from_secs(3), ask).await }) {
        Ok(Ok(Ok(true))) => ExitCode::SUCCESS,
        Ok(Ok(Ok(false))) => {
            complain("the service is not ready");
            ExitCode::FAILURE
        }
        Ok(Ok(Err(error))) | Err(error) => {
            complain(&format!("the service on {address} cannot be asked: {error}"));
            ExitCode::FAILURE
        }
        Ok(Err(_)) => {
            complain("the service did not answer within 3 s");
            ExitCode::FAILURE
        }
    }
}
