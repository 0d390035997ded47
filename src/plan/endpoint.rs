//! The address of a source when the environment is known.

use super::{SourcePlan, Text, TlsMode};
use crate::statement::{Address, AddressError, is_loopback};

/// MySQL's port, where an address has none. Source: MySQL manual, `port`.
pub(super) const MYSQL_PORT: u16 = 3306;

/// User where neither the source nor its address names one.
pub(super) const DEFAULT_USER: &str = "syncc";

/// Where and as whom to connect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// Host name or IP address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// User.
    pub user: String,
    /// How much of the server's certificate is verified.
    pub tls: TlsMode,
}

impl SourcePlan {
    /// Where and as whom to connect, given the value of the variable that the address names, if it names one.
    ///
    /// Such a value is `[USER@]HOST[:PORT]`, like a written address; a written `user` wins over the one in it.
    ///
    /// # Errors
    /// The variable is not set and there is no `else`, or its value is no address.
    pub fn login(&self, variable: Option<&str>) -> Result<Login, AddressError> {
        let address = match &self.host {
            Text::Literal(host) => {
                return Ok(Login {
                    host: host.clone(),
                    port: self.port,
                    user: self.user_or(None),
                    tls: self.tls.mode,
                });
            }
            Text::Env { default, .. } => variable.or(default.as_deref()).ok_or(AddressError::Unset)?,
        };
        let address = Address::parse(address)?;
        let off = self.tls.off_on_loopback && is_loopback(&address.host);
        Ok(Login {
            tls: if off { TlsMode::Off } else { self.tls.mode },
            port: address.port.unwrap_or(self.port),
            user: self.user_or(address.user),
            host: address.host,
        })
    }

    fn user_or(&self, of_address: Option<String>) -> String {
        match self.user.as_str() {
            "" => of_address.unwrap_or_else(|| DEFAULT_USER.to_owned()),
            written => written.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Tls;

    fn source(host: Text, user: &str) -> SourcePlan {
        SourcePlan { user: user.into(), ..SourcePlan::new("s", host, Tls::mode(TlsMode::Off)) }
    }

    #[test]
    fn an_address_of_the_environment_brings_user_and_port() {
        let env = |default: Option<&str>| Text::Env { name: "A".into(), default: default.map(Into::into) };
        let login = |source: SourcePlan, value| {
            source.login(value).map(|login| format!("{}@{}:{}", login.user, login.host, login.port))
        };
        assert_eq!(login(source(env(None), ""), Some("u@db:1")).as_deref(), Ok("u@db:1"));
        assert_eq!(login(source(env(None), "x"), Some("u@db")).as_deref(), Ok("x@db:3306"));
        assert_eq!(login(source(env(Some("db")), ""), None).as_deref(), Ok("syncc@db:3306"));
        assert_eq!(login(source(env(None), ""), None), Err(AddressError::Unset));
        let mut written = source(env(None), "");
        written.tls.mode = TlsMode::VerifyFull;
        assert_eq!(written.login(Some("::1:1")).map(|login| login.tls).ok(), None);
        assert_eq!(written.login(Some("[::1]:1")).map(|login| login.tls), Ok(TlsMode::VerifyFull));
        written.tls.off_on_loopback = true;
        assert_eq!(written.login(Some("[::1]:1")).map(|login| login.tls), Ok(TlsMode::Off));
        assert_eq!(written.login(Some("db")).map(|login| login.tls), Ok(TlsMode::VerifyFull));
        assert_eq!(login(source(Text::Literal("db".into()), "u"), None).as_deref(), Ok("u@db:3306"));
    }
}
