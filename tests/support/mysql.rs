//! MariaDB and MySQL servers.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use rustix::process::Signal;

use super::held::Held;
use super::process::Process;
use super::run::{Run, installed, tail};
use super::{Sql, port, wait};

/// Seconds until a server must answer; it needs about one on a quiet machine.
const START_SECONDS: u64 = 90;

/// Which server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// MariaDB 10.11 as in Debian 12.
    MariaDb10_11,
    /// MySQL 9.7 as in Debian's development suite.
    MySql9_7,
    /// MySQL 8.0.15.
    MySql8_0,
    /// MariaDB 11.4.
    MariaDb11_4,
    /// MariaDB 11.8 as in Debian's development suite.
    MariaDb11_8,
    /// MySQL 5.7.22: no row metadata, TLS 1.1 at most.
    MySql5_7,
}

impl Kind {
    /// Those that every test of all servers runs on.
    pub(crate) const ALL: [Kind; 3] = [Kind::MariaDb10_11, Kind::MySql9_7, Kind::MySql8_0];

    /// The others, for tests of what differs between releases.
    pub(crate) const OTHERS: [Kind; 3] = [Kind::MariaDb11_4, Kind::MariaDb11_8, Kind::MySql5_7];

    /// All of them.
    pub(crate) const EVERY: [Kind; 6] = [
        Kind::MariaDb10_11,
        Kind::MySql9_7,
        Kind::MySql8_0,
        Kind::MariaDb11_4,
        Kind::MariaDb11_8,
        Kind::MySql5_7,
    ];

    /// Whether it is MariaDB.
    pub(crate) fn is_mariadb(self) -> bool {
        match self {
            Kind::MariaDb10_11 | Kind::MariaDb11_4 | Kind::MariaDb11_8 => true,
            Kind::MySql9_7 | Kind::MySql8_0 | Kind::MySql5_7 => false,
        }
    }

    pub(crate) fn part(self) -> &'static str {
        match self {
            Kind::MariaDb10_11 => "mariadb-10.11",
            Kind::MySql9_7 => "mysql-9.7",
            Kind::MySql8_0 => "mysql-8.0",
            Kind::MariaDb11_4 => "mariadb-11.4",
            Kind::MariaDb11_8 => "mariadb-11.8",
            Kind::MySql5_7 => "mysql-5.7",
        }
    }
}

/// A server on a copy of the empty data folder, with the binary log on: row format, full images, full row metadata
/// (where the server knows any), GTIDs.
///
/// `root` has no password. [`MySql::USER`] may select, reload and replicate. What is committed survives
/// [`MySql::kill`].
pub(crate) struct MySql {
    kind: Kind,
    folder: PathBuf,
    port: u16,
    /// `TZ` of its process.
    zone: Option<&'static str>,
    process: Held,
}

impl MySql {
    /// A user with what a replication client needs and no more.
    pub(crate) const USER: &str = "syncc";
    /// The password of [`MySql::USER`].
    pub(crate) const PASSWORD: &str = "syncc-pw";

    /// Starts a server that this test alone uses; `options` are further lines of its configuration, and win.
    #[track_caller]
    pub(crate) fn start(kind: Kind, options: &[&str]) -> MySql {
        MySql::start_in(kind, options, None)
    }

    /// As [`MySql::start`], on a system whose time zone is `zone`, in the form of `TZ`.
    #[track_caller]
    pub(crate) fn start_in(kind: Kind, options: &[&str], zone: Option<&'static str>) -> MySql {
        let programs = installed(kind.part());
        let folder = Run::get().new_folder(kind.part());
        let copied = Command::new("cp")
            .args(["-r", "--sparse=always"])
            .arg(programs.join("template"))
            .arg(folder.join("data"))
            .status()
            .expect("cp is there");
        assert!(copied.success(), "cannot copy the empty data folder of {kind:?}");
        fs::create_dir(folder.join("tmp")).expect("the run's folder is writable");
        let mut server = MySql { kind, folder, port: 0, zone, process: Held::default() };
        for _ in 0..5 {
            server.port = port::free();
            fs::write(server.folder.join("my.cnf"), server.configuration(&programs, options))
                .expect("the run's folder is writable");
            if server.try_start() {
                return server;
            }
        }
        panic!("{kind:?} found its port taken five times");
    }

