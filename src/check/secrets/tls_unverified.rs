//! S0304: a connection to somebody unknown.

use super::super::Rule;
use super::super::flow::Project;
use super::connections::connections;
use crate::diagnostic::{Code, CodeDoc, Diagnostic, Fix};
use crate::statement::{TlsMode, is_loopback};

const TLS_UNVERIFIED: Code = Code::new("S0304", "tls-unverified");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: TLS_UNVERIFIED,
        what: "`tls require` towards a server that is not on this machine: encrypted, but whoever answers is believed.",
        why: "Who can redirect the connection reads every row, and is told the password by some login methods. `verify-full` asks \
              for a certificate for this host; where the certificate names no host, as those that MySQL makes for itself, \
              `verify-ca ca \"FILE\"` asks for one of your own.",
        wrong: endpoints!(
            "source shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n  tls require\n}\ntarget bus kafka \"kafka1:9092\"\n"
        ),
        right: endpoints!(
            "source shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n  tls verify-ca ca \"/etc/ssl/shop-ca.pem\"\n}\ntarget bus kafka \"kafka1:9092\"\n"
        ),
    },
    run: check_tls_unverified,
};

fn check_tls_unverified(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    for connection in connections(project.program) {
        let Some(tls) = connection.tls.filter(|tls| tls.value.mode == TlsMode::Require) else { continue };
        let Some(host) = connection.hosts.iter().find(|host| !is_loopback(host)) else { continue };
        findings.push(
            Diagnostic::advice(TLS_UNVERIFIED, tls.span, format!("whoever answers as `{host}` is believed"))
                .help(
                    "write `tls verify-full`, or `tls verify-ca ca \"FILE\"` where the certificate names no host",
                )
                .fix(Fix::choice("write `tls verify-full`", tls.span, "tls verify-full")),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check_project;

    #[test]
    fn beyond_the_machine_itself() {
        check_project(&["edition 2026\n\
            source a mysql \"db\" {\npassword env P\ntls require  # advice[S0304]: whoever answers as `db` is believed\n}\n\
            source b mysql \"127.0.0.1\" {\npassword env P\ntls require\n}\n\
            source c mysql \"db\" {\npassword env P\ntls verify-ca ca \"x\"\n}\n\
            target bus kafka {\nbrokers \"localhost\", \"k2\"\n\
            tls require  # advice[S0304]: whoever answers as `k2` is believed\n}\n\
            pipeline p {\nfrom a\nfrom b\nfrom c\nto bus\ninclude a.b\ntopic \"{source}\"\n}\n"]);
    }
}
