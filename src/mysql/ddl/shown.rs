//! A statement as it may be shown: in logs and errors, where no value and no secret belongs.

use super::author::{Author, author};
use crate::mysql::binlog::query::{MODE_ANSI_QUOTES, MODE_NO_BACKSLASH_ESCAPES, Session};
use crate::mysql::charset::collation;
use crate::mysql::position::Flavor;
use std::iter::Peekable;
use std::str::Chars;

/// Most signs that are shown.
const SIGNS_MAX: usize = 400;

/// The text of a statement on one line: strings are `'…'`, comments are left out, and what is too long ends in `…`.
///
/// A string that is not closed takes the rest with it. Without a known character set the text is read as UTF-8.
pub fn shown(sql: &[u8], session: &Session, flavor: Flavor) -> String {
    let mode = session.sql_mode.unwrap_or(0);
    let mut scratch = String::new();
    let charset = session.client_collation.and_then(|id| collation(id, flavor).ok()).map(|one| one.charset);
    let charset = charset.filter(|_| author(sql, session, flavor) == Author::Client);
    let text = match charset {
        Some(charset) => charset.to_utf8(sql, &mut scratch).text.to_owned(),
        None => String::from_utf8_lossy(sql).into_owned(),
    };
    let reader = Reader {
        signs: text.chars().peekable(),
        names_in_double_quotes: mode & MODE_ANSI_QUOTES != 0,
        plain_backslash: mode & MODE_NO_BACKSLASH_ESCAPES != 0,
        shown: String::new(),
        n_signs: 0,
    };
    reader.read()
}

struct Reader<'t> {
    signs: Peekable<Chars<'t>>,
    names_in_double_quotes: bool,
    plain_backslash: bool,
    shown: String,
    n_signs: usize,
}

impl Reader<'_> {
    fn read(mut self) -> String {
        while let Some(sign) = self.signs.next() {
            match sign {
                '"' if self.names_in_double_quotes => self.name('"'),
                '`' => self.name('`'),
                '\'' | '"' => self.string(sign),
                '#' => self.line(),
                '-' if self.signs.peek() == Some(&'-') => {
                    let mut ahead = self.signs.clone();
                    ahead.next();
                    match ahead.next() {
                        Some(sign) if !sign.is_whitespace() && !sign.is_control() => self.push('-'),
                        Some(_) | None => self.line(),
                    }
                }
                '/' if self.signs.peek() == Some(&'*') => self.comment(),
                sign if sign.is_whitespace() || sign.is_control() => self.blank(),
                sign => self.push(sign),
            }
            if self.n_signs >= SIGNS_MAX {
                self.shown.push('…');
                break;
            }
        }
        self.shown.truncate(self.shown.trim_end().len());
        self.shown
    }

    fn push(&mut self, sign: char) {
        self.shown.push(sign);
        self.n_signs += 1;
    }

    fn blank(&mut self) {
        if !self.shown.is_empty() && !self.shown.ends_with(' ') {
            self.push(' ');
        }
    }

    /// Names are shown as they stand.
    fn name(&mut self, quote: char) {
        self.push(quote);
        while let Some(sign) = self.signs.next() {
            self.push(if sign.is_control() { ' ' } else { sign });
            if sign == quote {
                return;
            }
        }
    }

    /// A doubled quote makes two strings of one; both are hidden.
    fn string(&mut self, quote: char) {
        if !self.shown.ends_with('\'') {
            self.shown.push_str("'…'");
            self.n_signs += 3;
        }
        while let Some(sign) = self.signs.next() {
            if sign == '\\' && !self.plain_backslash {
                self.signs.next();
            } else if sign == quote {
                return;
            }
        }
    }

    fn line(&mut self) {
        while self.signs.next().is_some_and(|sign| sign != '\n') {}
        self.blank();
    }

    /// What `/*! … */` encloses is code and is shown; its marks are not.
    fn comment(&mut self) {
        self.signs.next();
        let mut ahead = self.signs.clone();
        let is_code = match ahead.next() {
            Some('!') => true,
            Some('M') => ahead.next() == Some('!'),
            Some(_) | None => false,
        };
        if is_code {
            self.push('/');
            self.push('*');
            return;
        }
        let mut last = ' ';
        for sign in self.signs.by_ref() {
            if last == '*' && sign == '/' {
                break;
            }
            last = sign;
        }
        self.blank();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(sql: &str, mode: u64, expected: &str) {
        let session = Session { sql_mode: Some(mode), ..Session::default() };
        assert_eq!(shown(sql.as_bytes(), &session, Flavor::MySql), expected);
    }

    #[test]
    fn values_and_comments_are_hidden() {
        check(
            "alter /* secret */ table `a'b`\n add c enum('x','y''z') default \"s\\\"t\" -- secret\n, drop d # secret",
            0,
            "alter table `a'b` add c enum('…','…') default '…' , drop d",
        );
        check("create table t (a int default 'secret", 0, "create table t (a int default '…'");
        check("select 1--1 /*!80000 , 'x' */", 0, "select 1--1 /*!80000 , '…' */");
    }

    #[test]
    fn modes_decide_what_a_quote_is() {
        check("alter table \"t\" comment 'a\\'", MODE_ANSI_QUOTES, "alter table \"t\" comment '…'");
        check(
            "alter table t comment 'a\\' add b int",
            MODE_NO_BACKSLASH_ESCAPES,
            "alter table t comment '…' add b int",
        );
        check("alter table \"t\" add c int", 0, "alter table '…' add c int");
    }

    #[test]
    fn long_statements_are_cut() {
        let long = format!("alter table t {}", "add column a int, ".repeat(1_000));
        let session = Session::default();
        let shown = shown(long.as_bytes(), &session, Flavor::MySql);
        assert!(shown.ends_with('…') && shown.chars().count() <= SIGNS_MAX + 1, "{shown}");
    }
}