    /// The server that all tests of this run share. Do not stop it, nor change its global variables.
    #[track_caller]
    pub(crate) fn shared(kind: Kind) -> &'static MySql {
        static SHARED: [OnceLock<MySql>; 6] = [const { OnceLock::new() }; 6];
        SHARED[kind as usize].get_or_init(|| MySql::start(kind, &[]))
    }

    /// Which server it is.
    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// The folder of its configuration, logs and data.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Its port on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// `127.0.0.1:PORT`.
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// A new session as `root`.
    #[track_caller]
    pub(crate) fn sql(&self) -> Sql {
        Sql::connect(self.port, "root", "").unwrap_or_else(|error| panic!("{:?}: {error}", self.kind))
    }

    /// Makes an empty database whose name begins with `name` and is no other test's, on no server of this run: topics
    /// are named after databases.
    #[track_caller]
    pub(crate) fn database(&self, name: &str) -> String {
        static DATABASES: AtomicUsize = AtomicUsize::new(0);
        let database = format!("{name}_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
        self.sql().run(&format!("create database `{database}`"));
        database
    }

    /// Stops it in an orderly way.
    #[track_caller]
    pub(crate) fn stop(&self) {
        self.process.stop();
    }

    /// Rewrites its option file, which it reads when it starts the next time.
    #[track_caller]
    pub(crate) fn configure(&self, edit: impl FnOnce(&str) -> String) {
        let file = self.folder.join("my.cnf");
        let text = fs::read_to_string(&file).expect("it was written");
        fs::write(&file, edit(&text)).expect("the run's folder is writable");
    }

    /// Kills it on the spot.
    pub(crate) fn kill(&self) {
        self.process.kill();
    }

    /// Starts it again after [`MySql::stop`] or [`MySql::kill`], on the same port and data.
    #[track_caller]
    pub(crate) fn start_again(&self) {
        self.process.start_again(|| self.try_start());
    }

    /// Sends a signal: `STOP` makes it hang, `CONT` lets it go on.
    pub(crate) fn signal(&self, signal: Signal) {
        self.process.signal(signal);
    }

    /// True when it answers, false when its port is taken.
    #[track_caller]
    fn try_start(&self) -> bool {
        let programs = installed(self.kind.part());
        let log = self.folder.join("error.log");
        let out = self.folder.join("out.log");
        let _ = fs::remove_file(&log);
        let mut process = Process::spawn(&mut self.command(&programs), &out, &out);
        let answers = wait::until(&format!("{:?} answers", self.kind), START_SECONDS, || {
            if let Some(status) = process.ended() {
                let said = tail(&log, 40);
                // the words of MariaDB and of MySQL for the same
                if said.contains("Address already in use")
                    || said.contains("port: ") && said.contains(" in use")
                {
                    return Ok(false);
                }
                panic!(
                    "{:?} ended with {status} when it was started:\n{said}\n{}",
                    self.kind,
                    tail(&out, 20)
                );
            }
            Sql::connect(self.port, "root", "").map(|_| true)
        });
        if answers {
            self.process.hold(process);
        }
        answers
    }

    fn command(&self, programs: &Path) -> Command {
        let root = programs.join("root");
        let libraries = |part: &Path| part.join("root/usr/lib/x86_64-linux-gnu");
        let mut command = match self.kind {
            Kind::MariaDb10_11 => {
                let mut command = Command::new(root.join("usr/sbin/mariadbd"));
                command.env("LD_LIBRARY_PATH", libraries(programs));
                command
            }
            // built against a newer C library than the machine's: run through the loader they came with
            Kind::MySql9_7 | Kind::MariaDb11_8 => {
                let program = if self.kind.is_mariadb() { "mariadbd" } else { "mysqld" };
                let mut command = Command::new(libraries(programs).join("ld-linux-x86-64.so.2"));
                command
                    .arg("--library-path")
                    .arg(libraries(programs))
                    .arg(root.join("usr/sbin").join(program));
                command
            }
            // need libaio and libnuma, which came with MariaDB
            Kind::MySql8_0 | Kind::MySql5_7 | Kind::MariaDb11_4 => {
                let program = if self.kind.is_mariadb() { "mariadbd" } else { "mysqld" };
                let mut command = Command::new(root.join("bin").join(program));
                let mariadb = programs.with_file_name(Kind::MariaDb10_11.part());
                command.env("LD_LIBRARY_PATH", libraries(&mariadb));
                command
            }
        };
        command.arg(format!("--defaults-file={}", self.folder.join("my.cnf").display()));
        command.envs(self.zone.map(|zone| ("TZ", zone)));
        command
    }

    fn configuration(&self, programs: &Path, options: &[&str]) -> String {
        /// Server ids of this run, far from those that syncc makes for itself (2^31 and above).
        static SERVER_ID: AtomicU32 = AtomicU32::new(1);
        let folder = self.folder.display();
        let port = self.port;
        let server_id = SERVER_ID.fetch_add(1, Ordering::Relaxed);
        let root = programs.join("root");
        let base = match self.kind {
            Kind::MariaDb10_11 | Kind::MySql9_7 | Kind::MariaDb11_8 => root.join("usr"),
            Kind::MySql8_0 | Kind::MySql5_7 | Kind::MariaDb11_4 => root,
        };
        let base = base.display();
        let share = match self.kind {
            Kind::MariaDb10_11 | Kind::MySql9_7 => format!("{base}/share/mysql"),
            Kind::MariaDb11_8 => format!("{base}/share/mariadb"),
            Kind::MySql8_0 | Kind::MySql5_7 | Kind::MariaDb11_4 => format!("{base}/share"),
        };
        let mariadb = "log-slave-updates=ON\n\
             gtid-strict-mode=ON\n\
             binlog-row-metadata=FULL\n\
             innodb-log-file-size=16M\n";
        let mysql = "secure-file-priv=NULL\n\
             performance-schema=OFF\n\
             gtid-mode=ON\n\
             enforce-gtid-consistency=ON\n";
        let own = match self.kind {
            Kind::MariaDb10_11 | Kind::MariaDb11_8 => {
                format!("{mariadb}plugin-dir={base}/lib/mysql/plugin\n")
            }
            Kind::MariaDb11_4 => mariadb.to_owned(),
            Kind::MySql9_7 => format!(
                "{mysql}plugin-dir={base}/lib/mysql/plugin\n\
                 mysqlx=OFF\n\
                 binlog-row-metadata=FULL\n\
                 innodb-redo-log-capacity=16M\n"
            ),
            Kind::MySql8_0 => {
                format!("{mysql}mysqlx=OFF\nbinlog-row-metadata=FULL\ninnodb-log-file-size=8M\n")
            }
            Kind::MySql5_7 => format!("{mysql}log-slave-updates=ON\ninnodb-log-file-size=8M\n"),
        };
        let user = if rustix::process::geteuid().is_root() { "user=root\n" } else { "" };
        let options = options.join("\n");
        // a tmpdir of its own: a server that starts removes what others left in one
        // flush-log 2 and sync-binlog 0: a commit is with the operating system, so it survives `kill -9`, and no
        // test waits for a disk
        format!(
            "[mysqld]\n\
             basedir={base}\n\
             datadir={folder}/data\n\
             tmpdir={folder}/tmp\n\
             socket={folder}/s\n\
             pid-file={folder}/pid\n\
             log-error={folder}/error.log\n\
             port={port}\n\
             bind-address=127.0.0.1\n\
             lc-messages-dir={share}\n\
             character-sets-dir={share}/charsets\n\
             character-set-server=utf8mb4\n\
             server-id={server_id}\n\
             log-bin=binlog\n\
             binlog-format=ROW\n\
             binlog-row-image=FULL\n\
             innodb-buffer-pool-size=64M\n\
             innodb-flush-log-at-trx-commit=2\n\
             sync-binlog=0\n\
             {user}{own}{options}\n"
        )
    }
}

impl Drop for MySql {
    fn drop(&mut self) {
        self.kill();
        // large, and tells nothing; the logs beside it stay until the run ends
        let _ = fs::remove_dir_all(self.folder.join("data"));
    }
}
