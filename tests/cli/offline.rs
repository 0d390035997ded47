//! No command that needs no server opens a socket: where one does, the kernel ends it.

use super::{RIGHT, command, project};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, SeccompRule};
use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::ExitStatus;

/// Number of the call `socket`. Source: Linux, `arch/x86/entry/syscalls` and `include/uapi/asm-generic/unistd.h`.
const SOCKET: i64 = if cfg!(target_arch = "x86_64") { 41 } else { 198 };

/// The signal that ends a process for a call it must not make.
const SIGSYS: i32 = 31;

/// Runs syncc under a filter that ends it at its first socket. A filter is handed down to what a thread starts.
fn without_sockets(directory: &Path, arguments: &[&str]) -> ExitStatus {
    let rules: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::from([(SOCKET, Vec::new())]);
    let arch = std::env::consts::ARCH.try_into().expect("a machine that seccomp knows");
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, SeccompAction::KillProcess, arch);
    let program: BpfProgram = filter.expect("a filter").try_into().expect("a program");
    std::thread::scope(|scope| {
        let child = scope.spawn(|| {
            seccompiler::apply_filter(&program).expect("every process may give up rights");
            command(directory, arguments).output().expect("the program starts").status
        });
        child.join().expect("the thread ends")
    })
}

#[test]
fn offline_commands_open_no_socket() {
    let files = project(&[("shop.sync", RIGHT)]);
    let other = project(&[("shop.sync", RIGHT)]);
    let other = other.path().to_string_lossy().into_owned();
    for arguments in [
        &["check"][..],
        &["check", "--env", "--format", "sarif"],
        &["check", "--against", &other],
        &["fmt", "--check"],
        &["explain", "S0101"],
        &["explain", "table", "shop.orders"],
        &["plan", "--against", &other],
        &["graph"],
        &["graph", "--view", "tables", "--as", "json"],
        &["doctor"],
        &["doctor", "--grants"],
        &["init", "new"],
        &["completions", "bash"],
        &["man"],
        &["version"],
        &["--help"],
        &["--version"],
    ] {
        let status = without_sockets(files.path(), arguments);
        assert_eq!(status.signal(), None, "{arguments:?} opened a socket");
        assert!(status.code().is_some_and(|code| code <= 1), "{arguments:?}: {status}");
    }
}

/// The filter works: a command that asks a running instance ends by it.
#[test]
fn a_socket_would_be_noticed() {
    let files = project(&[("shop.sync", RIGHT)]);
    assert_eq!(without_sockets(files.path(), &["status"]).signal(), Some(SIGSYS));
}
