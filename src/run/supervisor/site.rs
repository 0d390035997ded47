//! What is told over HTTP.

use super::board::Board;
use crate::control::Status;
use crate::http::{Access, Server, Source};
use crate::run::Listen;
use crate::run::failure::{Class, Failure};
use secrecy::SecretString;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;

/// The loop turns once a second; so many missed turns are no life.
const TURNS_MISSED: Duration = Duration::from_secs(30);

struct Site {
    board: Board,
}

impl Source for Site {
    fn status(&self) -> Status {
        self.board.status()
    }

    fn is_live(&self) -> bool {
        self.board.open().turned.is_none_or(|turned| turned.elapsed() < TURNS_MISSED)
    }

    fn resident_bytes(&self) -> Option<u64> {
        let pages = std::fs::read_to_string("/proc/self/statm").ok()?;
        let resident: u64 = pages.split_whitespace().nth(1)?.parse().ok()?;
        Some(resident * rustix::param::page_size() as u64)
    }
}

/// Listens, as far as it is wanted.
pub(super) fn open(
    listen: Option<&Listen>,
    host: &str,
    board: Board,
    runtime: &Handle,
) -> Result<Option<Server>, Failure> {
    let Some(listen) = listen else { return Ok(None) };
    let refused = |error: &dyn Error| {
        let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
        Failure::new(Class::Usage, format!("--listen: {error}{cause}"))
    };
    let token = match &listen.token_file {
        None => None,
        Some(path) => {
            let place = path.display().to_string();
            let text = std::fs::read_to_string(path).map_err(|error| {
                Failure::new(Class::Usage, format!("--listen-token-file {place}: {error}"))
            })?;
            Some((SecretString::from(text.trim_end()), place))
        }
    };
    let access = Access::new(listen.address, token, listen.tls.is_some(), listen.open, host.to_owned());
    let access = access.map_err(|error| refused(&error))?;
    let site = Arc::new(Site { board });
    let server = Server::open(listen.address, listen.tls.as_ref(), access, runtime, site);
    server.map(Some).map_err(|error| refused(&error))
}
