//! A blocking SQL session.

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, OptsBuilder, Row, Value};
use tokio::runtime::{Builder, Runtime};

/// One session on a server.
///
/// Statements go over the text protocol; several of them may stand in one string.
pub(crate) struct Sql {
    runtime: Runtime,
    conn: Conn,
}

impl Sql {
    /// Logs in to 127.0.0.1:`port`.
    ///
    /// # Errors
    /// What the driver says.
    pub(crate) fn connect(port: u16, user: &str, password: &str) -> Result<Sql, mysql_async::Error> {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime can be built");
        let options = OptsBuilder::default()
            .ip_or_hostname("127.0.0.1")
            .tcp_port(port)
            .user(Some(user))
            .pass((!password.is_empty()).then_some(password))
            // by the socket the driver would leave TCP, and tests break and watch TCP
            .prefer_socket(false);
        let conn = runtime.block_on(Conn::new(options))?;
        Ok(Sql { runtime, conn })
    }

    /// Runs statements, results are thrown away.
    ///
    /// # Errors
    /// What the server says to the first that fails.
    pub(crate) fn try_run(&mut self, statements: &str) -> Result<(), mysql_async::Error> {
        self.runtime.block_on(self.conn.query_drop(statements))
    }

    /// Runs statements that must not fail.
    #[track_caller]
    pub(crate) fn run(&mut self, statements: &str) {
        if let Err(error) = self.try_run(statements) {
            panic!("{error}\nin: {statements}");
        }
    }

    /// Runs a statement that is no UTF-8.
    ///
    /// # Errors
    /// What the server says.
    pub(crate) fn try_run_bytes(&mut self, statement: &[u8]) -> Result<(), mysql_async::Error> {
        self.runtime.block_on(self.conn.query_drop(statement))
    }

    /// Runs a statement that is no UTF-8 and must not fail.
    #[track_caller]
    pub(crate) fn run_bytes(&mut self, statement: &[u8]) {
        if let Err(error) = self.try_run_bytes(statement) {
            panic!("{error}\nin: {}", String::from_utf8_lossy(statement));
        }
    }

    /// The rows of a query, every value as the bytes the server sends for it; `None` is NULL.
    #[track_caller]
    pub(crate) fn rows(&mut self, query: &str) -> Vec<Vec<Option<Vec<u8>>>> {
        let rows: Vec<Row> = self
            .runtime
            .block_on(self.conn.query(query))
            .unwrap_or_else(|error| panic!("{error}\nin: {query}"));
        rows.into_iter().map(|row| row.unwrap().into_iter().map(bytes).collect()).collect()
    }

    /// The rows of a query as text, every value by lossy UTF-8.
    #[track_caller]
    pub(crate) fn text(&mut self, query: &str) -> Vec<Vec<Option<String>>> {
        let text = |value: Option<Vec<u8>>| value.map(|it| String::from_utf8_lossy(&it).into_owned());
        self.rows(query).into_iter().map(|row| row.into_iter().map(text).collect()).collect()
    }

    /// The single value of a query that gives one row of one column, not NULL.
    #[track_caller]
    pub(crate) fn one(&mut self, query: &str) -> String {
        match self.text(query).as_slice() {
            [row] => match row.as_slice() {
                [Some(value)] => value.clone(),
                other => panic!("{} columns, or NULL, from: {query}", other.len()),
            },
            rows => panic!("{} rows from: {query}", rows.len()),
        }
    }
}

fn bytes(value: Value) -> Option<Vec<u8>> {
    match value {
        Value::NULL => None,
        Value::Bytes(bytes) => Some(bytes),
        other => panic!("the text protocol has no {other:?}"),
    }
}
