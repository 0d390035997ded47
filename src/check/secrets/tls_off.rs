//! S0303: a connection that leaves the machine in clear text.

use super::super::Rule;
use super::super::flow::Project;
use super::connections::connections;
use crate::diagnostic::{Code, CodeDoc, Diagnostic, Fix};
use crate::statement::{TlsMode, is_loopback};

const TLS_OFF: Code = Code::new("S0303", "tls-off");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: TLS_OFF,
        what: "`tls off` towards a server that is not on this machine.",
        why: "Every row, and with some login methods the password, can be read on the way and changed. Where that is acceptable, \
              say why: `tls off because \"…\"` answers the finding; `status` and the log keep showing it.",
        wrong: endpoints!(
            "source shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n  tls off\n}\ntarget bus kafka \"kafka1:9092\"\n"
        ),
        right: endpoints!(
            "source shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n  tls off because \"same rack, own cable\"\n}\ntarget bus kafka \"kafka1:9092\"\n"
        ),
    },
    run: check_tls_off,
};

fn check_tls_off(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    for connection in connections(project.program) {
        let written =
            connection.tls.filter(|tls| tls.value.mode == TlsMode::Off && tls.value.because.is_none());
        let Some(tls) = written else { continue };
        let Some(host) = connection.hosts.iter().find(|host| !is_loopback(host)) else { continue };
        findings.push(
            Diagnostic::warning(TLS_OFF, tls.span, format!("what goes to `{host}` can be read on the way"))
                .help("write `tls verify-full`, or say why not: `tls off because \"…\"`")
                .fix(Fix::machine("write `tls verify-full`", tls.span, "tls verify-full")),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check_project;

    #[test]
    fn beyond_the_machine_itself() {
        check_project(&[
            "edition 2026\n\
            source a mysql \"db\" {\npassword env P\ntls off  # warning[S0303]: what goes to `db` can be read on the way\n}\n\
            source b mysql \"127.0.0.1\" {\npassword env P\ntls off\n}\n\
            source c mysql {\naddress env A\npassword env P\ntls off\n}\n\
            source d mysql \"db\" {\npassword env P\ntls off because \"a cable of our own\"\n}\n\
            target bus kafka {\nbrokers \"localhost\", \"k2\"\n\
            tls off  # warning[S0303]: what goes to `k2` can be read on the way\n}\n",
            "edition 2026\npipeline p {\nfrom a\nfrom b\nfrom c\nfrom d\nto bus\ninclude a.b\ntopic \"{source}\"\n}\n",
        ]);
    }
}
