//! S0903: a part without which nothing can run.

use super::super::Rule;
use super::super::flow::Project;
use crate::ast::TargetKind;
use crate::diagnostic::{Code, CodeDoc, Diagnostic};
use crate::text::Span;

const INCOMPLETE: Code = Code::new("S0903", "incomplete");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: INCOMPLETE,
        what: "A pipeline without `from` or `to`, a source without an address, or without both a password and a client \
               certificate, a Kafka target without brokers, or a Kafka target or registry with only one of user and password.",
        why: "It cannot run. Where a server really lets everybody in, give it a user with a password of its own all the same: \
              that user can read every row.",
        wrong: endpoints!("source shop mysql \"syncc@db1:3306\"\ntarget bus kafka \"kafka1:9092\"\n"),
        right: endpoints!(
            "source shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\ntarget bus kafka \"kafka1:9092\"\n"
        ),
    },
    run: check_incomplete,
};

fn check_incomplete(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    let program = project.program;
    let mut report = |what: String, head: Span, missing: &[&str], help: &str| {
        if !missing.is_empty() {
            let message = format!("{what} has no {}", missing.join(" and no "));
            findings.push(Diagnostic::error(INCOMPLETE, head, message).help(help));
        }
    };
    // Where a statement was left out, it may be the one that is missing.
    for source in
        program.sources.iter().filter(|source| !source.left_out.may_be(&["address", "password", "tls"]))
    {
        let has_certificate = source.tls.as_ref().is_some_and(|tls| tls.value.identity.is_some());
        let mut missing = Vec::new();
        if source.address.is_none() {
            missing.push("address");
        }
        if source.password.is_none() && !has_certificate {
            missing.push("password");
        }
        let help = match missing.as_slice() {
            ["password"] => {
                "add `password env NAME`, or a client certificate: `tls verify-full cert \"FILE\" key file \"FILE\"`"
            }
            _ => "add `address \"HOST:3306\"`, and `password env NAME` if there is none",
        };
        report(format!("source `{}`", source.called()), source.head, &missing, help);
    }
    for target in
        program.targets.iter().filter(|target| !target.left_out.may_be(&["brokers", "user", "password"]))
    {
        let TargetKind::Kafka(cluster) = &target.kind else { continue };
        let mut missing = Vec::new();
        if cluster.brokers.is_none() {
            missing.push("brokers");
        }
        match (&cluster.user, &cluster.password) {
            (Some(_), None) => missing.push("password for its user"),
            (None, Some(_)) => missing.push("user for its password"),
            (Some(_), Some(_)) | (None, None) => {}
        }
        let help = match missing.as_slice() {
            ["password for its user"] => "add `password env NAME` or `password file \"PATH\"`",
            ["user for its password"] => {
                "add `user \"NAME\" with scram-sha-512`, or the mechanism that the brokers offer"
            }
            _ => "add `brokers \"HOST:9092\", …`",
        };
        report(format!("target `{}`", target.name.value), target.head, &missing, help);
        let registry = cluster.registry.as_ref();
        let Some(registry) = registry.filter(|one| !one.value.left_out.may_be(&["user", "password"])) else {
            continue;
        };
        let (missing, help) = match (&registry.value.user, &registry.value.password) {
            (Some(_), None) => {
                ("password for its user", "add `password env NAME` or `password file \"PATH\"`")
            }
            (None, Some(_)) => ("user for its password", "add `user \"NAME\"`, or remove the password"),
            (Some(_), Some(_)) | (None, None) => continue,
        };
        report(format!("the registry of `{}`", target.name.value), registry.span, &[missing], help);
    }
    for pipeline in program.pipelines.iter().filter(|pipeline| !pipeline.left_out.may_be(&["from", "to"])) {
        let mut missing = Vec::new();
        if pipeline.from.is_empty() && pipeline.relays.is_empty() {
            missing.push("source");
        }
        if pipeline.to.is_empty() {
            missing.push("target");
        }
        let help = "add `from SOURCE` and `to TARGET`, in its head or on lines of their own";
        report(format!("pipeline `{}`", pipeline.name.value), pipeline.head, &missing, help);
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check_project;

    #[test]
    fn all_that_is_missing_of_one_thing_is_one_finding() {
        check_project(&["edition 2026\n\
            source a mysql  # error[S0903]: source `a` has no address and no password\n\
            source b mysql \"db\" {\ntls verify-full cert \"c\" key file \"k\"\n}\n\
            source c mysql {  # error[S0903]: source `c` has no address\npassword env P\n}\n\
            target bus kafka  # error[S0903]: target `bus` has no brokers\n\
            target sure kafka \"k\" {  # error[S0903]: target `sure` has no password for its user\nuser \"u\" with plain\n}\n\
            target odd kafka \"k\" {  # error[S0903]: target `odd` has no user for its password\npassword env P\n}\n\
            target out stdout\n\
            pipeline p {  # error[S0903]: pipeline `p` has no source and no target\ninclude a.b\n}\n\
            pipeline q {  # error[S0903]: pipeline `q` has no target\nfrom a\nfrom b\nfrom c\ninclude a.b\n}\n\
            pipeline r {\nfrom a\nto bus\nto sure\nto odd\nto out\ninclude a.b\n}\n"]);
    }

    #[test]
    fn a_login_at_a_registry_has_both() {
        let check = |login: &str, said: &str| {
            check_project(&[&format!(
                "edition 2026\nsource a mysql \"db\" {{\npassword env P\n}}\ntarget bus kafka \"k\" {{\n\
                 registry \"https://r\" {{{said}\n{login}}}\n}}\n\
                 pipeline p from a to bus {{\ninclude a.b\nformat avro\n}}\n"
            )]);
        };
        check("", "");
        check("user \"u\"\npassword env R\n", "");
        check("user \"u\"\n", "  # error[S0903]: the registry of `bus` has no password for its user");
        check("password env R\n", "  # error[S0903]: the registry of `bus` has no user for its password");
        check(
            "user \"u\"\npasword env R  # error[S0013]: `pasword` is no statement; did you mean `password`?\n",
            "",
        );
    }

    #[test]
    fn what_was_left_out_is_not_missing() {
        check_project(&["edition 2026\n\
            source a mysql \"db\" {\npasword env P  # error[S0013]: `pasword` is no statement; did you mean `password`?\n}\n\
            target out stdout\n\
            pipeline p from a to oout {  # error[S0101]: there is no target `oout`\ninclude a.b\n}\n"]);
    }
}
