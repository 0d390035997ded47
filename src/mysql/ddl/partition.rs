//! Partitions: read to know where they end, and that they are well formed.

use super::cursor::{Cursor, Parsed};
use super::lex::Token;
use super::option::Options;

impl Cursor<'_, '_> {
    /// Behind PARTITION BY.
    pub(super) fn partition_by(&mut self) -> Parsed<()> {
        if self.take("SYSTEM_TIME") {
            self.system_time()?;
        } else {
            self.partition_function()?;
        }
        if self.take("PARTITIONS") {
            self.number()?;
        }
        if self.take_all(&["SUBPARTITION", "BY"]) {
            if self.at("RANGE") || self.at("LIST") {
                return Err(self.unexpected("`HASH` or `KEY`"));
            }
            self.partition_function()?;
            if self.take("SUBPARTITIONS") {
                self.number()?;
            }
        }
        if self.at_sign('(') { self.partitions() } else { Ok(()) }
    }

    /// HASH, KEY, RANGE, LIST with what they are over.
    fn partition_function(&mut self) -> Parsed<()> {
        self.take("LINEAR");
        if self.take("KEY") {
            if self.take("ALGORITHM") {
                self.expect_sign('=')?;
                self.number()?;
            }
            if self.peek_at(1) == Some(Token::Sign(')')) {
                self.expect_sign('(')?;
                return self.expect_sign(')');
            }
            return self.own_columns();
        }
        if self.take("HASH") {
            return self.group();
        }
        self.expect_any(&["RANGE", "LIST"])?;
        if self.take("COLUMNS") || self.take("FIELDS") { self.own_columns() } else { self.group() }
    }

    /// MariaDB: history by time or number of rows.
    fn system_time(&mut self) -> Parsed<()> {
        loop {
            if self.take("INTERVAL") {
                self.amount()?;
                self.name_of_unit()?;
            } else if self.take("LIMIT") {
                self.amount()?;
            } else if self.take("STARTS") {
                self.default_value()?;
            } else if !self.take("AUTO") {
                return Ok(());
            }
        }
    }

    /// A number, in any of the forms of an expression.
    fn amount(&mut self) -> Parsed<()> {
        self.default_value()?;
        while self.take_sign('+') || self.take_sign('-') || self.take_sign('*') {
            self.default_value()?;
        }
        Ok(())
    }

    fn name_of_unit(&mut self) -> Parsed<()> {
        match self.word() {
            Some(unit) if unit.starts_with(|sign: char| sign.is_ascii_alphabetic()) => Ok(()),
            _ => Err(self.unexpected("a unit of time")),
        }
    }

    /// `(PARTITION p …, …)`.
    pub(super) fn partitions(&mut self) -> Parsed<()> {
        self.expect_sign('(')?;
        loop {
            // MariaDB needs no word in front of the name
            self.take("PARTITION");
            self.name()?;
            self.partition_values()?;
            self.partition_options()?;
            if self.take_sign('(') {
                loop {
                    self.expect("SUBPARTITION")?;
                    if matches!(self.peek(), Some(Token::Text(..))) {
                        drop(self.text()?)
                    } else {
                        drop(self.name()?)
                    }
                    self.partition_options()?;
                    if !self.take_sign(',') {
                        break;
                    }
                }
                self.expect_sign(')')?;
            }
            if !self.take_sign(',') {
                break;
            }
        }
        self.expect_sign(')')
    }

    /// What a partition holds. (Also behind CONVERT TABLE … TO PARTITION.)
    pub(super) fn partition_values(&mut self) -> Parsed<()> {
        if self.take_any(&["HISTORY", "CURRENT", "DEFAULT"]) {
            return Ok(());
        }
        if !self.take("VALUES") {
            return Ok(());
        }
        if self.take_all(&["LESS", "THAN"]) {
            return if self.take("MAXVALUE") { Ok(()) } else { self.group() };
        }
        self.expect("IN")?;
        self.group()
    }

    fn partition_options(&mut self) -> Parsed<()> {
        let mut options = Options::default();
        loop {
            let mut ahead = *self;
            // commas in between are taken; behind the last one stands another partition
            ahead.take_sign(',');
            if !ahead.table_option(&mut options)? {
                break;
            }
            *self = ahead;
        }
        options.checked().map(drop)
    }
}
