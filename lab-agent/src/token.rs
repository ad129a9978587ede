//! Keeps the data token in the run directory fresh.
//!
//! A token that cannot be replaced stays until it can: a notebook that runs through the night must not lose
//! its data because the gateway was restarted for a minute.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use api::lab::DataToken;
use thiserror::Error;
use tokio::time::sleep;

use crate::config::Config;
use crate::environment;

/// The first pause after a failure; it doubles up to the limit.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// Shortest time between two tokens, whatever their life is said to be.
const SHORTEST_LIFE: Duration = Duration::from_secs(1);

/// Why there is no fresh token.
#[derive(Debug, Error)]
pub enum TokenError {
    /// The certificate authority cannot be read.
    #[error("cannot read the certificate authority")]
    Authority(#[source] std::io::Error),
    /// The gateway did not answer, or not with a token.
    #[error("the gateway gave no data token")]
    Gateway(#[from] reqwest::Error),
    /// The file cannot be written.
    #[error("cannot write the data token")]
    File(#[source] std::io::Error),
}

/// Fetches a token now and again whenever half of its life is over, for ever.
pub async fn keep_fresh(config: &Config) {
    let mut pause = FIRST_PAUSE;
    loop {
        match refresh(config).await {
            Ok(life) => {
                pause = FIRST_PAUSE;
                sleep((life / 2).max(SHORTEST_LIFE)).await;
            }
            Err(error) => {
                let causes = causes(&error);
                tracing::warn!("kernels keep their old data token; next attempt in {pause:?}: {causes}");
                sleep(pause).await;
                pause = (pause * 2).min(config.limits.token_backoff);
            }
        }
    }
}

async fn refresh(config: &Config) -> Result<Duration, TokenError> {
    let lab = &config.lab;
    let mut client = reqwest::Client::builder().no_proxy().timeout(config.limits.token_fetch);
    if let Some(ca_file) = &lab.ca_file {
        let pem = std::fs::read(ca_file).map_err(TokenError::Authority)?;
        client = client.tls_certs_only(reqwest::Certificate::from_pem_bundle(&pem)?);
    } else if lab.token_url.starts_with("http:") {
        // The image of a lab need not have any authorities, and without them there would be no client.
        client = client.tls_certs_only([]);
    }
    let answer = client.build()?.post(&lab.token_url).bearer_auth(&lab.lab_secret).send().await?;
    let DataToken { token, expires_in_seconds } = answer.error_for_status()?.json().await?;
    write(&environment::token_file(&lab.run_dir), &token).map_err(TokenError::File)?;
    Ok(Duration::from_secs(u64::try_from(expires_in_seconds).unwrap_or_default()))
}

/// Replaces the file as a whole: a kernel reads the old token or the new one, never half of one.
fn write(file: &Path, token: &str) -> std::io::Result<()> {
    let new = file.with_extension("new");
    match std::fs::remove_file(&new) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o400);
    options.open(&new)?.write_all(token.as_bytes())?;
    std::fs::rename(&new, file)
}

fn causes(error: &dyn std::error::Error) -> String {
    let chain = std::iter::successors(Some(error), |error| error.source());
    chain.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
